#!/usr/bin/env python3
"""Runs the tests of an index on a cluster against real OpenSearch nodes: one, then three.

    python3 tests/cluster/check.py            the contract of a body, https, users, and short forms of the faults
    python3 tests/cluster/check.py --soak     with 10,000 searches, 50 killed builds and 100 versions

Needs Java and Maven. If they are missing, the script names them and skips the tests. Under CI=true this is a failure,
except if Maven cannot reach the artifacts.
"""

import os
import subprocess
import sys
import time

import backups
import faults
import opensearch
import plugin
import secured

ROOT = opensearch.HERE.parent.parent
NODES = (1, 3)


def skip(why):
    if os.environ.get("CI") == "true":
        sys.exit(f"the cluster tests cannot run: {why}")
    print(f"SKIPPED the cluster tests: {why}; then run `make cluster`", flush=True)
    sys.exit(0)


def contract(nodes):
    """The tests of tests/suite/cluster.rs, against these nodes."""
    environment = {**os.environ, "CLOZE_TEST_CLUSTER": f"http://{nodes.hosts}"}
    command = [os.environ.get("CARGO", "cargo"), "test", "--release", "--locked", "--test", "suite", "cluster::"]
    subprocess.run([*command, "--", "--nocapture"], cwd=ROOT, env=environment, check=True)


def main():
    try:
        opensearch.home()
    except opensearch.Unreachable as error:
        print(f"SKIPPED the cluster tests: {error}", flush=True)
        sys.exit(0)
    except opensearch.Missing as error:
        skip(error)
    for count in NODES:
        started = time.monotonic()
        with opensearch.Nodes(count) as nodes:
            print(f"{count} node(s) green after {time.monotonic() - started:.0f} s", flush=True)
            contract(nodes)
            if count == 1:
                secured.check(nodes)
                backups.check(nodes)
                plugin.check()
            else:
                faults.check(nodes, faults.SOAK if "--soak" in sys.argv else faults.SHORT)
        print(f"{count} node(s): {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
