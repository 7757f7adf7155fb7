"""Update the sections and pictures of the documentation that scripts make (``make readme``).

The tables of speed, and of Python and NumPy versions, are not among them: they take minutes
and a quiet machine (``make bench``, ``make matrix``). Those of packages for PyTorch are made of
figures in ``benchmarks/recorded/``, which ``torch_peers`` and ``torch_target`` write.
"""

from __future__ import annotations

import sys

from . import (
    coverage,
    excerpts,
    jax_peers,
    jax_target,
    options,
    summary,
    torch_peers,
    torch_target,
)
from .pages import write_section
from .pictures import write_pictures

SECTIONS = {
    "example": excerpts.before_and_after,
    "layers": excerpts.loop_over_layers,
    "torch": excerpts.as_pytorch,
    "operator": excerpts.operator,
    "coverage": coverage.table,
    "coverage-summary": coverage.summary,
    "speed-summary": summary.speed,
    "options": options.table,
    torch_peers.SECTION: torch_peers.table,
    torch_target.SECTION: torch_target.section,
    jax_peers.SECTION: jax_peers.table,
    jax_target.SECTION: jax_target.section,
}


def main() -> int:
    """Write all sections and pictures."""
    for name, text in SECTIONS.items():
        write_section(name, text())
    write_pictures()
    return 0


if __name__ == "__main__":
    sys.exit(main())
