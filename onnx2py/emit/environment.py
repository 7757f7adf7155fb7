"""The Jinja environment: where templates lie, and the filters that text goes through."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .literals import literal
from .text import code_span, comment, docstring, markdown

PACKAGE = Path(__file__).parent.parent


def rendered(path: str, context: Mapping[str, Any], folder: str = "") -> str:
    """Return a file that has a template of its name, in ``folder`` of the templates."""
    template = path if path.endswith(".typed") else f"{path}.j2"
    return environment().get_template(f"{folder}{template}").render(context)


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
