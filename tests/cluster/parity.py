#!/usr/bin/env python3
"""Compares the answers of an index on a cluster with those of the same index in files, query by query.

    python3 tests/cluster/parity.py INDEX QUERIES.jsonl BODY [--near] [--most N] [--others OTHER.jsonl] [--facet KEY] [--skip N]

INDEX is sent to BODY first. Both bodies get each query as it is, mistyped, with a word excluded, with a phrase, as three
modes; counted by the keys (always by `lang`), and only among the pages with some value of each; the first letters of it
as a partial query; and the queries of another subject. Lists, scores, totals, facets, corrections and refusals must be
equal, and every answer must be one: two equal errors are no success. Without --near, searches compare every vector.
"""

import argparse
import json
import random
import re
import sys
import time
import urllib.parse
from collections import Counter

from server import Server, done, program

TRIES = 20


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("index")
    parser.add_argument("queries")
    parser.add_argument("body")
    parser.add_argument("--near", action="store_true")
    parser.add_argument("--most", type=int, default=10**9)
    parser.add_argument("--others")
    parser.add_argument("--facet", action="append", default=["lang"])
    parser.add_argument("--skip", type=int, default=0)
    return parser.parse_args()


def texts(path, most):
    with open(path) as lines:
        return [json.loads(line)["text"] for line in lines][:most]


def mistyped(text, dice):
    """Two letters of the longest word change places."""
    word = max(re.findall(r"[a-z]+", text) or [""], key=len)
    if len(word) < 5:
        return None
    at = dice.randrange(1, len(word) - 2)
    return text.replace(word, word[:at] + word[at + 1] + word[at] + word[at + 2:], 1)


def values(server, text, keys):
    """Some values of each key, as the pages have them that a query finds."""
    status, _, body, _ = server.get("/search?" + urllib.parse.urlencode([("q", text), ("facets", ",".join(keys))]))
    assert status == 200, body
    return {key: sorted(body["facets"][key])[:3] for key in keys if body["facets"][key]}


def kinds(text, dice, facets):
    """Requests of every kind for a query."""
    words = text.split()
    counted = [("facets", ",".join(facets))]
    yield "as it is", "search", [("q", text)]
    yield "by words", "search", [("q", text), ("mode", "keyword"), *counted]
    yield "by meaning", "search", [("q", text), ("mode", "semantic")]
    if slip := mistyped(text, dice):
        yield "mistyped", "search", [("q", slip)]
    if len(words) > 2:
        yield "excluded", "search", [("q", f"{' '.join(words[1:])} -{words[0]}"), *counted]
        yield "phrase", "search", [("q", f'"{" ".join(words[:2])}" {" ".join(words[2:])}')]
    for key, some in facets.items():
        yield "filtered", "search", [("q", text), ("filter", f"{key}:{dice.choice(some)}"), *counted]
    yield "second page", "search", [("q", text), ("offset", "10")]
    yield "partial", "suggest", [("q", text[: dice.randrange(3, 12)].strip() or text[:3])]


def compared(body):
    """All of an answer but its time."""
    return {key: value for key, value in body.items() if key != "took_ms"}


def main():
    given = arguments()
    done(program("indexer", "import", "--index", given.index, "--body", given.body))
    dice, seen, different, refused = random.Random(3), Counter(), Counter(), Counter()
    queries = texts(given.queries, given.skip + given.most)[given.skip:]
    address = given.body + ("" if given.near else "?exact")
    shown = 0
    with Server(None, index=given.index) as files, Server(address) as cluster:
        facets = values(files, queries[0], given.facet)
        requests = [one for text in queries for one in kinds(text, dice, facets)]
        if given.others:
            requests += [("another subject", "search", [("q", text)]) for text in texts(given.others, min(given.most, 200))]
        for kind, route, parameters in requests:
            path = f"/{route}?" + urllib.parse.urlencode(parameters)
            expected, found = (answer(server, path) for server in (files, cluster))
            assert expected[0] == 200, (path, expected[2])
            seen[kind] += 1
            refused[kind] += not expected[2].get("hits", True)
            if (expected[0], compared(expected[2])) != (found[0], compared(found[2])):
                different[kind] += 1
                shown += 1
                if shown <= 5:
                    print(path, difference(expected[2], found[2]), sep="\n  ", flush=True)
    for kind, count in seen.items():
        print(f"{kind}: {different[kind]} of {count} differ; {refused[kind]} without a hit", flush=True)
    sys.exit(bool(different) and not given.near)


def answer(server, path):
    """An answer; a server on a machine with much else to do may need several tries."""
    for _ in range(TRIES):
        status, headers, body, seconds = server.get(path)
        if status != 503:
            break
        time.sleep(1)
    return status, headers, body, seconds


def difference(expected, found):
    keys = [key for key in {**expected, **found} if expected.get(key) != found.get(key) and key != "took_ms"]
    parts = []
    for key in keys:
        pair = [body.get(key) for body in (expected, found)]
        if key == "hits":
            pair = [[(hit["id"], hit["score"]) for hit in hits or []] for hits in pair]
        parts.append(f"{key}: {str(pair[0])[:300]} | {str(pair[1])[:300]}")
    return "\n  ".join(parts)


if __name__ == "__main__":
    main()
