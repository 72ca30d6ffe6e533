#!/usr/bin/env python3
"""Times searches by words with tantivy, in the process and without HTTP.

    words_tantivy.py CORPUS.jsonl QUERIES.jsonl

In favour of the peer: its own tokenizer and stemmer, queries that are parsed in advance, ten addresses of documents as
the answer, no text, no marks. Prints one line of JSON.
"""

import json
import sys
import tempfile
import time

import tantivy

corpus, queries = ([json.loads(line) for line in open(path, encoding="utf-8")] for path in sys.argv[1:3])
builder = tantivy.SchemaBuilder()
builder.add_text_field("text", stored=True, tokenizer_name="en_stem")
with tempfile.TemporaryDirectory() as folder:
    index = tantivy.Index(builder.build(), path=folder)
    writer = index.writer()
    for document in corpus:
        writer.add_document(tantivy.Document(text=document["text"]))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()
    took = []
    for query in queries:
        parsed, _ = index.parse_query_lenient(query["text"], ["text"])
        started = time.perf_counter()
        searcher.search(parsed, 10)
        took.append((time.perf_counter() - started) * 1e3)
took.sort()
at = lambda share: took[int((len(took) - 1) * share)]  # noqa: E731
print(json.dumps({"p50_ms": at(0.5), "p99_ms": at(0.99)}))
