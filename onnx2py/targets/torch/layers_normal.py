"""Layers of normalization."""

from __future__ import annotations

from ...ir.program import Call, Statement
from ...kernels.normalization_batch import batch_normalization as of_batches
from .layer import Fit, Literal, Parameter, short
from .layers_linear import flat
from .sites import Site

EPSILON = 1e-5
"""What layers and kernels have by default."""


def batch_norm(site: Site, statement: Statement, call: Call) -> Fit | None:
    """L3: batch normalization by the statistics that it was given, one for each channel."""
    assert call.function is of_batches
    x, scale, bias, mean, variance = call.args
    named = {
        "weight": scale,
        "bias": bias,
        "running_mean": mean,
        "running_var": variance,
    }
    found, shape = site.parameters(named, x), site.shape(x)
    if not found or shape is None or not 2 <= len(shape) <= 5:
        return None
    if set(call.kwargs) - {"epsilon"} or {p.array.ndim for p in found} != {1}:
        return None
    axes = max(1, len(shape) - 2)
    size = (len(found[0].array),)
    return Fit(f"BatchNorm{axes}d", (x,), found, size, _options(call))


def layer_norm(site: Site, statement: Statement, call: Call) -> Fit | None:
    """L4: layer normalization, scaled by all of what it is of."""
    x, *rest = call.args
    scale, bias = (*rest, None, None)[:2]
    found = site.parameters({"weight": scale, "bias": bias}, x)
    if not found or found[0].key != "weight" or not _is_whole(site, call, found):
        return None
    options = _options(call) | {"bias": None if bias is not None else False}
    return Fit("LayerNorm", (x,), found, (_lengths(found[0].array.shape),), options)


def rms_norm(site: Site, statement: Statement, call: Call) -> Fit | None:
    """L4: RMS normalization likewise."""
    x, *scale = call.args
    found = site.parameters({"weight": scale[0] if scale else None}, x)
    if not found or not _is_whole(site, call, found):
        return None
    options = {"eps": _epsilon(call)}
    return Fit("RMSNorm", (x,), found, (_lengths(found[0].array.shape),), options)


def group_norm(site: Site, statement: Statement, call: Call) -> Fit | None:
    """L4: group normalization, scaled by channel."""
    x, scale, bias = call.args
    found, shape = site.parameters({"weight": scale, "bias": bias}, x), site.shape(x)
    if not found or shape is None or len(shape) < 2:
        return None
    groups = call.kwargs["num_groups"]
    if not isinstance(groups, int) or any(p.array.size != shape[1] for p in found):
        return None
    rows = tuple(map(flat, found))
    size = (groups, rows[0].array.size)
    return Fit("GroupNorm", (x,), rows, size, _options(call))


def instance_norm(site: Site, statement: Statement, call: Call) -> Fit | None:
    """L4: instance normalization of more than one element."""
    x, scale, bias = call.args
    found, shape = site.parameters({"weight": scale, "bias": bias}, x), site.shape(x)
    if not found or shape is None or not 3 <= len(shape) <= 5:
        return None
    size = found[0].array.shape
    if shape[1] != size[0] or any(p.array.shape != size for p in found):
        return None
    if not any(isinstance(length, int) and length > 1 for length in shape[2:]):
        return None  # nn.InstanceNorm raises an error where there is nothing to average
    options = _options(call) | {"affine": True}
    return Fit(f"InstanceNorm{len(shape) - 2}d", (x,), found, size, options)


def _is_whole(site: Site, call: Call, found: tuple[Parameter, ...]) -> bool:
    """Whether each element that is normalized has its own scale, and its own bias."""
    shape, axis = site.shape(call.args[0]), call.kwargs.get("axis", -1)
    if set(call.kwargs) - {"axis", "epsilon"} or not isinstance(axis, int):
        return False
    if shape is None or not -len(shape) <= axis < len(shape):
        return False
    return all(p.array.shape == shape[axis:] for p in found)


def _epsilon(call: Call) -> float:
    value = call.kwargs.get("epsilon", EPSILON)
    assert isinstance(value, float)
    return value


def _options(call: Call) -> dict[str, Literal]:
    epsilon = _epsilon(call)
    return {"eps": None if epsilon == EPSILON else epsilon}


def _lengths(shape: tuple[int, ...]) -> Literal:
    return short(shape) if len(shape) == 1 else shape
