"""--report: a page about the package, as a user asks for it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import onnx
import onnx.parser
import pytest
from onnx import TensorProto, helper, numpy_helper

from generated_examples.make.__main__ import HOME
from onnx2py import OptionError, OutputError, compile_model
from onnx2py.cli import main
from onnx2py.ir.program import Call, Ref
from onnx2py.ir.types import TensorType
from onnx2py.kernels import matmul_nbits, quantized
from onnx2py.report.cost import Cost, multiply_adds
from onnx2py.report.groups import MOST_BOXES

SVG = "{http://www.w3.org/2000/svg}"


class Page(HTMLParser):
    """What a browser would find: elements, and the text of cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in ("td", "dd", "dt"):
            self.cells.append("")

    def handle_data(self, data):
        if self.cells:
            self.cells[-1] = (self.cells[-1] + data).strip()


def report(model, tmp_path: Path, **options) -> str:
    path = tmp_path / "report.html"
    compile_model(model, tmp_path / "pkg", report=path, **options)
    return path.read_text("utf-8")


def svg(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text[text.index("<svg") : text.index("</svg>") + 6])


def rows(text: str) -> dict[str, list[str]]:
    """Return the cells of each row of the table of calls, by the value's name."""
    found = {}
    for row in re.findall(r'<tr id="call\d+">(.*?)</tr>', text, re.DOTALL):
        cells = [c.strip() for c in Page(row).cells]
        found[cells[1].strip("\u00a0")] = cells
    return found


def test_the_command_makes_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([str(HOME / "mnist.onnx"), "-o", "pkg", "--report", "r.html"]) == 0
    assert "r.html" in capsys.readouterr().out
    text = Path("r.html").read_text("utf-8")
    page = Page(text)
    assert ("h1", {}) in page.tags
    assert "mnist.onnx" in text and "83,514" in page.cells
    assert not list(tmp_path.glob(".*"))


def test_multiply_adds_are_those_worked_out_by_hand(tmp_path):
    found = rows(report(HOME / "mnist.onnx", tmp_path))
    # 28 x 28 places, 12 channels, windows of 5 x 5; then 14 x 14, 24, 12 x 5 x 5.
    assert found["conv1"][-1] == f"batch × {28 * 28 * 12 * 25:,}"
    assert found["conv2"][-1] == f"batch × {14 * 14 * 24 * 12 * 25:,}"
    # the Gemm takes in the Relu behind it
    assert found["relu3"][-1] == f"batch × {1176 * 64:,}"
    assert found["pool1"][-1] == ""
    assert found["conv1"][-2] == f"{12 * 25 + 12:,}"
    assert found["conv1"][4] == "float32[batch, 12, 28, 28]"


def test_products_and_recurrent_networks(tmp_path):
    model = onnx.parser.parse_model("""<ir_version: 8, opset_import: ["" : 17]>
    g (float[7, 2, 3] x, float[2, 5, 4] a, float[1, 16, 3] w, float[1, 16, 4] r)
      => (float[7, 1, 2, 4] y, float[2, 5, 5] z, float z2) {
        y = LSTM <hidden_size = 4> (x, w, r)
        t = Transpose <perm = [0, 2, 1]> (a)
        z = MatMul (a, t)
        z2 = ReduceMax <keepdims = 0> (z)
    }""")
    found = rows(report(model, tmp_path))
    assert found["y"][-1] == f"{7 * 2 * (16 * 3 + 16 * 4):,}"
    assert found["z"][-1] == str(2 * 5 * 5 * 4)
    text = (tmp_path / "report.html").read_text("utf-8")
    assert f"{7 * 2 * (16 * 3 + 16 * 4) + 2 * 5 * 5 * 4:,}" in Page(text).cells


def test_what_is_not_known_is_said(tmp_path):
    model = onnx.parser.parse_model("""<ir_version: 8, opset_import: ["" : 17]>
    g (float[2, 6] x, int64[2] shape, float[3, 3] w) => (float[n, 3] y) {
        a = Reshape (x, shape) y = MatMul (a, w)
    }""")
    text = report(model, tmp_path)
    assert rows(text)["y"][-1] == "?"
    assert "those of 1 call that are not known" in text


def test_products_that_are_not_counted_are_not_called_none(tmp_path):
    model = onnx.parser.parse_model("""<ir_version: 8, opset_import: ["" : 17]>
    g (float[2, 6] x, float[6, 3] w) => (float[2, 3] y) {
        y = Einsum <equation = "ij,jk->ik"> (x, w)
    }""")
    assert rows(report(model, tmp_path))["y"][-1] == "?"


@pytest.mark.parametrize(
    "function, args, kwargs, expected",
    [
        (quantized.qgemm, ("a", 0.1, 3, "b", 0.1, 3), {"trans_a": True}, 4 * 6 * 5),
        (matmul_nbits.matmul_nbits_unpacked, ("b", "a"), {}, 4 * 6 * 5),
        (np.matmul, ("b", "a"), {}, 4 * 6 * 5),
        (np.add, ("a", "b"), {}, 0),
        (len, ("a",), {}, None),
    ],
)
def test_the_cost_of_a_call_stands_in_its_row(function, args, kwargs, expected):
    shapes = {"a": (5, 4), "b": (6, 5), "y": (4, 6)}
    types = {name: TensorType("float32", shape) for name, shape in shapes.items()}
    arguments = tuple(Ref(x) if isinstance(x, str) else x for x in args)
    cost = multiply_adds(Call(function, arguments, kwargs), ["y"], types)
    assert cost == (None if expected is None else Cost(expected))


def chain(length: int, name: str = "node{i}") -> onnx.ModelProto:
    nodes = [
        helper.make_node(
            "Relu", [f"v{i}"], [f"v{i + 1}"], name.format(i=i, block=i // 50)
        )
        for i in range(length)
    ]
    graph = helper.make_graph(
        nodes,
        "chain",
        [helper.make_tensor_value_info("v0", TensorProto.FLOAT, [2])],
        [helper.make_tensor_value_info(f"v{length}", TensorProto.FLOAT, [2])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


@pytest.mark.parametrize("name", ["node{i}", "", "/block.{block}/part.{i}/relu"])
def test_large_graphs_are_collapsed(tmp_path, name):
    text = report(chain(1000, name), tmp_path, level=0)
    boxes = svg(text).findall(f"{SVG}a")
    assert 2 <= len(boxes) <= MOST_BOXES
    assert len(rows(text)) == 1000
    anchors = {attributes.get("id") for _, attributes in Page(text).tags}
    assert {box.get("href", "")[1:] for box in boxes} <= anchors
    if "block" in name:
        titles = [box.find(f"{SVG}text").text for box in boxes]  # type: ignore[union-attr]
        assert titles == [f"block.{i}" for i in range(20)]


def test_boxes_stand_below_what_they_read_and_do_not_overlap(tmp_path):
    picture = svg(report(HOME / "transformer.onnx", tmp_path))
    boxes = [
        tuple(float(rect.get(key, 0)) for key in ("x", "y", "width", "height"))
        for rect in picture.iter(f"{SVG}rect")
    ]
    for i, (x, y, width, height) in enumerate(boxes):
        for x2, y2, width2, height2 in boxes[i + 1 :]:
            apart = x + width <= x2 or x2 + width2 <= x
            assert apart or y + height <= y2 or y2 + height2 <= y
    for path in picture.iter(f"{SVG}path"):
        numbers = list(map(float, re.findall(r"[\d.]+", path.get("d", ""))))
        assert numbers[-1] > numbers[1]


@pytest.mark.parametrize("name", ["loop", "pipeline"])
def test_control_flow_and_other_types(tmp_path, name):
    text = report(HOME / f"{name}.onnx", tmp_path)
    assert svg(text) is not None
    if name == "loop":
        assert "\u00a0\u00a0" in text  # a body stands inside its loop


def test_a_graph_without_nodes(tmp_path):
    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["" : 17]> g (float[2] x) => (float[2] x) {}'
    )
    assert len(svg(report(model, tmp_path)).findall(f"{SVG}rect")) == 2


HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "]]></svg>", "{{ 7 * 7 }}",
    "{% raw %}", "a\n<b>", "\u202eabc", "' onload='x", "&lt;", "\x00", "--><!--", "é😀",
)  # fmt: skip


def hostile_model(texts) -> onnx.ModelProto:
    names = [f"{text}#{i}" for i, text in enumerate(texts)]
    names = [name.replace("\x00", "\x01") for name in names]
    nodes = [
        helper.make_node("Add", [value, "w"], [result], f"/{result}/{result}")
        for value, result in zip(["x", *names], names)
    ]
    graph = helper.make_graph(
        nodes,
        names[0],
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [names[1], 2])],
        [helper.make_tensor_value_info(names[-1], TensorProto.FLOAT, [names[1], 2])],
        [numpy_helper.from_array(np.ones(2, np.float32), "w")],
    )
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], producer_name=names[0]
    )


def test_no_text_of_a_model_is_markup(tmp_path):
    plain = report(hostile_model(["plain"] * len(HOSTILE)), tmp_path)
    text = report(hostile_model(HOSTILE), tmp_path)
    kept = {"id", "href", "class"}

    def skeleton(page: str) -> list[tuple[str, tuple[str, ...]]]:
        return [
            (tag, tuple(k for k in attributes if k in kept))
            for tag, attributes in Page(page).tags
        ]

    assert skeleton(text) == skeleton(plain)
    assert "49" not in svg(text).itertext()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202a-\u202e]", text)


def test_the_same_bytes_every_time(tmp_path):
    code = (
        "import sys; from onnx2py import compile_model;"
        "compile_model(sys.argv[1], sys.argv[2], report=sys.argv[3], force=True)"
    )
    found = []
    for seed in ("0", "1"):
        path = tmp_path / f"r{seed}.html"
        subprocess.run(
            [
                sys.executable,
                "-c",
                code,
                HOME / "transformer.onnx",
                tmp_path / "p",
                path,
            ],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        found.append(path.read_bytes())
    assert found[0] == found[1]


def test_wrong_places_are_said_before_any_work(tmp_path):
    with pytest.raises(OptionError, match=r"report: expected .* \.html, got 'r\.pdf'"):
        compile_model("missing.onnx", tmp_path / "pkg", report="r.pdf")
    with pytest.raises(OutputError, match="expected a folder"):
        compile_model("missing.onnx", tmp_path / "pkg", report=tmp_path / "no/r.html")
    assert not list(tmp_path.iterdir())
