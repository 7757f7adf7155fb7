"""Random programs that repeat themselves compute and show the same with blocks as without."""

from __future__ import annotations

import random

import numpy as np
import pytest

from onnx2py.ir.program import Call, Program, Ref, Statement
from onnx2py.ir.types import TensorType
from onnx2py.plan.in_place import write_in_place
from onnx2py.plan.release import free_values

from .test_blocks import Build, build, compared, outlined

__all__ = ["build"]

SIZE = 1 << 14
"""Elements of a value: enough to be freed and overwritten."""
UNARY = (np.tanh, np.negative, np.square)
BINARY = (np.add, np.multiply, np.subtract)


def repeated(draw: random.Random) -> tuple[Program, list[tuple[str, int, int]]]:
    """Return a program of alike layers, and where these are."""
    length, count = draw.randint(1, 4), draw.randint(2, 4)
    carried = draw.randint(1, 2)
    pattern = [
        (
            draw.choice("uubbwcl"),
            draw.randrange(3),
            draw.randrange(6),
            draw.randrange(6),
        )
        for _ in range(length)
    ]
    weights: dict[str, np.ndarray] = {}
    state = ["x", "z"][:carried]
    statements: list[Statement] = []
    spans = []
    caches = [f"cache{i}" for i in range(count)]
    for layer in range(count):
        before, made = [*state], [*state]
        if draw.random() < 0.3:  # something of another kind between two layers
            statements.append(call(np.tanh, [before[-1]], f"between{layer}"))
            if draw.random() < 0.5:
                state[-1] = made[-1] = before[-1] = f"between{layer}"
        spans.append(("Layer", len(statements), len(statements) + length))
        for step, (kind, which, first, second) in enumerate(pattern):
            name = f"/layer.{layer}/v{step}"
            one, other = made[first % len(made)], made[second % len(made)]
            if kind == "u":
                statements.append(call(UNARY[which], [one], name))
            elif kind == "b":
                statements.append(call(BINARY[which], [one, other], name))
            elif kind == "w":
                weight = draw.choice(["shared", f"w{layer}", f"w{layer}", "w0"])
                weights[weight] = weight_of(weight)
                statements.append(call(BINARY[which], [one, weight], name))
            elif kind == "c":
                statements.append(call(BINARY[which], [one, caches[layer]], name))
            else:
                power = np.float32(1) if draw.random() < 0.5 else np.float32(2)
                operation = Call(np.multiply, (Ref(one), float(power)))
                statements.append(Statement(operation, (name,), (f"{name}: Mul",)))
            made.append(name)
        state = [draw.choice(made[-2:]) if draw.random() < 0.2 else made[-1 - i % len(made)]
                 for i in range(carried)]  # fmt: skip
    results = [s.outputs[0] for s in statements]
    outputs = dict.fromkeys([results[-1], *draw.sample(results, draw.randint(0, 2))])
    inputs = ("x", "z", *caches)
    kinds = {n: TensorType("float32", (SIZE,)) for n in (*inputs, *results, *weights)}
    return (
        Program("g", inputs, tuple(outputs), tuple(statements), weights, {}, kinds),
        spans,
    )


def call(function: np.ufunc, names: list[str], result: str) -> Statement:
    operation = Call(function, tuple(map(Ref, names)))
    return Statement(operation, (result,), (f"{result}: {function.__name__}",))


def weight_of(name: str) -> np.ndarray:
    seed = sum(map(ord, name))
    return np.random.default_rng(seed).standard_normal(SIZE).astype(np.float32)


@pytest.mark.parametrize("seed", range(40))
def test_random_layers(build: Build, seed: int) -> None:
    program, spans = repeated(random.Random(seed))
    program = write_in_place(free_values(program))
    random_numbers = np.random.default_rng(seed)
    inputs = [
        random_numbers.standard_normal(SIZE).astype(np.float32) for _ in program.inputs
    ]
    compared(build, outlined(program, *spans), *inputs)
