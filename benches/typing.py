#!/usr/bin/env python3
"""Measures searches while somebody types, and a server that has too much to do, beside other engines.

    python3 benches/typing.py CORPUS.jsonl QUERIES.jsonl [--index DIR]

Three sets of requests come from the queries: `keys` are all keystrokes of some queries, in order, as a search box
sends them; `whole` are whole queries; `flood` is every query, whole and cut twice, from 64 clients at once, in the
first round only. Every request is new to the server. The engines take turns, and a new server answers each round. The
peers:

- OpenSearch, one node put together for the tests of `cluster`: words alone, `match_bool_prefix` for keystrokes and
  `match` for whole queries. It is left out without Java or Maven.
- tantivy alone, in its own process and without HTTP: words alone. CLOZE_PEERS names an environment that has it.

Machines differ and are noisy: read the ratios.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import run

sys.path.insert(0, str(run.ROOT / "tests" / "cluster"))

import opensearch  # noqa: E402
from server import Server  # noqa: E402

SEED = 7
# Clients that wait for a server at the same time.
FLOOD = 64


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path, help='JSON Lines with "text"')
    parser.add_argument("queries", type=Path, help='JSON Lines with "text"')
    parser.add_argument("--index", type=Path, help="index of the corpus, if there is one")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--typed", type=int, default=50, help="queries whose keystrokes are sent in a round")
    parser.add_argument("--whole", type=int, default=1500, help="whole queries of a round")
    return parser.parse_args()


def texts_of(path):
    with open(path, encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    random.Random(SEED).shuffle(texts)
    return list(dict.fromkeys(texts))


def keystrokes(text):
    """The texts that a search box holds, one after another, from the second letter on."""
    typed = [text[:end].strip() for end in range(2, len(text) + 1)]
    return [now for before, now in zip([""] + typed, typed) if now != before]


def write(folder, name, texts):
    path = Path(folder) / f"{name}.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return path


def rounds_of(args, folder):
    """Files with the requests of each round, and one to warm up with."""
    texts, rounds = texts_of(args.queries), []
    cut = [text[:len(text) * share // 4] for share in (4, 3, 2) for text in texts[100:]]
    flood = write(folder, "flood", list(dict.fromkeys(cut)))
    warm, texts = write(folder, "warm", texts[:100]), texts[100:]
    for number in range(args.rounds):
        sets = {}
        for name, count in (("keys", args.typed), ("keys of 4", args.typed), ("whole", args.whole), ("whole of 4", args.whole)):
            taken, texts = texts[:count], texts[count:]
            requests = [key for text in taken for key in keystrokes(text)] if name.startswith("keys") else taken
            sets[name] = write(folder, f"{name}-{number}", requests)
        rounds.append(sets)
    return warm, rounds, flood


def load(program, address, queries, clients, path):
    return run.last_json([program, address, str(queries), str(clients), "1", path])


def of_cloze(index, program, sets, warm, flood):
    rows = {}
    with Server(None, index=index) as server:
        address = f"127.0.0.1:{server.port}"
        server.get("/ready")
        for path in ("/search?q=", "/search?prefix=true&q="):
            load(program, address, warm, 1, path)
        for name, queries in sets.items():
            path = "/search?prefix=true&q=" if name.startswith("keys") else "/search?q="
            rows[name] = load(program, address, queries, 4 if name.endswith("4") else 1, path)
    if not flood:
        return rows
    with Server(None, index=index) as server:
        address = f"127.0.0.1:{server.port}"
        load(program, address, warm, 1, "/search?q=")
        rows["flood"] = load(program, address, flood, FLOOD, "/search?q=")
    return rows


def fill(nodes, corpus):
    """Loads the texts into an index of one shard."""
    mapping = {"properties": {"text": {"type": "text", "analyzer": "english"}}}
    nodes.ask("peer", {"settings": {"number_of_shards": 1, "number_of_replicas": 0}, "mappings": mapping}, "PUT")
    with open(corpus, encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    for start in range(0, len(texts), 1000):
        bulk = "".join(f'{{"index":{{}}}}\n{json.dumps({"text": text})}\n' for text in texts[start:start + 1000])
        url = f"http://127.0.0.1:{nodes.http[0]}/peer/_bulk"
        command = ["curl", "--silent", "--fail", "-H", "content-type: application/x-ndjson", "--data-binary", "@-", url]
        subprocess.run(command, input=bulk, text=True, check=True, stdout=subprocess.DEVNULL)
    nodes.ask("peer/_forcemerge?max_num_segments=1", method="POST")
    nodes.ask("peer/_refresh", method="POST")


def of_opensearch(nodes, program, sets, warm, flood, folder):
    path, rows = "/peer/_search?source_content_type=application/json&source=", {}

    def asked(queries, clients, kind):
        with open(queries, encoding="utf-8") as lines:
            texts = [json.loads(line)["text"] for line in lines]
        bodies = [json.dumps({"query": {kind: {"text": text}}, "size": 10, "highlight": {"fields": {"text": {}}}}) for text in texts]
        return load(program, f"127.0.0.1:{nodes.http[0]}", write(folder, "peer", bodies), clients, path)

    # Java compiles what it runs often.
    for _ in range(10):
        asked(warm, 2, "match")
        asked(warm, 2, "match_bool_prefix")
    for name, queries in sets.items():
        kind = "match_bool_prefix" if name.startswith("keys") else "match"
        rows[name] = asked(queries, 4 if name.endswith("4") else 1, kind)
    if flood:
        rows["flood"] = asked(flood, FLOOD, "match")
    return rows


def of_tantivy(args, sets):
    python = run.PEERS / "bin" / "python"
    script = run.ROOT / "benches" / "peers" / "words_tantivy.py"
    rows = {}
    for name in ("keys", "whole"):
        rows[name] = run.last_json([str(python), str(script), str(args.corpus), str(sets[name])])
    return rows


def table(all_rows):
    print("| | " + " | ".join(all_rows) + " |\n" + "|---" * (1 + len(all_rows)) + "|")
    names = ["keys", "keys of 4", "whole", "whole of 4", "flood"]
    figures = [("p50_ms", "p50, ms", 2), ("p99_ms", "p99, ms", 1), ("queries_per_s", "queries/s", 0)]
    for name in names:
        for key, label, digits in figures:
            cells = []
            for rounds in all_rows.values():
                values = [rows[name][key] for rows in rounds if name in rows and key in rows[name]]
                cells.append(run.spread(values, digits) if values else "")
            print(f"| {name}, {label} | " + " | ".join(cells) + " |")


def main():
    args = arguments()
    program = run.program("load")
    with tempfile.TemporaryDirectory() as folder:
        index = args.index or Path(folder) / "index"
        if not args.index:
            run.build(args.corpus, index)
        warm, rounds, flood = rounds_of(args, folder)
        all_rows = {"Cloze": []}
        nodes = None
        try:
            nodes = opensearch.Nodes(1).__enter__()
            fill(nodes, args.corpus)
            all_rows["OpenSearch (words)"] = []
        except opensearch.Missing as why:
            print(f"without OpenSearch: {why}", file=sys.stderr)
        try:
            for number, sets in enumerate(rounds):
                rest = (warm, flood if number == 0 else None)
                all_rows["Cloze"].append(of_cloze(index, program, sets, *rest))
                if nodes:
                    all_rows["OpenSearch (words)"].append(of_opensearch(nodes, program, sets, *rest, folder))
                if (run.PEERS / "bin" / "python").exists():
                    all_rows.setdefault("tantivy (words, in process)", []).append(of_tantivy(args, sets))
        finally:
            if nodes:
                nodes.__exit__()
        print(f"processor: {run.cpu()}; {len(os.sched_getaffinity(0))} cores; medians of {args.rounds} rounds with the extremes")
        table(all_rows)
        whole = lambda rows, key: statistics.median(one["whole"][key] for one in rows)  # noqa: E731
        for name, rows in list(all_rows.items())[1:]:
            print(f"p50 of whole queries, {name} against Cloze: {whole(rows, 'p50_ms') / whole(all_rows['Cloze'], 'p50_ms'):.2f}")


if __name__ == "__main__":
    main()
