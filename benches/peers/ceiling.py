#!/usr/bin/env python3
"""Measures the ceiling of the encoder: large int8 matrix products of the same ONNX Runtime, one per thread at once.

    python ceiling.py --threads 2

Prints one line of JSON with the rate in billions of operations per second (a product and a sum are two operations).
It also contains the rate of the same library's fp32 products, as a calibration of the machine.
"""

import argparse
import json
import statistics
import threading
import time

import numpy
import onnxruntime
from onnx import TensorProto, helper

ROWS, INNER, COLUMNS = 1024, 1536, 1536


def session(integers):
    element = TensorProto.UINT8 if integers else TensorProto.FLOAT
    weights = numpy.random.default_rng(0).integers(-127, 128, (INNER, COLUMNS)).astype("int8" if integers else "float32")
    matrix = helper.make_tensor("w", TensorProto.INT8 if integers else TensorProto.FLOAT, weights.shape, weights.tobytes(), raw=True)
    node = helper.make_node("MatMulInteger" if integers else "MatMul", ["x", "w"], ["y"])
    result = TensorProto.INT32 if integers else TensorProto.FLOAT
    graph = helper.make_graph(
        [node], "g", [helper.make_tensor_value_info("x", element, [ROWS, INNER])],
        [helper.make_tensor_value_info("y", result, [ROWS, COLUMNS])], [matrix],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    x = numpy.random.default_rng(1).integers(0, 255, (ROWS, INNER)).astype("uint8" if integers else "float32")
    return onnxruntime.InferenceSession(model.SerializeToString(), options), x


def rate(threads, integers, seconds=2.0):
    """Returns billions of operations per second of all threads together."""
    sessions = [session(integers) for _ in range(threads)]
    counts = [0] * threads
    end = time.perf_counter() + seconds

    def run(which):
        this, x = sessions[which]
        while time.perf_counter() < end:
            this.run(None, {"x": x})
            counts[which] += 1

    for this, x in sessions:
        this.run(None, {"x": x})
    started = time.perf_counter()
    end = started + seconds
    workers = [threading.Thread(target=run, args=(i,)) for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    took = time.perf_counter() - started
    return sum(counts) * 2 * ROWS * INNER * COLUMNS / took / 1e9


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, required=True)
    args = parser.parse_args()
    int8 = statistics.median(rate(args.threads, True) for _ in range(3))
    fp32 = statistics.median(rate(args.threads, False) for _ in range(3))
    print(json.dumps({"threads": args.threads, "int8_gops": int8, "fp32_gflops": fp32, "version": onnxruntime.__version__}))


if __name__ == "__main__":
    main()
