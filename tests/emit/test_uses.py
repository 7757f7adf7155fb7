"""What ``model.py`` imports is what it uses, whatever the text of the model says."""

from __future__ import annotations

import ast
import builtins
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import onnx2py
from onnx2py.emit.literals import array_literal, dtype_literal, literal
from onnx2py.emit.uses import Uses
from onnx2py.errors import InternalError
from onnx2py.ir.types import EXTENSION_DTYPES
from tests.test_seams import CASES as SEAMS

EXAMPLES = Path(__file__).parents[2] / "generated_examples"
COLLECTED = ("typing", "functools", "_calls", "_checks", "_weights")
"""The modules from which ``model.py`` imports what it uses and nothing more."""


def model_file(model: object, tmp_path: Path, level: int) -> str:
    onnx2py.compile_model(model, tmp_path / "pkg", level=level)
    return (tmp_path / "pkg/model.py").read_text("utf-8")


def imported(tree: ast.Module) -> set[str]:
    return {
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module in COLLECTED
        for alias in node.names
    }


def unused(text: str) -> set[str]:
    tree = ast.parse(text)
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return imported(tree) - read


def undefined(text: str) -> set[str]:
    """The names that are read, and that no statement of the module gives a meaning to."""
    nodes = list(ast.walk(ast.parse(text)))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    known = {n.id for n in names if isinstance(n.ctx, ast.Store)}
    known |= {a.arg for a in nodes if isinstance(a, ast.arg)}
    known |= {c.name for c in nodes if isinstance(c, (ast.ClassDef, ast.FunctionDef))}
    for node in nodes:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            known |= {alias.asname or alias.name for alias in node.names}
    read = {n.id for n in names if isinstance(n.ctx, ast.Load)}
    return read - known - {"__file__", *dir(builtins)}


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("name", SEAMS)
def test_imports_are_those_that_the_source_needs(name, level, tmp_path):
    text, _ = SEAMS[name]
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> {text}')
    source = model_file(model, tmp_path, level)
    assert not unused(source) and not undefined(source)


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("name", ["loop", "mnist", "pipeline", "transformer"])
def test_the_examples_import_what_they_need(name, level, tmp_path):
    source = model_file(EXAMPLES / f"{name}.onnx", tmp_path, level)
    assert not unused(source) and not undefined(source)


WORDS = ("ml_dtypes.int4", "load(", "check_input(", "own(", "as_array(", "Annotated")


@pytest.mark.parametrize("word", [*WORDS, "Any"])
def test_names_of_nodes_import_nothing(word, tmp_path):
    """A comment in the source may hold any of these."""
    kind = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])
    node = helper.make_node("Relu", ["x"], ["y"], name=f"see {word}")
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])
    graph = helper.make_graph([node], "g", [kind], [out])
    report = onnx2py.compile_model(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]),
        tmp_path / "pkg",
    )
    source = (tmp_path / "pkg/model.py").read_text("utf-8")
    assert word in source
    assert report.requires == ("numpy",)
    assert not unused(source) and not undefined(source)


@pytest.mark.parametrize("word", WORDS)
def test_strings_of_a_model_import_nothing(word, tmp_path):
    """A short constant is written into the source."""
    constant = numpy_helper.from_array(np.array([word, word], object), "w")
    node = helper.make_node("StringConcat", ["x", "w"], ["y"])
    values = [
        helper.make_tensor_value_info(n, TensorProto.STRING, [2]) for n in ("x", "y")
    ]
    graph = helper.make_graph([node], "g", values[:1], values[1:], [constant])
    report = onnx2py.compile_model(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)]),
        tmp_path / "pkg",
    )
    source = (tmp_path / "pkg/model.py").read_text("utf-8")
    assert f'"{word}"' in source
    assert report.requires == ("numpy",) and not (tmp_path / "pkg/weights").exists()
    assert not unused(source) and not undefined(source)
    assert "load_weight" not in source


@pytest.mark.parametrize("name", EXTENSION_DTYPES)
def test_literals_of_types_that_numpy_lacks_are_noted(name):
    dtype = EXTENSION_DTYPES[name]
    for write in (
        lambda uses: dtype_literal(dtype, uses),
        lambda uses: literal((1, (dtype,)), uses),
        lambda uses: array_literal(np.zeros(2, np.int8).astype(dtype), uses),
    ):
        uses = Uses()
        assert "ml_dtypes." in write(uses)
        assert uses.libraries == {"ml_dtypes"}
    with pytest.raises(InternalError, match="no literal for .* without its library"):
        literal((1, (dtype,)))
