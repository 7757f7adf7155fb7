"""Boxes in layers, from the inputs down, and the lines between them: coordinates for SVG.

A box is one layer below the lowest box that it reads from. A line that passes layers has a
place in each of them, so that it goes around boxes instead of through them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .groups import Box

WIDTH, HEIGHT = 244, 58
LANE = 18
"""The width of a line's place in a layer that it passes."""
ACROSS, DOWN = 26, 44
MARGIN = 12
SWEEPS = 4


@dataclass
class Place:
    """The position of a box or a line: its center and its upper edge."""

    width: int
    layer: int
    x: float = 0
    y: float = 0


@dataclass(frozen=True)
class Line:
    """A path from one box to another, and the values it carries."""

    path: str
    title: str


@dataclass(frozen=True)
class Drawing:
    """A picture: place 0 is that of the inputs, then the boxes, then that of the outputs."""

    width: int
    height: int
    places: list[Place]
    lines: list[Line]


def draw(found: Sequence[Box], last: Sequence[int]) -> Drawing:
    """Lay out boxes; ``last`` are those that compute outputs (-1 if an input is an output)."""
    edges = [(maker + 1, i + 1) for i, box in enumerate(found) for maker in box.after]
    titles = [title for box in found for title in box.after.values()]
    end = len(found) + 1
    edges += [(index + 1, end) for index in dict.fromkeys(last)]
    titles += [""] * (len(edges) - len(titles))
    layer = [0] * (end + 1)
    for source, target in sorted(edges, key=lambda edge: edge[1]):
        layer[target] = max(layer[target], layer[source] + 1)
    layer[end] = max(layer[:end]) + 1
    places = [Place(WIDTH, number) for number in layer]
    chains = [_chain(places, *edge) for edge in edges]
    _order(places, chains)
    width = max(p.x + p.width / 2 for p in places) + MARGIN
    height = places[end].y + HEIGHT + MARGIN
    lines = [Line(_path(chain), title) for chain, title in zip(chains, titles)]
    return Drawing(round(width), round(height), places[: end + 1], lines)


def _chain(places: list[Place], source: int, target: int) -> list[Place]:
    """Return the places that a line goes through; new ones in the layers between."""
    between = range(places[source].layer + 1, places[target].layer)
    lanes = [Place(LANE, number) for number in between]
    places.extend(lanes)
    return [places[source], *lanes, places[target]]


def _order(places: list[Place], chains: list[list[Place]]) -> None:
    """Give every place its coordinates: near the middle of what it is connected with."""
    layers: list[list[Place]] = [[] for _ in range(1 + max(p.layer for p in places))]
    for place in places:
        layers[place.layer].append(place)
    above: dict[int, list[Place]] = {}
    below: dict[int, list[Place]] = {}
    for chain in chains:
        for upper, lower in zip(chain, chain[1:]):
            above.setdefault(id(lower), []).append(upper)
            below.setdefault(id(upper), []).append(lower)
    widest = max(_breadth(layer) for layer in layers)
    for sweep in range(SWEEPS):
        near = below if sweep % 2 else above
        for layer in reversed(layers) if sweep % 2 else layers:
            middles = {id(p): _middle(near.get(id(p), []), p.x) for p in layer}
            layer.sort(key=lambda p: middles[id(p)])
            _spread(layer, widest)
    for number, layer in enumerate(layers):
        for place in layer:
            place.y = MARGIN + number * (HEIGHT + DOWN)


def _breadth(layer: list[Place]) -> float:
    return sum(p.width + ACROSS for p in layer) - ACROSS


def _middle(near: list[Place], otherwise: float) -> float:
    return sum(p.x for p in near) / len(near) if near else otherwise


def _spread(layer: list[Place], widest: float) -> None:
    """Put the places of a layer side by side, in the middle of the picture."""
    x = MARGIN + (widest - _breadth(layer)) / 2
    for place in layer:
        place.x = x + place.width / 2
        x += place.width + ACROSS


def _path(chain: list[Place]) -> str:
    """Return a smooth path down through the places."""
    x, y = chain[0].x, chain[0].y + HEIGHT
    parts = [f"M{x:.0f} {y:.0f}"]
    for place in chain[1:]:
        bend = (place.y - y) / 2
        parts.append(
            f"C{x:.0f} {y + bend:.0f} {place.x:.0f} {place.y - bend:.0f} "
            f"{place.x:.0f} {place.y:.0f}"
        )
        x, y = place.x, place.y
        if place is not chain[-1]:
            y += HEIGHT
            parts.append(f"V{y:.0f}")
    return "".join(parts)
