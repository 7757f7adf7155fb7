"""Modules that many packages share are compiled once in a process, as if all had one .pyc."""

from __future__ import annotations

import _imp
import marshal
from functools import lru_cache
from importlib.machinery import SourceFileLoader
from types import CodeType
from typing import Any


@lru_cache(maxsize=512)
def _bytecode(source: bytes) -> bytes:
    return marshal.dumps(compile(source, "shared", "exec", dont_inherit=True))


def _source_to_code(
    self: SourceFileLoader, data: Any, path: str, **options: Any
) -> CodeType:
    assert not options, options
    try:
        code: CodeType = marshal.loads(_bytecode(bytes(data)))
    except SyntaxError:
        return compile(data, path, "exec", dont_inherit=True)  # names the file
    _imp._fix_co_filename(code, path)
    return code


def share() -> None:
    """Let imports compile equal sources once."""
    SourceFileLoader.source_to_code = _source_to_code  # type: ignore[assignment]
