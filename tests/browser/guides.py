"""Builds real sites as the manual's guides say, indexes their HTML and serves both."""

import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copytree

ROOT = Path(__file__).resolve().parent.parent.parent
HERE = ROOT / "tests" / "browser"
MDBOOK = "0.5.4"
MKDOCS_MATERIAL = "9.8.1"
TOOLS = ROOT / "target" / "tools"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def tools():
    """Puts mdBook and MkDocs Material in place; says what could not be had."""
    commands = []
    if not (TOOLS / "bin" / "mdbook").exists():
        commands.append(["cargo", "install", "mdbook", "--version", MDBOOK, "--locked", "--quiet", "--root", str(TOOLS)])
    if not (TOOLS / "mkdocs" / "bin" / "mkdocs").exists():
        commands.append([sys.executable, "-m", "venv", str(TOOLS / "mkdocs")])
        pip = str(TOOLS / "mkdocs" / "bin" / "pip")
        commands.append([pip, "install", "--quiet", f"mkdocs-material=={MKDOCS_MATERIAL}"])
    return all(subprocess.run(command).returncode == 0 for command in commands)


def serve_folder(folder):
    """A plain web server for a folder; its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"


def fill_in(folder, **values):
    """Puts addresses into the copied sources."""
    for path in folder.rglob("*"):
        if path.suffix in (".hbs", ".html", ".yml"):
            text = path.read_text()
            for name, value in values.items():
                text = text.replace(name, value)
            path.write_text(text)


def build(kind, scratch, start_server):
    """One site: its address, and the search server that belongs to it."""
    source, out = scratch / kind, scratch / kind / "out"
    copytree(HERE / "guides" / kind, source)
    out.mkdir()
    site = serve_folder(out)
    index = scratch / f"{kind}-index"

    def generate(endpoint):
        fill_in(source, ENDPOINT=endpoint, SITE_URL=site)
        if kind == "mdbook":
            command = [TOOLS / "bin" / "mdbook", "build", source, "--dest-dir", out]
        else:
            command = [TOOLS / "mkdocs" / "bin" / "mkdocs", "build", "--quiet", "-f", source / "mkdocs.yml", "-d", out]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    # The HTML has to be there before the index, and the index before the search server: so once
    # with any address, and again with the right one.
    generate("http://127.0.0.1:9")
    indexer = ROOT / "target" / "release" / "indexer"
    subprocess.run([indexer, "build", out, "--index", index, "--base-url", site, "--include", "**/*.html", "--quiet"], check=True)
    server, endpoint = start_server(index, ["--cors-origin", site])
    fresh = scratch / f"{kind}-again"
    copytree(HERE / "guides" / kind, fresh)
    source = fresh
    generate(endpoint)
    return site, server
