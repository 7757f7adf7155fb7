"""Whether packages for JAX have the gradients of those for PyTorch, and train.

``python -m benchmarks.jax_gradients FOLDER ...`` compiles each ONNX file in the folders for both,
gives both the same random inputs, and compares the gradients of a weighted sum of the outputs, each
by its largest element, with 64 bits if the package for PyTorch can: at a kink of an activation,
rounding decides. Matrices of JAX's packages are as they are multiplied, so these are turned.
Then the package for JAX learns random outputs for some steps. Prints a table. Each model has a
process of its own. Needs PyTorch, JAX and optax.
"""

from __future__ import annotations

import argparse
import importlib
import math
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import onnx2py

from .traceable import accepted, leaves
from .training import LEAST

Weights = list[np.ndarray]

HEADER = (
    "| model | bits | gradients | largest difference | loss | after |",
    "| --- | ---: | ---: | --- | ---: | ---: |",
)
STEPS, RATE = 20, 1e-4
SECONDS = 900
ENOUGH = 1e-4


def keys_of(tree: Any, before: str = "") -> dict[str, Any]:
    """Return the leaves of a tree of dictionaries and lists by their paths."""
    if isinstance(tree, Mapping):
        items: Any = tree.items()
    elif isinstance(tree, list):
        items = enumerate(tree)
    else:
        return {before: tree}
    found: dict[str, Any] = {}
    for key, part in items:
        found.update(keys_of(part, f"{before}.{key}" if before else str(key)))
    return found


def of_torch(module: Any, given: tuple[Any, ...]) -> tuple[Weights, dict[str, Any]]:
    """Return the weights of the sum, and the gradients of a package for PyTorch."""
    torch = importlib.import_module("torch")
    outputs = [y for y in leaves(module(*given)) if y.is_floating_point()]
    random = np.random.default_rng(2)
    weights = [
        (random.random(tuple(y.shape)) - 0.5).astype(np.float32) for y in outputs
    ]
    total = sum((y * torch.from_numpy(w)).sum() for y, w in zip(outputs, weights))
    total.backward()
    named = module.named_parameters()
    return weights, {n: p.grad.numpy() for n, p in named if p.grad is not None}


def widened(module: Any, tensors: tuple[Any, ...]) -> tuple[int, tuple[Any, ...]]:
    """Give a module 64 bits; return how many it has then, and inputs of as many.

    It keeps 32 where it cannot, or gets another result: PyTorch's attention reads masks of 32 bits
    beside queries of 64 as something else.
    """
    wide = tuple(t.double() if t.is_floating_point() else t for t in tensors)
    narrow = [*leaves(module(*tensors))]
    try:
        pairs = [*zip(narrow, leaves(module.double()(*wide)))]
    except (RuntimeError, ValueError):  # the file itself makes float32
        pairs = []
    if pairs and all(
        bool(((a - b).abs() < 1e-3 * (1 + a.abs())).all()) for a, b in pairs
    ):
        return 64, wide
    module.float()
    return 32, tensors


def of_jax(
    file: Path, bits: int, given: tuple[np.ndarray, ...], weights: Weights
) -> tuple[dict[str, np.ndarray], float, float]:
    """Return the gradients of the package for JAX, and its loss before and after some steps."""
    jax, optax = importlib.import_module("jax"), importlib.import_module("optax")
    jnp = importlib.import_module("jax.numpy")
    with tempfile.TemporaryDirectory() as folder:
        onnx2py.compile_model(file, Path(folder) / "of_jax", target="jax")
        sys.path.insert(0, folder)
        package = importlib.import_module("of_jax")
        params = package.load_params()
    if bits == 64:
        jax.config.update("jax_enable_x64", True)
        params = jax.tree.map(lambda p: p.astype(float), params)

    def outputs(params: Any) -> list[Any]:
        leaves = jax.tree.leaves(package.forward(params, *given))
        return [y for y in leaves if jnp.issubdtype(y.dtype, jnp.floating)]

    def total(params: Any) -> Any:
        return sum((y * w).sum() for y, w in zip(outputs(params), weights))

    gradient = jax.jit(jax.grad(total))(params)
    found = {k: np.asarray(v) for k, v in keys_of(gradient).items()}
    targets = [w + y for w, y in zip(weights, outputs(params))]
    adam = optax.adam(RATE)

    def loss(params: Any) -> Any:
        return sum(jnp.square(y - t).mean() for y, t in zip(outputs(params), targets))

    @jax.jit
    def step(params: Any, state: Any) -> Any:
        value, slopes = jax.value_and_grad(loss)(params)
        changes, state = adam.update(slopes, state)
        return optax.apply_updates(params, changes), state, value

    state, values = adam.init(params), []
    for _ in range(STEPS):
        params, state, value = step(params, state)
        values.append(float(value))
    return found, values[0], values[-1]


def difference(
    original: Mapping[str, np.ndarray], found: Mapping[str, np.ndarray]
) -> tuple[int, float, str]:
    """Return how many gradients were compared, the largest difference, and its key."""
    largest = max(
        (float(np.abs(g).max(initial=0)) for g in original.values()), default=1
    )
    count, worst = 0, (0.0, "")
    for key, gradient in original.items():
        other = found.get(key)
        if other is None:
            continue
        if other.shape == gradient.T.shape and gradient.ndim == 2:
            other = other.T if _is_turned(gradient, other) else other
        if other.shape != gradient.shape:
            continue  # gates of recurrent layers are joined otherwise
        count += 1
        scale = max(float(np.abs(gradient).max(initial=0)), LEAST * largest)
        far = float(np.abs(other - gradient).max(initial=0)) / scale
        worst = max(worst, (math.inf if math.isnan(far) else far, key))
    return count, *worst


def _is_turned(gradient: np.ndarray, other: np.ndarray) -> bool:
    """Whether a matrix is nearer to another that is turned."""
    if other.shape != gradient.shape:
        return True
    return bool(np.abs(other.T - gradient).sum() < np.abs(other - gradient).sum())


def row(file: Path) -> str:
    """Return the row of a model."""
    module: Any = onnx2py.load_model(file, target="torch")
    tensors = accepted(module, file)
    if isinstance(tensors, str):
        return f"| {file.stem} | | {tensors} | | |"
    bits, tensors = widened(module, tensors)
    weights, original = of_torch(module, tensors)
    given = tuple(tensor.numpy() for tensor in tensors)
    found, before, after = of_jax(file, bits, given, weights)
    count, far, key = difference(original, found)
    mark = f" {key}" if far > ENOUGH else ""
    return (
        f"| {file.stem} | {bits} | {count} of {len(original)} | {far:.0e}{mark} | "
        f"{before:.3g} | {after:.3g} |"
    )


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(row(chosen.folders[0]))
        return 0
    print("\n".join(HEADER))
    files = [f for folder in chosen.folders for f in sorted(folder.glob("*.onnx"))]
    for file in files or chosen.folders:
        command = [sys.executable, "-m", "benchmarks.jax_gradients", "--one", str(file)]
        try:
            run = subprocess.run(
                command, capture_output=True, text=True, timeout=SECONDS
            )
        except subprocess.TimeoutExpired:
            print(f"| {file.stem} | | took too long | | |", flush=True)
            continue
        last = (run.stdout or run.stderr).strip().splitlines()[-1:]
        text = "".join(last)
        print(
            text if run.returncode == 0 else f"| {file.stem} | | {text[:90]} | | |",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
