"""Layers of windows: convolutions and transposed ones."""

from __future__ import annotations

from dataclasses import replace

from ...ir.program import Argument, Call, Ref, Statement
from .constructors import Literal
from .layer import Fit, Parameter, short
from .sites import Site


def conv(site: Site, statement: Statement, call: Call) -> Fit | None:
    """L1: padding is the same on both sides, or ``"same"`` of steps of 1."""
    x, weight, *bias = call.args
    parameters = site.parameters({"weight": weight, "bias": _bias(site, bias)}, x)
    spatial = _spatial(parameters)
    padding = _padding(call, spatial)
    if not parameters or not spatial or padding is False:
        return None
    out, channels, *kernel = parameters[0].array.shape
    group = _number(call, "group", 1)
    options = _options(call, spatial) | {"padding": padding}
    options["groups"] = group if group != 1 else None
    fit = Fit(
        f"Conv{spatial}d",
        (x,),
        parameters,
        (channels * group, out, short(tuple(kernel))),
        _in_order(options),
    )
    return with_bias(site, statement, fit, out, spatial)


def conv_transpose(site: Site, statement: Statement, call: Call) -> Fit | None:
    """L7: what is cut off is the same on both sides, and less is added than a step."""
    x, weight, *bias = call.args
    parameters = site.parameters({"weight": weight, "bias": _bias(site, bias)}, x)
    spatial = _spatial(parameters)
    padding = _padding(call, spatial)
    if not parameters or not spatial or padding is False or isinstance(padding, str):
        return None
    options = _options(call, spatial) | {"padding": padding}
    added = _numbers(call, "output_padding", spatial, 0)
    steps = (_numbers(call, name, spatial, 1) for name in ("strides", "dilations"))
    if call.kwargs.get("output_shape") is not None:
        return None
    if any(a >= max(s, d) for a, s, d in zip(added, *steps)):
        return None
    channels, out, *kernel = parameters[0].array.shape
    group = _number(call, "group", 1)
    options["output_padding"] = short(added, 0)
    options["groups"] = group if group != 1 else None
    fit = Fit(
        f"ConvTranspose{spatial}d",
        (x,),
        parameters,
        (channels, out * group, short(tuple(kernel))),
        _in_order(options),
    )
    return with_bias(site, statement, fit, out * group, spatial)


def with_bias(
    site: Site, statement: Statement, fit: Fit, channels: int, after: int
) -> Fit:
    """Return a layer that also adds the bias that follows, or says that it has none."""
    if len(fit.parameters) > 1:
        return fit
    weight = fit.parameters[0].value
    found = site.addition(statement, channels, after, weight)
    if found is None:
        return replace(fit, options={**fit.options, "bias": False})
    total, name = found
    array = site.weights[name]
    row = Parameter("bias", name, array.reshape(-1), array.ndim != 1)
    return replace(
        fit,
        parameters=(*fit.parameters, row),
        statements=(total,),
        outputs=total.outputs,
    )


def _bias(site: Site, given: list[Argument]) -> Argument:
    """Return a bias, None if there is none: exporters compute zeros in its place."""
    bias = given[0] if given else None
    is_computed = isinstance(bias, Ref) and bias.name not in site.weights
    return None if is_computed and site.is_zero(bias) else bias


def _spatial(parameters: tuple[Parameter, ...] | None) -> int:
    """Return the number of spatial axes of a weight, 0 if PyTorch has no layer for it."""
    rank = parameters[0].array.ndim - 2 if parameters else 0
    return rank if 1 <= rank <= 3 else 0


def _number(call: Call, name: str, default: int) -> int:
    value = call.kwargs.get(name, default)
    assert isinstance(value, int)
    return value


def _numbers(call: Call, name: str, count: int, default: int) -> tuple[int, ...]:
    value = call.kwargs.get(name) or (default,) * count
    assert isinstance(value, tuple)
    return value


def _padding(call: Call, spatial: int) -> Literal:
    """Return the option, None if nothing is padded, False if PyTorch has none like it."""
    pads = call.kwargs.get("pads")
    if isinstance(pads, str):
        strides = _numbers(call, "strides", spatial, 1)
        is_same = pads == "SAME_UPPER" and all(step == 1 for step in strides)
        return "same" if is_same else False
    pads = _numbers(call, "pads", 2 * spatial, 0)
    begin, end = pads[:spatial], pads[spatial:]
    return short(begin, 0) if begin == end and min(begin, default=0) >= 0 else False


def _options(call: Call, spatial: int) -> dict[str, Literal]:
    return {
        "stride": short(_numbers(call, "strides", spatial, 1), 1),
        "dilation": short(_numbers(call, "dilations", spatial, 1), 1),
    }


_ORDER = ("stride", "padding", "output_padding", "dilation", "groups")


def _in_order(options: dict[str, Literal]) -> dict[str, Literal]:
    return {name: options[name] for name in _ORDER if name in options}
