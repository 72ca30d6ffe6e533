#!/usr/bin/env python3
"""Tests the widget, the search page and the guides' sites in headless Chromium.

    python3 tests/browser/check.py                 everything
    python3 tests/browser/check.py --shots DIR     also keeps screenshots of all states
    python3 tests/browser/check.py --only PATTERN  the tests whose names match

Needs Node.js and Chromium. As root with apt, the script installs them. Otherwise it reports that they are
missing and runs nothing. If mdBook, MkDocs Material or Jekyll is not available, it leaves out only its
sites. Under CI=true both cases are failures.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import guides
import hostile

ROOT, HERE = guides.ROOT, guides.HERE
BINARIES = guides.release_folder()
# Opens the analytics of a server that ends with the test.
KEY = "a-key-for-the-checks"
AGAIN = "then run `make browser`"


def skip(why):
    if os.environ.get("CI") == "true":
        sys.exit(f"the browser tests cannot run: {why}")
    print(f"SKIPPED the browser tests: {why}", flush=True)
    sys.exit(0)


def ensure_programs():
    missing = [name for name in ("node", "npm", "chromium") if not shutil.which(name)]
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        skip(f"{', '.join(missing)} not found; on Debian, run apt-get install nodejs npm chromium, {AGAIN}")
    packages = {"node": "nodejs", "npm": "npm", "chromium": "chromium"}
    install = ["apt-get", "install", "--yes", "--no-install-recommends", "--quiet", *(packages[m] for m in missing)]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "--quiet"], env=environment, stdout=subprocess.DEVNULL)
    if subprocess.run(install, env=environment, stdout=subprocess.DEVNULL).returncode:
        skip(f"apt-get cannot install {', '.join(missing)}; install them yourself, {AGAIN}")


def ensure_modules():
    lock, stamp = HERE / "package-lock.json", HERE / "node_modules" / "installed"
    if stamp.exists() and stamp.read_text() == lock.read_text():
        return
    if subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=HERE).returncode:
        skip(f"npm cannot install tests/browser/package-lock.json; check the npm registry, {AGAIN}")
    stamp.write_text(lock.read_text())


def start_server(index, arguments):
    """Starts a search server on an index. Returns the process and its address."""
    command = [BINARIES / "server", "--index", index, "--listen", "127.0.0.1:0", *arguments]
    environment = {**os.environ, "CLOZE_LOG": "error", "CLOZE_ADMIN_KEY": KEY}
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    return server, "http://" + server.stdout.readline().split("http://")[1].split("/")[0]


def build_index(source, index, *arguments):
    subprocess.run([BINARIES / "indexer", "build", source, "--index", index, "--quiet", *arguments], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shots", type=Path, metavar="DIR")
    parser.add_argument("--only", metavar="PATTERN")
    arguments = parser.parse_args()
    ensure_programs()
    ensure_modules()
    kinds = guides.tools()
    plain = guides.plain_kinds(kinds)
    missing = sorted({*guides.KINDS, "jekyll"} - {*kinds, *plain})
    if missing and os.environ.get("CI") == "true":
        sys.exit(f"cannot test the guides for {', '.join(missing)}: these generators are not installed")
    with tempfile.TemporaryDirectory() as name:
        scratch, servers, options = Path(name), [], ["--key", KEY]

        def start(option, index, arguments):
            server, address = start_server(index, arguments)
            servers.append(server)
            options.extend([f"--{option}", address])

        try:
            build_index(ROOT / "docs", scratch / "index", "--base-url", "/site")
            start("server", scratch / "index", ["--site", ROOT / "docs", "--analytics", "--cors-origin", "*"])
            subprocess.run(
                [BINARIES / "indexer", "export", "--static", scratch / "plain", "--index", scratch / "index"], check=True
            )
            options.extend(["--static", str(scratch / "plain")])
            hostile.write(scratch / "hostile")
            build_index(scratch / "hostile", scratch / "hostile-index", "--base-url", "/site")
            start("hostile", scratch / "hostile-index", ["--site", scratch / "hostile", "--cors-origin", "*"])
            for kind in kinds:
                site, server = guides.build(kind, scratch, start_server)
                servers.append(server)
                options.extend([f"--{kind}", site])
            for kind in plain:
                options.extend([f"--plain-{kind}", guides.build_plain(kind, scratch)])
            only = [f"--test-name-pattern=all files are loaded|{arguments.only}"] if arguments.only else []
            shots = ["--shots", arguments.shots.resolve()] if arguments.shots else []
            code = subprocess.run(["node", *only, "run.mjs", *options, *shots], cwd=HERE).returncode
            ended = [server.returncode for server in servers if server.poll() is not None]
            if ended:
                sys.exit(f"a server ended with exit code {ended[0]}")
        finally:
            for server in servers:
                server.terminate()
    if missing:
        print(f"SKIPPED the guides for {', '.join(missing)}: these generators are not installed; run `make browser` with a network connection", flush=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
