#!/usr/bin/env python3
"""Compares the answers of an index on a cluster with those of the same index in files, query by query.

    python3 tests/cluster/parity.py INDEX QUERIES.jsonl BODY [--near] [--most N] [--others OTHER.jsonl] [--facet KEY]

INDEX is sent to BODY first. Both bodies get each query as it is, mistyped, with a word excluded, with a phrase, as three
modes; the first letters of it as a partial query; and the queries of another subject. Lists, scores, totals, facets,
corrections and refusals must be equal. Without --near, searches compare every vector.
"""

import argparse
import json
import random
import re
import sys
import urllib.parse
from collections import Counter

from server import Server, done, program


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("index")
    parser.add_argument("queries")
    parser.add_argument("body")
    parser.add_argument("--near", action="store_true")
    parser.add_argument("--most", type=int, default=10**9)
    parser.add_argument("--others")
    parser.add_argument("--facet", action="append", default=[])
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


def kinds(text, dice, facets):
    """Requests of every kind for a query."""
    words = text.split()
    counted = [("facet", key) for key in facets]
    yield "as it is", "search", [("q", text)]
    yield "by words", "search", [("q", text), ("mode", "keyword"), *counted]
    yield "by meaning", "search", [("q", text), ("mode", "semantic")]
    if slip := mistyped(text, dice):
        yield "mistyped", "search", [("q", slip)]
    if len(words) > 2:
        yield "excluded", "search", [("q", f"{' '.join(words[1:])} -{words[0]}"), *counted]
        yield "phrase", "search", [("q", f'"{" ".join(words[:2])}" {" ".join(words[2:])}')]
    yield "second page", "search", [("q", text), ("offset", "10")]
    yield "partial", "suggest", [("q", text[: dice.randrange(3, 12)].strip() or text[:3])]


def compared(body):
    """All of an answer but its time."""
    return {key: value for key, value in body.items() if key != "took_ms"}


def main():
    given = arguments()
    done(program("indexer", "import", "--index", given.index, "--body", given.body))
    dice, seen, different = random.Random(3), Counter(), Counter()
    requests = [one for text in texts(given.queries, given.most) for one in kinds(text, dice, given.facet)]
    if given.others:
        requests += [("another subject", "search", [("q", text)]) for text in texts(given.others, 200)]
    address = given.body + ("" if given.near else "?exact")
    shown = 0
    with Server(None, index=given.index) as files, Server(address) as cluster:
        for kind, route, parameters in requests:
            path = f"/{route}?" + urllib.parse.urlencode(parameters)
            expected, found = (server.get(path) for server in (files, cluster))
            seen[kind] += 1
            if (expected[0], compared(expected[2])) != (found[0], compared(found[2])):
                different[kind] += 1
                shown += 1
                if shown <= 5:
                    print(path, difference(expected[2], found[2]), sep="\n  ", flush=True)
    for kind, count in seen.items():
        print(f"{kind}: {different[kind]} of {count} differ", flush=True)
    sys.exit(bool(different) and not given.near)


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
