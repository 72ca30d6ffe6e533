"""Puts OpenSearch together from Maven artifacts, and runs nodes of it on loopback.

`opensearch.lock` pins every artifact: where it goes, its coordinates, and its SHA-256. They are fetched once, into
`.opensearch` beside this file. Later runs need no network.
"""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOCK = HERE / "opensearch.lock"
CACHE = HERE / ".opensearch"
VERSION = "2.19.1"
# The server refuses to run as root, so root starts it as nobody.
NOBODY = 65534
HEAP = "512m"
# Plugins that only some tests need.
SPARE = "spare"
# Seconds until a cluster must be green. It takes 15, unless the machine has much else to do.
GREEN = 300

MODULES = {
    "transport-netty4": "org.opensearch.transport.Netty4Plugin",
    "analysis-common": "org.opensearch.analysis.common.CommonAnalysisPlugin",
    "lang-painless": "org.opensearch.painless.PainlessPlugin",
}
POLICIES = {
    "transport-netty4": """grant {
  permission java.lang.RuntimePermission "getClassLoader";
  permission java.net.SocketPermission "*", "accept,connect";
  permission java.lang.RuntimePermission "accessClassInPackage.sun.nio.ch";
  permission java.lang.reflect.ReflectPermission "suppressAccessChecks";
  permission java.lang.RuntimePermission "accessDeclaredMembers";
};
""",
    "lang-painless": """grant {
  permission java.lang.RuntimePermission "createClassLoader";
  permission java.lang.RuntimePermission "getClassLoader";
  permission java.lang.RuntimePermission "accessDeclaredMembers";
  permission java.lang.reflect.ReflectPermission "suppressAccessChecks";
};
""",
}
LOG = """status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


class Missing(Exception):
    """Something that this machine does not have, and the tests need."""


class Unreachable(Missing):
    """A server that the artifacts come from does not answer, or does not have them."""


def pinned():
    """Place, coordinates and checksum of each artifact."""
    return [line.split() for line in LOCK.read_text().splitlines()]


def home():
    """The folder of a runnable server; made at the first call."""
    if not shutil.which("java"):
        raise Missing("java is missing (Java 17 or later; with Debian: apt-get install openjdk-17-jre-headless)")
    stamp = CACHE / "complete"
    if stamp.exists() and stamp.read_text() == LOCK.read_text():
        return CACHE
    if not shutil.which("mvn"):
        raise Missing("mvn is missing (with Debian: apt-get install maven)")
    shutil.rmtree(CACHE, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        fetch(Path(scratch))
        assemble(Path(scratch) / "artifacts")
    stamp.write_text(LOCK.read_text())
    return CACHE


def fetch(scratch):
    """Fetches the artifacts with Maven, each exactly as pinned and without its dependencies."""
    dependency = (
        "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><type>{}</type>{}<version>{}</version>"
        "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>"
    )
    dependencies = []
    for _, coordinates, _ in pinned():
        group, artifact, kind, *classifier, version = coordinates.split(":")
        more = "".join(f"<classifier>{c}</classifier>" for c in classifier)
        dependencies.append(dependency.format(group, artifact, kind, more, version))
    (scratch / "pom.xml").write_text(
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>cloze</groupId><artifactId>cluster-tests</artifactId><version>1</version>"
        f"<dependencies>{''.join(dependencies)}</dependencies></project>"
    )
    command = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=artifacts"]
    if subprocess.run(command, cwd=scratch).returncode:
        raise Unreachable("Maven could not fetch the artifacts of OpenSearch")


def assemble(artifacts):
    """Puts the artifacts in their places. One with another checksum ends the program: it is not what was tried."""
    for folder in ("lib", "modules", "plugins", "config", "bin"):
        (CACHE / folder).mkdir(parents=True)
    for place, coordinates, checksum in pinned():
        _, artifact, kind, *classifier, version = coordinates.split(":")
        name = "-".join([artifact, version, *classifier]) + "." + kind
        path = artifacts / name
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != checksum:
            raise SystemExit(f"{name} has SHA-256 {found}, expected {checksum}")
        target = CACHE / place
        target.mkdir(parents=True, exist_ok=True)
        if kind == "zip":
            zipfile.ZipFile(path).extractall(target)
        else:
            shutil.copy(path, target / name)
    for name, main in MODULES.items():
        lines = {
            "name": name, "description": name, "version": VERSION, "opensearch.version": VERSION,
            "java.version": "11", "classname": main, "extended.plugins": "", "has.native.controller": "false",
        }
        text = "".join(f"{key}={value}\n" for key, value in lines.items())
        (CACHE / "modules" / name / "plugin-descriptor.properties").write_text(text)
    for name, policy in POLICIES.items():
        (CACHE / "modules" / name / "plugin-security.policy").write_text(policy)
    (CACHE / "config" / "opensearch.yml").write_text("cluster.name: cloze-tests\n")
    (CACHE / "config" / "log4j2.properties").write_text(LOG)


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Nodes:
    """Nodes of one cluster, which end with the `with` block."""

    def __init__(self, count):
        self.count = count
        # Another user must reach the folder and the files of the server.
        self.state = Path(tempfile.mkdtemp(prefix="cloze-cluster-"))
        self.state.chmod(0o755)
        self.home = self.state / "home"
        (self.state / "snapshots").mkdir()
        (self.state / "snapshots").chmod(0o777)
        shutil.copytree(home(), self.home, ignore=shutil.ignore_patterns(SPARE))
        ports = free_ports(2 * count)
        self.http, self.transport = ports[:count], ports[count:]
        self.processes = [None] * count

    def __enter__(self):
        try:
            for number in range(self.count):
                self.start(number)
            self.wait(self.count)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for number in range(self.count):
            self.kill(number)
        shutil.rmtree(self.state, ignore_errors=True)

    @property
    def hosts(self):
        """The hosts, as an address of a body has them."""
        return ",".join(f"127.0.0.1:{port}" for port in self.http)

    def start(self, number, *settings):
        folder = self.state / f"n{number}"
        for part in ("data", "logs", "tmp", "config"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        shutil.copytree(self.home / "config", folder / "config", dirs_exist_ok=True)
        options = {
            "path.data": folder / "data", "path.logs": folder / "logs", "node.name": f"n{number}",
            "http.port": self.http[number], "transport.port": self.transport[number], "network.host": "127.0.0.1",
            "path.repo": self.state / "snapshots",
            # The disk of a test machine may be nearly full for reasons of its own.
            "cluster.routing.allocation.disk.threshold_enabled": "false",
        }
        if self.count == 1:
            options["discovery.type"] = "single-node"
        else:
            options["discovery.seed_hosts"] = ",".join(f"127.0.0.1:{port}" for port in self.transport)
            options["cluster.initial_cluster_manager_nodes"] = ",".join(f"n{n}" for n in range(self.count))
        command = [
            "java", f"-Xms{HEAP}", f"-Xmx{HEAP}", "-XX:+UseSerialGC", f"-Djava.io.tmpdir={folder / 'tmp'}",
            "-Djava.security.manager=allow", "--add-opens=java.base/java.io=ALL-UNNAMED",
            f"-Dopensearch.path.home={self.home}", f"-Dopensearch.path.conf={folder / 'config'}",
            "-Dlog4j.shutdownHookEnabled=false", "-cp", f"{self.home / 'lib'}/*", "org.opensearch.bootstrap.OpenSearch",
            *(f"-E{key}={value}" for key, value in options.items()), *(f"-E{one}" for one in settings),
        ]
        user = {}
        if os.geteuid() == 0:
            for path in [folder, *folder.rglob("*")]:
                os.chown(path, NOBODY, NOBODY)
            user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        log = open(self.state / f"n{number}.log", "ab")
        self.processes[number] = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, start_new_session=True, **user
        )

    def kill(self, number):
        """Ends a node at once, as a power cut would."""
        process, self.processes[number] = self.processes[number], None
        if process:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def ask(self, path, body=None, method=None, number=None):
        """The answer of a node, or of the first one that lives."""
        if number is None:
            number = next(n for n in range(self.count) if self.processes[n])
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http[number]}/{path}", data=data, method=method,
            headers={"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def clear(self):
        """Removes every index, so that nodes that come back have little to copy."""
        for index in self.ask("_cat/indices?format=json&h=index"):
            self.ask(index["index"], method="DELETE")

    def wait(self, nodes):
        """Waits until so many nodes are there and every shard has all its copies."""
        until, last = time.monotonic() + GREEN, "no answer"
        while time.monotonic() < until:
            for number, process in enumerate(self.processes):
                if process and process.poll() is not None:
                    log = (self.state / f"n{number}.log").read_text(errors="replace")
                    raise SystemExit(f"node {number} ended with {process.returncode}:\n{log[-3000:]}")
            try:
                last = self.ask("_cluster/health")
                if last["status"] == "green" and last["number_of_nodes"] == nodes:
                    return
            except (OSError, urllib.error.URLError) as error:
                last = error
            time.sleep(0.2)
        raise SystemExit(f"the cluster of {nodes} nodes did not become green in {GREEN} s: {last}")
