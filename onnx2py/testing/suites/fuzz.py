"""Random nodes of every operator in every version, with onnxruntime's results.

A case is called ``Relu-14#17``: the operator, the version of its definition, and a number, which
determines everything about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...errors import OptionError
from ..case import Case, Label
from ..fuzz.case import NodeCase
from ..fuzz.deviations import known_deviation
from ..fuzz.oracle import expected_outputs
from ..fuzz.registry import draw_case, generators, versions
from ..oracles import needs_onnxruntime
from ..tolerance import difference
from . import Selection, takes_nothing

Key = tuple[str, str]


def suite(argument: str = "") -> FuzzSuite:
    """Return the suite.

    Raises
    ------
    Onnx2pyError
        If onnxruntime is not installed.
    """
    needs_onnxruntime()
    takes_nothing(FuzzSuite.name, argument)
    return FuzzSuite()


class FuzzSuite:
    """``each`` cases of each operator; their versions take turns."""

    name = "fuzz"

    def names(self, selection: Selection) -> Iterator[str]:
        """Yield ``Relu-14#17`` and so on.

        Raises
        ------
        OptionError
            If there is no generator of an operator.
        """
        numbered = [name for name in selection.only if "#" in name]
        yield from (case_name(*parsed_name(name)) for name in numbered)
        operators = [name for name in selection.only if "#" not in name]
        if numbered and not operators:
            return
        for key in chosen_keys(operators):
            for number in range(selection.start, selection.start + selection.each):
                yield case_name(key, number)

    def case(self, name: str) -> Case | None:
        """Draw a case."""
        key, number = parsed_name(name)
        drawn = draw_case(*key, number)
        if drawn is None:
            return None
        deviation = known_deviation(drawn)
        return Case(
            name,
            drawn.model(),
            [drawn.feeds],
            lambda: [expected_outputs(drawn)],
            lambda ours, theirs: outputs_difference(drawn, ours, theirs),
            Label(key[1], key[0], _since(key, number)),
            drawn.describe(),
            deviation.reason if deviation else "",
            bool(deviation and deviation.may_fail),
            repeatable=not drawn.random,
        )


def chosen_keys(only: Sequence[str]) -> list[Key]:
    """Return the operators of those names, or all.

    Raises
    ------
    OptionError
        If there is none of a name.
    """
    names = set(only)
    keys = list(generators())
    if not names:
        return keys
    known = {name for key in keys for name in (key[1], ".".join(filter(None, key)))}
    if names - known:
        unknown = ", ".join(sorted(names - known))
        raise OptionError(f"fuzz: expected operators with a generator, got {unknown}")
    return [k for k in keys if {k[1], ".".join(filter(None, k))} & names]


def case_name(key: Key, number: int) -> str:
    """Return the name of a case."""
    return f"{'.'.join(filter(None, key))}-{_since(key, number)}#{number}"


def parsed_name(name: str) -> tuple[Key, int]:
    """Return the operator and the number of a case; the version may be left out.

    Raises
    ------
    OptionError
        If there is no such case.
    """
    label, _, number = name.rpartition("#")
    full, _, since = label.partition("-")
    domain, _, operator = full.rpartition(".")
    key = (domain, operator)
    if key not in generators() or not number.isascii() or not number.isdigit():
        raise OptionError(f"fuzz: expected a case such as Relu-14#17, got {name!r}")
    right = _since(key, int(number))
    if since and since != str(right):
        raise OptionError(
            f"fuzz: expected version {right} for number {number} of {full}, got {since}"
        )
    return key, int(number)


def _since(key: Key, number: int) -> int:
    known = versions(*key)
    return known[number % len(known)]


def outputs_difference(
    case: NodeCase, ours: Sequence[Any], theirs: Sequence[Any]
) -> str | None:
    """Say how the outputs of a case differ where they are defined, or None."""
    ours, theirs = list(ours), list(theirs)
    if len(ours) == len(theirs):
        for index, open_ones in case.undefined.items():
            for outputs in (ours, theirs):
                if getattr(outputs[index], "shape", None) == open_ones.shape:
                    outputs[index] = outputs[index].copy()
                    outputs[index][open_ones] = 0
    return difference(case.tolerance, ours, theirs)
