"""``where``: every node, value and weight of a file has a line of model.py, or is not needed."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import onnx
import onnx.parser
import pytest

import onnx2py

EXAMPLES = Path(__file__).parents[2] / "generated_examples"
HEAD = '<ir_version: 10, opset_import: ["" : 18, "l" : 1]>'
FOLDED = f"""{HEAD} g (float[2, 3] x, float[n, 6] z) => (float[a, b] y, float[n, 3, 2] v)
    <int64[1] two = {{2}}, int64[1] zero = {{0}}, int64 one = {{1}}, float half = {{0.25}}> {{
    s = Shape (x)  g = Gather (s, one)  u = Unsqueeze (g, zero)
    t = Concat <axis = 0> (zero, u, two)  v = Reshape (z, t)
    i = Identity (x)  d = Dropout (i)  c = Cast <to = 1> (d)
    r = Sqrt (half)  m = Mul (c, r)  y = Relu (m)  dead = Neg (x) }}"""
FLOW = f"""{HEAD} g (float[3] x, bool up, int64 times) => (y, z, w) {{
    y = If (up) <
        then_branch = t () => (a) {{ b = Exp (x) c = Identity (b) a = Sin (c) }},
        else_branch = e () => (d) {{ d = If (up) <
            then_branch = tt () => (f) {{ f = Neg (x) }},
            else_branch = ee () => (h) {{ k = Neg (x) h = Neg (k) }}> }}>
    go = Constant <value = bool {{1}}> ()
    z = Loop (times, go, x) <body = l (int64 i, bool g1, float[3] s1) => (bool g2, float[3] s2)
        {{ g2 = Identity (g1) half = Constant <value = float {{0.5}}> () s2 = Mul (s1, half) }}>
    w = l.twice (x) }}
    <opset_import: ["" : 18], domain: "l"> twice (p) => (q) {{ r = Add (p, p) q = Tanh (r) }}"""


def layers() -> onnx.ModelProto:
    """Three layers with weights that are transposed, an If in each, and a scope."""
    steps = ["h0 = Identity (x)"]
    weights = {}
    for i in range(3):
        weights[f"layer.{i}.w"] = np.full((4, 4), i + 1, np.float32)
        steps.append(f"""
            t{i} = Transpose (w{i}) p{i} = MatMul (h{i}, t{i}) n{i} = Identity (p{i})
            b{i} = If (up) <then_branch = t () => (a{i}) {{ a{i} = Exp (n{i}) }},
                else_branch = e () => (d{i}) {{ e{i} = Neg (n{i}) d{i} = Sin (e{i}) }}>
            r{i} = Relu (b{i}) s{i} = Softmax (r{i}) h{i + 1} = Add (s{i}, h{i})""")
    text = (
        f"{HEAD} g (float[n, 4] x, bool up) => (float[n, 4] h3) {{ {' '.join(steps)} }}"
    )
    model = onnx.parser.parse_model(text)
    for node in model.graph.node:
        number = node.output[0][1:]
        node.name = f"/layer.{number}/{node.op_type}"
        for i, name in enumerate(node.input):
            if name.startswith("w"):
                node.input[i] = f"layer.{name[1:]}.w"
    for name, array in weights.items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(array, name))
    return model


MODELS = {
    "folded": lambda: onnx.parser.parse_model(FOLDED),
    "flow": lambda: onnx.parser.parse_model(FLOW),
    "layers": layers,
    **{
        name: lambda name=name: onnx.load(EXAMPLES / f"{name}.onnx")
        for name in ("mnist", "gpt", "loop", "pipeline", "transformer")
    },
}  # fmt: skip


@pytest.fixture
def built(tmp_path, monkeypatch):
    """Compile a model; return it, and the module that finds its lines."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(name: str, level: int = 1) -> tuple[onnx.ModelProto, ModuleType]:
        model = MODELS[name]()
        onnx2py.compile_model(model, tmp_path / f"where_{name}", level=level)
        return model, importlib.import_module(f"where_{name}.tools.where")

    yield make
    for name in [n for n in sys.modules if n.startswith("where_")]:
        del sys.modules[name]


def names_of(graph: onnx.GraphProto) -> Iterator[str]:
    """Yield the names of all nodes, values and weights of a graph."""
    for value in (*graph.input, *graph.output, *graph.initializer):
        yield value.name
    for node in graph.node:
        yield from filter(None, (node.name, *node.output))
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from names_of(attribute.g)


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("name", MODELS)
def test_every_name_of_the_file_has_a_line(built, name, level):
    model, where = built(name, level)
    lines = Path(where.model_module.__file__).read_text().splitlines()
    for each in {*names_of(model.graph)}:
        for place in where.places(each):
            if place.line:
                assert lines[place.line - 1].strip() == place.text
            else:
                assert place.what.startswith("nothing needs it")


@pytest.mark.parametrize("name", MODELS)
def test_the_line_of_a_value_assigns_or_contains_it(built, name):
    _, where = built(name)
    watch = importlib.import_module(f"where_{name}.watch")
    for path, onnx_name in watch.value_names().items():
        places = where.places(onnx_name)
        (place,) = (p for p in places if p.what.startswith(f"{path}: computes"))
        assigned = place.text.partition(" = ")[0].replace("(", "").split(",")
        variable = path.rpartition(".")[2]
        names = [each.partition(":")[0].strip() for each in assigned]
        views = [  # in the expression that the line assigns
            view
            for line, inside in where._listed()["views"].items()
            if line.rpartition(".")[2] in names
            for view in inside
        ]
        assert variable in [*names, *views]


def test_what_became_of_what_is_not_computed(built):
    _, where = built("folded")
    relu = [place.text for place in where.places("y") if "computes" in place.what]
    assert any("ops.relu" in text for text in relu)
    (scaled,) = {place.text for place in where.places("m") if "m:" in place.what}
    for name in ("i", "d", "c"):  # Identity, Dropout and Cast: the line after them
        assert scaled in [place.text for place in where.places(name)]
    (place,) = where.places("dead")
    assert place.line == 0 and place.what.startswith("nothing needs it")


def test_a_folded_node_is_in_the_weight_that_it_made(built):
    _, where = built("layers")
    (weight,) = where.places("/layer.1/Transpose")
    assert "load(" in weight.text and "folded into this weight" in weight.what
    (product,) = where.places("p1")
    assert product.path.rpartition(".")[0] == weight.path.rpartition(".")[0] != ""


def test_lines_are_found_after_an_edit(built, tmp_path):
    _, where = built("mnist")
    (before,) = where.places("relu3")
    path = tmp_path / "where_mnist/model.py"
    path.write_text(
        path.read_text().replace("        conv1 =", "\n        # new\n        conv1 =")
    )
    done = run(tmp_path, "where_mnist", "relu3")
    assert f"model.py:{before.line + 2}: {before.text}\n" in done.stdout


def line_of(where: ModuleType, text: str) -> int:
    """Return the number of the only line of model.py that begins with a text."""
    lines = Path(where.model_module.__file__).read_text().splitlines()
    (number,) = (i + 1 for i, each in enumerate(lines) if each.strip().startswith(text))
    return number


@pytest.mark.parametrize(
    "text",
    [
        "for layer, past_key",
        "present_key, present_value, hidden = layer(",
        "self.layers = [",
        "class Layer",
    ],
)
def test_the_line_of_a_loop_has_the_objects_that_it_walks(built, text):
    _, where = built("gpt")
    found = where.places(f"model.py:{line_of(where, text)}")
    assert [place.path for place in found] == [f"layers.{i}" for i in range(4)]
    assert {place.line for place in found} == {line_of(where, text)}
    for i, place in enumerate(found):
        assert f"Layer (line {line_of(where, 'class Layer')})" in place.what
        assert f"/layers.{i}/" in place.what


def test_the_line_of_one_call_has_its_object_alone(built):
    _, where = built("layers")
    (place,) = where.places(f"model.py:{line_of(where, 's1 = self.layer_1(')}")
    assert place.path == "layer_1" and "/layer.1/MatMul: MatMul" in place.what


def test_both_lines_of_a_value_have_its_nodes(built):
    _, where = built("layers")
    found = where.places(f"model.py:{line_of(where, 'b = np.sin(e)')}")
    names = ("b", "b.else.b")  # the If, and the Sin of its branch
    assert [p.path for p in found] == [
        f"layer_{i}.{n}" for i in range(3) for n in names
    ]


@pytest.mark.parametrize(
    "name", ["product_weight", "Layer.product_weight", "self.product_weight"]
)
def test_a_name_in_a_class_is_that_of_all_its_objects(built, name):
    _, where = built("layers")
    found = [place.path for place in where.places(name)]
    assert found == [f"layer_{i}.product_weight" for i in range(3)]
    (inner,) = where.places("layer_1.product_weight")
    assert inner.path == "layer_1.product_weight"


def test_bodies_that_are_one_method_keep_all_their_names(tmp_path, monkeypatch):
    steps = []
    for i in (10, 20):
        steps.append(f"""v{i} = If (up) <
            then_branch = t () => (v{i + 1}) {{ v{i + 2} = MatMul (x, w)
                v{i + 3} = MatMul (v{i + 2}, w) v{i + 4} = MatMul (v{i + 3}, w)
                v{i + 1} = MatMul (v{i + 4}, w) }},
            else_branch = e () => (v{i + 5}) {{ v{i + 5} = Neg (x) }}>""")
    text = f"""{HEAD} g (float[2, 2] x, bool up, float[2, 2] w) => (float[2, 2] y)
        {{ {" ".join(steps)} y = Sub (v10, v20) }}"""
    model = onnx.parser.parse_model(text)
    for number, node in enumerate(model.graph.node[:2]):
        node.name = f"/rnn/If_{number}"
    monkeypatch.syspath_prepend(str(tmp_path))
    onnx2py.compile_model(model, tmp_path / "where_shared", flat=True)
    where = importlib.import_module("where_shared.tools.where")
    assert Path(where.model_module.__file__).read_text().count("@ w") == 4
    for number in range(1, 5):
        first, second = (where.places(f"v{start + number}") for start in (10, 20))
        assert [p.line for p in second] == [p.line for p in first] != [0]


def run(folder: Path, package: str, name: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", package, "where", name],
        cwd=folder, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_the_command(built, tmp_path):
    _, where = built("mnist")
    (place,) = where.places("relu3")
    done = run(tmp_path, "where_mnist", "relu3")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"model.py:{place.line}: {place.text}\n    relu3: ")
    back = run(tmp_path, "where_mnist", f"model.py:{place.line}")
    assert f"{place.text}\n    relu3: dense1: Gemm + relu3: Relu\n" in back.stdout


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("relu4", "relu4: nothing in the model has that name; did you mean relu"),
        ("\x1b[2J", "'\\x1b[2J: nothing in the model has that name'"),
        ("model.py:1", "model.py:1: no node or weight is in that line"),
        (":999999999", "model.py:999999999: no node or weight is in that line"),
        ("", ": nothing in the model has that name"),
        ("a" * 5000, "nothing in the model has that name"),
    ],
)
def test_names_that_nothing_has(built, tmp_path, name, message):
    built("mnist")
    done = run(tmp_path, "where_mnist", name)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr and "Traceback" not in done.stderr


def test_names_of_a_model_cannot_steer_a_terminal(built, tmp_path):
    model = onnx.parser.parse_model(FOLDED)
    model.graph.node[-2].name = "a\x1b[2J"
    onnx2py.compile_model(model, tmp_path / "where_hostile")
    done = run(tmp_path, "where_hostile", "a\x1b[2J")
    assert done.returncode == 0 and "\x1b" not in done.stdout
