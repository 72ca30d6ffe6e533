"""Nodes that go away while searches run: the answers stay the same, or the client hears that there is none."""

import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import opensearch

ROOT = opensearch.HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from binaries import release_folder  # noqa: E402

SEARCHES = 10_000
CLIENTS = 4
# Seconds: the server's limit for an answer, and some for the way.
LONGEST = 6
# Seconds after which a cluster that is whole again answers.
AGAIN = 60
QUERIES = ["how do I build an index", "filters and facets", '"search page"', "bilud an indx", "docker -windows", "recall"]


class Server:
    """A search server that knows only the address of the body."""

    def __init__(self, body):
        command = [release_folder() / "server", "--body", body, "--listen", "127.0.0.1:0", "--rate-limit", "0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = "http://" + self.process.stdout.readline().split("http://")[1].split("/")[0]

    def get(self, path):
        """Status, headers, body and seconds of an answer."""
        started = time.monotonic()
        try:
            with urllib.request.urlopen(self.address + path, timeout=2 * LONGEST) as answer:
                return answer.status, answer.headers, json.load(answer), time.monotonic() - started
        except urllib.error.HTTPError as error:
            return error.code, error.headers, json.load(error), time.monotonic() - started

    def search(self, query):
        # `limit` differs from call to call in effect nowhere, but remembered answers would ask no node.
        return self.get("/search?" + urllib.parse.urlencode({"q": query}))

    def stop(self):
        self.process.terminate()
        self.process.wait()


def listed(body):
    return [(hit["id"], hit["url"]) for hit in body["hits"]]


def distinct(number):
    """A query that no other one equals, so that no remembered answer stands in."""
    return f"{QUERIES[number % len(QUERIES)]} {number % 997}"


def run(server, queries, expected=None):
    """Searches from several clients; gives the lists, and every answer that is not one."""
    lists, faults, waiting = {}, [], list(enumerate(queries))
    lock = threading.Lock()

    def client():
        while True:
            with lock:
                if not waiting:
                    return
                number, query = waiting.pop()
            status, _, body, seconds = server.search(query)
            with lock:
                if status != 200:
                    faults.append((number, status, body))
                else:
                    lists[query] = listed(body)
                    if expected is not None and query in expected and expected[query] != lists[query]:
                        faults.append((number, "another list", query))

    clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    return lists, faults


def check(nodes):
    with tempfile.TemporaryDirectory() as scratch:
        body = f"http://{nodes.hosts}/faults"
        command = [release_folder() / "indexer", "build", ROOT / "docs", "--index", Path(scratch) / "index", "--quiet"]
        subprocess.run([*command, "--body", body], check=True)
        server = Server(body)
        try:
            one_killed(nodes, server)
            two_killed(nodes, server)
            all_back(nodes, server)
        finally:
            server.stop()


def one_killed(nodes, server):
    queries = [distinct(n) for n in range(SEARCHES)]
    expected, faults = run(server, queries[:997 * len(QUERIES)][:1000])
    assert not faults, faults[:3]
    killer = threading.Timer(3, nodes.kill, [1])
    killer.start()
    lists, faults = run(server, queries, expected)
    killer.join()
    print(f"a node killed during {SEARCHES} searches: {len(faults)} failed or differed", flush=True)
    assert not faults, faults[:3]


def two_killed(nodes, server):
    nodes.kill(2)
    for number in range(6):
        status, headers, body, seconds = server.search(f"recall of the lost {number}")
        assert status == 503, (status, body)
        assert headers["Retry-After"], "a client is told when to come back"
        assert "127.0.0.1" not in json.dumps(body), "nothing of the cluster is told"
        assert seconds < LONGEST, f"{seconds:.1f} s"
    status, _, body, _ = server.get("/ready")
    print(f"two nodes killed: 503 with Retry-After; /ready {status}", flush=True)
    assert status == 503, body


def all_back(nodes, server):
    nodes.start(1)
    nodes.start(2)
    started = time.monotonic()
    while server.search(f"recall again {time.monotonic()}")[0] != 200:
        assert time.monotonic() - started < AGAIN, "no answer although all nodes are back"
        time.sleep(0.2)
    print(f"all back: an answer after {time.monotonic() - started:.1f} s", flush=True)
    nodes.wait(3)
