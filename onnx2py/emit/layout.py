"""black, in process: the layout of everything that is written, and the proof that it parses."""

from __future__ import annotations

from functools import lru_cache

from black import format_file_contents
from black.mode import Mode, TargetVersion
from black.parsing import InvalidInput
from black.report import NothingChanged

from ..errors import InternalError

_MODE = Mode(target_versions={TargetVersion.PY39})


@lru_cache(maxsize=512)  # the files that many packages share are laid out once
def format_source(path: str, source: str) -> str:
    """Return Python source as black lays it out.

    Raises
    ------
    InternalError
        If it is not valid Python.
    """
    try:
        formatted: str = format_file_contents(source, fast=True, mode=_MODE)
    except NothingChanged:
        formatted = source
    except (InvalidInput, ValueError) as error:
        raise InternalError(
            f"{path}: generated source does not parse: {error}"
        ) from error
    return checked_source(path, formatted)


def checked_source(path: str, source: str) -> str:
    """Return Python source that is laid out already: black takes a third of a compilation.

    Raises
    ------
    InternalError
        If it is not valid Python.
    """
    try:
        compile(source, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise InternalError(
            f"{path}: generated source does not parse: {error}"
        ) from error
    return source
