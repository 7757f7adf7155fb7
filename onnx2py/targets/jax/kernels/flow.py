"""Loops of a function, by JAX's own loops where these can do it, else by Python's.

JAX's loops keep the types of what they carry, and are compiled once. Python's loops take what
depends on data, outside of ``jax.jit``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from ._ints import as_int
from .control_flow import iterations, stack_scan_outputs

_TRACED = (jax.errors.ConcretizationTypeError, jax.errors.TracerArrayConversionError)
"""What JAX raises where Python asks for a number that is traced."""
Body = Callable[..., Any]
"""Returns one result, or a tuple of several."""


def loop(
    body: Body,
    trips: Any,
    going: Any,
    state: Sequence[Any],
    empty: Sequence[Array] = (),
    *,
    ndim: int = 0,
) -> tuple[tuple[Any, ...], tuple[Array, ...]]:
    """Repeat ``body``; return the last state, and the stacked parts of each scan output.

    Parameters
    ----------
    body : takes the iteration, the condition and the state; returns the condition, the state and
        one part of each scan output
    trips : how often, None without a limit
    going : whether the first iteration takes place, None if nothing but ``trips`` ends the loop
    state : what the first iteration is given
    empty : what each scan output is without iterations
    ndim : the number of axes of the iteration

    Raises
    ------
    jax.errors.ConcretizationTypeError
        If the number of iterations is traced, and there are scan outputs or a state of other types
        in each iteration.
    """
    carried = tuple(map(_as_carried, state))
    first = jnp.zeros((1,) * ndim, int)
    is_counted = going is None and trips is not None and not _is_traced(trips)
    if is_counted and as_int(trips) == 0:
        return carried, tuple(empty)
    is_carried = _keeps_types(body, (first, jnp.array(True)), carried)
    if is_counted and is_carried:
        return _counted(body, as_int(trips), carried, ndim)
    try:
        return _in_python(body, trips, going, carried, empty, ndim)
    except _TRACED:
        if empty or not is_carried:
            raise
    return _while(body, trips, going, carried, ndim), ()


def scan(
    body: Body,
    state: Sequence[Any],
    inputs: Sequence[Array],
    empty: Sequence[Array] = (),
    *,
    axes: Sequence[int] = (),
    reverse: Sequence[bool] = (),
) -> tuple[tuple[Any, ...], tuple[Array, ...]]:
    """Call ``body`` for the slices of ``inputs``; return the last state, and the scan outputs.

    Parameters
    ----------
    body : takes the state and a slice of each input; returns the state and one part of each output
    state : what the first call is given
    inputs : arrays that are walked along their first axis
    empty : what each scan output is without slices
    axes : the axis along which each scan output is stacked, 0 by default
    reverse : whether the last part of each scan output comes first, by default not
    """
    carried = tuple(map(_as_carried, state))
    count = len(carried)
    if inputs[0].shape[0] == 0:
        return carried, tuple(empty)
    ways = [
        (axis, backwards)
        for axis, backwards in zip(
            axes or (0,) * len(empty), reverse or (False,) * len(empty)
        )
    ]
    slices = tuple(x[0] for x in inputs)
    if _keeps_types(
        lambda *given: (None, *_results(body(*given))), (), carried, slices
    ):

        def step(carry: Any, parts: Any) -> Any:
            results = _results(body(*carry, *parts))
            return results[:count], results[count:]

        carried, stacked = lax.scan(step, carried, tuple(inputs))
        return carried, tuple(
            jnp.moveaxis(jnp.flip(y, 0) if backwards else y, 0, axis)
            for y, (axis, backwards) in zip(stacked, ways)
        )
    items: list[list[Array]] = [[] for _ in empty]
    for parts in zip(*inputs):
        results = _results(body(*carried, *parts))
        carried = results[:count]
        for each, item in zip(items, results[count:]):
            each.append(item)
    return carried, tuple(
        stack_scan_outputs(each, none, axis=axis, reverse=backwards)
        for each, none, (axis, backwards) in zip(items, empty, ways)
    )


def _counted(
    body: Body, trips: int, state: tuple[Any, ...], ndim: int
) -> tuple[tuple[Any, ...], tuple[Array, ...]]:
    """Repeat a known number of times."""
    count = len(state)

    def step(carry: Any, iteration: Array) -> Any:
        results = _results(body(iteration, jnp.array(True), *carry))
        return results[1 : 1 + count], results[1 + count :]

    numbers = jnp.arange(trips, dtype=int).reshape(-1, *(1,) * ndim)
    state, stacked = lax.scan(step, state, numbers)
    return state, tuple(stacked)


def _while(
    body: Body, trips: Any, going: Any, state: tuple[Any, ...], ndim: int
) -> tuple[Any, ...]:
    """Repeat as long as a traced condition holds."""
    limit = None if trips is None else jnp.asarray(trips).reshape(())

    def goes_on(carry: Any) -> Array:
        iteration, is_going, _ = carry
        return jnp.logical_and(is_going, True if limit is None else iteration < limit)

    def step(carry: Any) -> Any:
        iteration, is_going, inner = carry
        number = iteration.reshape((1,) * ndim)
        told, *results = _results(body(number, is_going, *inner))
        goes = is_going if going is None else jnp.asarray(told).reshape(())
        return iteration + 1, goes, tuple(results)

    start = jnp.array(True) if going is None else jnp.asarray(going).reshape(())
    _, _, last = lax.while_loop(goes_on, step, (jnp.zeros((), int), start, state))
    return tuple(last)


def _in_python(
    body: Body,
    trips: Any,
    going: Any,
    state: tuple[Any, ...],
    empty: Sequence[Array],
    ndim: int,
) -> tuple[tuple[Any, ...], tuple[Array, ...]]:
    """Repeat by a loop of Python's: the condition and the number of iterations are known."""
    count, goes = len(state), jnp.array(True) if going is None else going
    items: list[list[Array]] = [[] for _ in empty]
    for iteration in iterations(trips, ndim=ndim):
        if going is not None and not goes:
            break
        told, *results = _results(body(iteration, goes, *state))
        goes = goes if going is None else told
        state = tuple(results[:count])
        for each, item in zip(items, results[count:]):
            each.append(item)
    return state, tuple(map(stack_scan_outputs, items, empty))


def _results(returned: Any) -> tuple[Any, ...]:
    """Return the results of a body, which returns one as it is."""
    return returned if isinstance(returned, tuple) else (returned,)


def _as_carried(value: Any) -> Any:
    """Return a number as an array; lists and arrays stay."""
    return (
        value
        if value is None or isinstance(value, (list, tuple))
        else jnp.asarray(value)
    )


def _is_traced(value: Any) -> bool:
    """Return whether a condition or a number is known only when compiled code runs."""
    if value is None:
        return False
    try:
        bool(value)
    except jax.errors.ConcretizationTypeError:
        return True
    return False


def _keeps_types(
    body: Body,
    before: tuple[Any, ...],
    state: tuple[Any, ...],
    after: tuple[Any, ...] = (),
) -> bool:
    """Return whether a body can be traced, and returns a state of the same types."""
    config: Any = jax.config
    if config.jax_disable_jit:  # each iteration is to be seen
        return False
    try:
        made = jax.eval_shape(
            lambda b, s, a: _results(body(*b, *before[1:], *s, *a)),
            before[:1], state, after,
        )  # fmt: skip
        given = jax.eval_shape(lambda s: s, state)
    except (TypeError, ValueError, IndexError):  # of JAX: it depends on data
        return False
    kept = made[1 : 1 + len(state)]
    if str(jax.tree.structure(kept)) != str(jax.tree.structure(given)):
        return False
    pairs = zip(jax.tree.leaves(kept), jax.tree.leaves(given))
    return all(a.shape == b.shape and a.dtype == b.dtype for a, b in pairs)
