"""Graph -> Program: each node by its rule, all problems collected before any is reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ..errors import Problem, UnsupportedError
from ..ir.graph import Graph, Node
from ..ir.program import Body, Invoke, Program, Ref, Statement, references
from ..ir.types import ValueType
from .context import NodeContext
from .registry import Rules
from .registry import rules as all_rules

STANDARD = Rules()


def lower(graph: Graph, rules: Rules = STANDARD) -> Program:
    """Lower a graph by onnx2py's rules, or others.

    Raises
    ------
    UnsupportedError
        With every node and attribute that has no rule.
    """
    state = _Lowering(graph.types, rules)
    statements = state.statements(graph)
    if state.problems:
        raise UnsupportedError(state.problems)
    return Program(
        name=graph.name,
        inputs=graph.inputs,
        outputs=graph.outputs,
        statements=statements,
        weights=state.weights,
        defaults=graph.defaults,
        types=graph.types,
        output_names=graph.output_names,
        folded=graph.folded,
        promised=graph.promised,
        narrow=graph.narrow,
        dropped=graph.dropped,
        buffers=graph.buffers,
    )


@dataclass
class _Lowering:
    types: Mapping[str, ValueType]
    rules: Rules
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    weights: dict[str, np.ndarray] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    branches: int = 0
    """How many branches are around what is being lowered."""

    def statements(self, graph: Graph) -> tuple[Statement, ...]:
        self.constants.update(graph.constants)
        self.weights.update(graph.constants)
        found = (self.statement(node) for node in graph.nodes)
        return tuple(statement for statement in found if statement)

    def statement(self, node: Node) -> Statement | None:
        """Lower one node; None, and a noted problem, where that cannot be done."""
        context = NodeContext(node, self.types, self.constants, self.body)
        context.conditional = self.branches > 0
        try:
            statement = lower_node(context, self.rules)
        except UnsupportedError as error:
            self.problems.extend(error.problems)
            return None
        self.weights.update(context.weights)
        return statement

    def body(self, graph: Graph, role: str) -> Body:
        in_branch = role.endswith("_branch")
        self.branches += in_branch
        statements = self.statements(graph)
        self.branches -= in_branch
        return Body(
            name=role.removesuffix("_branch"),
            inputs=graph.inputs,
            captures=tuple(c for c in graph.captures() if c not in self.constants),
            outputs=graph.outputs,
            statements=statements,
            promised=graph.promised,
        )


def lower_node(context: NodeContext, rules: Rules = STANDARD) -> Statement:
    """Lower one node by the rule for its version.

    Raises
    ------
    UnsupportedError
        If there is no rule, or the rule does not cover an attribute.
    """
    node = context.node
    rule = (
        call_function
        if node.calls_function
        else rules.find(node.domain, node.operator, node.version)
    )
    if rule is None:
        raise context.unsupported(*_no_rule(node, rules))
    try:
        with np.errstate(all="ignore"):  # of constants, as ONNX computes
            operation = rule(context)
    except WRONG as error:
        # What rules rely on is what valid models keep to: ranks, lengths, places of lists.
        raise context.unsupported(
            f"its inputs or attributes do not fit together: {_first_line(error)}",
            "the model is not valid ONNX; if onnx.checker finds nothing wrong, please report it",
        ) from error
    unread = context.unread()
    if unread:
        raise context.unsupported(
            f"attribute {', '.join(map(str, unread))}: there is no rule for it",
            "remove it if it does not matter, or export the model at another opset",
        )
    read = set(references(operation))
    literals = tuple(name for name in node.inputs if name and name not in read)
    return Statement(
        operation,
        node.outputs,
        (node.label, *node.also),
        literals,
        scopes=node.scopes,
    )


WRONG = (ValueError, IndexError, KeyError, TypeError, ArithmeticError, AttributeError)
"""What Python raises where numbers do not fit together."""


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]


def call_function(node: NodeContext) -> Invoke:
    """A function of the model: a function in Python."""
    body = replace(node.body("body"), name=node.node.operator)
    return Invoke(tuple(map(Ref, node.node.inputs)), body)


_EXTENSIONS = (
    "the operator is one of onnxruntime-extensions, which handles text and media",
    "cut it off with --inputs or --outputs and do its work in Python, "
    "or give it a function with --ops",
)
FOREIGN: dict[str, tuple[str, str]] = {
    "com.microsoft.nchwc": (
        "onnxruntime saved the model at optimization level ALL, for one kind of processor",
        "compile the original model, or save it at level ORT_ENABLE_EXTENDED",
    ),
    "com.microsoft.extensions": _EXTENSIONS,
    "ai.onnx.contrib": _EXTENSIONS,
    "com.microsoft.experimental": (
        "the operator is an experiment of onnxruntime, without a definition to rely on",
        "give it a function with --ops, or export the model without it",
    ),
    "com.nvidia": (
        "the operator is one of TensorRT",
        "export the model without a target of TensorRT, or give it a function with --ops",
    ),
    "org.openvinotoolkit": (
        "the operator is one of OpenVINO",
        "export the model for ONNX alone, or give it a function with --ops",
    ),
    "mmdeploy": (
        "the operator is one of MMDeploy's own",
        "export the model for onnxruntime without custom operators, "
        "or give it a function with --ops",
    ),
}
"""Domains of others, and what to do about their operators."""


def _no_rule(node: Node, rules: Rules) -> tuple[str, str]:
    key = (node.domain, node.operator)
    since = all_rules().get(key) or sorted(rules.custom.get(key, ()))
    if since:
        return (
            f"there is no rule before opset {since[0]}",
            "export the model at a newer opset",
        )
    if node.domain:
        return FOREIGN.get(
            node.domain,
            (
                "the operator is not ONNX's own",
                "give it a function with --ops, or export the model without it",
            ),
        )
    return "there is no such rule", "export the model at another opset"
