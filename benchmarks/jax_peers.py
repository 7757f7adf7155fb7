"""Ways from ONNX to JAX on the same cases: ``python -m benchmarks.jax_peers [FOLDER ...]``.

Each engine calls a model eagerly, operation by operation, and compiled by ``jax.jit``. It is
*refused* if it does not convert, or cannot be called that way; see
:mod:`benchmarks.peers.comparison`.
"""

from __future__ import annotations

import sys

from .peers import comparison

PEERS = comparison.Peers(
    "jax_peers",
    "jax-peers",
    {
        "onnx2py_jax": "onnx2py",
        "onnx2py_jax_jit": "onnx2py, jax.jit",
        "jaxonnxruntime": "jaxonnxruntime",
        "jaxonnxruntime_jit": "jaxonnxruntime, jax.jit",
    },
    "onnx2jax is not on the package index, and so not among the engines.",
)


if __name__ == "__main__":
    sys.exit(comparison.compare_peers(PEERS))
