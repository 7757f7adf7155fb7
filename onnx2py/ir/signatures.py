"""Calls of kernels, compared with the kernels' signatures."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from .program import Argument, Ref


@lru_cache(maxsize=None)
def kernel_signature(function: Callable[..., Any]) -> inspect.Signature:
    """Return a kernel's signature, computed once: inspect is slow."""
    return inspect.signature(function)


def without_defaults(
    function: Callable[..., Any],
    args: tuple[Argument, ...],
    kwargs: Mapping[str, Argument],
) -> tuple[tuple[Argument, ...], dict[str, Argument]]:
    """Return arguments without those that are equal to the kernel's defaults.

    Raises
    ------
    TypeError
        If the arguments do not match the kernel's signature.
    """
    parameters = kernel_signature(function).parameters
    bound = kernel_signature(function).bind(*args, **kwargs)
    positional = list(bound.args)
    places = [p for p in parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    while (
        positional
        and len(positional) <= len(places)
        and _is_default(places[len(positional) - 1].default, positional[-1])
    ):
        positional.pop()
    keywords = {
        name: value
        for name, value in bound.kwargs.items()
        if name not in parameters or not _is_default(parameters[name].default, value)
    }
    return tuple(positional), keywords


def _is_default(default: Any, value: Any) -> bool:
    if default is inspect.Parameter.empty or isinstance(value, Ref):
        return False
    return type(default) is type(value) and bool(default == value)
