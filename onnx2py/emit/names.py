"""The one place where Python names are made of ONNX names.

A name is the last scope of a path, such as the ONNX name, in snake case; before it stand the
numbers that tell it from others like it, ``layer_3_query``, and as many scopes as make it unique.
The same model gives the same names on every machine.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ..ir.graph import onnx_name

LONG = 30
"""Of longer names, scopes in the middle are left out if the others tell them from the rest."""

MAX_LENGTH = 60
"""Longer names lose their beginning."""

MOST_SCOPES = 12
"""Of deeper paths, the outer scopes are left alone."""

ROLES = frozenset(
    {"bias", "beta", "gamma", "kernel", "scale", "weight", "weights", "zero_point"}
)
"""Names of parameters, which say something only after their module: ``conv1_weight``."""

_INLINED = re.compile(r"(?:If_\d+_(then|else)_branch__)?Inline_\d+__[/.]?")
"""What inliners put before the names of a function's values."""

_WINDOWS_FILES = {"con", "prn", "aux", "nul"} | {
    f"{port}{i}" for port in ("com", "lpt") for i in range(10)
}
_TEMPLATE_NAMES = {
    "np", "ops", "self", "cls", "ml_dtypes", "load", "weights", "partial", "dims", "going",
    "iteration", "as_array", "check_input", "keep_memory", "Load", "own", "quiet",
    "reuse_memory", "limited", "thread_limit", "threads", "accelerate", "accelerable",
    "accelerating", "if_finite",
}  # fmt: skip
RESERVED = frozenset(
    {name.lower() for name in (*keyword.kwlist, *keyword.softkwlist, *dir(builtins))}
    | _WINDOWS_FILES
    | _TEMPLATE_NAMES
)
"""Names that no value gets: they would hide something, or make no file name on Windows."""


@dataclass(frozen=True)
class Wanted:
    """A value that needs a name.

    Its name is made of ``path``, the scopes of its ONNX name unless another is given: of the last
    scope, and those before it that tell it from other values; of a ``brief`` name, only those
    that differ by a number. Names that are ``counted`` and still equal are numbered from 1.
    """

    value: str
    fallback: str
    """What to call it if its ONNX name has no letters."""
    path: tuple[str, ...] = ()
    counted: bool = False
    brief: bool = False
    inner: bool = False
    """Whether it most likely has no line of its own: it is numbered after those that have."""


def assign_names(values: Iterable[Wanted], avoid: Iterable[str] = ()) -> dict[str, str]:
    """Give each value a Python identifier of its own, and none of ``avoid``.

    Earlier values have the better claim. None is called as another is in ONNX: ``trace`` takes
    both names.
    """
    wanted = {item.value: item for item in values}
    families: dict[tuple[object, ...], _Family] = {}
    for value, item in wanted.items():
        path = item.path or scopes_of(value, item.fallback)
        outer = tuple(re.sub(r"\d+", "#", scope) for scope in path[:-1])
        key = (outer, path[-1], item.brief)
        family = families.setdefault(key, _Family(item.brief))
        family.paths[value] = path
        if path[-1] in ROLES and not item.brief:
            family.depth = min(2, len(path))
    names = _lengthened(list(families.values()))
    counted = [(names[v], item.inner) for v, item in wanted.items() if item.counted]
    written = Counter(name for name, is_inner in counted if not is_inner)
    numbered = {**Counter(name for name, is_inner in counted if is_inner), **written}
    counts: Counter[str] = Counter()
    avoided = {*avoid}
    taken = dict.fromkeys(avoided, 0)
    others = {onnx_name(value) for value in wanted}
    assigned = {}
    for value, item in sorted(wanted.items(), key=lambda pair: pair[1].inner):
        name = names[value]
        if item.counted:
            counts[name] += 1
            if max(numbered[name], counts[name]) > 1:
                stem = f"{name}_" if name[-1].isdigit() else name
                while f"{stem}{counts[name]}" in avoided:
                    counts[name] += 1
                name = f"{stem}{counts[name]}"
        assigned[value] = unique_name(name, taken, others, onnx_name(value))
    return assigned


@dataclass
class _Family:
    """Values whose paths differ in the numbers of scopes alone: what repeats."""

    brief: bool
    paths: dict[str, tuple[str, ...]] = field(default_factory=dict)
    depth: int = 1

    def names(self) -> dict[str, str]:
        """Return the names that the last ``depth`` scopes make, and those that differ."""
        outer = next(iter(self.paths.values()))[: -self.depth]
        different = [len(set(each)) > 1 for each in zip(*self.paths.values())]
        kept = [i for i in range(len(outer)) if different[i]]
        return {
            value: _name((*(path[i] for i in kept), *path[len(outer) :]))
            for value, path in self.paths.items()
        }

    def shorter(self) -> Iterator[dict[str, str]]:
        """Yield names of one scope and the last, with those numbers that differ."""
        paths = list(self.paths.values())
        last = 2 if paths[0][-1] in ROLES else 1
        inner = max(0, len(paths[0]) - last)
        kept = [i for i in range(inner) if len({path[i] for path in paths}) > 1]
        for start in range(max(0, len(paths[0]) - self.depth), inner):
            places = sorted({*kept, start, *range(inner, len(paths[0]))})
            yield {
                value: _name(tuple(path[i] for i in places))
                for value, path in self.paths.items()
            }

    def lengthen(self) -> bool:
        """Add a scope; return whether there was one."""
        length = len(next(iter(self.paths.values())))
        self.depth += 1
        return not self.brief and self.depth <= length


def _lengthened(families: list[_Family]) -> dict[str, str]:
    """Return the names of all values; families with equal names get longer ones."""
    made = [family.names() for family in families]
    clashing = True
    while clashing:
        users = Counter(name for names in made for name in set(names.values()))
        clashing = False
        for place, family in enumerate(families):
            shared = any(users[name] > 1 for name in made[place].values())
            if shared and family.lengthen():
                made[place] = family.names()
                clashing = True
    for place, family in enumerate(families):
        made[place] = _shortened(family, made[place], users)
    return {value: name for names in made for value, name in names.items()}


def _shortened(
    family: _Family, names: dict[str, str], users: Counter[str]
) -> dict[str, str]:
    """Return names that leave out scopes in the middle, if the whole ones are long."""
    if max(map(len, names.values())) <= LONG or family.brief:
        return names
    for shorter in family.shorter():
        found = set(shorter.values())
        fits = max(map(len, found)) <= LONG and len(found) == len(set(names.values()))
        if fits and found.isdisjoint(users):
            users.update(found)
            return shorter
    return names


def unique_name(
    name: str, taken: dict[str, int], others: Collection[str] = (), own: str = ""
) -> str:
    """Return ``name``, with ``_2``, ``_3`` ... if it is taken; note it as taken.

    Of ``others``, only ``own`` may be the name.
    """
    if name in RESERVED:
        name = f"{name}_"
    count = taken.get(name, 0)
    candidate = name
    while candidate in taken or (candidate in others and candidate != own):
        count += 1
        candidate = f"{name}_{count + 1}"
    if candidate == name or name in taken:
        taken[name] = max(count, taken.get(name, 0))
    taken.setdefault(candidate, 0)
    return candidate


def joined(scopes: tuple[str, ...], depth: int) -> str:
    """Return the name that the last ``depth`` scopes make."""
    return _name(scopes[-depth:])


def _name(parts: tuple[str, ...]) -> str:
    name = cut("_".join(without_repeats(parts)))
    return name if name[:1].isalpha() else f"v{name}"


def cut(name: str) -> str:
    """Return the end of a name that is too long, from the start of a word that is no number."""
    if len(name) <= MAX_LENGTH:
        return name
    return re.sub(r"^[^_]*_[_0-9]*", "", name[-MAX_LENGTH:]) or name[:MAX_LENGTH]


def without_repeats(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Drop a scope that the next one repeats, and so says nothing: conv1/conv1_bias."""
    following = (*parts[1:], "")
    return tuple(
        p for p, after in zip(parts, following) if not f"{after}_".startswith(f"{p}_")
    )


def scopes_of(name: str, fallback: str) -> tuple[str, ...]:
    """Split an ONNX name at its scopes, each in snake case."""
    # TensorFlow Lite joins the names of fused operators.
    text = re.sub(r"(?i)(_output_0|:0)+$", "", name.split(";")[0])
    text = re.sub(r"(?<=.)_DequantizeLinear(_Output)?(?=_tiles$|$)", "", text)
    found = split_scopes(re.sub(r"[._]weight_bias$", ".bias", text))
    if not found or not re.search(r"[a-z]", found[-1]):
        found = (*found[:-1], "_".join((fallback, *found[-1:])))
    return found[-MOST_SCOPES:]


@lru_cache(maxsize=10_000)
def split_scopes(text: str) -> tuple[str, ...]:
    """Split a path at its scopes, each in snake case; numbers belong to the scope before."""
    text = re.sub(r"(?i)_outputs?_\d+(?=[.:_/]|$)", "", text)
    text = _INLINED.sub(r"\1/", text)
    found: list[str] = []
    for part in filter(None, map(snake_case, re.split(r"[/:.\\]+", text))):
        if part.isdigit() and found:
            found[-1] += f"_{part}"  # the n-th of a list belongs to the list
        else:
            found.append(part)
    return tuple(found)


def snake_case(text: str) -> str:
    """Spell a name in lower case, words joined by ``_``; only ASCII letters and digits remain.

    >>> snake_case("MatMul_2"), snake_case("ReLU32"), snake_case("a b-c")
    ('mat_mul_2', 'relu32', 'a_b_c')
    """
    text = re.sub(r"(?<=[a-zA-Z0-9])(?=[A-Z][a-z])", "_", text)
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def field_names(onnx_names: Iterable[str], fallback: str) -> tuple[str, ...]:
    """Return names for the fields of a NamedTuple: unique, and none of a tuple's own methods."""
    taken: dict[str, int] = {"count": 0, "index": 0}
    names = assign_names(
        Wanted(f"{name}", fallback) for name in dict.fromkeys(onnx_names)
    )
    return tuple(unique_name(names[name], taken) for name in onnx_names)


def spelled(names: Mapping[str, str], value: str) -> str:
    """Return the Python name of a value, ``_`` for an unused one."""
    return names[value] if value else "_"
