"""A cluster that asks for a name and a password over TLS, and the programs that have them.

A small relay stands in front of a node: it has a certificate of its own authority, and lets in a user, or a key. The
tests of OpenSearch's own security plugin are in `plugin`.
"""

import base64
import http.client
import http.server
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from server import ROOT, Server, done, program, release_folder

USER, PASSWORD, KEY = "cloze", "pass word", "a-key-of-ours"


def certificates(folder):
    """An authority, and a certificate that it gave to this machine: paths of the authority's, and of both parts."""
    run = lambda *arguments: subprocess.run(  # noqa: E731
        ["openssl", *arguments], cwd=folder, check=True, capture_output=True
    )
    run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
        "-subj", "/CN=authority of a test", "-keyout", "ca.key", "-out", "ca.pem")
    run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
        "-keyout", "node.key", "-out", "node.csr")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    run("x509", "-req", "-in", "node.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
        "-extfile", "names", "-out", "node.pem")
    return folder / "ca.pem", folder / "node.pem", folder / "node.key"


class Relay:
    """Passes requests with good credentials on to a node."""

    def __init__(self, node, certificate, key):
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        good = {f"Basic {basic}", f"ApiKey {KEY}"}
        self.refused = 0
        relay = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                if self.headers.get("authorization") not in good:
                    relay.refused += 1
                    return self.answer(401, b"Unauthorized")
                connection = http.client.HTTPConnection("127.0.0.1", node, timeout=60)
                kind = self.headers.get("content-type")
                connection.request(self.command, self.path, body or None, {"content-type": kind} if kind else {})
                answer = connection.getresponse()
                self.answer(answer.status, answer.read())
                connection.close()

            do_GET = do_PUT = do_POST = do_DELETE = pass_on

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.host = f"localhost:{self.server.server_address[1]}"


def environment(authority=None, **credentials):
    clean = {key: value for key, value in os.environ.items() if not key.startswith("CLOZE_BODY")}
    if authority:
        clean["CLOZE_BODY_CA"] = str(authority)
    return {**clean, **{f"CLOZE_BODY_{key.upper()}": value for key, value in credentials.items()}}


def check(nodes):
    if not shutil.which("openssl"):
        if os.environ.get("CI") == "true":
            raise SystemExit("the tests of a secured cluster cannot run: openssl is missing")
        print("SKIPPED the tests of a secured cluster: openssl is missing", flush=True)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        authority, certificate, key = certificates(folder)
        relay = Relay(nodes.http[0], certificate, key)
        site = folder / "site"
        (site / "docs").mkdir(parents=True)
        for name in ("scale.md", "http-api.md"):
            shutil.copy(ROOT / "docs" / name, site / "docs")
        body = f"https://{relay.host}/secured"
        good = environment(authority, user=USER, password=PASSWORD)
        programs(site, body, good)
        strangers(relay, site, body, authority)
        settings(site, body, good)
        watched(site, body, good)


def built(*arguments, **options):
    """The report of a build."""
    result = program("indexer", "build", "docs", *arguments, **options)
    assert result.returncode == 0, result.stderr
    return result.stderr


def programs(site, body, good):
    """Every program reaches the cluster with a user, and with a key."""
    report = built("--body", body, cwd=site, env=good)
    assert "the cluster searches secured-000001" in report, report
    with_key = {**good, "CLOZE_BODY_API_KEY": KEY}
    for env in (good, {key: value for key, value in with_key.items() if key not in ("CLOZE_BODY_USER", "CLOZE_BODY_PASSWORD")}):
        assert "compared with the head" in done(program("indexer", "verify", "--body", body, cwd=site, env=env))
        assert "generation 000001" in done(program("indexer", "status", "--body", body, cwd=site, env=env))
        assert "scale" in done(program("query", "--body", body, "how do I make backups", cwd=site, env=env))
    with Server(body, env=good, cwd=site) as server:
        status, _, answer, _ = server.search("backups by snapshots")
        assert status == 200 and answer["hits"], answer
    print("https with a user and with a key: build, verify, status, query, server", flush=True)


def strangers(relay, site, body, authority):
    """Who has no good credentials, or trusts another authority, gets a sentence without a secret."""
    for env, part in (
        (environment(authority), "does not let us in"),
        (environment(authority, user=USER, password="guess"), "does not let us in"),
        (environment(authority, user=USER), "only one of CLOZE_BODY_USER and CLOZE_BODY_PASSWORD"),
        (environment(user=USER, password=PASSWORD), "ertificate"),
        (environment(site / "docs/scale.md", user=USER, password=PASSWORD), "holds no certificate"),
    ):
        result = program("query", "--body", body, "backups", cwd=site, env=env)
        said = result.stdout + result.stderr
        assert result.returncode != 0 and part in said, (part, said)
        assert PASSWORD not in said and "guess" not in said, said
    assert relay.refused, "the relay saw them"
    clear = "http://search.example.org:9200/secured"
    result = program("query", "--body", clear, "x", cwd=site, env=environment(user=USER, password=PASSWORD))
    assert "in the clear" in result.stderr, result.stderr
    print("without good credentials, or with another authority: a sentence, and no secret in it", flush=True)


def settings(site, body, good):
    """The address in cloze.toml."""
    (site / "cloze.toml").write_text(f'body = "{body}"\n')
    assert "secured-000001" in built(cwd=site, env=good)
    assert "compared with the head" in done(program("indexer", "verify", cwd=site, env=good))
    assert "generation 000001" in done(program("indexer", "status", cwd=site, env=good))
    assert "scale" in done(program("query", "how do I make backups", cwd=site, env=good))
    (site / "cloze.toml").unlink()
    print("the address in cloze.toml: build, verify, status, query", flush=True)


def watched(site, body, good):
    """A page that changes while `watch` runs is found on the cluster some seconds later."""
    command = [release_folder() / "indexer", "watch", "docs", "--body", body]
    watch = subprocess.Popen(command, cwd=site, env=good, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(2)
        (site / "docs" / "zebra.md").write_text("# Zebras\n\nA zebra has stripes.\n")
        started = time.monotonic()
        while "zebra.md" not in done(program("query", "--body", body, "zebra stripes", cwd=site, env=good)):
            assert time.monotonic() - started < 60, "the new page does not come"
            time.sleep(0.5)
        print(f"watch --body: a new page is found {time.monotonic() - started:.1f} s after it was written", flush=True)
    finally:
        watch.terminate()
        watch.wait()
