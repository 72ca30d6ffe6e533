"""What goes wrong while searches run: nodes that die, builds that are killed, disks that are full.

The answers stay the same, or the client hears that there is none; never is half a list an answer.
"""

import json
import random
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import rolling
from server import LONGEST, ROOT, Server, done, listed, program, release_folder

# The long form, and the form for every day.
SOAK = {"searches": 10_000, "kills": 50, "publishes": 100}
SHORT = {"searches": 400, "kills": 3, "publishes": 4}
CLIENTS = 4
# Seconds after which a cluster that is whole again answers.
AGAIN = 60
QUERIES = ["how do I build an index", "filters and facets", '"search page"', "bilud an indx", "docker -windows", "recall"]


def distinct(number):
    """Queries that a server does not remember: it would not ask a node for these."""
    return f"{QUERIES[number % len(QUERIES)]} {number}"


def run(server, queries, expected=None):
    """Searches from several clients; gives the list of each query, and all that is not as expected."""
    lists, faults, waiting = {}, [], list(queries)
    lock = threading.Lock()

    def client():
        while True:
            with lock:
                if not waiting:
                    return
                query = waiting.pop()
            status, _, body, _ = server.search(query)
            with lock:
                lists[query] = listed(body) if status == 200 else None
                if status != 200:
                    faults.append((query, status, body))
                elif expected and query in expected and expected[query] != lists[query]:
                    faults.append((query, "another list"))

    clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    return lists, faults


def versions(scratch):
    """Two index directories: two versions of one index."""
    docs, old, new = scratch / "docs", scratch / "old", scratch / "new"
    shutil.copytree(ROOT / "docs", docs, ignore=shutil.ignore_patterns("images"))
    done(program("indexer", "build", docs, "--index", old, "--quiet"))
    shutil.copytree(old, new)
    (docs / "models.md").unlink()
    done(program("indexer", "build", docs, "--index", new, "--quiet"))
    return old, new


def check(nodes, sizes):
    with tempfile.TemporaryDirectory() as scratch:
        old, new = versions(Path(scratch))
        nodes.clear()
        body = f"http://{nodes.hosts}/faults"
        done(program("indexer", "import", "--index", old, "--body", body))
        builds_killed(nodes, body, old, new, sizes["kills"])
        published_under_load(body, old, new, sizes["publishes"])
        disk_full(nodes, body, old, new)
        rolling.check(nodes, body, old, new, with_nodes=sizes is SOAK)
        one_killed(nodes, body, sizes["searches"])
        with Server(body) as server:
            two_killed(nodes, server, body)
            all_back(nodes, server)


def indexes(nodes):
    return sorted(index["index"] for index in nodes.ask("_cat/indices/faults*?format=json"))


def named(nodes):
    """The indexes that the pointer names."""
    pointer = nodes.ask("faults-head/_doc/pointer")["_source"]["pointer"]
    kept = [pointer["version"], *(other["version"] for other in pointer["previous"])]
    return sorted({"faults-head", *(version[part] for version in kept for part in ("body", "head"))})


def strangers(nodes):
    """Passages of the live body that are higher than those of the live version."""
    version = nodes.ask("faults-head/_doc/pointer")["_source"]["pointer"]["version"]
    nodes.ask(f"{version['body']}/_refresh", method="POST")
    query = {"query": {"range": {"id": {"gte": version["numbers"]}}}}
    return nodes.ask(f"{version['body']}/_count", query)["count"]


def builds_killed(nodes, body, old, new, kills):
    """A build that is killed leaves the live version; the next one leaves nothing of it.

    The new index builds on the old one, so every second import fills a new body and every other adds to it.
    """
    started = time.monotonic()
    done(program("indexer", "import", "--index", new, "--body", body))
    longest = time.monotonic() - started
    dice = random.Random(7)
    for number in range(kills):
        index = old if number % 2 == 0 else new
        command = [release_folder() / "indexer", "import", "--index", index, "--body", body]
        build = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(dice.uniform(0, longest))
        build.kill()
        build.wait()
        assert "generation" in done(program("indexer", "status", "--body", body))
        done(program("indexer", "import", "--index", index, "--body", body))
        assert indexes(nodes) == named(nodes), "nothing is left of it"
        assert strangers(nodes) == 0, "no passage is left of it"
        done(program("indexer", "verify", "--body", body))
    print(f"{kills} builds killed: the live version answered each time, nothing is left", flush=True)


def published_under_load(body, old, new, publishes):
    """Each answer comes from one version."""
    queries, lists = [distinct(number) for number in range(60)], {}
    for index in (old, new):
        done(program("indexer", "import", "--index", index, "--body", body))
        with Server(body) as server:
            for query in queries:
                answer = server.search(query)[2]
                lists[answer["generation"], query] = listed(answer)
    faults, seen, is_over, count = [], set(), threading.Event(), [0]
    with Server(body) as server:

        def search():
            number = 0
            while not is_over.is_set():
                number += 1
                query = queries[number % len(queries)]
                count[0] += 1
                status, _, answer, _ = server.search(query)
                if status != 200 or listed(answer) != lists[answer["generation"], query]:
                    faults.append((status, answer))
                else:
                    seen.add(answer["generation"])

        clients = [threading.Thread(target=search) for _ in range(CLIENTS)]
        for one in clients:
            one.start()
        for number in range(publishes):
            done(program("indexer", "import", "--index", old if number % 2 == 0 else new, "--body", body))
        time.sleep(2)
        is_over.set()
        for one in clients:
            one.join()
    print(f"{publishes} versions published under load: {len(faults)} of {count[0]} answers failed or mixed two", flush=True)
    assert not faults and len(seen) == 2, (faults[:2], seen)


def disk_full(nodes, body, old, new):
    """The block that OpenSearch sets at its flood stage."""
    for block in (True, None):
        nodes.ask("faults-head/_settings", {"index.blocks.read_only_allow_delete": block}, "PUT")
        results = [program("indexer", "import", "--index", index, "--body", body) for index in (old, new)]
        is_named = any("disks are full" in result.stderr for result in results)
        assert is_named == bool(block), [result.stderr for result in results]
    print("a full disk is named", flush=True)


def one_killed(nodes, body, searches):
    queries = [distinct(number) for number in range(searches)]
    with Server(body) as server:
        expected, faults = run(server, queries[:: max(1, searches // 1000)])
        assert not faults, faults[:3]
    with Server(body) as server:
        # It dies after the first searches, and is the one that is asked.
        killer = threading.Timer(2, nodes.kill, [0])
        killer.start()
        _, faults = run(server, queries, expected)
        killer.join()
    print(f"a node killed during {searches} searches: {len(faults)} failed or differed", flush=True)
    assert not faults, faults[:3]


def two_killed(nodes, server, body):
    """The last node answers only if it has a copy of every part, as after a long time with two nodes."""
    queries = [f"recall of the lost {number}" for number in range(6)]
    with Server(body) as other:
        expected = {query: listed(other.search(query)[2]) for query in queries}
    nodes.kill(2)
    statuses = set()
    for query in queries:
        status, headers, answer, seconds = server.search(query)
        statuses.add(status)
        assert seconds < LONGEST, f"{seconds:.1f} s"
        if status == 200:
            assert listed(answer) == expected[query], "half a list"
            continue
        assert status == 503, (status, answer)
        assert headers["Retry-After"], "a client is told when to come back"
        assert "127.0.0.1" not in json.dumps(answer), "nothing of the cluster is told"
    if 503 not in statuses:
        print("two nodes killed: the last one has every part, and gives the same lists", flush=True)
        return
    until = time.monotonic() + AGAIN
    while server.get("/ready")[0] != 503:
        assert time.monotonic() < until, "/ready does not say that the index is gone"
        time.sleep(0.2)
    print("two nodes killed: 503 with Retry-After, and from /ready", flush=True)


def all_back(nodes, server):
    nodes.start(0)
    nodes.start(2)
    started = time.monotonic()
    while server.search(f"recall again {time.monotonic()}")[0] != 200:
        assert time.monotonic() - started < AGAIN, "no answer although all nodes are back"
        time.sleep(0.2)
    print(f"all back: an answer after {time.monotonic() - started:.1f} s", flush=True)
    nodes.wait(3)
