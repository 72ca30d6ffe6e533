#!/usr/bin/env python3
"""Measures Cloze and its peers in one run, and prints a table.

    make bench                                     on the project's own manual
    python3 benches/run.py --site DIR --texts FILE on a site and texts of your own
    python3 benches/run.py --no-peers              without installing anything
    python3 benches/run.py --filters FILE          only filtered search, on the paragraphs of a text
    python3 benches/run.py --freshness --site DIR  only the time until changes of a site are found

Machines differ and are noisy: read the ratios, not the absolute figures. The programs under comparison
alternate, and the table shows the median of the rounds with the lowest and the highest.
The peer gets its best batch size, found in a first round that is not counted.
"""

import argparse
import glob
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from binaries import release_folder  # noqa: E402

PEERS = Path(os.environ.get("CLOZE_PEERS", ROOT / "benches" / ".peers"))
BATCH_SIZES = (8, 16, 32)
MOST_TEXTS = 3000


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, default=ROOT / "docs", help="folder to index (default: docs)")
    parser.add_argument("--texts", type=Path, help='JSON Lines with "text" to encode (default: passages of the site)')
    parser.add_argument("--queries", type=Path, help='JSON Lines with "text" (default: headings of the site)')
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--filters", type=Path, metavar="FILE", help="measure filtered search on a text's paragraphs")
    parser.add_argument("--paragraphs", type=int, default=60000, help="number of paragraphs for --filters")
    parser.add_argument("--freshness", action="store_true", help="measure only the time until changes of the site are found")
    parser.add_argument("--no-peers", action="store_true", help="measure Cloze alone")
    return parser.parse_args()


def program(name):
    """Builds benches/NAME.rs and returns the path of the program."""
    command = ["cargo", "bench", "--locked", "--no-run", "--bench", name, "--message-format", "json"]
    out = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = (json.loads(line) for line in out.splitlines() if line.startswith("{"))
    return next(m["executable"] for m in messages if m.get("target", {}).get("name") == name and m.get("executable"))


def last_json(command, **options):
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout
    return json.loads(out.strip().splitlines()[-1])


def peer_python():
    """Returns the Python of a virtual environment with the peers. It is made once; CLOZE_PEERS names another one."""
    python = PEERS / "bin" / "python"
    if not python.exists():
        print("installing the other libraries (gigabytes) …", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        requirements = ROOT / "benches" / "peers" / "requirements-compare.txt"
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", str(requirements)], check=True)
    return str(python)


def model_dir():
    for name, below in (("CLOZE_CACHE", ""), ("XDG_CACHE_HOME", "cloze"), ("HOME", ".cache/cloze")):
        if os.environ.get(name):
            return Path(os.environ[name]) / below / "models" / "all-MiniLM-L6-v2"
    sys.exit("there is no cache directory; set CLOZE_CACHE, XDG_CACHE_HOME or HOME")


def encode_ours(measure, texts, threads):
    return last_json([measure, "encode", str(texts), str(threads), "1"])["tokens_per_s"][0]


def encode_peer(python, texts, threads, batch_size):
    script = ROOT / "benches" / "peers" / "encode_st.py"
    command = [python, str(script), "--model", str(model_dir()), "--texts", str(texts), "--threads", str(threads)]
    command += ["--batch-size", str(batch_size), "--repeat", "1"]
    return last_json(command, stderr=subprocess.DEVNULL)


def build(site, index):
    """Builds an index. Returns seconds, the report, and the peak memory of the process in MB."""
    started = time.monotonic()
    command = [str(release_folder() / "indexer"), "build", str(site), "--index", str(index), "--json", "--quiet"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        sys.exit(f"indexer build failed with exit code {process.returncode}")
    return time.monotonic() - started, json.loads(out), usage.ru_maxrss / 1024


def spread(values, digits=0):
    return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def compare_encoders(rows, measure, texts, args):
    ours, theirs, ratios = [], [], []
    if args.no_peers:
        ours = [encode_ours(measure, texts, args.threads) for _ in range(args.rounds)]
        rows.append(("encode, tokens/s", spread(ours), "", ""))
        return
    python = peer_python()
    trials = {size: encode_peer(python, texts, args.threads, size)["tokens_per_s"][0] for size in BATCH_SIZES}
    best = max(trials, key=trials.get)
    for _ in range(args.rounds):
        ours.append(encode_ours(measure, texts, args.threads))
        peer = encode_peer(python, texts, args.threads, best)
        theirs.append(peer["tokens_per_s"][0])
        ratios.append(ours[-1] / theirs[-1])
    name = f"sentence-transformers {peer['version']}, torch {peer['torch']}, batch {best}"
    rows.append(("encode, tokens/s", spread(ours), f"{spread(theirs)} {name}", spread(ratios, 2)))


def main():
    args = arguments()
    measure = program("measure")
    if args.filters:
        return filters(measure, args)
    if args.freshness:
        return freshness(args)
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        took, alone, ratios, memory = [], [], [], []
        for number in range(max(1, args.rounds // 2)):
            # Each build gets a new directory. In the last one, everything would be encoded already.
            index = Path(scratch) / f"index-{number}"
            seconds, report, peak = build(args.site, index)
            assert report["reused"] == 0 and report["encoded"] > 0
            took.append(seconds)
            memory.append(peak)
            alone.append(last_json([measure, "passages", str(index), str(args.threads), "1"])["seconds"][0])
            ratios.append(took[-1] / alone[-1])
        texts, queries = Path(scratch) / "texts.jsonl", Path(scratch) / "queries.jsonl"
        headings = write_texts(args.site, texts)
        queries.write_text("".join(json.dumps({"text": h}) + "\n" for h in headings))
        compare_encoders(rows, measure, args.texts or texts, args)
        rates = [report["passages"] / s for s in took]
        rows.append((f"build, passages/s ({report['passages']} passages)", spread(rates), "", ""))
        rows.append(("build, seconds, and encoding alone", spread(took, 1), f"{spread(alone, 1)} encoding alone", spread(ratios, 2)))
        rows.append(("build, peak memory, MB", spread(memory), "", ""))
        query = last_json([measure, "query", str(index), str(args.queries or queries)])
        rows.append(("open the index with checksums, ms", f"{query['open_ms']:.1f}", "", ""))
        rows.append(("open index and model, ms", f"{query['ready_ms']:.1f}", "", ""))
        rows.append((f"query, ms (p50 / p99 of {query['queries']})", f"{query['p50_ms']:.2f} / {query['p99_ms']:.2f}", "", ""))
    print(f"{cpu()}, {args.threads} threads; median (lowest to highest) of the rounds\n")
    print("| measurement | Cloze | compared with | ratio |\n|---|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


def filters(measure, args):
    """Measures recall and latency when a filter lets one passage in 2, 20 and 1000 through."""
    with tempfile.TemporaryDirectory() as scratch:
        corpus, queries = Path(scratch) / "corpus.jsonl", Path(scratch) / "queries.jsonl"
        paragraphs = (p.strip() for p in args.filters.read_text(encoding="utf-8").split("\n"))
        chosen = [p[:200] for p in paragraphs if len(p) > 60][: args.paragraphs]
        with open(corpus, "w", encoding="utf-8") as out:
            for i, text in enumerate(chosen):
                draw = zlib.crc32(str(i).encode()) % 1000
                share = [name for name, below in (("50 %", 500), ("5 %", 50), ("0.1 %", 1)) if draw < below]
                out.write(json.dumps({"_id": str(i), "text": text, "share": share}) + "\n")
        step = max(1, len(chosen) // 500)
        queries.write_text("".join(json.dumps({"text": t[20:100]}) + "\n" for t in chosen[::step][:500]))
        index = Path(scratch) / "index"
        build(corpus, index)
        result = last_json([measure, "filters", str(index), str(queries), "share"])
    print(f"{cpu()}; {result['queries']} queries, vector leg, 10 nearest\n")
    print("| filter accepts | passages | recall@10 | p50, microseconds | relative to no filter |\n|---|---|---|---|---|")
    for row in result["rows"]:
        recall, ratio = (f"{row[k]:.3f}" if k in row else "" for k in ("recall_at_10", "ratio"))
        print(f"| {row['value'] or 'everything'} | {row['passages']:,} | {recall} | {row['p50_us']:.0f} | {ratio} |")


def freshness(args):
    """Measures seconds from the start of a build until a running server finds an edit, and builds without an edit."""
    with tempfile.TemporaryDirectory() as scratch:
        site, index = Path(scratch) / "site", Path(scratch) / "index"
        shutil.copytree(args.site, site)
        ledger = os.environ.get("CLOZE_BENCH_LEDGER")
        if ledger:
            shutil.copytree(ledger, index / "ledger")
        build(site, index)
        command = [str(release_folder() / "server"), "--index", str(index), "--listen", "127.0.0.1:0"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            address = server.stdout.readline().split("://")[1].split("/")[0]
            edits = [edit(site, index, address, number) for number in range(args.rounds)]
        finally:
            server.terminate()
            server.wait()
        unchanged = [build(site, index) for _ in range(args.rounds)]
        folder = max((p for p in site.iterdir() if p.is_dir()), key=lambda p: len(list(p.rglob("*.md"))), default=None)
        renamed = None
        if folder:
            moved = len(list(folder.rglob("*.md")))
            folder.rename(folder.with_name("renamed-folder"))
            seconds, report, _ = build(site, index)
            renamed = f"{report['encoded']} of {moved} pages' passages encoded, {seconds:.2f} s"
    phases = [f"{name} {statistics.median(e['phases'][name] for e in edits):.2f}" for name in ("load", "encode", "publish")]
    print(f"{cpu()}; {report['pages']} pages, {report['passages']} passages; median (lowest to highest) of {args.rounds}\n")
    print("| measurement | figure |\n|---|---|")
    print(f"| time until a running server finds one edited page, s | {spread([e['seconds'] for e in edits], 2)} |")
    print(f"| phases of the build within this time, s | {', '.join(phases)} |")
    print(f"| passages that it encodes | {', '.join(str(e['encoded']) for e in edits)} |")
    print(f"| unchanged rebuild, s | {spread([seconds for seconds, *_ in unchanged], 2)} |")
    print(f"| passages that it encodes | {', '.join(str(report['encoded']) for _, report, _ in unchanged)} |")
    print(f"| renamed folder | {renamed or 'the site has no folder'} |")


def edit(site, index, address, number):
    """Adds a section to a page, builds, and measures the time until a search finds it."""
    page = sorted(site.rglob("*.md"))[number * 7]
    word = f"freshly{number}zebrafish"
    text = page.read_text(encoding="utf-8")
    page.write_text(f"{text}\n\n## A new section\n\nThis sentence has the word {word}.\n", encoding="utf-8")
    command = [str(release_folder() / "indexer"), "build", str(site), "--index", str(index), "--json", "--quiet"]
    started = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    while True:
        with urllib.request.urlopen(f"http://{address}/search?q={word}&mode=keyword", timeout=30) as answer:
            if json.load(answer)["hits"]:
                break
        if time.monotonic() - started > 120:
            sys.exit(f"the server did not find {page} within two minutes")
        time.sleep(0.01)
    seconds = time.monotonic() - started
    report = json.loads(process.communicate()[0])
    return {"seconds": seconds, "phases": report["seconds"], "encoded": report["encoded"]}


def cpu():
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def paragraphs_of(site):
    """Returns paragraphs and headings of the Markdown files of a site, each heading once."""
    headings, paragraphs = [], []
    for name in sorted(glob.glob(str(site / "**/*.md"), recursive=True)):
        text = Path(name).read_text(encoding="utf-8", errors="ignore")
        headings += [line.lstrip("# ") for line in text.splitlines() if line.startswith("#") and line.strip("# ")]
        paragraphs += [paragraph for paragraph in text.split("\n\n") if len(paragraph) > 40]
    return paragraphs, list(dict.fromkeys(headings))[:2000] or ["search"]


def spread_over(texts, most):
    """Returns at most `most` texts, evenly spread."""
    return texts[:: max(1, -(-len(texts) // most))]


def write_jsonl(rows, target):
    target.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_texts(site, target):
    """Writes up to MOST_TEXTS paragraphs of the site, evenly spread, and returns its headings as queries."""
    paragraphs, headings = paragraphs_of(site)
    write_jsonl([{"text": t} for t in spread_over(paragraphs, MOST_TEXTS)], target)
    return headings


if __name__ == "__main__":
    main()
