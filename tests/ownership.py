"""What a call returns belongs to the caller: results are overwritten, and the call made again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np

_DEFAULT_RNG = np.random.default_rng


def check_ownership(call: Callable[[Any], Any], inputs: Any) -> None:
    """Overwrite all that a call took and returned: the next one must return the same.

    What draws random numbers draws the same ones each time.
    """
    with (
        mock.patch.object(np.random, "default_rng", _seeded),
        mock.patch.object(np.random, "RandomState", _SeededState),
    ):
        first = copied(call(copied(inputs)))
        given = copied(inputs)
        result = call(given)
        overwrite(given)
        assert same(result, first), "an output shares memory with an input"
        for output, copy in zip(_items(result), _items(first)):
            assert same(output, copy), "two outputs share memory"
            overwrite(output)
        again = call(copied(inputs))
        assert same(again, first), "an output shares memory with a weight"


def _seeded(seed: Any = None) -> np.random.Generator:
    return _DEFAULT_RNG(0 if seed is None else seed)


class _SeededState(np.random.RandomState):
    """A class, since NumPy asks for instances of what has the name."""

    def __init__(self, seed: Any = None) -> None:
        super().__init__(0 if seed is None else seed)


def _items(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (list, tuple)) else [result]


def copied(value: Any) -> Any:
    """Return a copy of arrays in lists, tuples and dictionaries, each in the same layout."""
    if isinstance(value, np.ndarray):
        return value.copy("K")
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = [copied(item) for item in value]
        return items if isinstance(value, list) else tuple(items)
    return value


def overwrite(value: Any) -> None:
    """Write something else into all arrays; empty lists and dictionaries."""
    if isinstance(value, np.ndarray):
        bits = value.dtype.kind
        value[...] = "overwritten" if bits in "OUS" else ~value if bits == "b" else 77
    elif isinstance(value, dict):
        for item in value.values():
            overwrite(item)
        value.clear()
    elif isinstance(value, (list, tuple)):
        for item in value:
            overwrite(item)
        if isinstance(value, list):
            value.clear()


def same(one: Any, other: Any) -> bool:
    """Whether two results have the same bytes, or the same Python values."""
    if isinstance(one, np.ndarray):
        if one.dtype.kind in "OUS":
            return one.shape == other.shape and one.tolist() == other.tolist()
        return one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(
            same(v, other[k]) for k, v in one.items()
        )
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other or one != one)
