"""Which function draws graphs of which patterns: ``@draws("attention")``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from ..fuzz.draw import Draw
from .sketch import Sketch

Artist = Callable[[Draw], Sketch]

_ARTISTS: dict[str, Artist] = {}


def draws(name: str) -> Callable[[Artist], Artist]:
    """Register the decorated function, which draws one graph."""

    def register(artist: Artist) -> Artist:
        assert name not in _ARTISTS, f"{name}: two artists"
        _ARTISTS[name] = artist
        return artist

    return register


@lru_cache(maxsize=None)
def artists() -> dict[str, Artist]:
    """Return all, by name."""
    package = importlib.import_module(f"{__package__}.patterns")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return dict(sorted(_ARTISTS.items()))


def draw_graph(name: str, number: int) -> Sketch:
    """Return graph ``number`` of a pattern; the same number is always the same graph."""
    with np.errstate(all="ignore"):
        return artists()[name](Draw(number, *f"graph {name}".encode()))
