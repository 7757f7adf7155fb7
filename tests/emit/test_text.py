"""No text of a model gets out of where it is put."""

from __future__ import annotations

import ast
import importlib
import io
import tokenize
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

import onnx2py
from onnx2py.emit.text import code_span, comment, docstring, markdown

HOSTILE = [
    '"""', "'''", "\\", '\\"""', "\n", "\r\n", "\u2028", "\x0b\x0c\x1c\x85", "\0", "{{ 7*7 }}",
    "{% raw %}", "# fmt: off", "fmt: off", "type: ignore", "noqa: E501", "\u202e\u2066",
    "import os",
    "x = 1\nimport os", "__class__", "self", "np", "../../etc/passwd", "a" * 10_000, "%s {0}",
    "'); __import__('os').system('true') #", "<script>", "| a | b |", "`", "\ud800", "ñ漢字", "",
]  # fmt: skip


@given(st.text() | st.sampled_from(HOSTILE))
def test_a_comment_is_one_comment(text):
    source = f"# {comment(text)}\nx = 1\n"
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    assert [t.type for t in tokens[:2]] == [tokenize.COMMENT, tokenize.NL]
    assert ast.dump(ast.parse(source)) == ast.dump(ast.parse("x = 1"))


@given(st.text() | st.sampled_from(HOSTILE))
def test_a_docstring_is_one_docstring(text):
    tree = ast.parse(f'"""About {docstring(text)}."""\nx = 1\n')
    assert [type(node) for node in tree.body] == [ast.Expr, ast.Assign]


@given(st.text() | st.sampled_from(HOSTILE))
def test_markdown_stays_on_its_line(text):
    for found in (markdown(text), code_span(text)):
        assert len(found.splitlines()) <= 1
    assert "|" not in code_span(text) and code_span(text).count("`") == 2


def hostile_model(texts: list[str]) -> onnx.ModelProto:
    """Build a model in which every string that it can carry is one of ``texts``."""
    count = iter(range(10**6))

    def text(plain: str) -> str:
        return texts[next(count) % len(texts)] if texts else plain

    def name(plain: str) -> str:
        """A value's name has to be unique and not empty."""
        return f"{text('').replace(chr(0xD800), '')}{plain}"

    x, w, h, y, z, p, q = (name(n) for n in "xwhyzpq")
    branch = [
        helper.make_graph(
            [helper.make_node(op, [h], [out], name=text("n"))], text("branch") or "g", [],
            [onnx.ValueInfoProto(name=out)],
        )
        for op, out in (("Relu", p), ("Abs", q))
    ]  # fmt: skip
    nodes = [
        helper.make_node("Mul", [x, w], [h], name=text("mul"), doc_string=text("d")),
        helper.make_node(
            "If",
            ["c"],
            [y],
            name=text("if"),
            then_branch=branch[0],
            else_branch=branch[1],
        ),
        helper.make_node("Shape", [x], [z], name=text("shape")),
    ]
    values = [
        helper.make_tensor_value_info(
            x, TensorProto.FLOAT, [text("n") or "n", 3], text("d")
        ),
        helper.make_tensor_value_info("c", TensorProto.BOOL, []),
    ]
    results = [onnx.ValueInfoProto(name=y), onnx.ValueInfoProto(name=z)]
    weight = numpy_helper.from_array(
        np.arange(60, dtype=np.float32).reshape(20, 3)[:, :][:1].repeat(1, 0)
        + np.zeros((1, 3), np.float32),
        w,
    )
    graph = helper.make_graph(
        nodes, text("graph") or "g", values, results, [weight], text("doc")
    )
    model = helper.make_model(
        graph, producer_name=text("p"), producer_version=text("v"), doc_string=text("d"),
        opset_imports=[helper.make_opsetid("", 17)], ir_version=8,
    )  # fmt: skip
    model.metadata_props.add(key=text("k"), value=text("v"))
    return model


class _Anonymous(ast.NodeTransformer):
    """Replace names, and text that comes from the model, by one token each."""

    def visit_Name(self, node):
        return ast.Name("name", node.ctx)

    def visit_arg(self, node):
        return ast.arg("name", self.visit(node.annotation) if node.annotation else None)

    def visit_Attribute(self, node):
        return ast.Attribute(self.visit(node.value), "name", node.ctx)

    def visit_Constant(self, node):
        return ast.Constant("text" if isinstance(node.value, str) else node.value)

    def visit_Assign(self, node):
        """A choice that is too long for one line is ``if`` and ``else``."""
        choice = node.value
        if not isinstance(choice, ast.IfExp):
            return self.generic_visit(node)
        parts = (ast.Assign(node.targets, e) for e in (choice.body, choice.orelse))
        return self.visit(ast.If(choice.test, *([part] for part in parts)))

    def visit_FunctionDef(self, node):
        node.name = "name"
        return self.generic_visit(node)


def shapes_of_syntax(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): ast.dump(
            _Anonymous().visit(ast.parse(path.read_text(encoding="utf-8")))
        )
        for path in sorted(folder.rglob("*.py"))
    }


@pytest.mark.parametrize(
    "hostile", [t for t in HOSTILE if "\ud800" not in t], ids=lambda t: ascii(t[:12])
)
def test_a_hostile_model_gives_the_same_syntax_as_a_harmless_one(
    tmp_path, hostile, monkeypatch
):
    for name, texts in (("harmless", ["t"]), ("hostile", [hostile])):
        onnx2py.compile_model(hostile_model(texts), tmp_path / name)
    assert shapes_of_syntax(tmp_path / "harmless") == shapes_of_syntax(
        tmp_path / "hostile"
    )
    assert {p.name for p in tmp_path.iterdir()} == {"harmless", "hostile"}
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    importlib.import_module("hostile")
    for module in (
        "hostile.model",
        "hostile._checks",
        "hostile.tools.session",
        "hostile",
        "hostile.ops",
    ):
        importlib.sys.modules.pop(module, None)
