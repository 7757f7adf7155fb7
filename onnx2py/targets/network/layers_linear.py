"""Linear layers and embeddings."""

from __future__ import annotations

from dataclasses import replace

from ...ir.program import Call, Ref, Statement
from .layer import FUNCTIONS, Fit, Parameter
from .layers_conv import with_bias
from .paths import stem, weight_path
from .sites import Site

IN = "in_proj_"
"""What ``nn.MultiheadAttention`` has before the names of parameters of several projections."""


def matmul(site: Site, statement: Statement, call: Call) -> Fit | None:
    """L2: a product by one matrix, and the bias that is added to it."""
    x, matrix = call.args
    weight = site.parameters({"weight": matrix}, x)
    if not weight or call.kwargs or weight[0].array.ndim != 2:
        return None
    if not site.shape(x) or is_as_multiplied(weight[0].value):
        return None
    return _linear(site, statement, call, _turned(weight[0]))


def gemm(site: Site, statement: Statement, call: Call) -> Fit | None:
    """L2: Gemm likewise, whose bias is a row."""
    x, matrix, *bias = call.args
    found = site.parameters({"weight": matrix, "bias": bias[0] if bias else None}, x)
    if not found or set(call.kwargs) - {"trans_b"} or found[0].array.ndim != 2:
        return None
    is_turned = bool(call.kwargs.get("trans_b"))
    if not is_turned and is_as_multiplied(found[0].value):
        return None
    weight = found[0] if is_turned else _turned(found[0])
    rows = found[1:]
    shapes = [(len(weight.array),), (1, len(weight.array))]
    if any(row.array.shape not in shapes for row in rows):
        return None
    return _linear(site, statement, call, weight, *map(flat, rows))


def is_as_multiplied(value: str) -> bool:
    """Whether the exported model has a matrix of that name in the layout of the product.

    ``nn.Linear`` has it the other way round, so this is of another class: it stays a product.
    """
    return weight_path(value).rpartition(".")[2] == "weight"


def flat(parameter: Parameter) -> Parameter:
    """Return a parameter with one axis."""
    is_moved = parameter.is_moved or parameter.array.ndim != 1
    return replace(parameter, array=parameter.array.reshape(-1), is_moved=is_moved)


def embedding(site: Site, statement: Statement, call: Call) -> Fit | None:
    """L5: rows of the ``weight`` of a module; of others, numbers below 0 may read the last."""
    table, indices = call.args[:2]
    name = statement.outputs[0]
    weight = site.parameters({"weight": table}, Ref(name))
    kind = site.type(indices)
    if not weight or weight[0].array.ndim != 2 or not stem(weight[0].value, "weight"):
        return None
    if call.kwargs.get("axis", 0) != 0 or kind is None:
        return None
    if kind.dtype not in ("int32", "int64"):
        return None
    return Fit("Embedding", (indices,), weight, weight[0].array.shape)


def _turned(weight: Parameter) -> Parameter:
    return replace(weight, array=weight.array.T, is_moved=True)


def _linear(
    site: Site, statement: Statement, call: Call, weight: Parameter, *bias: Parameter
) -> Fit:
    out, size = weight.array.shape
    fit = Fit("Linear", call.args[:1], (weight, *bias), (size, out))
    fit = with_bias(site, statement, fit, out, 0)
    return _of_attention(site, fit)


def _of_attention(site: Site, fit: Fit) -> Fit:
    """Return a function for what is called as one of attention's projections."""
    bias = fit.parameters[1:]
    is_named = bool(bias and stem(bias[0].value, f"{IN}bias"))
    is_own = is_named and site.facts.sharers[bias[0].value] == 1
    return projection(fit) if is_own else fit


def projection(fit: Fit) -> Fit:
    """Return the function of a linear layer whose parameters attention has with others."""
    named = tuple(replace(p, key=f"{IN}{p.key}") for p in fit.parameters)
    return replace(
        fit,
        name="linear",
        module=FUNCTIONS,
        parameters=named,
        arguments=(),
        options={},
    )
