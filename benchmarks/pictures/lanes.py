"""Where the values of a graph run: each in a lane of its own while it is alive."""

from __future__ import annotations

from dataclasses import dataclass, field

from .calls import Row

Point = tuple[int, int]
"""A lane and a row."""


@dataclass(frozen=True)
class Edge:
    """A value on its way to a call that reads it."""

    points: tuple[Point, ...]
    color: int


@dataclass
class Place:
    """A row's circles, the edges that end there, and the last lane in use."""

    lanes: list[int]
    edges: list[Edge] = field(default_factory=list)
    width: int = 0


@dataclass(frozen=True)
class _Value:
    """Where a value is computed, and the lane in which it waits."""

    origin: Point
    lane: int


def place_rows(rows: list[Row]) -> list[Place]:
    """Give each call a lane, and each value that is read later."""
    last = {name: i for i, row in enumerate(rows) for name in row.reads}
    values: dict[str, _Value] = {}
    places: list[Place] = []
    for i, row in enumerate(rows):
        if not row.operators:
            places.append(Place([]))
            continue
        ends = [name for name in row.reads if last[name] == i]
        alive = {v.lane for name, v in values.items() if last.get(name, -1) >= i}
        rest = {v.lane for name, v in values.items() if last.get(name, -1) > i}
        lane = values[ends[0]].lane if ends else _free(alive)
        edges = [_edge(values[name], (lane, i)) for name in row.reads]
        writes = [name for name in row.writes if last.get(name, -1) > i]
        place = Place([lane], edges, max({lane, *alive}))
        for number, name in enumerate(writes):
            own = lane if number == 0 else _free({lane, *rest})
            origin = (lane, i) if row.reads else (own, i)
            values[name] = _Value(origin, own)
            rest.add(own)
        if not row.reads:
            place.lanes = [values[name].lane for name in writes] or [lane]
        place.width = max({place.width, *rest})
        places.append(place)
    return places


def _free(taken: set[int]) -> int:
    return next(lane for lane in range(len(taken) + 1) if lane not in taken)


def _edge(value: _Value, end: Point) -> Edge:
    """Go down in the value's lane until the row above the end."""
    points = [value.origin]
    first, final = value.origin[1] + 1, end[1] - 1
    if first <= final:
        if value.lane != value.origin[0]:
            points.append((value.lane, first))
        if final > points[-1][1]:
            points.append((value.lane, final))
    return Edge((*points, end), value.lane)
