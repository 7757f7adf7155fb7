"""Layers of normalization."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...ir.program import Argument, Call, Ref, Statement
from ...kernels.normalization_batch import batch_normalization as of_batches
from .constructors import Literal
from .layer import Fit, Parameter, short
from .layers_linear import flat
from .paths import scope_path, weight_path
from .sites import Site
from .state import is_computed

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
    bias = None if _is_made_up(site, bias) else bias
    found = site.parameters({"weight": scale, "bias": bias}, x)
    if not found or found[0].key != "weight" or not _is_whole(site, call, found):
        return None
    options = _options(call) | {"bias": None if bias is not None else False}
    return Fit("LayerNorm", (x,), found, (_lengths(found[0].array.shape),), options)


def _is_made_up(site: Site, bias: Argument) -> bool:
    """Whether a bias is zeros that an exporter has in place of none."""
    return isinstance(bias, Ref) and is_computed(bias.name) and site.is_zero(bias)


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
    fit = Fit("GroupNorm", (x,), rows, size, _options(call))
    return _with_scale(site, statement, fit, len(shape) - 2)


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
    fit = Fit(f"InstanceNorm{len(shape) - 2}d", (x,), found, size, options)
    return _with_scale(site, statement, fit, len(shape) - 2)


def _with_scale(site: Site, statement: Statement, fit: Fit, after: int) -> Fit:
    """Return a layer by ones and zeros with the scale and the bias that follow, or with none.

    Exporters write group normalization so.
    """
    weight, bias = fit.parameters
    is_plain = (weight.array == 1).all() and not bias.array.any()
    if not is_plain or any("." in weight_path(p.value) for p in fit.parameters):
        return fit
    channels = weight.array.size
    scaled = site.following(statement, np.multiply, channels, after)
    total = site.following(scaled[0], np.add, channels, after) if scaled else None
    if not scaled or not total or not _in_one_module(statement, scaled[0], total[0]):
        options = {k: v for k, v in fit.options.items() if k != "affine"}
        if fit.name == "GroupNorm":
            if not site.is_scaled(statement):
                return fit  # by fresh ones and zeros of its own
            options["affine"] = False
        return replace(fit, parameters=(), options=options)
    values = {"weight": scaled[1], "bias": total[1]}
    parameters = (Parameter(k, v, site.weights[v]) for k, v in values.items())
    return _as_group(
        replace(
            fit,
            parameters=tuple(map(flat, parameters)),
            statements=(scaled[0], total[0]),
            outputs=total[0].outputs,
        )
    )


def _as_group(fit: Fit) -> Fit:
    """Return group normalization for instance normalization that is scaled afterwards."""
    if fit.name == "GroupNorm":
        return fit
    options = {k: v for k, v in fit.options.items() if k != "affine"}
    channels = fit.arguments[0]
    arguments = (channels, channels)
    return replace(fit, name="GroupNorm", arguments=arguments, options=options)


def _in_one_module(*statements: Statement) -> bool:
    return len({scope_path(statement.scopes) for statement in statements}) == 1


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
