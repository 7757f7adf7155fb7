"""Pieces of the project's own files that the documentation shows (``make readme``)."""

from __future__ import annotations

import ast
import inspect
import textwrap
from pathlib import Path

import onnx

from onnx2py.kernels import activation as kernels
from onnx2py.lowering import activation as rules

EXAMPLES = Path(__file__).parents[1] / "generated_examples"
SHOWN = 3


def before_and_after() -> str:
    """Return the first nodes of the MNIST classifier, and the calls that they become."""
    model = onnx.load(EXAMPLES / "mnist.onnx")
    nodes = [_text(node) for node in model.graph.node[:SHOWN]]
    source = (EXAMPLES / "mnist" / "model.py").read_text(encoding="utf-8")
    calls = _calls(source)
    left = len(calls) - 1 - SHOWN - 2
    after = [*calls[:SHOWN], f"# ... {left} more calls ...", *calls[-3:]]
    return "\n".join(
        [
            "```text",
            *nodes,
            f"... {len(model.graph.node) - SHOWN} more nodes ...",
            "```",
            "",
            "becomes, in `mnist/model.py`,",
            "",
            "```python",
            "\n\n".join(after),
            "```",
            "",
        ]
    )


def _text(node: onnx.NodeProto) -> str:
    """Spell a node: ``conv1 = Conv(image, weight, pads=[2, 2, 2, 2])``."""
    attributes = [
        f"{a.name}={onnx.helper.get_attribute_value(a)}" for a in node.attribute
    ]
    arguments = ", ".join([*node.input, *attributes])
    return f"{', '.join(node.output)} = {node.op_type}({arguments})"


def _calls(source: str) -> list[str]:
    """Return the paragraphs of ``Model.__call__`` after the checks, less its indentation."""
    (model,) = (
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.name == "Model"
    )
    method = next(
        node
        for node in model.body
        if isinstance(node, ast.FunctionDef) and node.name == "__call__"
    )
    lines = source.splitlines()[method.body[0].end_lineno : method.end_lineno]
    paragraphs = textwrap.dedent("\n".join(lines)).strip().split("\n\n")
    return [text for text in paragraphs if text.startswith(("#", "return"))]


def operator() -> str:
    """Return the kernel and the rule of ThresholdedRelu."""
    kernel = inspect.getsource(kernels.thresholded_relu).strip()
    rule = inspect.getsource(rules.thresholded_relu).strip()
    return "\n".join(
        [
            "```python",
            "# onnx2py/kernels/activation.py",
            kernel,
            "",
            "",
            "# onnx2py/lowering/activation.py",
            rule,
            "```",
            "",
        ]
    )
