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
            "\n".join(after),
            "```",
            "",
        ]
    )


def loop_over_layers() -> str:
    """Return how the GPT calls its layers."""
    source = (EXAMPLES / "gpt" / "model.py").read_text(encoding="utf-8")
    call = _method(source, "Model", "__call__")
    first = next(i for i, step in enumerate(call.body) if isinstance(step, ast.For))
    lines = source.splitlines()
    start, end = call.body[first].lineno - 1, call.body[first].end_lineno
    shown = textwrap.dedent("\n".join(lines[start:end])).strip()
    return f"```python\n{shown}\n```\n"


def as_pytorch() -> str:
    """Return nodes of the GPT, and the layers and the calls that they become."""
    nodes = onnx.load(EXAMPLES / "gpt.onnx").graph.node
    scopes = ("/layers.0/mlp/up/", "/layers.0/mlp/act/")
    inside = [node for node in nodes if node.name.startswith(scopes)]
    source = (EXAMPLES / "gpt_torch" / "model.py").read_text(encoding="utf-8")
    made = _lines(source, _method(source, "Layer", "__init__"), "self.mlp =")
    called = _lines(
        source, _method(source, "Layer", "forward"), "self.mlp.up", "F.gelu"
    )
    short = (_text(node).replace("_output_0", "").replace("b'", "'") for node in inside)
    text = ["```text", *short, "```", "", "```python", *made, "", *called, "```", ""]
    return "\n".join(text)


def _lines(source: str, method: ast.FunctionDef, *read: str) -> list[str]:
    """Return the lines of the steps of a method that have one of some texts."""
    lines = source.splitlines()
    steps = (lines[s.lineno - 1 : s.end_lineno] for s in method.body)
    texts = (textwrap.dedent("\n".join(step)) for step in steps)
    return [text for text in texts if any(each in text for each in read)]


def _text(node: onnx.NodeProto) -> str:
    """Spell a node: ``conv1 = Conv(image, weight, pads=[2, 2, 2, 2])``."""
    attributes = [
        f"{a.name}={onnx.helper.get_attribute_value(a)}" for a in node.attribute
    ]
    arguments = ", ".join([*node.input, *attributes])
    return f"{', '.join(node.output)} = {node.op_type}({arguments})"


def _calls(source: str) -> list[str]:
    """Return the calls of ``Model.__call__`` after the checks, and what it returns."""
    method, lines = _method(source, "Model", "__call__"), source.splitlines()
    calls = []
    start = method.body[0].end_lineno or 0
    for step in method.body[1:]:
        end = step.end_lineno or step.lineno
        text = textwrap.dedent("\n".join(lines[start:end])).strip()
        is_check = "check_input(" in text or text.startswith("dims: ")
        if not is_check and not isinstance(step, ast.Delete):
            calls.append(text)
        start = end
    return calls


def _method(source: str, owner: str, name: str) -> ast.FunctionDef:
    """Return a method of a class in a module."""
    (method,) = (
        step
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.name == owner
        for step in node.body
        if isinstance(step, ast.FunctionDef) and step.name == name
    )
    return method


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
