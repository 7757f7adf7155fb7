"""Write into the README what scripts know: ``python -m benchmarks.refresh`` (``make readme``).

The table of speed is not among it: that takes minutes, and a quiet machine.
"""

from __future__ import annotations

import sys

from . import coverage, excerpts
from .readme import write_section

SECTIONS = {
    "example": excerpts.before_and_after,
    "operator": excerpts.operator,
    "coverage": coverage.table,
}


def main() -> int:
    """Write all sections."""
    for name, text in SECTIONS.items():
        write_section(name, text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
