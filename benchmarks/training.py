"""Whether packages for PyTorch train as the original: ``python -m benchmarks.training [NAME ...]``.

The networks of :mod:`benchmarks.networks` are exported and compiled. Their gradients are compared
with the original's, each by its largest element; then they learn a toy task for 50 steps. Prints
a table. Needs ``timm`` and ``transformers``.
"""

from __future__ import annotations

import importlib
import math
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx2py

from .networks import NETWORKS
from .state_dicts import EXPORTERS, arguments, exported, trained

STEPS = 50
RATE = 1e-3
LEAST = 1e-3
"""The part of the largest gradient of a network below which one is rounding alone."""
NAMES = (
    "resnet18", "mobilenetv3", "efficientnet_b0", "convnext", "vit", "swin", "mixer", "bert",
    "distilbert", "gpt2", "llama", "whisper",
)  # fmt: skip


def gradients(module: Any, inputs: tuple[Any, ...]) -> dict[str, Any]:
    """Return the gradients of a weighted sum of the output by the keys of parameters."""
    torch = importlib.import_module("torch")
    module.zero_grad()
    y = module(*inputs)
    weights = torch.rand(y.shape, generator=torch.Generator().manual_seed(2)) - 0.5
    (y * weights).sum().backward()
    return {n: p.grad for n, p in module.named_parameters() if p.grad is not None}


def difference(original: dict[str, Any], found: dict[str, Any]) -> tuple[float, str]:
    """Return the largest difference of the gradient of a parameter, and its key.

    It is infinite if a number is none, or a shape another; keys that are missing are counted apart.
    """
    largest = max(float(g.abs().max()) for g in original.values())
    worst = (0.0, "")
    for key, gradient in original.items():
        if key not in found:
            continue
        far = math.inf
        if found[key].shape == gradient.shape:
            scale = max(float(gradient.abs().max()), LEAST * largest)
            far = float((found[key] - gradient).abs().max()) / scale
        worst = max(worst, (math.inf if math.isnan(far) else far, key))
    return worst


def learned(module: Any, inputs: tuple[Any, ...]) -> tuple[float, float]:
    """Return the loss before and after some steps in training mode."""
    torch = importlib.import_module("torch")
    module.train()
    target = torch.randn_like(module(*inputs))
    optimizer = torch.optim.Adam(module.parameters(), RATE)
    losses = []
    for _ in range(STEPS):
        loss = torch.nn.functional.mse_loss(module(*inputs), target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses[0], losses[-1]


def rows(names: list[str]) -> Iterator[str]:
    """Yield the rows of the table."""
    torch = importlib.import_module("torch")
    for name in names:
        torch.manual_seed(0)
        made = NETWORKS[name]()
        module, inputs = made
        original = gradients(trained(module), inputs)
        for exporter in EXPORTERS:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "model.onnx"
                exported(made, exporter, file)
                ours: Any = onnx2py.load_model(file, target="torch")
            found = gradients(ours, inputs)
            far, key = difference(original, found)
            none = [n for n, _ in ours.named_parameters() if n not in found]
            before, after = learned(ours, inputs)
            yield (
                f"| {name} | {exporter} | {len(original.keys() & found.keys())} of "
                f"{len(original)} | {far:.0e} {key if far > 1e-4 else ''} | "
                f"{', '.join(none[:2])} | {before:.3g} | {after:.3g} |"
            )


def main() -> int:
    """Print the table."""
    names = arguments(__doc__, NAMES)
    print(
        "| network | exporter | same keys | largest difference | no gradient | loss | after |"
    )
    print("| --- | --- | ---: | --- | --- | ---: | ---: |")
    for row in rows(names):
        print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
