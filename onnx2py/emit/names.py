"""The one place where Python names are made of ONNX names.

A name is the last scope of the ONNX name, in snake case, with as many scopes before it as
make it unique. The same model gives the same names on every machine.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MAX_LENGTH = 60
"""Longer names lose their beginning."""

_WINDOWS_FILES = {"con", "prn", "aux", "nul"} | {
    f"{port}{i}" for port in ("com", "lpt") for i in range(10)
}
_TEMPLATE_NAMES = {
    "np", "ops", "self", "cls", "ml_dtypes", "load", "weights", "partial", "dims", "going",
    "iteration", "as_array", "check_input", "keep_memory", "load_weight", "own", "quiet",
    "reuse_memory", "limited", "thread_limit", "threads",
}  # fmt: skip
RESERVED = frozenset(
    {name.lower() for name in (*keyword.kwlist, *keyword.softkwlist, *dir(builtins))}
    | _WINDOWS_FILES
    | _TEMPLATE_NAMES
)
"""Names that no value gets: they would hide something, or make no file name on Windows."""


@dataclass(frozen=True)
class Wanted:
    """A value that needs a name: its ONNX name, and what to call it if that has no letters."""

    value: str
    fallback: str


def assign_names(values: Iterable[Wanted], avoid: Iterable[str] = ()) -> dict[str, str]:
    """Give each value a Python identifier of its own, and none of ``avoid``.

    Earlier values have the better claim.
    """
    wanted = {item.value: item for item in values}
    scopes = {value: _scopes(item) for value, item in wanted.items()}
    depth = dict.fromkeys(scopes, 1)
    clashing = list(scopes)
    while clashing:
        counts = Counter(joined(scopes[v], depth[v]) for v in scopes)
        clashing = [
            v
            for v in clashing
            if counts[joined(scopes[v], depth[v])] > 1 and depth[v] < len(scopes[v])
        ]
        for value in clashing:
            depth[value] += 1
    taken = dict.fromkeys(avoid, 0)
    return {v: unique_name(joined(scopes[v], depth[v]), taken) for v in scopes}


def unique_name(name: str, taken: dict[str, int]) -> str:
    """Return ``name``, with ``_2``, ``_3`` ... if it is taken; note it as taken."""
    if name in RESERVED:
        name = f"{name}_"
    count = taken.get(name, 0)
    candidate = name
    while candidate in taken:
        count += 1
        candidate = f"{name}_{count + 1}"
    taken[name] = max(count, taken.get(name, 0))
    taken.setdefault(candidate, 0)
    return candidate


def joined(scopes: tuple[str, ...], depth: int) -> str:
    """Return the name that the last ``depth`` scopes make."""
    parts = scopes[-depth:]
    # A scope that repeats the one before it says nothing: conv1/conv1_bias.
    following = (*parts[1:], "")
    kept = [
        p for p, after in zip(parts, following) if not f"{after}_".startswith(f"{p}_")
    ]
    name = "_".join(kept)
    if len(name) > MAX_LENGTH:
        # At the end of a word, and not before a number.
        name = re.sub(r"^[^_]*_[_0-9]*", "", name[-MAX_LENGTH:]) or name[:MAX_LENGTH]
    return name if name[:1].isalpha() else f"v{name}"


def _scopes(item: Wanted) -> tuple[str, ...]:
    """Split an ONNX name at its scopes, each in snake case."""
    text = item.value.split(";")[
        0
    ]  # TensorFlow Lite joins the names of fused operators
    text = re.sub(r"(?i)(_output_0|:0)+$", "", text)
    text = re.sub(r"(?i)_output_\d+(?=[.:_])", "", text)  # before what a plan appended
    parts = [snake_case(part) for part in re.split(r"[/:.\\]+", text)]
    found: list[str] = []
    for part in filter(None, parts):
        if part.isdigit() and found:
            found[-1] += f"_{part}"  # the n-th of a list belongs to the list
        else:
            found.append(part)
    if not found or not re.search(r"[a-z]", found[-1]):
        found.append(f"{item.fallback}_{found[-1]}" if found else item.fallback)
    return tuple(found[-6:])


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
