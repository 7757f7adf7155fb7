"""The Jinja environment: where templates lie, and the filters that text goes through."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .literals import literal
from .text import code_span, comment, docstring, markdown

PACKAGE = Path(__file__).parent.parent


@lru_cache(maxsize=None)
def environment() -> Environment:
    """Return the environment; templates lie inside a wheel and beside a checkout's package."""
    folders = [PACKAGE / "templates", PACKAGE.parent / "templates"]
    found = Environment(
        loader=FileSystemLoader(folders),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # the output is Python; text of models goes through the filters
    )
    found.filters.update(
        literal=literal, comment=comment, docstring=docstring, markdown=markdown,
        code_span=code_span,
    )  # fmt: skip
    return found
