"""The Jinja environment: location of templates, and filters for text of models."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .literals import literal
from .text import code_span, comment, docstring, markdown, one_line

PACKAGE = Path(__file__).parent.parent


def rendered(path: str, context: Mapping[str, Any], folder: str = "") -> str:
    """Render the template of a file, in ``folder`` of the templates or else above it.

    Templates of other distributions are in a folder of their own, an absolute path.
    """
    template = path if path == "py.typed" else f"{path}.j2"
    own = folder if Path(folder).is_absolute() else ""
    names = [template] if own else [f"{folder}{template}", template]
    return environment(own).select_template(names).render(context)


@lru_cache(maxsize=None)
def environment(first: str = "") -> Environment:
    """Return the environment; templates are inside a wheel or next to a checkout's package.

    Those in the folder ``first`` come before ours.
    """
    folders = [PACKAGE / "templates", PACKAGE.parent / "templates"]
    folders[:0] = [Path(first)] if first else []
    found = Environment(
        loader=FileSystemLoader(folders),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # the output is Python; filters escape text of models
    )
    found.filters.update(
        literal=literal, comment=comment, docstring=docstring, markdown=markdown,
        code_span=code_span, one_line=one_line,
    )  # fmt: skip
    return found
