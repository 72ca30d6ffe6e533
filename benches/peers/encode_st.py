#!/usr/bin/env python3
"""Times sentence-transformers on the CPU: texts in, normalised vectors out.

    python encode_st.py --model DIR --texts FILE.jsonl --threads N --batch-size N --repeat N

FILE.jsonl holds one object with a "text" per line. Prints one line of JSON:

    {"library", "version", "torch", "threads", "batch_size", "texts", "tokens",
     "seconds": [...], "tokens_per_s": [...]}          one entry per repeat

A repeat times one call of encode() over all texts, including tokenisation. It
excludes reading the file, loading the model and the warm-up. "tokens" counts
the input of the model: with [CLS] and [SEP], cut at the model's limit of 256,
without padding.

The settings favour the library:

  - One encode() call receives all texts. It sorts them by length over the whole
    list and pads each batch only to its own longest text, so padding is small.
  - torch.set_num_threads(N), and as many Rayon threads for the tokenizer. They
    are set before torch is imported, so that OpenMP and MKL agree.
  - Scaled dot product attention (the default of transformers) and fp32 weights,
    requested explicitly. The quality figures apply to fp32. bfloat16 is faster
    only on processors with AMX or AVX512-BF16, and it changes the vectors.
  - The model's own Normalize module normalises the vectors. A model without one
    gets normalize_embeddings=True. Never both.
  - No progress bar. The result is numpy, which costs one copy at the end.
  - The warm-up encodes the longest texts and a full-size batch first, so that
    no repeat pays for memory or for the first use of the kernels.
  - The caller chooses the batch size: try several and report the best.
"""

import argparse
import json
import os
import time


def arguments():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--model", required=True, metavar="DIR")
    args.add_argument("--texts", required=True, metavar="FILE.jsonl")
    args.add_argument("--threads", type=int, default=os.cpu_count(), metavar="N")
    args.add_argument("--batch-size", type=int, default=32, metavar="N")
    args.add_argument("--repeat", type=int, default=3, metavar="N")
    args.add_argument("--backend", choices=("torch", "onnx"), default="torch", help="onnx: fp32 on ONNX Runtime, as the library exports it")
    return args.parse_args()


def settings(args, torch):
    if args.backend == "torch":
        return {"dtype": torch.float32, "attn_implementation": "sdpa"}
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    return {"provider": "CPUExecutionProvider", "export": True, "session_options": options}


def main():
    args = arguments()
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS"):
        os.environ[name] = str(args.threads)
    os.environ["TOKENIZERS_PARALLELISM"] = "true"
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["CUDA_VISIBLE_DEVICES"] = ""

    import sentence_transformers
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(args.threads)

    with open(args.texts, encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in file if line.strip()]

    model = SentenceTransformer(
        args.model,
        device="cpu",
        local_files_only=True,
        backend=args.backend,
        model_kwargs=settings(args, torch),
    )
    has_normalize = any(type(module).__name__ == "Normalize" for module in model)

    def encode(some):
        return model.encode(
            some,
            batch_size=args.batch_size,
            convert_to_numpy=True,
            normalize_embeddings=not has_normalize,
            show_progress_bar=False,
        )

    tokens = sum(
        len(ids)
        for ids in model.tokenizer(texts, truncation=True, max_length=model.max_seq_length)["input_ids"]
    )

    longest = sorted(texts, key=len, reverse=True)[: args.batch_size]
    encode(longest + texts[: args.batch_size])

    seconds = []
    for _ in range(args.repeat):
        start = time.perf_counter()
        vectors = encode(texts)
        seconds.append(time.perf_counter() - start)
    assert vectors.shape[0] == len(texts) and abs((vectors**2).sum(axis=1) - 1).max() < 1e-4

    print(json.dumps({
        "library": "sentence-transformers",
        "backend": args.backend,
        "version": sentence_transformers.__version__,
        "torch": torch.__version__,
        "threads": args.threads,
        "batch_size": args.batch_size,
        "texts": len(texts),
        "tokens": tokens,
        "seconds": [round(s, 4) for s in seconds],
        "tokens_per_s": [round(tokens / s, 1) for s in seconds],
    }))


if __name__ == "__main__":
    main()
