#!/usr/bin/env python3
"""Compares each part of Cloze with its peers, alternating within one run, and prints tables.

    python3 benches/compare.py encoder    tokens/s compared with PyTorch and ONNX Runtime, and the ceiling
    python3 benches/compare.py vectors    nearest vectors compared with hnswlib and usearch
    python3 benches/compare.py http       latency and throughput over HTTP, and from a cold start
    python3 benches/compare.py hybrid     build and search compared with txtai; --hybrid CORPUS ..., else the corpus
    python3 benches/compare.py growth     the effect of index size; --sizes, --plot FILE.svg
    python3 benches/compare.py all        all of these

By default the script uses this manual as corpus and its headings as queries. --corpus (a folder of Markdown, or JSON
Lines with "_id" and "text") and --queries (JSON Lines with "text") replace them. The script makes an index of the
corpus and texts to encode, unless --index and --texts (JSON Lines) name them. A corpus given with --hybrid brings its
own queries: headings if it is a folder, else the file queries.jsonl beside it. Indexes that take minutes to build are
built once and searched in every round. Each table starts with the machine and its speed in matrix products:
milliseconds mean little without them.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from run import (
    BATCH_SIZES, PEERS, ROOT, build, cpu, last_json, model_dir, paragraphs_of, peer_python, program, release_folder, spread, spread_over,
    write_jsonl,
)

SECTIONS = ("encoder", "vectors", "http", "hybrid", "growth")
MOST_TEXTS = 600
MOST_QUERIES = 2000
MOST_WALKS = 400  # queries whose nearest vectors are also found by an exhaustive search
SESSIONS = {"int8": {}, "fp32": {"PRECISION": "fp32"}}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("section", choices=(*SECTIONS, "all"))
    for name in ("corpus", "queries", "index", "texts"):
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--hybrid", type=Path, nargs="+", default=[], metavar="CORPUS")
    parser.add_argument("--plot", type=Path, help="an SVG of the effect of index size")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    return parser.parse_args()


def peer(script, *args):
    """Returns the line of JSON that a peer's script prints, or None if its libraries are missing."""
    command = [str(PEERS / "bin" / "python"), str(ROOT / "benches" / "peers" / script), *map(str, args)]
    try:
        return last_json(command, stderr=subprocess.DEVNULL)
    except (subprocess.CalledProcessError, OSError, IndexError):
        print(f"{script} {' '.join(map(str, args[:2]))}: not measured, because it failed or its library is missing", file=sys.stderr)
        return None


def heading(args, rounds=True):
    ceiling = peer("ceiling.py", "--threads", args.threads) or {}
    rates = "".join(f", {ceiling[k]:,.0f} {unit}" for k, unit in (("int8_gops", "int8 GOP/s"), ("fp32_gflops", "fp32 GFLOP/s")) if k in ceiling)
    of = f"median (lowest to highest) of {args.rounds}" if rounds else "one run"
    print(f"{cpu()}, {args.threads} threads{rates}; {of}\n")
    return ceiling


def table(columns, rows):
    print("| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
    for row in rows:
        print("| " + " | ".join(row) + " |")


def encoder(args):
    measure = program("measure")
    ceiling = heading(args)

    def ours(precision):
        return last_json([measure, "encode", str(args.texts), str(args.threads), "1"], env={**os.environ, **SESSIONS[precision]})

    def theirs(backend, size):
        found = peer("encode_st.py", "--model", model_dir(), "--texts", args.texts, "--threads", args.threads,
                     "--batch-size", size, "--repeat", 1, "--backend", backend)
        return found and found["tokens_per_s"][0]

    best = {}
    for backend in ("torch", "onnx"):
        trials = {size: theirs(backend, size) for size in BATCH_SIZES}
        if all(trials.values()):
            best[backend] = max(trials, key=trials.get)
    rates = {"Cloze, int8": [], "Cloze, fp32": [], **{f"sentence-transformers, {b}, batch {s}": [] for b, s in best.items()}}
    for _ in range(args.rounds):
        report = ours("int8")
        rates["Cloze, int8"].append(report["tokens_per_s"][0])
        rates["Cloze, fp32"].append(ours("fp32")["tokens_per_s"][0])
        for backend, size in best.items():
            rates[f"sentence-transformers, {backend}, batch {size}"].append(theirs(backend, size))
    mine = rates["Cloze, int8"]
    rows = [(n, spread(r), spread([a / b for a, b in zip(mine, r)], 2)) for n, r in rates.items()]
    table(("encoder", "tokens/s", "speedup of Cloze int8"), rows)
    if ceiling:
        operations = 2 * parameters_of_matrices() * statistics.median(mine) / 1e9
        share = operations / ceiling["int8_gops"]
        print(f"\n{operations:,.0f} GOP/s in matrix products, without attention: {share:.0%} of the ceiling")


def parameters_of_matrices():
    config = json.loads((model_dir() / "config.json").read_text())
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    return config["num_hidden_layers"] * (4 * hidden * hidden + 2 * hidden * inner)


def vectors(args):
    walk = program("vectors")
    heading(args)
    widths = (16, 24, 32, 48, 64, 96, 128, 192, 256)
    with tempfile.TemporaryDirectory() as scratch:
        rows, queries = f"{scratch}/v.f32", f"{scratch}/q.f32"
        last_json([walk, "dump", str(args.index), rows])
        last_json([walk, "encode", str(some_of(args.queries, MOST_WALKS, scratch)), queries])
        common = ("--vectors", rows, "--queries", queries, "--dimension", 384, "--threads", args.threads)
        runs = {"Cloze": [], "hnswlib": [], "usearch": []}
        builds = {}
        for number in range(args.rounds):
            runs["Cloze"].append(last_json([walk, "walk", str(args.index), queries, *map(str, widths)]))
            if number == 0:
                builds["Cloze"] = last_json([walk, "graph", str(args.index), f"{scratch}/graph"])["seconds"]
            for library in ("hnswlib", "usearch"):
                found = peer("vectors.py", *common, "--library", library, "--index", f"{scratch}/{library}", "--widths", *widths)
                if found:
                    runs[library].append(found)
                    builds.setdefault(library, found["build_s"])
    table_rows = []
    for name, found in runs.items():
        if found:
            at = [spread([rate_at(run["rows"], recall) for run in found]) for recall in (0.975, 0.99)]
            table_rows.append((name, *at, f"{builds[name]:,.1f}"))
    ours = runs["Cloze"][0]
    table((f"{ours['vectors']:,} vectors", "queries/s at recall@10 .975", "at .99", "build, s"), table_rows)
    print(f"\nVector files that readers map: {ours['bytes_per_vector']:,.0f} bytes per vector")


def rate_at(rows, recall):
    """Interpolates queries/s at a recall between the two widths around it."""
    for below, above in zip(rows, rows[1:]):
        if below["recall_at_10"] < recall <= above["recall_at_10"]:
            share = (recall - below["recall_at_10"]) / (above["recall_at_10"] - below["recall_at_10"])
            return below["queries_per_s"] + share * (above["queries_per_s"] - below["queries_per_s"])
    return rows[0]["queries_per_s"] if rows[0]["recall_at_10"] >= recall else float("nan")


def served(index):
    command = [str(release_folder() / "server"), "--index", str(index), "--listen", "127.0.0.1:0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return server, server.stdout.readline().split("://")[1].split("/")[0]


def http(args):
    load = program("load")
    heading(args)
    found = {name: [] for name in ("one client", "four clients", "four clients, repeated queries", "suggest", "cold")}
    with tempfile.TemporaryDirectory() as scratch:
        # A server remembers queries, so it warms up on others than the measured ones.
        few = some_of(args.queries, 200, scratch)
        many = some_of(args.queries, MOST_QUERIES, scratch, behind=200)
        first = json.loads(few.read_text(encoding="utf-8").splitlines()[0])["text"]
        for _ in range(args.rounds):
            # Each round starts a new server, whose cache is empty.
            for name, clients, file, passes, path in (
                ("one client", 1, many, 1, "/search?q="),
                ("four clients", 4, many, 1, "/search?limit=9&q="),
                ("four clients, repeated queries", 4, few, 100, "/search?q="),
                ("suggest", 1, many, 1, "/suggest?q="),
            ):
                server, address = served(args.index)
                try:
                    last_json([load, address, str(few), "1", "1", path])
                    found[name].append(last_json([load, address, str(file), str(clients), str(passes), path]))
                finally:
                    server.terminate()
                    server.wait()
            found["cold"].append(cold(args.index, first))
    rows = []
    for name, runs in found.items():
        if name == "cold":
            rows.append(("`query` from start to answer", "", spread([s * 1e3 for s in runs], 0), ""))
        else:
            values = [spread([run[key] for run in runs], digits) for key, digits in (("queries_per_s", 0), ("p50_ms", 2), ("p99_ms", 2))]
            rows.append((f"{name} ({runs[0]['queries']:,} queries)", *values))
    table(("", "queries/s", "p50, ms", "p99, ms"), rows)


def cold(index, query):
    started = time.perf_counter()
    subprocess.run([str(release_folder() / "query"), "--index", str(index), query], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def hybrid(args):
    measure = program("measure")
    heading(args)
    for corpus in args.hybrid or [args.corpus]:
        with tempfile.TemporaryDirectory() as scratch:
            scratch = Path(scratch)
            texts, queries = (corpus, args.queries) if not args.hybrid else with_queries(corpus, scratch)
            queries = some_of(queries, MOST_QUERIES, scratch)
            index, theirs, ours = scratch / "index", [], []
            seconds, report, _ = build(texts, index)
            for _ in range(args.rounds):
                ours.append(last_json([measure, "query", str(index), str(queries)]))
                found = peer("hybrid_txtai.py", "--model", model_dir(), "--corpus", texts, "--queries", queries,
                             "--threads", args.threads, "--index", scratch / "txtai")
                theirs += [found] if found else []
            columns = [(f"Cloze ({report['passages']:,} passages)", seconds, ours)]
            if theirs:
                columns.append((f"txtai {theirs[0]['version']} ({theirs[0]['passages']:,} texts)", theirs[0]["build_s"], theirs))
            rows = [(name, f"{built:,.1f}", *(spread([run[key] for run in runs], 2) for key in ("p50_ms", "p99_ms"))) for name, built, runs in columns]
            table((f"{name_of(corpus) if args.hybrid else 'the corpus'}, {ours[0]['queries']:,} queries", "build, s", "query p50, ms", "p99, ms"), rows)
            print(flush=True)


def growth(args):
    grow = program("growth")
    heading(args, rounds=False)
    rows, lines = [], []
    with tempfile.TemporaryDirectory() as scratch:
        for size in args.sizes:
            index = f"{scratch}/index-{size}"
            made = last_json([grow, "make", str(args.index), str(size), index])
            found = last_json([grow, "measure", index, str(some_of(args.queries, MOST_WALKS, scratch))])
            lines.append(json.dumps({**made, **found}))
            print(lines[-1], file=sys.stderr)
            rows.append((
                f"{size:,}", f"{made['build_s']:,.1f}", f"{made['build_mb']:,.0f}", f"{found['bytes'] / 1e6:,.0f}",
                f"{found['open_ms']:,.0f}", f"{found['checks_gb_per_s']:.1f}", f"{found['anonymous_mb']:,.0f}",
                f"{found['recall_at_10']:.3f}", f"{found['p50_ms']:.2f}", f"{found['p99_ms']:.2f}",
            ))
            if size == args.sizes[0]:
                like = last_json([grow, "like", str(args.index), index])
            subprocess.run(["rm", "-rf", index], check=False)
    table(("passages", "build without encoding, s", "build memory, MB", "index, MB", "open without checksums, ms", "checksums, GB/s",
           "memory in use, MB", "recall@10", "query p50, ms", "p99, ms"), rows)
    print("\nSimilarity to the base: " + json.dumps(like))
    if args.plot:
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            file.write("\n".join(lines))
            file.flush()
            command = [str(PEERS / "bin" / "python"), str(ROOT / "benches" / "peers" / "plot_growth.py"), file.name, str(args.plot)]
            subprocess.run(command, check=True)


def some_of(queries, most, scratch, behind=0):
    """Writes the first `most` queries after the first `behind` to a file."""
    lines = [line for line in queries.read_text(encoding="utf-8").splitlines() if line.strip()]
    some = Path(scratch) / f"{most}-behind-{behind}.jsonl"
    some.write_text("\n".join(lines[behind : behind + most] or lines[-1:]) + "\n", encoding="utf-8")
    return some


def name_of(corpus):
    return corpus.name if corpus.is_dir() else corpus.parent.name


def with_queries(corpus, scratch):
    """Returns a corpus as JSON Lines, and its queries."""
    if not corpus.is_dir():
        return corpus, corpus.with_name("queries.jsonl")
    paragraphs, headings = paragraphs_of(corpus)
    write_jsonl([{"_id": str(i), "text": text} for i, text in enumerate(paragraphs)], scratch / "corpus.jsonl")
    write_jsonl([{"text": heading} for heading in headings], scratch / "queries.jsonl")
    return scratch / "corpus.jsonl", scratch / "queries.jsonl"


def prepare(args, scratch):
    """Makes the inputs that were not given."""
    if args.corpus is None or args.corpus.is_dir():
        args.corpus, headings = with_queries(args.corpus or ROOT / "docs", scratch)
        args.queries = args.queries or headings
    elif args.queries is None:
        sys.exit("--corpus FILE needs --queries FILE: a file of texts has no headings to use as queries")
    if args.texts is None:
        args.texts = scratch / "texts.jsonl"
        lines = [json.loads(line) for line in args.corpus.read_text(encoding="utf-8").splitlines() if line.strip()]
        write_jsonl([{"text": row["text"]} for row in spread_over(lines, MOST_TEXTS)], args.texts)
    if args.index is None and {"vectors", "http", "growth", "all"} & {args.section}:
        args.index = scratch / "index"
        build(args.corpus, args.index)


def main():
    args = arguments()
    peer_python()
    with tempfile.TemporaryDirectory() as scratch:
        prepare(args, Path(scratch))
        for section in SECTIONS if args.section == "all" else (args.section,):
            print(f"## {section}\n")
            globals()[section](args)
            print(flush=True)


if __name__ == "__main__":
    main()
