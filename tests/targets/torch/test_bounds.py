"""Bounds hold for what kernels compute of random numbers, and are as narrow as rules need."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

from onnx2py.ir.program import Ref
from onnx2py.kernels.arithmetic import clip
from onnx2py.kernels.casting import cast
from onnx2py.kernels.generate import range_
from onnx2py.kernels.indexing import gather
from onnx2py.kernels.shape import expand, reshape, unsqueeze
from onnx2py.targets.network.bounds import Bounds
from onnx2py.targets.network.ranges import Range
from tests.targets.torch.layers_support import program, run, step

LOWEST = float(np.finfo(np.float32).min)
NUMBERS = (0.0, 1.0, -1.0, 0.25, -10000.0, LOWEST, -LOWEST, np.inf, -np.inf)
BINARY = (np.add, np.subtract, np.multiply, np.divide, np.maximum, np.minimum)
COMPARE = (np.less, np.less_equal, np.greater, np.greater_equal, np.equal)
LOGIC = (np.logical_and, np.logical_or)
PART = (Ellipsis, slice(None), slice(1, None))


def draw_program(random: np.random.Generator) -> tuple[Any, dict[str, np.ndarray]]:
    """Return a program of steps of random kinds on square matrices, and its inputs."""
    floats = random.choice(NUMBERS, (4, 4)).astype(np.float32)
    whole = random.integers(-3, 4, (4, 4))
    inputs = {"x": floats, "n": whole, "m": random.random((4, 4)) < 0.5}
    weights = {
        "c": random.choice(NUMBERS[:7], (4, 4)).astype(np.float32),
        "d": random.choice(NUMBERS[1:7], 4).astype(np.float32),
        "i": random.integers(-2, 3, (1, 4)),
    }
    names = {"f": ["x", "c", "d"], "i": ["n", "i"], "b": ["m"]}
    steps = []
    for count in range(8):
        output, kind = f"v{count}", "fib"[random.integers(3)]

        def pick(kind: str, names: Any = names) -> str:
            return str(random.choice(names[kind]))

        function = {"f": BINARY, "i": BINARY[:3] + BINARY[4:], "b": LOGIC}[kind]
        chosen = function[random.integers(len(function))]
        of = pick(kind)
        made = [
            step(chosen, (pick(kind), of), output),
            step(np.where, (pick("b"), pick(kind), of), output),
            step(np.transpose, (of, (1, 0)), output),
            step(operator.getitem, (of, PART[:1] + (slice(None),)), output),
            step(np.broadcast_to, (of, (4, 4)), output),
            step(expand, (of, (2, 4, 4)), output),
            step(gather, (of, np.int64(0)), output),
            step(reshape, (of, (-1, 4)), output),
            step(np.expand_dims, (of,), output, axis=0),
            {
                "f": step(cast, (pick("fib"[random.integers(3)]), np.float32), output),
                "i": step(
                    ".astype", (pick("ib"[random.integers(2)]), np.int64), output
                ),
                "b": step(np.logical_not, (of,), output),
            }[kind],
            {
                "f": step(clip, (of, -1.0, None), output),
                "i": step(np.arange, (4,), output),
                "b": step(COMPARE[random.integers(5)], (pick("i"), pick("i")), output),
            }[kind],
            {
                "f": step(np.tril, (of,), output, k=int(random.integers(-1, 2))),
                "i": step(range_, (-2, 2, 1), output),
                "b": step(COMPARE[random.integers(5)], (pick("f"), pick("f")), output),
            }[kind],
        ][random.integers(12)]
        try:
            with np.errstate(all="ignore"):
                program(inputs, weights, *steps, made)
        except (ValueError, IndexError, TypeError):
            continue  # shapes that do not go together
        steps.append(made)
        names[kind].append(output)
    return program(inputs, weights, *steps) if steps else None, inputs


@pytest.mark.parametrize("seed", range(40))
def test_bounds_hold(seed: int) -> None:
    random = np.random.default_rng(seed)
    for _ in range(10):
        with np.errstate(all="ignore"):
            made, inputs = draw_program(random)
            if made is None:
                continue
            values, bounds = run(made, inputs), Bounds(made)
        for name, array in values.items():
            for first in (False, True):
                if first and not array.ndim:
                    continue
                given = np.asarray(array[..., :1] if first else array)
                given = given[~np.isnan(given)] if given.dtype.kind == "f" else given
                low, high = bounds.of(Ref(name), first)
                assert (given >= low).all() and (given <= high).all(), (made, name)


def bounds_of(*steps: Any, first: bool = False, **weights: np.ndarray) -> Range:
    inputs = {"n": np.arange(6).reshape(2, 3), "m": np.ones((2, 3), bool)}
    inputs["x"] = inputs["n"].astype(np.float32)
    made = program(inputs, weights, *steps)
    return Bounds(made).of(Ref(made.outputs[0]), first)


def test_inputs_may_be_anything_of_their_type() -> None:
    assert bounds_of(step(np.negative, ("x",), "y")) == (-np.inf, np.inf)
    assert bounds_of(step(np.logical_not, ("m",), "y")) == (0, 1)
    least = np.iinfo(np.int64).min
    assert bounds_of(step(reshape, ("n", (6,)), "y")).low == least


def test_sums_of_whole_numbers_that_wrap_are_not_known() -> None:
    limits = np.iinfo(np.int64)
    made = bounds_of(step(np.add, ("n", "w"), "y"), w=np.array([1]))
    assert made == (limits.min, limits.max)


def test_a_sum_of_two_of_the_lowest_numbers_is_infinite() -> None:
    low = np.array([LOWEST], np.float32)
    assert bounds_of(step(np.add, ("w", "w"), "y"), w=low).low == -np.inf
    some = np.array([-10], np.float32)
    assert bounds_of(step(np.add, ("w", "v"), "y"), w=low, v=some).low == LOWEST


def test_first_elements_are_those_of_rows() -> None:
    positions = step(np.arange, (3,), "p")
    assert bounds_of(positions, first=True) == (0, 0)
    assert bounds_of(positions) == (0, 2)
    column = step(unsqueeze, ("p", (1,)), "y")
    assert bounds_of(positions, column, first=True) == (0, 2)
    row = step(unsqueeze, ("p", (0,)), "y")
    assert bounds_of(positions, row, first=True) == (0, 0)
    later = step(operator.getitem, ("p", (slice(1, None),)), "y")
    assert bounds_of(positions, later, first=True) == (0, 2)
    lower = step(np.tril, ("w",), "y")
    ones = np.ones((3, 3), np.float32)
    assert bounds_of(lower, first=True, w=ones) == (1, 1)
    assert bounds_of(lower, w=ones) == (0, 1)
