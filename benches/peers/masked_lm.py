#!/usr/bin/env python3
"""Runs transformers on PyTorch as `indexer train` does: the same evaluation, and training speed.

    masked_lm.py evaluate --model DIR --masked FILE [--limit BLOCKS]
    masked_lm.py speed --model DIR --text FILE [--layers N] [--threads N] [--steps N]

`evaluate` loads DIR with BertForMaskedLM and predicts the blanks of FILE, which `indexer train
--evaluate --dump FILE` wrote. Top-1, top-5 and perplexity of both should agree. `speed` trains the
head and the upper N layers on blocks of 32 x 128 tokens with AdamW, as `indexer train` does, and
prints tokens per second.
"""

import argparse
import json
import os
import time

os.environ["HF_HUB_OFFLINE"] = "1"

import torch  # noqa: E402
from transformers import BertForMaskedLM, BertTokenizerFast  # noqa: E402


@torch.inference_mode()
def evaluate(args):
    model = BertForMaskedLM.from_pretrained(args.model, dtype=torch.float32).eval()
    masked = json.load(open(args.masked))
    count = min(args.limit or len(masked["blocks"]), len(masked["blocks"]))
    places, targets = [[] for _ in range(count)], [[] for _ in range(count)]
    for (block, place), target in zip(masked["places"], masked["targets"]):
        if block < count:
            places[block].append(place)
            targets[block].append(target)
    loss, right, among, total = 0.0, 0, 0, 0
    for at in range(0, count, 16):
        blocks = range(at, min(at + 16, count))
        hidden = model.bert(input_ids=torch.tensor([masked["blocks"][b] for b in blocks])).last_hidden_state
        rows = torch.cat([hidden[i][places[b]] for i, b in enumerate(blocks)])
        logits = model.cls(rows)
        target = torch.tensor([t for b in blocks for t in targets[b]])
        loss += torch.nn.functional.cross_entropy(logits, target, reduction="sum").item()
        best = logits.topk(5, dim=1).indices
        right += (best[:, 0] == target).sum().item()
        among += (best == target[:, None]).any(dim=1).sum().item()
        total += len(target)
    perplexity = float(torch.tensor(loss / total).exp())
    print(json.dumps({"masked": total, "top1": right / total, "top5": among / total, "loss": loss / total, "perplexity": perplexity}))


def speed(args):
    torch.set_num_threads(args.threads)
    model = BertForMaskedLM.from_pretrained(args.model, dtype=torch.float32).train()
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    total = model.config.num_hidden_layers
    for name, parameter in model.named_parameters():
        layer = int(name.split(".")[3]) if name.startswith("bert.encoder.layer.") else None
        parameter.requires_grad = name.startswith("cls.") and "decoder" not in name if layer is None else layer + args.layers >= total
    model.cls.predictions.bias.requires_grad = True
    tokenizer = BertTokenizerFast(tokenizer_file=os.path.join(args.model, "tokenizer.json"))
    ids = tokenizer(open(args.text, encoding="utf-8").read(2_000_000), add_special_tokens=False)["input_ids"]
    mask = tokenizer.mask_token_id
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=5e-4)
    random = torch.Generator().manual_seed(1)
    started = None
    for step in range(args.steps + 2):
        if step == 2:  # The first steps allocate.
            started = time.perf_counter()
        batch = torch.tensor(ids[step * 4096 % (len(ids) - 4096) :][:4096]).view(32, 128)
        chosen = torch.rand(batch.shape, generator=random) < 0.15
        labels = batch[chosen]
        # Only masked tokens go through the head, as in indexer train.
        hidden = model.bert(input_ids=batch.masked_fill(chosen, mask)).last_hidden_state[chosen]
        loss = torch.nn.functional.cross_entropy(model.cls(hidden), labels)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
    print(json.dumps({"tokens_per_s": args.steps * 4096 / (time.perf_counter() - started)}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("evaluate")
    one.add_argument("--model", required=True)
    one.add_argument("--masked", required=True)
    one.add_argument("--limit", type=int)
    one.set_defaults(run=evaluate)
    two = commands.add_parser("speed")
    two.add_argument("--model", required=True)
    two.add_argument("--text", required=True)
    two.add_argument("--layers", type=int, default=4)
    two.add_argument("--threads", type=int, default=2)
    two.add_argument("--steps", type=int, default=10)
    two.set_defaults(run=speed)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
