"""Recurrent layers of one module, one after the other: PyTorch's layer of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...ir.program import Ref
from .constructors import Literal
from .layer import Fit
from .modules import Found
from .paths import scope_path

_RECURRENT = ("LSTM", "GRU", "RNN")


def stacked(found: Sequence[Found]) -> list[Found]:
    """Join recurrent layers that read nothing but the one before (rule L6)."""
    kept: list[Found] = []
    for each in found:
        before = next((k for k in kept if _follows(k, each)), None)
        if before is None:
            kept.append(each)
        else:
            kept = [each_ for each_ in kept if each_ is not before]
            kept.append(_joined(before, each))
    return kept


def _follows(first: Found, second: Found) -> bool:
    """Whether a layer is the next one of the same module, and states are neither given nor read."""
    one, other = first.fit, second.fit
    if one.name not in _RECURRENT or one.name != other.name:
        return False
    places = [scope_path(found.statement.scopes) for found in (first, second)]
    if not places[0] or places[0] != places[1]:
        return False
    if len(one.inputs) > 1 or other.inputs != (Ref(one.outputs[0]),) or one.after:
        return False
    if first.site.uses[one.outputs[0]] != 1 or any(one.outputs[1:]):
        return False
    names = ("bias", "bidirectional", "nonlinearity")
    same = all(one.options.get(name) == other.options.get(name) for name in names)
    return (
        same and one.arguments[1] == other.arguments[1] and not any(other.outputs[1:])
    )


def _joined(first: Found, second: Found) -> Found:
    one, other = first.fit, second.fit
    layers = one.options.get("num_layers") or 1
    assert isinstance(layers, int)
    named = tuple(
        replace(p, key=p.key.replace("_l0", f"_l{layers}")) for p in other.parameters
    )
    statements = (*one.statements, first.statement, *other.statements)
    fit: Fit = replace(
        other,
        inputs=one.inputs,
        arguments=one.arguments,
        parameters=(*one.parameters, *named),
        options={"num_layers": layers + 1, **_without_layers(one)},
        statements=statements,
    )
    return replace(second, fit=fit)


def _without_layers(fit: Fit) -> dict[str, Literal]:
    return {k: v for k, v in fit.options.items() if k != "num_layers"}
