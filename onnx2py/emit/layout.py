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
def format_source(path: str, source: str, *, laid_out: bool = False) -> str:
    """Return Python source as black lays it out, the same if it is ``laid_out``.

    Raises
    ------
    InternalError
        If it is not valid Python.
    """
    try:
        formatted = source if laid_out else _by_black(source)
        compile(formatted, path, "exec", dont_inherit=True)
    except (InvalidInput, SyntaxError, ValueError) as error:
        raise InternalError(
            f"{path}: generated source does not parse: {error}"
        ) from error
    return formatted


def _by_black(source: str) -> str:
    try:
        return str(format_file_contents(source, fast=True, mode=_MODE))
    except NothingChanged:
        return source
