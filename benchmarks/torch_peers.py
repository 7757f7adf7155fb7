"""Ways from ONNX to PyTorch on the same cases: ``python -m benchmarks.torch_peers [FOLDER ...]``.

``--write`` records the counts and makes the table in the documentation; see
:mod:`benchmarks.peers.comparison`.
"""

from __future__ import annotations

import sys

from . import records
from .peers import comparison
from .peers.engines import ENGINES

RECORD, SECTION = "torch_peers", "torch-peers"
PEERS = comparison.Peers(RECORD, SECTION, {name: name for name in ENGINES})


def table() -> str:
    """Return the table of the record in the repository."""
    return comparison.table(records.read(RECORD), PEERS.titles)


if __name__ == "__main__":
    sys.exit(comparison.compare_peers(PEERS))
