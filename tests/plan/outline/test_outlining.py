"""Rules G3 to G9: programs and their outlines, as text, and at random."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onnx2py.ir.blocks import Outline
from onnx2py.ir.graph import Scope
from onnx2py.ir.program import Call, Kernel, Program, Ref, Statement, references
from onnx2py.ir.types import TensorType
from onnx2py.kernels.activation import relu
from onnx2py.plan.gather import gather
from onnx2py.plan.in_place import write_in_place
from onnx2py.plan.outlining import outline
from onnx2py.plan.release import free_values
from tests.plan.outline.support import attributes, outlined, parsed, shown, sizes

KIND = TensorType("float32", (4, 4))


def layers(count: int, path: str = "net.layers.{i}", class_name: str = "Layer") -> str:
    """Return a program of equal layers, each of six calls with two weights."""
    weights = "".join(
        f"  w{i}: float32[4, 4] = {{{', '.join(['1'] * 16)}}}\n"
        f"  b{i}: float32[4] = {{1, 2, 3, 4}}\n"
        for i in range(count)
    )
    calls = ""
    for i in range(count):
        lines = (
            f"p{i} = np.matmul(x{i}, w{i})",
            f"q{i} = np.add(p{i}, b{i})",
            f"r{i} = ops.relu(q{i})",
            f"s{i} = np.sqrt(r{i})",
            f"t{i} = np.power(s{i}, {i + 2})",
            f"x{i + 1} = np.add(t{i}, x{i})",
        )
        module = f"; scopes `net:Net`, `{path.format(i=i)}:{class_name}`"
        calls += "".join(f"  {line}{module}  # n: Op\n" for line in lines)
    return (
        f"g (x0: float32[4, 4]) => (y: float32[4, 4])\n{weights}calls\n{calls}"
        f"  y: float32[4, 4] = np.exp(x{count}); scopes `net:Net`, `net.head:Head`  # y: Exp\n"
    )


def test_layers_become_a_class_a_list_and_a_loop():
    assert shown(parsed(layers(3))).splitlines() == [
        "calls",
        "  x1, x2, x3 = Layer((x0,), (x1,), (x2,)) at layers.0, layers.1, layers.2",
        "  y: float32[4, 4] = np.exp(x3); scopes `net:Net`, `net.head:Head`  # y: Exp",
        "Layer (x0) {w0: float32[4, 4], b0: float32[4]} <`x2;1`> => (x1)",
        "  layers.0(w0=w0, b0=b0, `x2;1`=2)",
        "  layers.1(w0=w1, b0=b1, `x2;1`=3)",
        "  layers.2(w0=w2, b0=b2, `x2;1`=4)",
        "calls",
        *(
            f"  {line}; scopes `net:Net`, `net.layers.0:Layer`  # n: Op"
            for line in (
                "p0 = np.matmul(x0, w0)",
                "q0 = np.add(p0, b0)",
                "r0 = ops.relu(q0)",
                "s0 = np.sqrt(r0)",
                "t0 = np.power(s0, `x2;1`)",
                "x1 = np.add(t0, x0)",
            )
        ),
    ]


def test_what_repeats_without_modules_becomes_a_block_too():
    program = parsed(layers(4))
    bare = tuple(replace(s, scopes=()) for s in program.statements)
    assert attributes(replace(program, statements=bare)) == [
        f"linear_relus.{i}" for i in range(4)
    ]


def test_a_block_that_spares_little_of_the_whole_leaves_it_flat():
    two = layers(4).splitlines()
    start = two.index("calls") + 1
    functions = (
        "np.exp",
        "np.sin",
        "np.cos",
        "np.tan",
        "np.sqrt",
        "np.cbrt",
        "np.square",
        "np.sinh",
        "np.cosh",
        "np.tanh",
        "np.fabs",
        "np.log",
    )
    other = [
        f"  u{i} = {f}(x0, dtype=np.{d})  # u: U"
        for i, (f, d) in enumerate(
            (f, d)
            for f in functions
            for d in ("float32", "float64", "int8", "int16", "int32", "int64", "uint8")
        )
    ]
    assert shown(parsed("\n".join(two))) != "flat"
    assert shown(parsed("\n".join([*two[:start], *other, *two[start:]]))) == "flat"


@pytest.mark.parametrize(
    "differing",
    [
        ("np.sqrt(r1)", "np.square(r1)"),
        ("np.add(p1, b1)", "np.add(b1, p1)"),
        ("np.add(t1, x1)", "np.add(t1, s1)"),
        ("np.sqrt(r1)", "np.sum(r1, axis=0)"),
    ],
)
def test_another_operation_or_flow_of_data_is_another_block(differing):
    text = layers(4)
    assert differing[0] in text
    made = outlined(parsed(text.replace(*differing))).outline
    assert made is not None
    (block,) = made.blocks.values()
    assert len(block.applications) == 3


def test_axes_are_part_of_the_code():
    text = layers(4)
    for i in range(4):
        text = text.replace(f"np.sqrt(r{i})", f"np.sum(r{i}, axis={i // 2})")
    program = parsed(text)
    made = outlined(program).outline
    assert made is None or all(len(b.applications) < 4 for b in made.blocks.values())


def test_blocks_are_found_in_blocks():
    inner = layers(4, "net.layers.{i}")
    for i, place in enumerate(("0.a", "0.b", "1.a", "1.b")):
        inner = inner.replace(
            f"`net.layers.{i}:Layer`",
            f"`net.layers.{place[0]}:Layer`, `net.layers.{place}:Part`",
        )
    program = parsed(inner)
    made = outlined(program).outline
    assert made is not None
    assert [(b.name, len(b.instances)) for b in made.blocks.values()] == [("Part", 4)]


def test_branches_that_are_alike_are_one_class():
    def branch(name: str, k: int) -> str:
        steps = ["x", *(f"{name}{i}" for i in range(12)), name]
        functions = ("np.exp", "np.sqrt", "ops.relu", "np.cos", "np.sin", "np.square")
        lines = [
            f"      {b} = {f}({a})  # {b}: F"
            for a, b, f in zip(steps, steps[1:], (*functions, *reversed(functions)))
        ]
        lines.append(f"      {name} = np.power({steps[12]}, {k})  # {name}: Pow")
        return "\n".join(lines)

    program = parsed(f"""
g (x: float32[4], k: bool[]) => (y: float32[4])
calls
  y: float32[4] = branch(k)  # y: If
    then () [x] => (t)
{branch("t", 2)}
    else () [x] => (e)
{branch("e", 3)}
""")
    made = outlined(program).outline
    assert made is not None
    (block,) = made.blocks.values()
    assert [i.settings for i in block.instances] == [{"x2;1": 2}, {"x2;1": 3}]
    assert len(attributes(program)) == 2


CONVOLUTIONS = (
    "ops.conv_packed({x}, {w}, pads=(1, 1, 1, 1))",
    "ops.conv_winograd({x}, {w}, pads=(1, 1, 1, 1))",
    "ops.conv_packed({x}, {w}, strides=(2, 2), pads=(1, 1, 1, 1))",
)


def test_convolutions_are_alike_whichever_kernel_suits_them():
    text = layers(3)
    for i, call in enumerate(CONVOLUTIONS):
        made = call.format(x=f"x{i}", w=f"w{i}")
        text = text.replace(f"np.matmul(x{i}, w{i})", made)
    made = outlined(parsed(text)).outline
    assert made is not None
    (block,) = made.blocks.values()
    kernels = [instance.settings["kernel;1"] for instance in block.instances]
    assert [
        (k.function.__name__, dict(k.options)) for k in kernels if isinstance(k, Kernel)
    ] == [
        ("conv_packed", {"pads": (1, 1, 1, 1)}),
        ("conv_winograd", {"pads": (1, 1, 1, 1)}),
        ("conv_packed", {"strides": (2, 2), "pads": (1, 1, 1, 1)}),
    ]


def test_convolutions_with_and_without_a_bias_are_not_alike():
    text = layers(4)
    for i in range(4):
        bias = ", b0" if i % 2 else ""
        made = f"ops.conv_packed(x{i}, w{i}{bias})"
        text = text.replace(f"np.matmul(x{i}, w{i})", made)
    made = outlined(parsed(text)).outline
    assert made is None or all(
        len(block.applications) < 4 or len(block.statements) < 6
        for block in made.blocks.values()
    )


def test_lists_and_attributes_are_called_as_modules_are():
    assert attributes(parsed(layers(3, "net.enc.h.{i}", "GPT2Block"))) == [
        f"gpt2_blocks.{i}" for i in range(3)
    ]
    assert attributes(parsed(layers(3, "net.part{i}"))) == [
        f"layers.{i}" for i in range(3)
    ]


@pytest.mark.parametrize(
    "word",
    ["__class__", "class", "load", "con", "np", "x" * 3000, "é", "0", "a-b", "print"],
)
def test_hostile_names_of_modules_and_classes(word):
    program = parsed(layers(3))
    changed = tuple(
        Statement(
            s.operation,
            s.outputs,
            s.nodes,
            scopes=tuple(
                Scope(m.path.replace("layers", word).replace("net", word), word)
                for m in s.scopes
            ),
        )
        for s in program.statements
    )
    made = outlined(Program(**{**vars(program), "statements": changed})).outline
    assert made is not None
    (block,) = made.blocks.values()
    for name in (block.name, *(i.path.split(".")[0] for i in block.instances)):
        assert name.isidentifier() and name.isascii() and len(name) < 60
        assert name not in {word, "print", "load", "con", "class"}


@st.composite
def programs(draw):
    """Draw a program that repeats a block, with differences, insertions and other orders."""
    functions = draw(
        st.lists(
            st.sampled_from(["negative", "add", "matmul", "multiply", "relu", "power"]),
            min_size=3,
            max_size=9,
        )
    )
    places = [
        (draw(st.integers(0, i)), draw(st.integers(0, i)))
        for i in range(len(functions))
    ]
    count = draw(st.integers(2, 5))
    statements: list[Statement] = []
    weights = {}
    last = "x"
    has_scopes = draw(st.booleans())

    def add(function, operands, name, scope):
        left, right = operands
        if function == "relu":
            call = Call(relu, (Ref(left),))
        elif function == "negative":
            call = Call(np.negative, (Ref(left),))
        elif function == "power":
            call = Call(np.power, (Ref(left), draw(st.integers(1, 3))))
        elif function == "matmul":
            weight = f"{name}_w"
            weights[weight] = np.ones((4, 4), np.float32)
            call = Call(np.matmul, (Ref(left), Ref(weight)))
        else:
            call = Call(getattr(np, function), (Ref(left), Ref(right)))
        scopes = (Scope("net"), Scope(scope, "Layer")) if has_scopes else ()
        statements.append(Statement(call, (name,), (f"{name}: F",), scopes=scopes))

    for k in range(count):
        values = [last]
        for i, (function, (a, b)) in enumerate(zip(functions, places)):
            if draw(st.integers(0, 15)) == 0:  # something else in between
                add("negative", (values[-1], ""), f"n{k}_{i}", "net.other")
                if draw(st.booleans()):
                    values[-1] = f"n{k}_{i}"
            name = f"v{k}_{i}"
            add(function, (values[a], values[b]), name, f"net.layers.{k}")
            values.append(name)
        last = values[-1]
    statements = swapped(statements, draw)
    outputs = tuple(
        dict.fromkeys(
            (
                last,
                *draw(
                    st.lists(
                        st.sampled_from([s.outputs[0] for s in statements]), max_size=2
                    )
                ),
            )
        )
    )
    types = {s.outputs[0]: KIND for s in statements} | {"x": KIND}
    return Program("g", ("x",), outputs, tuple(statements), weights, {}, types)


def swapped(statements: list[Statement], draw) -> list[Statement]:
    """Swap some neighbors that do not need each other."""
    statements = [*statements]
    for i in draw(st.lists(st.integers(0, len(statements) - 2), max_size=4)):
        first, second = statements[i : i + 2]
        if first.outputs[0] not in {*references(second.operation)}:
            statements[i : i + 2] = [second, first]
    return statements


@settings(max_examples=150, deadline=None)
@given(programs())
def test_an_outline_stands_for_the_statements_of_its_program(program):
    outlined(program)
    gathered = gather(program)
    assert sorted(gathered.statements, key=lambda s: s.outputs) == sorted(
        (moved(s, gathered) for s in program.statements), key=lambda s: s.outputs
    )
    outlined(write_in_place(free_values(gathered)))


def moved(statement: Statement, program: Program) -> Statement:
    """Return a statement with the scopes that it has in another program."""
    (other,) = (s for s in program.statements if s.outputs == statement.outputs)
    return replace(statement, scopes=other.scopes)


def test_the_outline_does_not_depend_on_hashes_of_strings():
    code = (
        "from tests.plan.outline.test_outlining import layers, shown, parsed;"
        "print(shown(parsed(layers(3))), shown(parsed(layers(4, 'a.b{i}', ''))))"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(texts) == 1


def chain(count: int, length: int) -> Program:
    """Return a program of equal blocks, without modules."""
    functions = (np.negative, np.exp, np.sqrt, np.sin, np.cos, np.tan)[:length]
    statements = []
    value = "x"
    for i in range(count):
        for j, function in enumerate(functions):
            name = f"v{i}_{j}"
            statements.append(
                Statement(Call(function, (Ref(value),)), (name,), ("n: N",))
            )
            value = name
    return Program("g", ("x",), (value,), tuple(statements), {}, {}, {})


def test_a_long_chain_of_equal_blocks_is_a_loop():
    before, after = sizes(chain(1000, 6))
    assert (before, after) == (6000, 7)


def test_where_nothing_repeats_nothing_is_made():
    statements = tuple(
        Statement(
            Call(np.negative, (Ref(f"v{i}"),), {"axis": i}), (f"v{i + 1}",), ("n: N",)
        )
        for i in range(20_000)
    )
    program = Program("g", ("v0",), ("v20000",), statements, {}, {}, {})
    assert outline(program).outline == Outline(program.statements, {})


def dense(blocks: int, count: int) -> Program:
    """Return blocks of layers, each of which reads the results of all before it."""
    statements = []
    weights = {}
    value = "x"

    def add(call, name, module):
        scopes = (
            Scope("net"),
            Scope(module.rpartition(".")[0]),
            Scope(module, "DenseLayer"),
        )
        statements.append(Statement(call, (name,), (f"{name}: F",), scopes=scopes))

    for b in range(blocks):
        made = [value]
        for i in range(count):
            module, name = f"net.block{b}.layer{i}", f"v{b}_{i}"
            parts = tuple(map(Ref, made))
            weights[f"{name}_w"] = np.ones((4, 4), np.float32)
            add(Call(np.concatenate, (parts,)), f"{name}_c", module)
            add(
                Call(np.matmul, (Ref(f"{name}_c"), Ref(f"{name}_w"))),
                f"{name}_p",
                module,
            )
            add(Call(relu, (Ref(f"{name}_p"),)), f"{name}_r", module)
            add(Call(np.sqrt, (Ref(f"{name}_r"),)), f"{name}_s", module)
            add(Call(np.negative, (Ref(f"{name}_s"),)), f"{name}_n", module)
            add(Call(np.exp, (Ref(f"{name}_n"),)), name, module)
            made.append(name)
        value = made[-1]
    return Program("g", ("x",), (value,), tuple(statements), weights, {}, {})


def test_a_class_that_only_calls_another_is_taken_back():
    made = outlined(dense(4, 8)).outline
    assert made is not None
    layer, block = made.blocks.values()
    assert (layer.name, len(layer.instances), len(layer.inputs)) == (
        "DenseLayer",
        32,
        1,
    )
    assert (block.name, len(block.instances), len(block.statements)) == ("Block", 4, 16)
