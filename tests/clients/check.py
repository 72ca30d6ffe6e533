#!/usr/bin/env python3
"""Runs third-party clients against the server: OpenAI's, and schemathesis on /openapi.json.

    python3 tests/clients/check.py              a few hundred requests
    python3 tests/clients/check.py --soak       for ten minutes

The script installs the clients from PyPI into a folder of their own. If they are not available, it reports
this and skips the check. Under CI=true this is a failure.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from binaries import release_folder  # noqa: E402

CLIENTS = ROOT / "tests" / "clients"
PYTHON = CLIENTS / ".venv" / "bin" / "python"
KEY = "a-key-for-the-checks"
# Without "positive_data_acceptance": a schema cannot express that a query must contain a word.
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,negative_data_rejection,unsupported_method,allow_header_conformance"
)


def clients():
    """Tells whether the clients are installed, and installs them if necessary."""
    requirements = CLIENTS / "requirements.txt"
    stamp = CLIENTS / ".venv" / "installed"
    if stamp.exists() and stamp.read_text() == requirements.read_text():
        return True
    commands = [
        [sys.executable, "-m", "venv", str(CLIENTS / ".venv")],
        [str(PYTHON), "-m", "pip", "install", "--quiet", "-r", str(requirements)],
    ]
    if any(subprocess.run(command).returncode for command in commands):
        return False
    stamp.write_text(requirements.read_text())
    return True


def serve(scratch):
    """Starts a server on the project's manual. Returns the process and its address."""
    binaries, index = release_folder(), str(Path(scratch) / "index")
    subprocess.run([binaries / "indexer", "build", ROOT / "docs", "--index", index, "--quiet"], check=True)
    command = [binaries / "server", "--index", index, "--listen", "127.0.0.1:0", "--analytics"]
    environment = {**os.environ, "CLOZE_ADMIN_KEY": KEY, "CLOZE_SEARCH_KEY": KEY + "-2", "CLOZE_LOG": "warn"}
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    return server, "http://" + server.stdout.readline().split("http://")[1].split("/")[0]


def main():
    if not clients():
        text = "cannot install the clients from PyPI"
        if os.environ.get("CI") == "true":
            sys.exit(text)
        print(f"skipped: {text}; run `make clients` again with a network connection")
        return
    soak = "--soak" in sys.argv
    with tempfile.TemporaryDirectory() as scratch:
        server, address = serve(scratch)
        try:
            subprocess.run([PYTHON, CLIENTS / "openai_client.py", address, KEY], check=True)
            command = [PYTHON.parent / "schemathesis", "run", f"{address}/openapi.json", "--no-color"]
            command += ["--header", f"Authorization: Bearer {KEY}", "--checks", CHECKS, "--continue-on-failure"]
            command += ["--max-examples", "5000" if soak else "15", "--max-time", "600" if soak else "30"]
            subprocess.run(command, check=True, cwd=scratch)
            if server.poll() is not None:
                sys.exit(f"the server ended with exit code {server.returncode}")
        finally:
            server.terminate()
        if server.wait():
            sys.exit(f"the server ended with exit code {server.returncode}")


if __name__ == "__main__":
    main()
