"""Programs as text: what it looks like, and that reading it gives the program again."""

from __future__ import annotations

import operator
from dataclasses import replace
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from onnx2py.front import read
from onnx2py.ir.graph import Scope
from onnx2py.ir.program import (
    Body,
    Branch,
    Call,
    Expression,
    Invoke,
    Loop,
    MapItems,
    Program,
    Ref,
    Scan,
    ScanInput,
    ScanOutput,
    Statement,
)
from onnx2py.ir.program_parser import parse_program
from onnx2py.ir.program_text import print_program
from onnx2py.ir.types import DTYPES, MapType, OptionalType, SequenceType, TensorType
from onnx2py.kernels.activation import relu
from onnx2py.kernels.selection import top_k
from onnx2py.options import Options
from tests.passes.support import block

EXAMPLES = sorted(Path(__file__).parents[2].glob("generated_examples/*.onnx"))

TEXT = block("""
    g (x: float32[n, 4], k?: int64[1] = {2}) => (y as `the result`: float32[n, 4], z: ?)
      narrow float16
      w: float32[4] = {1.0, -2.5, inf, 0.1}
      `a.b`: uint8[2, 2] = {0, 1, 2, 255}
      folded w  # "two of them" + c: Neg
    setup
      s: float32[4] = np.negative(w)
    calls
      a: float32[n, 4] = np.add(x, s)  # a: Add + b: Identity
      z, _, +1 = ops.top_k(a, k, axis=-1); frees a; literals eps, `1`
      c, = np.split(x, 1)
      d = c[..., :2, 1:None:-1]
      e = .astype(d, np.float32, copy=False)
      f = np.full((Ref, 3), float("-inf"), dtype=type(np.int8))
      y = branch(e)
        then () [x] => (t)
          t: float32[n, ?] = np.exp(x)
        else () [x] => (x: float32[...])
    """).replace("1:None:-1", "1::-1")


def test_text_is_read_and_written_as_it_was():
    assert print_program(parse_program(TEXT)) == TEXT


def test_what_the_text_says_is_in_the_program():
    program = parse_program(TEXT)
    top, split, index, cast, full = (s.operation for s in program.statements[1:6])
    assert program.output_names == ("the result", "z")
    assert program.promised == (TensorType("float32", ("n", 4)), None)
    assert program.folded == {"w": ("two of them", "c: Neg")}
    assert top == Call(top_k, (Ref("a"), Ref("k")), {"axis": -1}, 3)
    assert program.statements[1].outputs == ("z", "")
    assert program.statements[1].literals == ("eps", "1")
    assert split.results == 1
    assert index.function is operator.getitem
    assert index.args[1] == (..., slice(None, 2), slice(1, None, -1))
    assert cast.function == ".astype"
    assert isinstance(cast.args[1], np.dtype)
    assert full.kwargs["dtype"] is np.int8
    np.testing.assert_array_equal(program.weights["a.b"], [[0, 1], [2, 255]])
    assert program.weights["a.b"].dtype == np.uint8


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("g", "expected a signature, got 'g'"),
        ("g () => ()\ncalls\n  y", "expected a statement, got 'y'"),
        ("g () => ()\ncalls\n  y = x", "expected a call, got 'x'"),
        ("g () => ()\ncalls\n  y = ops.no(x)", "expected a function, got ops.no"),
        ("g (x: float) => ()", "expected a type, got 'float'"),
        ("g () => ()\ncalls\n  y = branch(x)\n    then", "expected a body, got 'then'"),
    ],
)
def test_what_is_no_program_is_named(text, what):
    with pytest.raises(ValueError, match="expected a") as error:
        parse_program(text)
    assert str(error.value) == what


def assert_same(program: Program, again: Program) -> None:
    for name in ("weights", "defaults"):
        ours, theirs = getattr(again, name), getattr(program, name)
        assert ours.keys() == theirs.keys()
        for key, array in theirs.items():
            assert ours[key].dtype == array.dtype
            np.testing.assert_array_equal(ours[key], array)
    # The outline has the same statements once more; text has them once.
    plain = {"weights": {}, "defaults": {}, "types": {}, "outline": None}
    names = program.output_names or program.outputs
    assert replace(again, **plain) == replace(program, output_names=names, **plain)


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_survive_a_round_trip(path, level):
    program = read(path, Options(level=level)).program()
    text = print_program(program)
    again = parse_program(text, {**program.weights, **program.defaults})
    assert_same(program, again)
    known = {name: program.types[name] for name in again.types if name in program.types}
    assert again.types.items() >= known.items()
    assert print_program(again) == text


WORDS = some.text(some.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
NAMES = some.one_of(WORDS, some.sampled_from(["a", "if", "__0", "_1", "a.b", "`", '"']))
DIMS = some.one_of(some.none(), some.integers(0, 9), NAMES)
TENSORS = some.builds(
    TensorType,
    some.sampled_from(sorted(DTYPES)),
    some.one_of(some.none(), some.lists(DIMS, max_size=3).map(tuple)),
)
TYPES: Any = some.recursive(
    TENSORS,
    lambda inner: some.one_of(
        some.builds(SequenceType, some.one_of(some.none(), inner)),
        some.builds(OptionalType, inner),
        some.builds(MapType, some.sampled_from(["int64", "string"]), inner),
    ),
    max_leaves=3,
)
ATOMS = some.one_of(
    NAMES.map(Ref), some.none(), some.booleans(), some.integers(), WORDS,
    some.floats(allow_nan=False), some.just(...), some.sampled_from(sorted(DTYPES)).map(DTYPES.get),
    some.sampled_from([np.int8, np.float32, np.bool_, ml_dtypes.bfloat16]),
)  # fmt: skip
BOUNDS = some.one_of(some.none(), some.integers(-9, 9), NAMES.map(Ref))
OPERATORS = some.sampled_from(["+", "-", "*", "//", "%", "==", "!=", "min", "max"])
NUMBERS: Any = some.recursive(
    some.one_of(some.integers(-9, 9), NAMES.map(Ref)),
    lambda inner: some.builds(Expression, OPERATORS, inner, inner),
    max_leaves=3,
)
PARTS = some.one_of(ATOMS, NUMBERS, some.builds(slice, BOUNDS, NUMBERS, BOUNDS))
ARGUMENTS: Any = some.recursive(
    PARTS, lambda inner: some.lists(inner, max_size=3).map(tuple), max_leaves=4
)
FUNCTIONS = some.sampled_from([np.add, np.reshape, relu, top_k, ".astype"])
OPTIONS = some.dictionaries(some.sampled_from(["axis", "out", "dtype"]), ARGUMENTS)
REFS = some.lists(NAMES.map(Ref), max_size=2).map(tuple)
LISTS = some.lists(NAMES, max_size=2).map(tuple)
SCOPES = some.sampled_from([(), (Scope("a"), Scope("a.b-0", "Block"))])
PROMISED = some.one_of(some.none(), TYPES)


@some.composite
def bodies(draw: Any, depth: int) -> Body:
    outputs = draw(LISTS)
    promised = draw(some.sampled_from([(), tuple(draw(PROMISED) for _ in outputs)]))
    statements = draw(some.lists(statement(depth - 1), max_size=2).map(tuple))
    return Body(draw(NAMES), draw(LISTS), draw(LISTS), outputs, statements, promised)


@some.composite
def statement(draw: Any, depth: int = 2) -> Statement:
    kind = draw(some.integers(0, 7 if depth else 1))
    outputs = draw(some.lists(NAMES, min_size=1, max_size=3).map(tuple))
    results = draw(some.one_of(some.none(), some.integers(len(outputs), 5)))
    if results is None and kind < 2:
        outputs = outputs[:1]
    elif results is not None and len(outputs) > 1:
        outputs = ("", *outputs[1:])
    args = draw(some.lists(ARGUMENTS, max_size=3).map(tuple))
    body = draw(bodies(depth)) if depth and kind > 2 else None
    made = {
        0: lambda: Call(draw(FUNCTIONS), args, draw(OPTIONS), results),
        1: lambda: Call(operator.getitem, (Ref(draw(NAMES)), args), {}, results),
        2: lambda: Branch(Ref(draw(NAMES)), draw(bodies(depth)), draw(bodies(depth))),
        3: lambda: Loop(draw(BOUNDS), draw(some.booleans()), draw(REFS), body),
        4: lambda: MapItems(draw(REFS), (True, False), body),
        5: lambda: Invoke(draw(REFS), body),
        6: lambda: Scan(
            draw(REFS),
            (ScanInput(Ref(draw(NAMES)), draw(some.integers(-2, 2)), True),),
            (ScanOutput(), ScanOutput(1, True)),
            body,
        ),
        7: lambda: Loop(None, None, (), body),
    }[kind]()
    lists = (draw(LISTS), draw(LISTS), draw(LISTS))
    return Statement(made, outputs, *lists, draw(SCOPES))


@some.composite
def programs(draw: Any) -> Program:
    calls = draw(some.lists(statement(), max_size=3).map(tuple))
    arrays = some.one_of(
        some.lists(some.floats(width=32, allow_nan=False), max_size=3).map(np.float32),
        some.lists(WORDS, max_size=2).map(lambda x: np.array(x, object)),
        some.lists(some.booleans(), max_size=2).map(lambda x: np.array([x], bool)),
        some.integers(-8, 7).map(lambda x: np.array(x, ml_dtypes.int4)),
        some.floats(-9, 9).map(lambda x: np.array([x], ml_dtypes.bfloat16)),
        some.complex_numbers(allow_nan=False, allow_infinity=False).map(np.asarray),
    )
    weights = draw(some.dictionaries(NAMES, arrays, max_size=3))
    types = draw(some.dictionaries(NAMES, TYPES, max_size=3))
    outputs = draw(LISTS)
    shown = tuple(draw(NAMES) for _ in outputs)
    folded = draw(some.dictionaries(NAMES, LISTS, max_size=2))
    narrow = draw(some.sampled_from([(), ("float16", "bfloat16")]))
    inputs = tuple(name for name in draw(LISTS) if name not in weights)
    return Program(
        draw(NAMES), inputs, outputs, calls, weights, {},
        types, shown, folded, (), draw(some.lists(statement(0), max_size=2).map(tuple)), narrow,
        draw(LISTS.map(frozenset)),
    )  # fmt: skip


@given(programs())
def test_any_program_survives_a_round_trip(program):
    """However odd its names are; types of weights are those of the arrays."""
    text = print_program(replace(program, types={}))
    assert_same(program, parse_program(text))
    known = {k: v for k, v in program.types.items() if k not in program.weights}
    text = print_program(replace(program, types=known))
    again = parse_program(text)
    assert all(again.types[k] == known[k] for k in known.keys() & again.types.keys())
    assert print_program(replace(again, types=known)) == text
