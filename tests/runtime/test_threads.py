"""One model in many threads: the same bits as alone."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import onnx.parser
import pytest

import onnx2py

MODELS = {
    "convolutions": (
        """g (float[n, 3, 12, 12] x) => (float[n, 4, 6, 6] y) <float[4, 3, 3, 3] w = {W108}>
        { c = Conv <pads = [1, 1, 1, 1]> (x, w) r = Relu (c)
          y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (r) }""",
        [(2, 3, 12, 12)],
    ),
    "a loop": (
        """g (float[4] x) => (float[4] y, float[k, 4] z) <int64 m = {5}, bool t = {1}>
        { y, z = Loop (m, t, x) <body = b (int64 i, bool c, float[4] a)
          => (bool d, float[4] e, float[4] f) { d = Identity (c) s = Sin (a)
          e = Add (a, s) f = Identity (e) }> }""",
        [(4,)],
    ),
    "an LSTM": (
        """g (float[5, 2, 3] x) => (float[a, b, c, d] y) <float[1, 8, 3] w = {W24},
        float[1, 8, 2] r = {W16}> { y = LSTM <hidden_size = 2> (x, w, r) }""",
        [(5, 2, 3)],
    ),
    "a cache of keys": (
        """g (float[1, 2, p, 4] k, float[1, 2, 1, 4] q)
        => (float[a, b, c, d] y, float[e, f, h, i] z)
        { z = Concat <axis = 2> (k, q) t = Transpose <perm = [0, 1, 3, 2]> (z)
          s = MatMul (q, t) w = Softmax <axis = -1> (s) y = MatMul (w, z) }""",
        [(1, 2, 6, 4), (1, 2, 1, 4)],
    ),
}


def load(name: str) -> tuple[Any, list[tuple[int, ...]]]:
    text, shapes = MODELS[name]
    for count in (108, 24, 16):
        numbers = ", ".join(str(round(np.cos(i), 3)) for i in range(count))
        text = text.replace(f"W{count}", numbers)
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> {text}')
    return onnx2py.load_model(model), shapes


def as_bytes(found: Any) -> list[bytes]:
    return [a.tobytes() for a in (found if isinstance(found, tuple) else (found,))]


@pytest.mark.parametrize("name", MODELS)
def test_32_threads_get_the_same_bits(name, calls=40):
    package, shapes = load(name)
    random = np.random.default_rng(3)
    inputs = [
        [random.normal(size=shape).astype(np.float32) for shape in shapes]
        for _ in range(8)
    ]
    alone = [as_bytes(package(*each)) for each in inputs]
    start = threading.Barrier(32)
    wrong: list[str] = []

    def work(number: int) -> None:
        start.wait()
        for i in range(calls):
            which = (number + i) % len(inputs)
            try:
                if as_bytes(package(*inputs[which])) != alone[which]:
                    wrong.append(f"thread {number}, call {i}")
            except Exception as error:
                wrong.append(repr(error))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
