"""Suites of cases. Those of other distributions are entry points of ``onnx2py.suites``.

An entry point is a function that takes the text after ``NAME=`` on the command line, which is
empty if there is none, and returns a :class:`Suite`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from ...errors import OptionError
from ...plugins import installed, loaded
from ..case import Case

ENTRY_POINTS = "onnx2py.suites"
"""The group of entry points that name suites."""
OURS = ("official", "fuzz", "graphs", "corpus", "gradients")


@dataclass(frozen=True)
class Selection:
    """Which cases of a suite to run."""

    only: tuple[str, ...] = ()
    """Operators (``Conv``, ``com.microsoft.Gelu``) and names of cases (``Relu-14#17``); all if
    there are none."""
    each: int = 20
    """How many cases of each operator or pattern, of suites that draw them."""
    start: int = 0
    """The number of the first of them."""


class Suite(Protocol):
    """Cases, each of which can be made again from its name in another process."""

    name: str

    def names(self, selection: Selection) -> Iterable[str]:
        """Return the names of the selected cases, in order."""

    def case(self, name: str) -> Case | None:
        """Return a case, None where a number stands for none."""


def suite_names() -> list[str]:
    """Return the names of all suites, those of other distributions last."""
    return [*OURS, *sorted({*installed(ENTRY_POINTS)} - {*OURS})]


def find_suite(spec: str) -> Suite:
    """Return the suite of a name, which may be followed by ``=`` and a text for it.

    Raises
    ------
    OptionError
        If there is none, or it does not take the text.
    """
    name, _, argument = spec.partition("=")
    others = installed(ENTRY_POINTS)
    if name in OURS:
        make: Any = import_module(f".{name}", __name__).suite
    elif name in others:
        make = loaded(others[name], "suite")
    else:
        raise OptionError(
            f"suite: expected one of {', '.join(suite_names())}, got {name!r}"
        )
    found: Suite = make(argument)
    return found


def takes_nothing(name: str, argument: str) -> None:
    """Refuse a text for a suite that has no use for it.

    Raises
    ------
    OptionError
        If there is one.
    """
    if argument:
        raise OptionError(f"suite {name}: expected no text after it, got {argument!r}")
