"""What the figures were measured on, and how fast its products are."""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

SIZE = 1024


def description() -> str:
    """Return a line: processor, cores, versions, and the BLAS of NumPy."""
    import onnxruntime

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    return (
        f"{processor()}, {cores or os.cpu_count()} cores; Python "
        f"{platform.python_version()}, NumPy {np.__version__} with {blas()}, "
        f"onnxruntime {onnxruntime.__version__}"
    )


def processor() -> str:
    """Return the name of the processor, and whether it has AVX-512."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    found = dict(line.split(":", 1) for line in reversed(lines) if ":" in line)
    known = {key.strip(): value.strip() for key, value in found.items()}
    more = " (AVX-512)" if "avx512f" in known.get("flags", "") else ""
    return known.get("model name", platform.machine()) + more


def blas() -> str:
    """Return the name of NumPy's BLAS, and the kernels that it chose for this processor."""
    for path in Path(np.__file__).parents[1].glob("numpy.libs/*openblas*"):
        library = ctypes.CDLL(str(path))
        for prefix in ("scipy_", ""):
            for suffix in ("64_", ""):
                try:
                    get = getattr(library, f"{prefix}openblas_get_corename{suffix}")
                except AttributeError:
                    continue
                get.restype = ctypes.c_char_p
                return f"OpenBLAS ({get().decode()} kernels)"
    return "another BLAS"


_PRODUCT = """
import sys, time, numpy as np
n, a = {size}, np.random.default_rng(0).random(({size}, {size}), np.float32)
if sys.argv[1] == "numpy":
    run = lambda: a @ a
else:
    import onnxruntime
    session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
    run = lambda: session.run(None, {{"a": a}})
times = []
for _ in range(20):
    begun = time.perf_counter()
    run()
    times.append(time.perf_counter() - begun)
print(2 * n**3 / sorted(times)[len(times) // 2] / 1e9)
"""


def products() -> tuple[float, float]:
    """Return the billions of operations per second of a float32 product: NumPy, onnxruntime."""
    import onnx.parser

    text = f"g (float[{SIZE}, {SIZE}] a) => (float[{SIZE}, {SIZE}] y) {{ y = MatMul (a, a) }}"
    header = '<ir_version: 8, opset_import: ["" : 17]>'
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        onnx.save(onnx.parser.parse_model(f"{header} {text}"), file.name)
        ours, theirs = (
            float(
                subprocess.run(
                    [sys.executable, "-c", _PRODUCT.format(size=SIZE), engine],
                    capture_output=True,
                    text=True,
                    check=True,
                ).stdout
            )
            for engine in ("numpy", file.name)
        )
    return ours, theirs
