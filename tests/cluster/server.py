"""A search server on a body, and what it answers."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import opensearch

ROOT = opensearch.HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from binaries import release_folder  # noqa: E402

# Seconds: the server's limit for an answer, and some for the way.
LONGEST = 6


def program(name, *arguments, **options):
    return subprocess.run([release_folder() / name, *map(str, arguments)], capture_output=True, text=True, **options)


def done(result):
    assert result.returncode == 0, result.stderr
    return result.stdout


class Server:
    """A search server that knows only the address of the body, or one on an index in files."""

    def __init__(self, body, port=0, index=None, drain=0, **options):
        place = ["--index", index] if index else ["--body", body]
        command = [release_folder() / "server", *place, "--listen", f"127.0.0.1:{port}", "--rate-limit", "0"]
        command += ["--drain", str(drain)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **options
        )
        self.address = "http://" + self.process.stdout.readline().split("http://")[1].split("/")[0]

    @property
    def port(self):
        return int(self.address.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def get(self, path):
        """Status, headers, body and seconds of an answer."""
        started = time.monotonic()
        try:
            with urllib.request.urlopen(self.address + path, timeout=2 * LONGEST) as answer:
                return answer.status, answer.headers, json.load(answer), time.monotonic() - started
        except urllib.error.HTTPError as error:
            return error.code, error.headers, json.load(error), time.monotonic() - started

    def search(self, query):
        return self.get("/search?" + urllib.parse.urlencode({"q": query}))


def listed(body):
    return [(hit["id"], hit["url"], hit["score"]) for hit in body["hits"]]
