#!/usr/bin/env python3
"""Drives the widget, the search page and the guides' sites in headless Chromium.

    python3 tests/browser/check.py              everything
    python3 tests/browser/check.py --shots DIR  and keeps pictures of all states

Needs Node.js and Chromium: as root with apt they are installed; elsewhere it is said that they are
missing, and nothing is run. Under CI=true that is a failure.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import guides

ROOT, HERE = guides.ROOT, guides.HERE


def skip(why):
    if os.environ.get("CI") == "true":
        sys.exit(why)
    print(f"skipped the browser tests: {why}")
    sys.exit(0)


def ensure_programs():
    missing = [name for name in ("node", "npm", "chromium") if not shutil.which(name)]
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        skip(f"{', '.join(missing)} missing; with Debian: apt-get install nodejs npm chromium, then make browser")
    packages = {"node": "nodejs", "npm": "npm", "chromium": "chromium"}
    install = ["apt-get", "install", "--yes", "--no-install-recommends", "--quiet", *(packages[m] for m in missing)]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "--quiet"], env=environment, stdout=subprocess.DEVNULL)
    if subprocess.run(install, env=environment, stdout=subprocess.DEVNULL).returncode:
        skip(f"{', '.join(missing)} could not be installed with apt-get")


def ensure_modules():
    lock, stamp = HERE / "package-lock.json", HERE / "node_modules" / "installed"
    if stamp.exists() and stamp.read_text() == lock.read_text():
        return
    if subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=HERE).returncode:
        skip("the packages of tests/browser/package-lock.json could not be installed")
    stamp.write_text(lock.read_text())


def start_server(index, arguments):
    """A search server on an index; the process and its address."""
    command = [ROOT / "target" / "release" / "server", "--index", index, "--listen", "127.0.0.1:0", *arguments]
    environment = {**os.environ, "CLOZE_LOG": "error"}
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    return server, "http://" + server.stdout.readline().split("http://")[1].split("/")[0]


def main():
    ensure_programs()
    ensure_modules()
    if not guides.tools():
        skip("mdBook or MkDocs Material could not be installed")
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        index, indexer = scratch / "index", ROOT / "target" / "release" / "indexer"
        subprocess.run([indexer, "build", ROOT / "docs", "--index", index, "--base-url", "/site", "--quiet"], check=True)
        servers = []
        try:
            server, address = start_server(index, ["--site", ROOT / "docs"])
            servers.append(server)
            sites = []
            for kind in ("mdbook", "mkdocs"):
                site, server = guides.build(kind, scratch, start_server)
                servers.append(server)
                sites += [f"--{kind}", site]
            command = ["node", "run.mjs", "--server", address, *sites, *sys.argv[1:]]
            sys.exit(subprocess.run(command, cwd=HERE).returncode)
        finally:
            for server in servers:
                server.terminate()


if __name__ == "__main__":
    main()
