"""Builds real sites by the guides of the manual, indexes their HTML and serves both. Builds them with plain files, too."""

import os
import re
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copytree

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from binaries import release_folder, target_folder  # noqa: E402

HERE = ROOT / "tests" / "browser"
MDBOOK = "0.5.4"
MKDOCS_MATERIAL = "9.8.1"
TOOLS = target_folder() / "tools"
KINDS = ("html", "mdbook", "mkdocs")
# Sites that search plain files: the row of the manual's table, the folder that is published, and the first page. The manual's
# commands build them. Docusaurus is large; it is tested where `npm install` has filled target/tools/docusaurus.
PLAIN = {
    "html": ("any other", "public", "/"),
    "mdbook": ("mdBook", "book", "/"),
    "mkdocs": ("MkDocs", "site", "/"),
    "jekyll": ("Jekyll", "_site", "/"),
    "docusaurus": ("Docusaurus", "build", "/docs/hive"),
}
# Pages that a generator adds: a copy of the first chapter, and pages without content.
EXCLUDED = {"html": [], "mdbook": ["/index.html", "404.html"], "mkdocs": ["404.html"]}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def ensure_mdbook():
    """Installs mdBook into the target folder, unoptimised and only with the features of `mdbook build`: a minute instead of ten."""
    if (TOOLS / "bin" / "mdbook").exists():
        return True
    command = ["cargo", "install", "mdbook", "--version", MDBOOK, "--locked", "--quiet", "--debug", "--no-default-features", "--root", TOOLS]
    environment = {**os.environ, "CARGO_PROFILE_DEV_DEBUG": "0", "CARGO_TARGET_DIR": str(TOOLS / "build")}
    return subprocess.run(command, env=environment).returncode == 0


def ensure_mkdocs():
    if (TOOLS / "mkdocs" / "bin" / "mkdocs").exists():
        return True
    pip = TOOLS / "mkdocs" / "bin" / "pip"
    commands = [
        [sys.executable, "-m", "venv", TOOLS / "mkdocs"],
        [pip, "install", "--quiet", f"mkdocs-material=={MKDOCS_MATERIAL}"],
    ]
    return all(subprocess.run(command).returncode == 0 for command in commands)


def tools():
    """Installs mdBook and MkDocs Material. Returns the guides that can be tested."""
    has = {"html": True, "mdbook": ensure_mdbook(), "mkdocs": ensure_mkdocs()}
    return [kind for kind in KINDS if has[kind]]


def serve_folder(folder):
    """Starts a plain web server for a folder. Returns its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"


def copy(kind, target, **values):
    """Copies the sources of a site and fills in their addresses."""
    copytree(HERE / "guides" / kind, target)
    for path in target.rglob("*"):
        if path.suffix in (".hbs", ".html", ".js", ".yml"):
            text = path.read_text()
            for name, value in values.items():
                text = text.replace(name, value)
            path.write_text(text)


def generate(kind, source, out):
    """Runs the generator on the sources. Plain HTML needs none."""
    if kind == "html":
        copytree(source, out, dirs_exist_ok=True)
        return
    commands = {
        "mdbook": [TOOLS / "bin" / "mdbook", "build", source, "--dest-dir", out],
        "mkdocs": [TOOLS / "mkdocs" / "bin" / "mkdocs", "build", "--quiet", "-f", source / "mkdocs.yml", "-d", out],
    }
    subprocess.run(commands[kind], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def ensure_jekyll():
    """Installs Jekyll where apt can."""
    if shutil.which("jekyll"):
        return True
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    command = ["apt-get", "install", "--yes", "--no-install-recommends", "--quiet", "jekyll"]
    return subprocess.run(command, stdout=subprocess.DEVNULL).returncode == 0


def plain_kinds(kinds):
    """The sites that can be built with plain files. `kinds` are those whose generators are there."""
    has = {kind: kind in kinds for kind in KINDS}
    has["jekyll"] = ensure_jekyll()
    has["docusaurus"] = (TOOLS / "docusaurus" / "node_modules").exists()
    return [kind for kind in PLAIN if has[kind]]


def command_of(kind):
    """The command of a row of the table in the manual."""
    row = re.search(rf"^\| {PLAIN[kind][0]} \| `([^`]*)`", (ROOT / "docs" / "static.md").read_text(), re.MULTILINE)
    return row[1]


def build_plain(kind, scratch):
    """Builds a site with its index in plain files, by the manual's command. Returns the address of its first page."""
    source, (_, folder, first) = scratch / f"{kind}-plain", PLAIN[kind]
    copy(kind, source / folder if kind == "html" else source, **{'endpoint="ENDPOINT"': 'static="/cloze/"', "ENDPOINT/": "/cloze/", "SITE_URL": "http://127.0.0.1/"})
    if kind == "docusaurus":
        (source / "node_modules").symlink_to(TOOLS / "docusaurus" / "node_modules")
    paths = [TOOLS / "bin", TOOLS / "mkdocs" / "bin", release_folder(), os.environ["PATH"]]
    environment = {**os.environ, "PATH": os.pathsep.join(map(str, paths))}
    subprocess.run(command_of(kind), shell=True, cwd=source, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return serve_folder(source / folder) + first


def build(kind, scratch, start_server):
    """Builds one site. Returns its address and its search server."""
    out, index = scratch / kind / "out", scratch / kind / "index"
    out.mkdir(parents=True)
    site = serve_folder(out)
    # The index needs the HTML, the search server needs the index, and the HTML contains the address of the
    # server. So the site is generated once with any address, and again with the right one.
    addresses = {"ENDPOINT": "http://127.0.0.1:9", "SITE_URL": site}
    copy(kind, scratch / kind / "first", **addresses)
    generate(kind, scratch / kind / "first", out)
    indexer = release_folder() / "indexer"
    command = [indexer, "build", out, "--index", index, "--base-url", site, "--include", "**/*.html", "--quiet"]
    subprocess.run([*command, *(f"--exclude={path}" for path in EXCLUDED[kind])], check=True)
    server, addresses["ENDPOINT"] = start_server(index, ["--cors-origin", site])
    copy(kind, scratch / kind / "second", **addresses)
    generate(kind, scratch / kind / "second", out)
    return site, server
