"""Ways from ONNX to JAX on the same cases: ``python -m benchmarks.jax_peers [FOLDER ...]``.

Each engine calls a model eagerly, operation by operation, and compiled by ``jax.jit``. It is
*refused* if it does not convert, or cannot be called that way; see
:mod:`benchmarks.peers.comparison`.
"""

from __future__ import annotations

import sys

from . import records
from .peers import comparison

RECORD, SECTION = "jax_peers", "jax-peers"
PEERS = comparison.Peers(
    RECORD,
    SECTION,
    {
        "onnx2py_jax": "onnx2py",
        "onnx2py_jax_jit": "onnx2py, jax.jit",
        "jaxonnxruntime": "jaxonnxruntime",
        "jaxonnxruntime_jit": "jaxonnxruntime, jax.jit",
    },
    "onnx2jax is not on the package index, and so not among the engines.",
)


def table() -> str:
    """Return the table of the record in the repository."""
    return comparison.table(records.read(RECORD), PEERS.titles)


if __name__ == "__main__":
    sys.exit(comparison.compare_peers(PEERS))
