"""Whose ``state_dict`` packages for PyTorch have: ``python -m benchmarks.state_dicts [NAME ...]``.

Small networks of timm and transformers with random weights are exported by both of PyTorch's
exporters, compiled, and compared with the original: keys, shapes, numbers. Batch normalization
is not folded. Prints a table. Needs ``timm`` and ``transformers``.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import logging
import sys
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import onnx

import onnx2py

from .networks import NETWORKS, Made

EXPORTERS: Mapping[str, Mapping[str, Any]] = {
    "TorchScript": {"dynamo": False, "do_constant_folding": False},
    "dynamo": {"dynamo": True, "optimize": False, "verbose": False},
}


def trained(module: Any) -> Any:
    """Give a module numbers as training does: of its weights no two are equal."""
    torch = importlib.import_module("torch")
    source = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, value in module.state_dict().items():
            if name.endswith("running_var"):
                value.uniform_(0.5, 1.5, generator=source)
            elif value.is_floating_point():
                value.add_(torch.randn(value.shape, generator=source) * 0.02)
    return module.eval()


def exported(made: Made, exporter: str, file: Path) -> None:
    """Write the ONNX file; batch normalization and dropout stay nodes."""
    torch = importlib.import_module("torch")
    module, args = made
    options = dict(EXPORTERS[exporter])
    if not options["dynamo"]:
        options["training"] = torch.onnx.TrainingMode.PRESERVE
    with torch.no_grad(), contextlib.redirect_stdout(io.StringIO()):
        torch.onnx.export(module, args, file, **options)


def compared(
    original: Mapping[str, Any], found: Mapping[str, Any], file: Path
) -> tuple[int, str]:
    """Return how many keys have the original's shapes and numbers, and what the first lacks."""
    graph = onnx.load(file, load_external_data=False).graph
    names = {tensor.name for tensor in graph.initializer}
    torch = importlib.import_module("torch")
    same, lacks = 0, ""
    for key, value in original.items():
        if key not in found:
            reason = "" if key in names else ", which is not in the file"
            lacks = lacks or f"no {key}{reason}"
        elif found[key].shape != value.shape:
            lacks = lacks or f"{key}: {tuple(found[key].shape)}, {tuple(value.shape)}"
        elif not torch.equal(found[key], value):
            lacks = lacks or f"{key}: other numbers"
        else:
            same += 1
    others = [key for key in found if key not in original]
    return same, lacks or (f"also has {others[0]}" if others else "")


def rows(names: list[str]) -> Iterator[str]:
    """Yield the rows of the table."""
    torch = importlib.import_module("torch")
    for name in names:
        for exporter in EXPORTERS:
            torch.manual_seed(0)
            made = NETWORKS[name]()
            original = trained(made[0]).state_dict()
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "model.onnx"
                try:
                    exported(made, exporter, file)
                except Exception as error:  # noqa: BLE001 - whatever it cannot export
                    reason = str(error).strip().splitlines() or [""]
                    yield f"| {name} | {exporter} | not exported | {reason[0][:90]} |"
                    continue
                found = onnx2py.load_model(file, target="torch").state_dict()
                same, lacks = compared(original, found, file)
            yield f"| {name} | {exporter} | {same} of {len(original)} | {lacks} |"


def arguments(description: str | None, names: Iterable[str]) -> list[str]:
    """Return the networks that a command names, or all; be silent about warnings."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="networks (default: all)"
    )
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    return parser.parse_args().names or [*names]


def main() -> int:
    """Print the table."""
    print("| network | exporter | keys | first that differs |")
    print("| --- | --- | ---: | --- |")
    for row in rows(arguments(__doc__, NETWORKS)):
        print(row, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
