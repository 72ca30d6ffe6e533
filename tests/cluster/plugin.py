"""OpenSearch's own security plugin: a node with TLS, and two users with the roles that docs/scale.md names."""

import base64
import json
import re
import shutil
import ssl
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import opensearch
from secured import certificates, environment
from server import ROOT, Server, done, program

PASSWORDS = {"reader": "Heather-92-moss-lantern", "writer": "Otter-17-velvet-canyon"}
SETTINGS = {
    "ssl.transport.pemcert_filepath": "node.pem",
    "ssl.transport.pemkey_filepath": "node.key",
    "ssl.transport.pemtrustedcas_filepath": "ca.pem",
    "ssl.transport.enforce_hostname_verification": "false",
    "ssl.http.enabled": "true",
    "ssl.http.pemcert_filepath": "node.pem",
    "ssl.http.pemkey_filepath": "node.key",
    "ssl.http.pemtrustedcas_filepath": "ca.pem",
    "allow_default_init_securityindex": "true",
    # The certificate of the node is that of an administrator too, which gives the first users.
    "authcz.admin_dn": "CN=localhost",
    "nodes_dn": "CN=localhost",
}


class SecuredNodes(opensearch.Nodes):
    """One node with the plugin."""

    def __init__(self, authority, certificate, key):
        super().__init__(1)
        name = "opensearch-security"
        shutil.copytree(opensearch.home() / opensearch.SPARE / name, self.home / "plugins" / name)
        shutil.copytree(self.home / "plugins" / name / "config", self.home / "config" / name)
        for file, to in ((authority, "ca.pem"), (certificate, "node.pem"), (key, "node.key")):
            shutil.copy(file, self.home / "config" / to)
        self.administrator = ssl.create_default_context(cafile=authority)
        self.administrator.load_cert_chain(certificate, key)
        self.trusting = ssl.create_default_context(cafile=authority)

    def start(self, number, *settings):
        super().start(number, *settings, *(f"plugins.security.{key}={value}" for key, value in SETTINGS.items()))

    def ask(self, path, body=None, method=None, number=None, user=None):
        """The answer to a user, or to the administrator."""
        headers, context = {"content-type": "application/json"}, self.administrator
        if user:
            token = base64.b64encode(f"{user}:{PASSWORDS[user]}".encode()).decode()
            headers, context = {**headers, "authorization": f"Basic {token}"}, self.trusting
        request = urllib.request.Request(
            f"https://localhost:{self.http[0]}/{path}", method=method, headers=headers,
            data=None if body is None else json.dumps(body).encode(),
        )
        with urllib.request.urlopen(request, timeout=60, context=context) as answer:
            return json.load(answer)


def roles():
    """The roles that the documentation gives."""
    text = (ROOT / "docs" / "scale.md").read_text()
    return json.loads(re.search(r'```json\n(\{"cloze_reader".*?)```', text, re.S)[1])


def initialized(nodes):
    """Waits until the plugin has its own index."""
    until = time.monotonic() + opensearch.GREEN
    while True:
        try:
            return nodes.ask("_plugins/_security/api/roles")
        except urllib.error.HTTPError as error:
            assert error.code >= 500 and time.monotonic() < until, (error.code, error.read()[:500])
        time.sleep(0.5)


def let_in(nodes):
    """Gives each user the role of the documentation."""
    initialized(nodes)
    for name, role in roles().items():
        user = name.removeprefix("cloze_")
        nodes.ask(f"_plugins/_security/api/roles/{name}", role, "PUT")
        nodes.ask(f"_plugins/_security/api/internalusers/{user}", {"password": PASSWORDS[user]}, "PUT")
        nodes.ask(f"_plugins/_security/api/rolesmapping/{name}", {"users": [user]}, "PUT")


def check():
    if not shutil.which("openssl"):
        return  # `secured` says so.
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        authority, certificate, key = certificates(folder)
        with SecuredNodes(authority, certificate, key) as nodes:
            let_in(nodes)
            (folder / "docs").mkdir()
            shutil.copy(ROOT / "docs" / "scale.md", folder / "docs")
            body = f"https://localhost:{nodes.http[0]}/docs"
            users = {user: environment(authority, user=user, password=PASSWORDS[user]) for user in PASSWORDS}
            used(folder, body, users)
            refused(nodes, folder, body, users)
    print("the security plugin: a user who writes, one who only reads, with the roles of docs/scale.md", flush=True)


def used(folder, body, users):
    """The writer builds, edits and verifies; the reader searches."""
    build = ["indexer", "build", "docs", "--body", body, "--quiet"]
    done(program(*build, cwd=folder, env=users["writer"]))
    (folder / "docs" / "zebra.md").write_text("# Zebras\n\nA zebra has stripes.\n")
    done(program(*build, cwd=folder, env=users["writer"]))
    done(program("indexer", "import", "--index", ".cloze", "--body", body, cwd=folder, env=users["writer"]))
    for user in users:
        assert "compared with the head" in done(program("indexer", "verify", "--body", body, cwd=folder, env=users[user]))
        assert "generation" in done(program("indexer", "status", "--body", body, cwd=folder, env=users[user]))
    assert "zebra.md" in done(program("query", "--body", body, "zebra stripes", cwd=folder, env=users["reader"]))
    with Server(body, env=users["reader"], cwd=folder) as server:
        assert server.get("/ready")[0] == 200
        status, _, answer, _ = server.search("backups by snapshots")
        assert status == 200 and answer["hits"], answer
        assert server.get("/suggest?q=snap")[0] == 200


def refused(nodes, folder, body, users):
    """The reader writes nothing, and nobody reads what is not Cloze's."""
    (folder / "docs" / "yak.md").write_text("# Yaks\n\nA yak has long hair.\n")
    result = program("indexer", "build", "docs", "--body", body, cwd=folder, env=users["reader"])
    assert result.returncode != 0 and PASSWORDS["reader"] not in result.stderr, result.stderr
    assert "no permissions" in result.stderr, result.stderr
    nodes.ask("private-1/_doc/1?refresh=true", {"secret": 1}, "PUT")
    for user in PASSWORDS:
        try:
            nodes.ask("private-1/_search", user=user)
            raise AssertionError(f"{user} reads another index")
        except urllib.error.HTTPError as error:
            assert error.code == 403, error.code


if __name__ == "__main__":
    check()
