"""Names for classes that would have the same one: what differs is added to it.

D1  The modules around them -> EncoderLayer, DecoderLayer.
D2  A module that only some have inside -> Bottleneck, DownsampleBottleneck.
D3  What they compute: an addition at the end, how often they do it -> ResidualConv, DoubleConv.
D4  Anything else that only some compute, or compute more often -> ConvReluPool, ConvLayer.
D5  Numbers, if all that is the same.
D6  A name that says only that it is a part has the module around it: EncoderLayer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from .names import Names, camel, singular

TIMES = {2: "Double", 3: "Triple", 4: "Quadruple"}
PARTS = frozenset({"Block", "Cell", "Layer", "Module", "Part", "Stage", "Unit"})
"""Names of classes that say no more than that it is a part of something."""
WHOLES = frozenset({"Base", "Feature", "Model", "Net", "Network"})
"""Names of modules that say no more than that others are inside."""
MOST_AROUND = 3
"""Modules around a class that are tried."""
LONGEST_NAME = 32
"""Of a name that has been added to."""


@dataclass(frozen=True)
class Wish:
    """What the class of a block may be called, and what tells it from others."""

    name: str
    around: tuple[str, ...]
    """Words for the modules around it, the innermost first."""
    inside: tuple[str, ...]
    """Words for the modules in it."""
    kinds: tuple[str, ...]
    """What its calls do, in order."""


def distinct(wishes: Sequence[Wish]) -> list[str]:
    """Return a name for each class, in order, each once."""
    named = [wish.name for wish in wishes]
    groups: dict[str, list[int]] = {}
    for place, wish in enumerate(wishes):
        groups.setdefault(wish.name, []).append(place)
    known = {name for name, places in groups.items() if len(places) == 1}
    waiting = [places for places in groups.values() if len(places) > 1]
    while waiting:
        places = waiting.pop(0)
        _tell_apart(places, wishes, named, known)
        after: dict[str, list[int]] = {}
        for place in places:
            after.setdefault(named[place], []).append(place)
        known.update(after)
        if len(after) > 1:
            waiting += [same for same in after.values() if len(same) > 1]
    names = Names()
    longer = [_with_module(w, name, named) for w, name in zip(wishes, named)]
    return [names.new(name) for name in longer]


def _tell_apart(
    places: Sequence[int], wishes: Sequence[Wish], named: list[str], known: set[str]
) -> None:
    """Add something to the equal names of classes, as far as that makes them different."""
    name = named[places[0]]
    group = [replace(wishes[place], name=name) for place in places]
    best = [name] * len(group)
    for way in _ways():
        found = [each if len(each) <= LONGEST_NAME else name for each in way(group)]
        if _is_better(found, best, name) and known.isdisjoint({*found} - {name}):
            best = found
    for place, each in zip(places, best):
        named[place] = each


def _is_better(found: Sequence[str], best: Sequence[str], name: str) -> bool:
    """Whether names tell more classes apart, or leave none with a name that says nothing."""
    more = len({*found}) - len({*best})
    says_more = name in PARTS and name in best and name not in found
    return more > 0 or (more == 0 and len({*best}) > 1 and says_more)


def _with_module(wish: Wish, name: str, known: Collection[str]) -> str:
    """Return the name of a class, with the module around it if it says nothing (rule D6)."""
    words = [singular(word) for word in wish.around[:1]]
    longer = camel(f"{words[0]} {name}") if words else name
    telling = name in PARTS and camel("".join(words)) not in PARTS | WHOLES
    return longer if telling and longer not in known else name


def _ways() -> Iterator[Callable[[Sequence[Wish]], list[str]]]:
    for depth in range(MOST_AROUND):
        yield lambda group, depth=depth: _around(group, depth)  # type: ignore[misc]
    yield _inside
    yield _at_the_end
    yield _times
    yield _others
    yield _more


def _around(group: Sequence[Wish], depth: int) -> list[str]:
    words = [(w.around[depth : depth + 1] or ("",))[0] for w in group]
    return [camel(f"{word} {w.name}") for word, w in zip(words, group)]


def _inside(group: Sequence[Wish]) -> list[str]:
    """Name the first module that the smallest class has not inside."""
    shared = set(group[0].inside).intersection(*(w.inside for w in group))
    own = [next((m for m in w.inside if m not in shared), "") for w in group]
    return [camel(f"{word} {w.name}") for word, w in zip(own, group)]


def _at_the_end(group: Sequence[Wish]) -> list[str]:
    return [f"Residual{w.name}" if "Add" in w.kinds[-2:] else w.name for w in group]


def _times(group: Sequence[Wish]) -> list[str]:
    """Say how often a class does the whole of what the smallest does."""
    least = Counter(min(group, key=lambda w: len(w.kinds)).kinds)

    def times(wish: Wish) -> int:
        counts = Counter(wish.kinds)
        ratios = {counts[kind] / least[kind] for kind in least}
        same = counts.keys() == least.keys() and len(ratios) == 1
        return int(ratios.pop()) if same else 0

    return [f"{TIMES.get(times(w), '')}{w.name}" for w in group]


def _more(group: Sequence[Wish]) -> list[str]:
    """Name what a class computes more often than the others."""
    least = Counter(group[0].kinds)
    for wish in group:
        least &= Counter(wish.kinds)
    more = [
        [kind for kind in Counter(w.kinds) - least if kind not in w.name] for w in group
    ]
    return [f"{kinds[0] if kinds else ''}{w.name}" for kinds, w in zip(more, group)]


def _others(group: Sequence[Wish]) -> list[str]:
    shared = set(group[0].kinds).intersection(*(w.kinds for w in group))
    own = [[k for k in dict.fromkeys(w.kinds) if k not in shared] for w in group]
    return [f"{w.name}{''.join(kinds[:2])}" for kinds, w in zip(own, group)]
