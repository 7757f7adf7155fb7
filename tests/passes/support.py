"""Passes are tested in text: ONNX's own syntax in, the compiler's out."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import onnx.parser

from onnx2py.decode import decode
from onnx2py.ir.check import check
from onnx2py.ir.graph import Graph
from onnx2py.ir.text import print_graph
from onnx2py.load import load
from onnx2py.passes.constants import collect_constants


def graph_of(text: str, *, opset: int = 17, ir_version: int = 8) -> Graph:
    """Decode a graph from ONNX's textual syntax; Constant nodes become constants."""
    header = f'<ir_version: {ir_version}, opset_import: ["" : {opset}]>'
    return collect_constants(
        decode(load(onnx.parser.parse_model(f"{header} {text}"))).graph
    )


def after(rewrite: Callable[[Graph], Graph], text: str, **options: int) -> str:
    """Return the text of a graph after a pass."""
    graph = rewrite(graph_of(text, **options))
    check(graph, rewrite.__name__)
    return print_graph(graph)


def block(text: str) -> str:
    """Take the indentation off an expected text."""
    return textwrap.dedent(text).strip("\n")
