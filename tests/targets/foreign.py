"""A target of another distribution, as that installs it: a folder with its metadata.

Its kernels call the library ``plainly``, which is not there when models are compiled.
"""

from __future__ import annotations

from pathlib import Path

TARGET = '''"""The target of plainly."""

from pathlib import Path

from onnx2py.targets.target import Target

TARGET = Target(
    name="plainly",
    requires=("numpy", "plainly"),
    kernels=Path(__file__).parent / "kernels",
    dtypes=frozenset(["float32", "int64", "bool"]),
)
'''
KERNELS = {
    "activation": '''
def relu(x, *, out=None):
    """Return ``max(x, 0)``."""
    return plainly.above(x, 0)


def leaky_relu(x, *, alpha=0.01):
    return plainly.above(x, 0) + plainly.above(-x, 0) * -alpha


def unused(x):
    return nowhere(x)
''',
    "arrays": """
def add(a, b):
    return plainly.call("add", a, b)


def multiply(a, b):
    return plainly.call("multiply", a, b)


def reshape(x, shape):
    return plainly.call("reshape", x, tuple(int(n) for n in shape))


def astype(x, dtype):
    return x.astype(dtype)
""",
    "conv": """
from ._window import windows


def conv(
    x, weight, bias=None, *, dilations=None, group=1, kernel_shape=None, pads=None,
    strides=None, activation=None, options=None,
):
    assert group == 1 and dilations is None and activation is None
    patches = windows(x, weight.shape[2:], strides, pads, 0)
    y = plainly.call("einsum", "bchwij,ocij->bohw", patches, weight)
    return y if bias is None else y + bias[:, None, None]
""",
    "matmul": """
def gemm(a, b, c=None, *, alpha=1.0, beta=1.0, trans_a=False, trans_b=False):
    y = alpha * (a.T if trans_a else a) @ (b.T if trans_b else b)
    return (y if c is None else y + beta * c).astype(a.dtype)
""",
    "pool_max": """
from ._window import windows


def max_pool(
    x, *, kernel_shape, strides=None, pads=None, dilations=None, ceil_mode=False
):
    lowest = plainly.LOWEST
    return windows(x, kernel_shape, strides, pads, lowest).max((-2, -1))
""",
    "shape": """
def flatten(x, *, axis=1):
    return x.reshape(x.shape[0], -1)
""",
    "softmax": """
def softmax(input, *, axis=-1):
    e = plainly.call("exp", input - input.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)
""",
    "_window": """
def windows(x, kernel, strides, pads, fill):
    top, left, bottom, right = pads or (0, 0, 0, 0)
    wide = plainly.call(
        "pad", x, ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=fill
    )
    down, across = strides or (1, 1)
    return plainly.windows(wide, kernel)[:, :, ::down, ::across]
""",
}
LIBRARY = '''"""NumPy by other names."""

import numpy as np

LOWEST = -np.inf


def call(name, *args, **kwargs):
    return getattr(np, name)(*args, **kwargs)


def above(x, least):
    return np.maximum(x, np.array(least, x.dtype))


def windows(x, kernel):
    return np.lib.stride_tricks.sliding_window_view(x, tuple(kernel), (2, 3))
'''


def install(folder: Path, target: str = TARGET) -> None:
    """Put the distribution into a folder, with the metadata that pip writes."""
    package = folder / "plainly_onnx2py"
    (package / "kernels").mkdir(parents=True)
    (package / "__init__.py").write_text(target)
    for name, source in KERNELS.items():
        head = '"""Kernels."""\n\nimport plainly\n'
        (package / "kernels" / f"{name}.py").write_text(head + source)
    info = folder / "plainly_onnx2py-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: plainly-onnx2py\nVersion: 1.0\n"
    )
    (info / "entry_points.txt").write_text(
        "[onnx2py.targets]\nplainly = plainly_onnx2py:TARGET\n"
    )


def install_library(folder: Path) -> None:
    """Put the library into a folder."""
    (folder / "plainly.py").write_text(LIBRARY)
