"""What a call returns belongs to the caller: results are overwritten, and the call made again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np

from onnx2py.testing.judge import copied, same

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
