#!/usr/bin/env python3
"""Counts the instructions of the three hottest paths, and compares the counts with the stored figures.

    python3 tests/instructions/check.py            as `make test` does
    python3 tests/instructions/check.py --write    after a change that should change the figures

Instruction counts do not depend on how busy a machine is. valgrind's callgrind counts them. It supports AVX2 but not
AVX-512, so processors with either give the same counts. Several threads build the graph, and no two graphs are the
same, so a count may differ by MARGIN before the check reports it.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FIGURES = Path(__file__).with_name("figures.json")
PATHS = ("walk", "keyword", "scores")
MARGIN = 0.25


def skip(reason):
    print(f"instructions: skipped, {reason}")
    sys.exit(1 if os.environ.get("CI") == "true" else 0)


def has_avx2():
    try:
        return " avx2 " in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


def valgrind():
    found = shutil.which("valgrind")
    if not found and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "install", "-y", "-q", "valgrind"], check=False, stdout=subprocess.DEVNULL)
        found = shutil.which("valgrind")
    return found or skip("valgrind is missing; install it and run this again")


def program():
    command = ["cargo", "bench", "--locked", "--no-run", "--bench", "paths", "--message-format", "json"]
    out = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = (json.loads(line) for line in out.splitlines() if line.startswith("{"))
    return next(m["executable"] for m in messages if m.get("target", {}).get("name") == "paths" and m.get("executable"))


def count(counter, paths, path, index, scratch):
    command = [counter, "--tool=callgrind", "--toggle-collect=*measured*", f"--callgrind-out-file={scratch}/out"]
    run = subprocess.run(command + [paths, path, index], stderr=subprocess.PIPE, text=True)
    found = re.search(r"Collected\s*:\s*(\d+)", run.stderr)
    if run.returncode != 0 or not found or int(found[1]) == 0:
        sys.exit(f"cannot count the instructions of {path}:\n{run.stderr}")
    return int(found[1])


def main():
    if platform.machine() != "x86_64" or not has_avx2():
        skip("the figures apply to x86-64 with AVX2")
    counter, paths = valgrind(), program()
    with tempfile.TemporaryDirectory() as scratch:
        index = str(Path(scratch) / "index")
        subprocess.run([paths, "prepare", index], check=True)
        found = {path: count(counter, paths, path, index, scratch) for path in PATHS}
    if "--write" in sys.argv:
        FIGURES.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    known = json.loads(FIGURES.read_text(encoding="utf-8"))
    ratios = {path: found[path] / known[path] for path in PATHS}
    print("instructions: " + ", ".join(f"{p} {found[p] / 1e6:.1f} million ({ratios[p]:.2f} of the stored figure)" for p in PATHS))
    slower = [p for p in PATHS if ratios[p] > 1 + MARGIN]
    if slower:
        sys.exit(f"{', '.join(slower)}: more than {MARGIN:.0%} more instructions than in {FIGURES.name}")
    if any(ratio < 1 - MARGIN for ratio in ratios.values()):
        print("instructions: the counts are lower than before; store them with --write")


if __name__ == "__main__":
    main()
