"""How an option is declared: its field, flag, help, group and check in one place.

The argument parsers, the checks of the library's keywords and the tables of the documentation
are made from these declarations.
"""

from __future__ import annotations

import math
import os
import reprlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from numbers import Integral, Real
from typing import Any

from .errors import OptionError

SWITCH, VALUE, SEVERAL, REPEATED, PAIRS, COUNTED = (
    "switch", "value", "several", "repeated", "pairs", "counted",
)  # fmt: skip
"""How often a flag is given and what follows it: nothing, one text, several texts; a flag that
may be given again, with one text or with NAME=TEXT each time. COUNTED is a positional argument
that takes one text or more."""

FILE, FOLDER = "file", "folder"
"""What a shell completes a value with."""

_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80


@dataclass(frozen=True)
class Check:
    """What a value is expected to be; ``holds`` says whether it is."""

    expected: str
    holds: Callable[[Any], bool]


@dataclass(frozen=True)
class Declaration:
    """An option or argument.

    Parameters
    ----------
    name : the library's keyword
    flags : how the command spells it, empty for a positional argument or the library alone
    metavar : what stands for the value in help texts
    help : one line, a noun phrase
    group : the heading that it is listed below
    style : SWITCH, VALUE, SEVERAL, REPEATED, PAIRS or COUNTED
    read : turns the command's text into a value; what it cannot read stays text, and the
        check refuses it as it does in the library
    check : what the value has to be
    commands : the commands that take it
    completes : FILE or FOLDER, for the shell's completion
    detail : a sentence for the documentation
    """

    name: str
    flags: tuple[str, ...] = ()
    metavar: str = ""
    help: str = ""
    group: str = ""
    style: str = VALUE
    read: Callable[[str], Any] = str
    check: Check | None = None
    commands: tuple[str, ...] = ()
    completes: str = ""
    detail: str = ""
    default: Any = None

    @property
    def subject(self) -> str:
        """What errors call it: the keyword, and the flag if that has another name."""
        same = f"--{self.name.replace('_', '-')}"
        if not self.flags or same in self.flags:
            return self.name
        return f"{self.name} ({self.flags[-1]})"

    @property
    def described(self) -> str:
        """The help, with the default if it is a number."""
        is_number = isinstance(self.default, Real) and not isinstance(
            self.default, bool
        )
        return f"{self.help} (default: {self.default:,})" if is_number else self.help

    def verify(self, value: Any) -> None:
        """Refuse a wrong value.

        Raises
        ------
        OptionError
            If it is one.
        """
        if self.check is not None and not _holds(self.check, value):
            raise OptionError(
                f"{self.subject}: expected {self.check.expected}, got {_SHORT.repr(value)}"
            )


def option(
    default: Any, flags: str = "", metavar: str = "", help: str = "", **more: Any
) -> Any:
    """Declare a field of a dataclass as an option; ``flags`` are separated by blanks."""
    metadata = {"flags": tuple(flags.split()), "metavar": metavar, "help": help, **more}
    if isinstance(default, dict):
        return field(default_factory=dict, metadata=metadata)
    return field(default=default, metadata=metadata)


def declarations(options: Any) -> Iterator[Declaration]:
    """Yield the declarations of a dataclass whose fields are options."""
    for each in fields(options):
        default = None if each.default is MISSING else each.default
        yield Declaration(each.name, default=default, **each.metadata)


def _holds(check: Check, value: Any) -> bool:
    try:
        return bool(check.holds(value))
    except (TypeError, ValueError):
        return False


# ---------------------------------------------------------------------- checks


def is_path(value: Any) -> bool:
    """Whether a value names a file or folder."""
    return isinstance(value, (str, os.PathLike)) and bool(os.fspath(value))


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number from 0; True and False are none."""
    return (
        isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 0
    )


def _is_list(value: Any, holds: Callable[[Any], bool]) -> bool:
    is_text = isinstance(value, (str, bytes, os.PathLike))
    return not is_text and isinstance(value, Collection) and all(map(holds, value))


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_shape(value: Any) -> bool:
    return _is_list(value, lambda length: is_whole(length) or _is_name(length))


def mapping(expected: str, holds: Callable[[Any], bool]) -> Check:
    """Return a check of a mapping from names."""
    return Check(
        expected,
        lambda value: (
            isinstance(value, Mapping)
            and all(map(_is_name, value))
            and all(map(holds, value.values()))
        ),
    )


BOOLEAN = Check("True or False", lambda value: value in (True, False))
LEVEL = Check("0 or 1", lambda value: is_whole(value) and value in (0, 1))
WHOLE = Check("a whole number, 0 or more", is_whole)
FRACTION = Check(
    "a number, 0 or more and less than 1",
    lambda value: isinstance(value, Real) and 0 <= float(value) < 1,
)
SECONDS = Check(
    "a number of seconds, more than 0",
    lambda value: isinstance(value, Real) and 0 < float(value) < math.inf,
)
PATH = Check("a path", lambda value: value is None or is_path(value))
PAGE = Check(
    "a file name that ends in .html",
    lambda value: value is None or (is_path(value) and str(value).endswith(".html")),
)
PATHS = Check("a list of paths", lambda value: _is_list(value, is_path))
NAME = Check("a name", lambda value: _is_name(value))
NAMES = Check("a list of names", lambda value: _is_list(value, _is_name))
LENGTHS = mapping("a length, 0 or more, for each name", is_whole)
SHAPES = mapping("a list of lengths and names for each name", _is_shape)
VALUES = mapping("an array or a file for each name", lambda value: value is not None)


# ---------------------------------------------------------------------- reading


def number(text: str) -> Any:
    """Return the number that a text spells, commas between thousands allowed, or the text.

    >>> number("17,179,869,184"), number("1e-3"), number("x")
    (17179869184, 0.001, 'x')
    """
    plain = text.replace(",", "")
    for read in (int, float):
        try:
            return read(plain)
        except ValueError:
            continue
    return text


def names(text: str) -> tuple[str, ...]:
    """Return the names in a text that commas separate."""
    return tuple(name.strip() for name in text.split(","))


def shape(text: str) -> tuple[Any, ...]:
    """Return lengths and names: ``1,3,height,width``; nothing between brackets is a scalar's."""
    inner = text.strip("[]")
    return tuple(
        int(item) if item.isdecimal() else item
        for item in (names(inner) if inner else ())
    )
