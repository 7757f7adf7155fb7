"""Blocks as classes: the text of model.py, and the same bits and names as without them."""

from __future__ import annotations

import importlib
import itertools
import json
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from onnx2py.emit.layout import format_source
from onnx2py.emit.package import Package, Provenance, build_package
from onnx2py.emit.write import finish_manifest, staged
from onnx2py.ir.check import check_program
from onnx2py.ir.program import Program, Statement, bodies_of
from onnx2py.ir.program_parser import parse_program
from onnx2py.plan.outline.assembly import blocks_of
from onnx2py.plan.outline.loops import with_loops
from onnx2py.plan.outline.windows import Window
from onnx2py.plan.traverse import with_bodies

ORIGIN = Provenance("model.onnx", "0" * 64, "0.1", 1, {"": 18})
PACKAGES = itertools.count()

Spans = Sequence[tuple[str, int, int]]
"""Windows by the name of their block, their first statement and one past their last."""


@dataclass
class Built:
    """A package, imported."""

    package: Package
    folder: Path
    module: Any
    watch: Any

    @property
    def text(self) -> str:
        """The source of model.py as black lays it out."""
        return format_source("model.py", str(self.package.files["model.py"]))

    @property
    def names(self) -> dict[str, str]:
        """The ONNX name of each value."""
        return dict(
            json.loads((self.folder / "tools/names.json").read_text("utf-8"))["values"]
        )

    def classes(self) -> str:
        """Return the classes above the class Model."""
        text = self.text.partition("\nclass Model")[0]
        return text[text.index("\nclass ") :].strip()

    def loops(self) -> str:
        """Return the calls of the class Model."""
        body = self.text.partition("class Model")[2].partition('"""\n        ')[2]
        return textwrap.dedent(" " * 8 + body.rpartition("\n        return")[0]).strip()


Build = Callable[[Program], Built]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(program: Program) -> Built:
        check_program(program, "the test")
        name = f"blocks_{next(PACKAGES)}"
        package = build_package(program, name, ORIGIN)
        files = {
            path: content  # as it is written: black takes more time than all else
            for path, content in package.files.items()
            if isinstance(content, (str, np.ndarray))
        }
        with staged(tmp_path / name, files, {}) as folder:
            finish_manifest(folder)
        module = importlib.import_module(name)
        watch = importlib.import_module(f"{name}.tools.watch")
        return Built(package, tmp_path / name, module, watch)

    yield make
    for name in [n for n in sys.modules if n.startswith("blocks_")]:
        del sys.modules[name]


def windowed(statements: Sequence[Statement], spans: Spans) -> Iterator[Statement]:
    place = 0
    for name, start, stop in spans:
        yield from statements[place:start]
        inside = tuple(statements[start:stop])
        yield Statement(Window(name, (), statements=inside), (), ())
        place = stop
    yield from statements[place:]


def outlined(program: Program, *spans: tuple[str, int, int]) -> Program:
    """Return a program whose outline has a block for some runs of statements."""
    statements = tuple(windowed(program.statements, spans))
    return replace(program, outline=with_loops(blocks_of(program, statements)))


def in_bodies(program: Program, *spans: tuple[str, int, int]) -> Program:
    """Return a program with the same windows in all bodies of its statements."""
    statements = tuple(
        (
            replace(
                s,
                operation=with_bodies(
                    s.operation,
                    lambda b: replace(
                        b, statements=tuple(windowed(b.statements, spans))
                    ),
                ),
            )
            if bodies_of(s.operation)
            else s
        )
        for s in program.statements
    )
    return replace(program, outline=with_loops(blocks_of(program, statements)))


def compared(build: Build, program: Program, *inputs: Any) -> Built:
    """Check that a program computes and shows the same with its outline as without."""
    flat, blocks = build(replace(program, outline=None)), build(program)
    expected = flat.watch.trace(flat.module.Model(), *inputs)
    model = blocks.module.Model()
    actual = blocks.watch.trace(model, *inputs)
    assert_equal(model(*inputs), expected.outputs)
    assert_equal(actual.outputs, expected.outputs)
    assert sorted(blocks.names.values()) == sorted(flat.names.values())
    paths = {onnx: path for path, onnx in blocks.names.items()}
    seen = {onnx: expected.values.get(path) for path, onnx in flat.names.items()}
    assert {onnx for onnx, values in seen.items() if values} == {
        blocks.names[path] for path in actual.values
    }
    for onnx, values in seen.items():
        assert_equal(actual.values.get(paths[onnx]), values)
    stored = [built.package.weight_bytes for built in (blocks, flat)]
    assert stored[0] <= stored[1]
    return blocks


def assert_equal(actual: Any, expected: Any) -> None:
    """Compare bit for bit."""
    assert type(actual) is type(expected) or isinstance(actual, tuple)
    if isinstance(expected, (list, tuple)):
        assert len(actual) == len(expected)
        for one, other in zip(actual, expected):
            assert_equal(one, other)
    elif isinstance(expected, np.ndarray):
        assert actual.dtype == expected.dtype
        np.testing.assert_array_equal(actual, expected)
    else:
        assert repr(actual) == repr(expected)


def layers(first: int = 8, second: int = 8, w: str = "w", end: str = "3") -> Program:
    """Two layers with a weight each, and an exponent that may differ."""
    numbers = ", ".join(map(str, range(8)))
    more = ", ".join(map(str, range(10, 18)))
    return parse_program(f"""
        g (x: float32[n, {first}], mask: float32[n, {second}]) => (y: float32[n, 8])
          `layer.0.v`: float32[8] = {{{numbers}}}
          w: float32[8] = {{{more}}}
        calls
          `/l.0/a`: float32[n, 8] = np.multiply(x, `layer.0.v`)  # /l.0/a: Mul
          `/l.0/b`: float32[n, 8] = np.add(`/l.0/a`, mask, out=`/l.0/a`)  # /l.0/b: Add
          `/l.0/c`: float32[n, 8] = np.power(`/l.0/b`, 2); frees `/l.0/b`  # /l.0/c: Pow
          `/l.1/a`: float32[n, 8] = np.multiply(`/l.0/c`, {w}); frees `/l.0/c`  # /l.1/a: Mul
          `/l.1/b`: float32[n, 8] = np.add(`/l.1/a`, mask, out=`/l.1/a`)  # /l.1/b: Add
          `/l.1/c`: float32[n, 8] = np.power(`/l.1/b`, {end}); frees `/l.1/b`  # /l.1/c: Pow
          y: float32[n, 8] = np.negative(`/l.1/c`, out=`/l.1/c`)  # y: Neg
    """)


X = np.arange(24, dtype=np.float32).reshape(3, 8) / 7
MASK = np.ones((3, 8), np.float32)
TWICE = (("Layer", 0, 3), ("Layer", 3, 6))


def test_a_block_is_a_class_and_its_calls_a_loop(build: Build) -> None:
    blocks = compared(build, outlined(layers(), *TWICE), X, MASK)
    assert blocks.classes() == textwrap.dedent('''
        class Layer:
            """One of the 2 modules ``/l.{i}``: 3 calls."""

            def __init__(self, load: Load, x2: Any) -> None:
                self.x2 = x2
                # {layer.0.v,w}
                self.a_scale = load("a_scale", "float32[8]")

            def __call__(
                self, x: NDArray[np.float32], mask: NDArray[np.float32]
            ) -> NDArray[np.float32]:
                a = x * self.a_scale  # float32[n, 8]
                b = np.add(a, mask, out=a)  # float32[n, 8]
                c: NDArray[np.float32] = np.power(b, self.x2)  # float32[n, 8]
                del b

                return c
    ''').strip()
    assert (
        'Layer(load.at(f"layers.{i}"), x2) for i, x2 in enumerate((2, 3))'
        in blocks.text
    )
    assert (blocks.folder / "weights/layers.1.a_scale.npy").is_file()
    assert "for layer in self.layers:\n" in blocks.text


def test_weights_that_instances_share_are_loaded_once_and_passed_on(
    build: Build,
) -> None:
    program = layers(w="`layer.0.v`")
    blocks = compared(build, outlined(program, *TWICE), X, MASK)
    assert "Layer(x2, self.v) for x2 in (2, 3)" in " ".join(blocks.text.split())
    assert [path.name for path in (blocks.folder / "weights").iterdir()] == ["v.npy"]


BY_CHANCE = """
    g (x: float32[n, 16]) => (y: float32[n, 16])
      u: float32[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
      v: float32[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
      zeros: float32[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
    calls
      a: float32[n, 16] = np.multiply(x, u)  # a: Mul
      b: float32[n, 16] = np.add(a, zeros)  # b: Add
      c: float32[n, 16] = np.tanh(b)  # c: Tanh
      d: float32[n, 16] = np.add(c, zeros)  # d: Add
      e: float32[n, 16] = np.multiply(d, v)  # e: Mul
      f: float32[n, 16] = np.add(e, zeros)  # f: Add
      h: float32[n, 16] = np.tanh(f)  # h: Tanh
      y: float32[n, 16] = np.add(h, zeros)  # y: Add
"""


@pytest.mark.parametrize(("number", "text"), [
    (0, "np.zeros(16, np.float32)"), (1, "np.ones(16, np.float32)"),
    (0.5, "np.full(16, 0.5, np.float32)"), ("-0.0", "np.full(16, -0.0, np.float32)"),
])  # fmt: skip
def test_vectors_that_are_equal_by_chance_are_held_apart(
    build: Build, number: float, text: str
) -> None:
    program = parse_program(BY_CHANCE)
    arrays = (np.arange(16), np.arange(16) + 1, np.full(16, float(number)))
    weights = {
        name: array.astype(np.float32) for name, array in zip(program.weights, arrays)
    }
    program = replace(program, weights=weights)
    blocks = compared(
        build,
        outlined(program, ("Layer", 0, 4), ("Layer", 4, 8)),
        np.ones((2, 16), "f"),
    )
    layer = blocks.text.partition("class Model")[0]
    assert f"self.total1_bias = {text}" in layer
    assert f"self.total2_bias = {text}" in layer
    assert len([*(blocks.folder / "weights").iterdir()]) == 2


def test_vectors_with_two_kinds_of_zeros_are_shared(build: Build) -> None:
    program = parse_program(BY_CHANCE)
    zeros = np.where(np.arange(16) % 2, np.float32(0.0), np.float32(-0.0))
    weights = {name: np.arange(16, dtype=np.float32) for name in ("u", "v")}
    weights["v"] = weights["v"] + 1
    program = replace(program, weights={**weights, "zeros": zeros})
    outline = outlined(program, ("Layer", 0, 4), ("Layer", 4, 8))
    compared(build, outline, np.ones((2, 16), "f"))


LENGTHS = """
    g (x: float32[s, 8, t], m: float32[t]) => (y: float32[s, 8, t])
    calls
      s: int64[], _, t: int64[] = np.shape(x)
      a: float32[s, 8, t] = np.tanh(x)  # a: Tanh
      b: float32[s, 8, t] = .reshape(a, s, 8, t)  # b: Reshape
      c: float32[s, 8, t] = np.add(b, m)  # c: Add
      d: float32[s, 8, t] = np.tanh(c)  # d: Tanh
      e: float32[s, 8, t] = .reshape(d, s, 8, t)  # e: Reshape
      y: float32[s, 8, t] = np.add(e, m)  # y: Add
"""


def test_lengths_are_read_from_what_a_block_is_given(build: Build) -> None:
    program = parse_program(LENGTHS)
    inputs = (np.ones((2, 8, 3), "f"), np.ones(3, "f"))
    outline = outlined(program, ("Layer", 1, 4), ("Layer", 4, 7))
    blocks = compared(build, outline, *inputs)
    layer, _, model = blocks.text.partition("class Model")
    assert "        s, _, t = x.shape\n" in layer
    assert "hidden = layer(hidden, m)" in model and ".shape" not in model
    free = replace(program, free_lengths=frozenset("t"))
    blocks = compared(build, outlined(free, ("Layer", 1, 4), ("Layer", 4, 7)), *inputs)
    assert "        s = x.shape[0]\n" in blocks.text.partition("class Model")[0]
    assert "hidden = layer(hidden, t, m)" in blocks.text


def test_one_instance_that_is_called_several_times_is_one_object(build: Build) -> None:
    program = layers(w="`layer.0.v`", end="2")
    blocks = compared(build, outlined(program, *TWICE), X, MASK)
    assert 'self.layers = [Layer(load.at("layers.0"))] * 2' in blocks.text
    assert blocks.names["layers.0.a"] == "/l.0/a"
    assert blocks.names["layers.1.a"] == "/l.1/a"
    first, second = blocks.module.Model().layers
    assert first is second


def test_calls_apart_have_attributes_of_their_own(build: Build) -> None:
    program = parse_program("""
        g (x: float32[4]) => (z: float32[4])
        calls
          a: float32[4] = np.exp(x)  # a: Exp
          b: float32[4] = np.negative(a)  # b: Neg
          c: float32[4] = np.tanh(b)  # c: Tanh
          d: float32[4] = np.exp(c)  # d: Exp
          z: float32[4] = np.negative(d)  # z: Neg
    """)
    blocks = compared(build, outlined(program, ("Two", 0, 2), ("Two", 3, 5)), X[0, :4])
    assert "self.two = Two()\n        self.two_2 = self.two\n" in blocks.text
    assert "b = self.two(x)" in blocks.text and "z = self.two_2(c)" in blocks.text
    assert "def __init__" not in blocks.text.partition("class Model")[0]


CACHE = """
    g (x: float32[4], k0: float32[4], k1: float32[4]) => (y: float32[4], NEW)
    calls
      n0: float32[4] = np.add(x, k0)  # n0: Add
      a: float32[4] = np.multiply(n0, x)  # a: Mul
      n1: float32[4] = np.add(a, k1)  # n1: Add
      y: float32[4] = np.multiply(n1, a)  # y: Mul
"""


def test_a_cache_is_walked_and_collected(build: Build) -> None:
    text = CACHE.replace("NEW", "n0: float32[4], n1: float32[4]")
    program = outlined(parse_program(text), ("Layer", 0, 2), ("Layer", 2, 4))
    blocks = compared(build, program, X[0, :4], X[1, :4], X[2, :4])
    assert textwrap.dedent("""
        ns: list[Any] = []
        for layer, k in zip(self.layers, (k0, k1)):
            n, hidden = layer(hidden, k)  # float32[4], float32[4]
            ns.append(n)
    """).strip() in textwrap.dedent(blocks.loops())
    assert "return Outputs(hidden, ns[0], ns[1])" in blocks.text


def test_a_first_value_that_is_read_later_is_kept(build: Build) -> None:
    program = parse_program("""
        g (x: float32[4]) => (y: float32[4])
        calls
          s: float32[4] = np.exp(x)  # s: Exp
          a: float32[4] = np.negative(s)  # a: Neg
          b: float32[4] = np.tanh(a)  # b: Tanh
          c: float32[4] = np.negative(b)  # c: Neg
          d: float32[4] = np.tanh(c)  # d: Tanh
          y: float32[4] = np.add(d, s)  # y: Add
    """)
    outline = outlined(program, ("Two", 1, 3), ("Two", 3, 5))
    blocks = compared(build, outline, X[0, :4])
    assert "hidden = s\n        for two in self.twos:\n" in blocks.text
    kept = replace(program, statements=program.statements[:-1], outputs=("d",))
    text = build(outlined(kept, ("Two", 1, 3), ("Two", 3, 5))).text
    assert "hidden = np.exp(x)" in text and "hidden = two(hidden)" in text


@pytest.mark.parametrize("choice", [True, False])
def test_a_first_value_that_an_if_assigns_is_the_variable_of_the_loop(
    build: Build, choice: bool
) -> None:
    program = parse_program("""
        g (x: float32[4], c: bool[]) => (y: float32[4])
        calls
          s: float32[4] = branch(c)  # s: If
            then () [x] => (e)
              e: float32[4] = np.exp(x)  # e: Exp
            else () [x] => (f)
              f: float32[4] = np.sin(x)  # f: Sin
          a: float32[4] = np.negative(s)  # a: Neg
          b: float32[4] = np.tanh(a)  # b: Tanh
          d: float32[4] = np.negative(b)  # d: Neg
          y: float32[4] = np.tanh(d)  # y: Tanh
    """)
    outline = outlined(program, ("Two", 1, 3), ("Two", 3, 5))
    blocks = compared(build, outline, X[0, :4], np.array(choice))
    assert "hidden = np.exp(x)" in blocks.text and "hidden = two(hidden)" in blocks.text


def test_a_result_that_its_caller_overwrites_is_traced_as_it_was(build: Build) -> None:
    program = parse_program("""
        g (x: float32[n, 4]) => (y: float32[n, 4])
        calls
          a: float32[n, 4] = np.negative(x)  # a: Neg
          b: float32[n, 4] = np.tanh(a)  # b: Tanh
          c: float32[n, 4] = np.negative(b)  # c: Neg
          d: float32[n, 4] = np.tanh(c)  # d: Tanh
          y: float32[n, 4] = np.add(d, x, out=d)  # y: Add
    """)
    compared(build, outlined(program, ("Two", 0, 2), ("Two", 2, 4)), X[:, :4])


NESTED = """
    g (x: float32[8]) => (h: float32[8])
      u: float32[8] = {1, 2, 3, 4, 5, 6, 7, 8}
      v: float32[8] = {8, 7, 6, 5, 4, 3, 2, 1}
      w: float32[8] = {1, 1, 2, 2, 3, 3, 4, 4}
      t: float32[8] = {5, 5, 6, 6, 7, 7, 8, 8}
    calls
      a: float32[8] = np.multiply(x, u)  # a: Mul
      b: float32[8] = np.tanh(a)  # b: Tanh
      c: float32[8] = np.multiply(b, v)  # c: Mul
      d: float32[8] = np.tanh(c)  # d: Tanh
      e: float32[8] = np.multiply(d, w)  # e: Mul
      f: float32[8] = np.tanh(e)  # f: Tanh
      g: float32[8] = np.multiply(f, t)  # g: Mul
      h: float32[8] = np.tanh(g)  # h: Tanh
"""


def nested(text: str) -> Program:
    """Return a program of four alike pairs of statements, two in a layer."""
    program = parse_program(text)
    pairs = [*windowed(program.statements, [("Pair", i, i + 2) for i in (0, 2, 4, 6)])]
    both = tuple(windowed(pairs, [("Layer", 0, 2), ("Layer", 2, 4)]))
    return replace(program, outline=with_loops(blocks_of(program, both)))


def test_blocks_are_made_by_those_that_call_them(build: Build) -> None:
    blocks = compared(build, nested(NESTED), X[0])
    assert 'Pair(load.at(f"pairs.{i}")) for i in range(2)' in blocks.text
    assert blocks.names["layers.1.pairs.0.scaled"] == "e"
    files = {path.name for path in (blocks.folder / "weights").iterdir()}
    assert "layers.1.pairs.1.scaled_scale.npy" in files and len(files) == 4


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("(d, w)", "(d, u)"),
        ("(f, t)", "(f, v)"),
        ("(f, t)", "(f, w)"),
        ("(b, v)", "(b, t)"),
    ],
)
def test_weights_that_only_some_share_are_stored_once(
    build: Build, old: str, new: str
) -> None:
    blocks = compared(build, nested(NESTED.replace(old, new)), X[0])
    assert len([*(blocks.folder / "weights").iterdir()]) == 3


def test_instances_that_several_objects_call_are_made_by_the_model(
    build: Build,
) -> None:
    text = NESTED.replace("np.multiply(d, w)", "np.multiply(d, u)")
    blocks = compared(build, nested(text), X[0])
    model = blocks.module.Model()
    assert model.layers[0].pairs[0] is model.layers[1].pairs[0]


def test_what_the_setup_makes_of_own_weights_is_made_in_the_constructor(
    build: Build,
) -> None:
    text = NESTED.replace("calls\n", """setup
      p: float32[8] = np.negative(u)
      q: float32[8] = np.negative(v)
      r: float32[8] = np.negative(w)
      s: float32[8] = np.negative(t)
    calls
""")  # fmt: skip
    for weight, made in zip("uvwt", "pqrs"):
        text = text.replace(f", {weight})  #", f", {made})  #")
    blocks = compared(build, nested(text), X[0])
    pair = blocks.text.partition("class Layer")[0]
    assert "self.scaled_scale_prepared = -self.scaled_scale" in pair
    mixed = text.replace("(t)", "(u)")
    compared(build, nested(mixed), X[0])


IF = """
    g (x: float32[8], c: bool[]) => (y: float32[8])
      u: float32[8] = {1, 2, 3, 4, 5, 6, 7, 8}
      v: float32[8] = {8, 7, 6, 5, 4, 3, 2, 1}
    calls
      y: float32[8] = branch(c)  # y: If
        then () [x] => (b)
          a: float32[8] = np.multiply(x, u)  # a: Mul
          b: float32[8] = np.tanh(a)  # b: Tanh
        else () [x] => (e)
          d: float32[8] = np.multiply(x, v)  # d: Mul
          e: float32[8] = np.tanh(d)  # e: Tanh
"""


def test_branches_that_are_alike_are_a_choice(build: Build) -> None:
    program = in_bodies(parse_program(IF), ("Net", 0, 2))
    for choice in (True, False):
        blocks = compared(build, program, X[0], np.array(choice))
    assert "net = self.net if c else self.net_2\n        y = net(x)  # " in blocks.text


def test_branches_that_return_results_in_another_order_are_a_choice(
    build: Build,
) -> None:
    text = IF.replace("=> (y: float32[8])", "=> (y: float32[8], z: float32[8])")
    text = text.replace(
        "y: float32[8] = branch", "y: float32[8], z: float32[8] = branch"
    )
    program = parse_program(text.replace("(b)", "(b, a)").replace("(e)", "(e, d)"))
    for choice in (True, False):
        blocks = compared(
            build, in_bodies(program, ("Net", 0, 2)), X[0], np.array(choice)
        )
    assert "        z, y = net(x)\n" in blocks.text
    apart = parse_program(text.replace("(b)", "(b, a)").replace("(e)", "(d, e)"))
    for choice in (True, False):
        blocks = compared(
            build, in_bodies(apart, ("Net", 0, 2)), X[0], np.array(choice)
        )
    assert "net = self.net if" not in blocks.text


LAYER_WITH_BRANCH = """
      {y}: float32[4] = branch(c)  # {y}: If
        then () [{x}] => ({y}b)
          {y}a: float32[4] = np.negative({x})  # {y}a: Neg
          {y}b: float32[4] = np.tanh({y}a)  # {y}b: Tanh
        else () [{x}] => ({y}d)
          {y}d: float32[4] = np.exp({x})  # {y}d: Exp
      {z}: float32[4] = np.add({y}, {x})  # {z}: Add
    """


@pytest.mark.parametrize("short", [True, False])
def test_bodies_of_a_block_belong_to_its_class(build: Build, short: bool) -> None:
    layer = LAYER_WITH_BRANCH
    if not short:
        more = "          {y}m: float32[4] = np.sin({y}b)  # {y}m: Sin\n        else"
        layer = layer.replace("=> ({y}b)", "=> ({y}m)").replace("        else", more)
    text = "g (x: float32[4], c: bool[]) => (s: float32[4])\ncalls" + "".join(
        layer.format(x=x, y=y, z=z).rstrip() for x, y, z in ("xpq", "qrs")
    )
    program = outlined(parse_program(text), ("Layer", 0, 2), ("Layer", 2, 4))
    for choice in (True, False):
        blocks = compared(build, program, X[0, :4], np.array(choice))
    own = blocks.text.partition("class Model")[0]
    assert ("            chosen = np.tanh(negated)" in own) == short
    assert ("    def _chosen_then(" in own) != short
    path = "layers.1.chosen.then" if short else "layers.1.chosen_then"
    assert blocks.names[f"{path}.negated"] == "ra"


def test_a_trace_may_be_replaced(build: Build) -> None:
    """As verification does, whose traces start a frame with each call that has a body."""
    blocks = build(nested(NESTED))

    class Counting(blocks.watch.Trace):  # type: ignore[name-defined,misc]
        started = 0

        def start(self) -> None:
            super().start()
            self.started += 1

    blocks.watch.Trace = Counting
    record = blocks.watch.trace(blocks.module.Model(), X[0])
    assert record.started == 8 and len(record.steps) > 8


def test_an_error_names_the_object_and_the_node(build: Build) -> None:
    model = build(nested(NESTED)).module.Model()
    with pytest.raises(ValueError, match=r"^layers.0.pairs.0: a: Mul: operands"):
        model.layers[0].pairs[0].scaled_scale = np.ones(7, np.float32)
        model(X[0])
