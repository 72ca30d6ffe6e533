"""Several servers on one body: they take up a new version, and restart one after the other while searches run."""

import http.client
import json
import threading
import time
import urllib.parse

from server import Server, done, listed, program

# Seconds after which every server has a new version.
TAKEN_UP = 10
# Seconds between two looks at `/ready`, and those that a server goes on after it is told to end.
CHECKED_EVERY = 0.3
DRAIN = 2
CLIENTS = 4
QUERIES = ["how do I build an index", "filters and facets", "recall of the index", "a key for the server"]


class Balancer:
    """What a load balancer does: it asks a server whose `/ready` answers 200, and the next one if it takes no connection.

    A request that a server has taken is its own: if it is not answered, it is lost.
    """

    def __init__(self, ports):
        self.ports = ports
        self.ready = set(ports)
        self.number = 0
        self.lost = []
        self.answered = 0
        self.lock = threading.Lock()

    def look(self, is_over):
        """Asks every server again and again whether it is ready."""
        while not is_over.wait(CHECKED_EVERY):
            self.ready = {port for port in self.ports if is_ready(port)}

    def search(self, query, expected):
        with self.lock:
            self.number += 1
            first = self.number
        for at in range(10 * len(self.ports)):
            port = self.ports[(first + at) % len(self.ports)]
            if port not in self.ready and self.ready:
                continue
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=12)
            try:
                connection.connect()
            except OSError:
                time.sleep(0.05)
                continue
            problem = self.ask(connection, query, expected)
            with self.lock:
                self.answered += problem is None
                self.lost += [problem] if problem else []
            return
        with self.lock:
            self.lost.append("no server took it")

    def ask(self, connection, query, expected):
        """Why there is no good answer; `None` if there is one."""
        try:
            connection.request("GET", "/search?" + urllib.parse.urlencode({"q": query}), headers={"connection": "close"})
            answer = connection.getresponse()
            body = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            return repr(error)
        finally:
            connection.close()
        if answer.status != 200:
            return f"status {answer.status}: {body}"
        return None if expected is None or listed(body) == expected[query] else f"another list for {query}"


def is_ready(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def under_load(ports, expected, work):
    """Does some work while clients search; gives what was lost and how many were answered."""
    balancer, is_over = Balancer(ports), threading.Event()

    def client(number):
        while not is_over.is_set():
            query = QUERIES[number % len(QUERIES)]
            # A server remembers answers, so that only new queries reach a node.
            balancer.search(query if expected else f"{query} {number}", expected)
            number += 1 if expected else CLIENTS

    clients = [threading.Thread(target=client, args=[number]) for number in range(CLIENTS)]
    clients.append(threading.Thread(target=balancer.look, args=[is_over]))
    for one in clients:
        one.start()
    try:
        work()
    finally:
        is_over.set()
        for one in clients:
            one.join()
    return balancer.lost, balancer.answered


def wait(condition, seconds, what):
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, what
        time.sleep(0.1)
    return time.monotonic() - started


def check(nodes, body, old, new, with_nodes):
    done(program("indexer", "import", "--index", old, "--body", body))
    servers = [Server(body, drain=DRAIN), Server(body, drain=DRAIN)]
    try:
        taken_up(servers, body, new)
        expected = {query: listed(servers[0].search(query)[2]) for query in QUERIES}
        servers_restarted(servers, body, expected)
        if with_nodes:
            nodes_restarted(nodes, servers)
    finally:
        for server in servers:
            server.__exit__()


def taken_up(servers, body, new):
    before = servers[0].get("/ready")[2]["generation"]
    done(program("indexer", "import", "--index", new, "--body", body))
    has_new = lambda: all(server.get("/ready")[2]["generation"] != before for server in servers)  # noqa: E731
    seconds = wait(has_new, TAKEN_UP, "a server did not take up the new version")
    print(f"two servers took up a new version {seconds:.1f} s after its import", flush=True)


def servers_restarted(servers, body, expected):
    """Each server ends and starts again on its port."""
    ports = [server.port for server in servers]

    def restart():
        for number, port in enumerate(ports):
            time.sleep(1)
            servers[number].process.terminate()
            servers[number].process.wait()
            servers[number] = Server(body, port, drain=DRAIN)
            wait(lambda: servers[number].get("/ready")[0] == 200, 30, "a server does not start again")
        time.sleep(1)

    lost, answered = under_load(ports, expected, restart)
    print(f"two servers restarted in turn under load: {len(lost)} of {len(lost) + answered} requests lost", flush=True)
    assert answered and not lost, lost[:3]


def nodes_restarted(nodes, servers):
    """Each node of the cluster ends and starts again."""

    def restart():
        for number in range(nodes.count):
            nodes.kill(number)
            time.sleep(1)
            nodes.start(number)
            nodes.wait(nodes.count)

    lost, answered = under_load([server.port for server in servers], None, restart)
    print(f"three nodes restarted in turn under load: {len(lost)} of {len(lost) + answered} requests lost", flush=True)
    assert answered and not lost, lost[:3]
