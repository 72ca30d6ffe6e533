"""Measures hnswlib and usearch on given vectors: seconds to build, then recall@10 and queries/s of one thread.

    python vectors.py --vectors V.f32 --queries Q.f32 --dimension 384 --threads 2 --library hnswlib --widths 32 64

Both use 16 links per node and 200 candidates while building, all threads for the build, and one thread for the
searches, which run in sequence. --index FILE keeps the index. If FILE already exists, the script loads it instead of
building, and "build_s" is null.
"""

import argparse
import json
import os
import time

import numpy


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--vectors", required=True)
    parser.add_argument("--queries", required=True)
    parser.add_argument("--dimension", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--library", choices=("hnswlib", "usearch", "usearch-i8"), required=True)
    parser.add_argument("--index", help="file that keeps the index between runs")
    parser.add_argument("--widths", type=int, nargs="+", required=True)
    return parser.parse_args()


def exact(vectors, queries):
    """Returns the similarity of each query to its tenth nearest vector."""
    tenths = []
    for start in range(0, len(queries), 100):
        similarities = queries[start : start + 100] @ vectors.T
        tenths.append(numpy.partition(similarities, -10, axis=1)[:, -10])
    return numpy.concatenate(tenths)


def is_kept(args):
    return bool(args.index and os.path.exists(args.index))


def with_hnswlib(args, vectors):
    import hnswlib

    index = hnswlib.Index(space="ip", dim=args.dimension)
    index.set_num_threads(args.threads)
    if is_kept(args):
        index.load_index(args.index, max_elements=len(vectors))
    else:
        index.init_index(max_elements=len(vectors), M=16, ef_construction=200, random_seed=1)
        index.add_items(vectors)
        if args.index:
            index.save_index(args.index)
    index.set_num_threads(1)
    return index.set_ef, lambda q: index.knn_query(q, k=10)[0][0]


def with_usearch(args, vectors):
    from usearch.index import Index

    dtype = "i8" if args.library.endswith("i8") else "f32"
    index = Index(ndim=args.dimension, metric="cos", dtype=dtype, connectivity=16, expansion_add=200)
    if is_kept(args):
        index.load(args.index)
    else:
        index.add(numpy.arange(len(vectors)), vectors, threads=args.threads)
        if args.index:
            index.save(args.index)

    def set_width(width):
        index.expansion_search = width

    return set_width, lambda q: index.search(q, 10, threads=1).keys


def main():
    args = arguments()
    vectors = numpy.fromfile(args.vectors, dtype="<f4").reshape(-1, args.dimension)
    queries = numpy.fromfile(args.queries, dtype="<f4").reshape(-1, args.dimension)
    tenths = exact(vectors, queries)
    was_kept, started = is_kept(args), time.perf_counter()
    make = with_hnswlib if args.library == "hnswlib" else with_usearch
    set_width, search = make(args, vectors)
    built = None if was_kept else time.perf_counter() - started
    rows = []
    for width in args.widths:
        set_width(width)
        started = time.perf_counter()
        found = [search(query) for query in queries]
        seconds = time.perf_counter() - started
        hits = [(vectors[near.astype(numpy.int64)] @ q >= t - 1e-6).sum() for near, q, t in zip(found, queries, tenths)]
        recall = float(numpy.mean(hits)) / 10
        rows.append({"width": width, "recall_at_10": recall, "queries_per_s": len(queries) / seconds})
    print(json.dumps({"library": args.library, "vectors": len(vectors), "build_s": built, "rows": rows}))


if __name__ == "__main__":
    main()
