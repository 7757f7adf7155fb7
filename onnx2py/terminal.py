"""What a terminal gets: colors where they are seen, and no text of a model that steers it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import IO


def plain(text: object) -> str:
    """Return text on one line, with escapes for what a terminal might obey."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(text))


def has_colors(stream: IO[str] | None) -> bool:
    """Whether to write colors to a stream, as NO_COLOR, FORCE_COLOR and TERM say."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and is_terminal(stream)


def is_terminal(stream: IO[str] | None) -> bool:
    """Whether someone watches a stream where escape sequences work."""
    if sys.platform == "win32" and "WT_SESSION" not in os.environ:
        return False  # an old console
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # it is closed
        return False


@dataclass(frozen=True)
class Palette:
    """Colors by meaning, or none."""

    colored: bool = False

    @classmethod
    def of(cls, stream: IO[str] | None) -> Palette:
        """Return the colors for a stream."""
        return cls(has_colors(stream))

    def good(self, text: str) -> str:
        """Color a success."""
        return self._painted(text, "1;32")

    def bad(self, text: str) -> str:
        """Color a failure."""
        return self._painted(text, "1;31")

    def strong(self, text: str) -> str:
        """Color a heading."""
        return self._painted(text, "1")

    def hint(self, text: str) -> str:
        """Color what to try."""
        return self._painted(text, "36")

    def _painted(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colored and text else text


PLAIN = Palette()
