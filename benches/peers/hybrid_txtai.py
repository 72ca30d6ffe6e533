#!/usr/bin/env python3
"""Measures txtai end to end: a hybrid index of a corpus, then queries in sequence.

    python hybrid_txtai.py --model DIR --corpus CORPUS.jsonl --queries Q.jsonl --threads 2

The settings favour txtai: the same weights, its hybrid index with BM25 (equal keyword and dense weights), faiss with
the index that txtai chooses for the size, batches of 32, all threads. It gets the texts of the corpus unchanged, like
Cloze's passages, so that both encode the same. --index DIR keeps the index. If DIR already has one, the script loads
it instead of building, and "build_s" is null.
"""

import argparse
import importlib.metadata
import json
import os
import time


def main():
    parser = argparse.ArgumentParser()
    for name in ("--model", "--corpus", "--queries"):
        parser.add_argument(name, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--index", help="directory that keeps the index between runs")
    args = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
        os.environ[name] = str(args.threads)
    os.environ.update({"HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "", "TOKENIZERS_PARALLELISM": "true"})

    import torch
    import txtai

    torch.set_num_threads(args.threads)
    with open(args.corpus, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    texts = [" ".join(filter(None, (row.get("title"), row.get("text")))) for row in rows]
    with open(args.queries, encoding="utf-8") as file:
        queries = [json.loads(line)["text"] for line in file]
    embeddings = txtai.Embeddings(path=args.model, hybrid=True, gpu=False, encodebatch=32)
    built = None
    if args.index and os.path.exists(args.index):
        embeddings.load(args.index)
    else:
        started = time.perf_counter()
        embeddings.index(enumerate(texts))
        built = time.perf_counter() - started
        if args.index:
            embeddings.save(args.index)
    warm = min(50, len(queries) // 2)
    for query in queries[:warm]:
        embeddings.search(query, 10)
    took = []
    for query in queries[warm:]:
        started = time.perf_counter()
        embeddings.search(query, 10)
        took.append((time.perf_counter() - started) * 1e3)
    took.sort()
    print(json.dumps({
        "library": "txtai", "version": importlib.metadata.version("txtai"), "passages": len(texts), "build_s": built,
        "queries": len(took), "p50_ms": took[len(took) // 2], "p99_ms": took[int((len(took) - 1) * 0.99)],
    }))


if __name__ == "__main__":
    main()
