"""Make all examples again: ``python -m generated_examples.make [--out FOLDER] [NAME ...]``."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from onnx2py import compile_model
from onnx2py.errors import Onnx2pyError

from . import gpt, loop, pipeline, transformer

HOME = Path(__file__).parents[1]
EXAMPLES = ("mnist", "transformer", "gpt", "gpt_torch", "gpt_jax", "loop", "pipeline")
BUILDERS: dict[str, tuple[Callable[[], onnx.ModelProto], Callable[[], list[Any]]]] = {
    "transformer": (transformer.make_model, transformer.make_inputs),
    "gpt": (gpt.make_model, gpt.make_inputs),
    "loop": (loop.make_model, loop.make_inputs),
    "pipeline": (pipeline.make_model, pipeline.make_inputs),
}
MODELS = {"gpt_torch": "gpt", "gpt_jax": "gpt"}
"""The models of examples that are not called after theirs."""
OPTIONS: dict[str, dict[str, Any]] = {
    "gpt_torch": {"target": "torch"},
    "gpt_jax": {"target": "jax"},
    "loop": {"overridable": True},
}
"""The options of examples that need some: callers of the loop may pass its limit."""

Array = NDArray[Any]


def make_example(name: str, out: Path) -> None:
    """Write the model of an example and the package ``<name>`` into the folder ``out``.

    The MNIST classifier is not trained again: ``train_mnist`` does that.
    """
    made_of = MODELS.get(name, name)
    path = out / f"{made_of}.onnx"
    if made_of in BUILDERS:
        build_model, build_inputs = BUILDERS[made_of]
        model, inputs = build_model(), build_inputs()
        onnx.checker.check_model(model, full_check=True)
        path.write_bytes(model.SerializeToString(deterministic=True))
    else:
        inputs = [digit_pictures()]
        if out.resolve() != HOME:
            shutil.copyfile(HOME / path.name, path)
    with tempfile.TemporaryDirectory() as folder:
        for i, array in enumerate(inputs):
            tensor = numpy_helper.from_array(array)
            (Path(folder) / f"input_{i}.pb").write_bytes(tensor.SerializeToString())
        report = compile_model(
            path, out / name, verify=True, data=[folder], **OPTIONS.get(name, {})
        )
    if not report.agrees:
        raise SystemExit(f"{name}: the package differs from its model")


def digit_pictures() -> Array:
    """Return the ten committed digits as the classifier reads them."""
    with np.load(HOME / "digits.npz") as digits:
        return np.asarray(digits["images"].astype(np.float32) / np.float32(255))


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the examples that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m generated_examples.make")
    parser.add_argument("--out", type=Path, default=HOME, metavar="FOLDER")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(EXAMPLES))
    chosen = parser.parse_args(arguments)
    for name in chosen.names:
        if name not in EXAMPLES:
            parser.error(f"{name}: expected one of {', '.join(EXAMPLES)}")
    chosen.out.mkdir(parents=True, exist_ok=True)
    for name in chosen.names or EXAMPLES:
        try:
            make_example(name, chosen.out)
        except Onnx2pyError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
        print(f"made {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
