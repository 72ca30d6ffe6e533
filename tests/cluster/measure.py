#!/usr/bin/env python3
"""Measures an index on a cluster beside the same index in files, in one run.

    python3 tests/cluster/measure.py INDEX QUERIES.jsonl [--nodes N] [--most N] [--heap 512m]

Prints one line of JSON: the time to send the index, memory and disk of the nodes, recall@100 of the vector leg against a
comparison of every vector, and the times of searches through two servers that get the same queries in turn.
"""

import argparse
import json
import time
import urllib.request
from pathlib import Path

import opensearch
from parity import texts
from server import Server, done, program

RECALLED = 100


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("index")
    parser.add_argument("queries")
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--most", type=int, default=200)
    parser.add_argument("--heap", default=opensearch.HEAP)
    return parser.parse_args()


def memory(process):
    """Megabytes of memory that a process holds."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS"))


def embedded(server, queries):
    body = json.dumps({"model": "index", "input": queries}).encode()
    request = urllib.request.Request(
        server.address + "/v1/embeddings", data=body, headers={"content-type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return [one["embedding"] for one in json.load(answer)["data"]]


def recall(nodes, vectors):
    """How many of the nearest the walk over the graph finds, asked as the programs ask."""
    version = nodes.ask("measured-head/_doc/pointer")["_source"]["pointer"]["version"]
    everything = {"bool": {"filter": [{"range": {"id": {"lt": version["numbers"]}}}]}}

    def ids(query):
        search = {"size": RECALLED, "query": query, "_source": False, "sort": [{"_score": "desc"}, {"id": "asc"}]}
        return {hit["_id"] for hit in nodes.ask(f"{version['body']}/_search", search)["hits"]["hits"]}

    found = 0
    for vector in vectors:
        params = {"field": "vector", "query_value": vector, "space_type": "innerproduct"}
        script = {"lang": "knn", "source": "knn_score", "params": params}
        nearest = ids({"script_score": {"query": everything, "script": script}})
        walked = ids({"knn": {"vector": {"vector": vector, "k": 2 * RECALLED, "filter": everything}}})
        found += len(nearest & walked) / len(nearest)
    return found / len(vectors)


def quantiles(seconds):
    ordered = sorted(seconds)
    return {f"p{q}_ms": round(1000 * ordered[min(len(ordered) - 1, len(ordered) * q // 100)], 1) for q in (50, 99)}


def searched(servers, queries):
    """Times of the same queries on every server, in turn."""
    seconds = {name: [] for name in servers}
    for query in queries:
        for name, server in servers.items():
            status, _, _, took = server.search(query)
            assert status == 200, status
            seconds[name].append(took)
    return {name: quantiles(took[len(took) // 10:]) for name, took in seconds.items()}


def main():
    given = arguments()
    opensearch.HEAP = given.heap
    queries = texts(given.queries, given.most)
    with opensearch.Nodes(given.nodes) as nodes:
        body = f"http://{nodes.hosts}/measured"
        started = time.monotonic()
        done(program("indexer", "import", "--index", given.index, "--body", body))
        result = {"nodes": given.nodes, "sent_s": round(time.monotonic() - started, 1)}
        with Server(None, index=given.index) as files, Server(body) as cluster:
            result["recall@100"] = round(recall(nodes, embedded(files, queries[:100])), 4)
            result |= searched({"files": files, "cluster": cluster}, queries)
            result["server_mb"] = {"files": memory(files.process), "cluster": memory(cluster.process)}
        result["node_mb"] = [memory(process) for process in nodes.processes]
        stored = nodes.ask("_cat/indices/measured*?format=json&bytes=b&h=index,store.size,docs.count")
        result["stored_mb"] = {one["index"]: int(one["store.size"]) // 2**20 for one in stored}
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
