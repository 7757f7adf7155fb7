"""Cases: a model as a file, its inputs, and the outputs that are right.

Other interpreters, with other versions of ONNX and NumPy, read what ``Case.stored`` writes.
"""

from __future__ import annotations

import itertools
import os
import pickle
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Data = Sequence[tuple[Sequence[Any], Sequence[Any]]]
"""Inputs, in the order of the model, and outputs, each an array, a list of arrays or None."""

KINDS = ("real", "simple", "pytorch-converted", "pytorch-operator")
LIGHT = "onnx/backend/test/data/light/"
RANDOM = "test_bernoulli"
"""Cases whose outputs are one draw of random numbers."""

ATTEMPTS = 20


@dataclass(frozen=True)
class Case:
    """A model, what it is to compute, and how near to that is right."""

    name: str
    model: Path
    data: Data
    relative: float
    absolute: float
    of_scale: bool = False
    """Whether the absolute tolerance is relative to the largest element of an output."""

    def stored(self, folder: Path) -> Path:
        """Write the case to a file."""
        path = folder / f"{self.name}.pickle"
        path.write_bytes(pickle.dumps(vars(self)))
        return path

    @classmethod
    def read(cls, path: Path) -> Case:
        """Read a case that this module wrote."""
        return cls(**pickle.loads(path.read_bytes()))


def official(folder: Path) -> Iterator[Case]:
    """Yield ONNX's own cases, except those with random outputs; ``folder`` gets their models."""
    import onnx
    from onnx import numpy_helper
    from onnx.backend.test.loader import load_model_tests

    for test in load_model_tests(kind="node"):
        if test.name.startswith(RANDOM):
            continue
        path = folder / f"{test.name}.onnx"
        onnx.save(test.model, path)
        data = [
            tuple(
                [
                    numpy_helper.to_array(v) if isinstance(v, onnx.TensorProto) else v
                    for v in values
                ]
                for values in sets
            )
            for sets in test.data_sets
        ]
        yield Case(test.name, path, data, test.rtol, test.atol)
    for kind in KINDS:
        for test in sorted(load_model_tests(kind=kind), key=lambda test: test.name):
            if test.model_dir is None:
                path = Path(onnx.__file__).parents[1] / test.url
                data = [_recorded_light(path)]
            else:
                path = Path(test.model_dir) / "model.onnx"
                data = [*_recorded(path)]
            yield Case(test.name, path, data, test.rtol, test.atol)


def _recorded(model: Path) -> Iterator[tuple[list[Any], list[Any]]]:
    import onnx

    graph = onnx.load(model, load_external_data=False).graph
    for folder in sorted(model.parent.glob("test_data_set_*")):
        yield tuple(
            [
                _read(folder / f"{part}_{i}.pb", value.type)
                for i, value in zip(range(len([*folder.glob(f"{part}_*.pb")])), values)
            ]
            for part, values in (("input", graph.input), ("output", graph.output))
        )


def _read(path: Path, kind: Any) -> Any:
    import onnx
    from onnx import numpy_helper

    if kind.HasField("sequence_type"):
        return numpy_helper.to_list(onnx.SequenceProto.FromString(path.read_bytes()))
    if kind.HasField("optional_type"):
        proto = onnx.OptionalProto.FromString(path.read_bytes())
        return numpy_helper.to_optional(proto)
    return numpy_helper.to_array(onnx.TensorProto.FromString(path.read_bytes()))


def _recorded_light(model: Path) -> tuple[list[Any], list[Any]]:
    """Return the suite's inputs for a model without weights, and the recorded outputs."""
    import onnx
    from onnx.backend.test.runner import Runner

    graph = onnx.load(model).graph
    weights = {tensor.name for tensor in graph.initializer}
    inputs = [
        Runner.generate_dummy_data(value)
        for value in graph.input
        if value.name not in weights
    ]
    outputs = [
        _read(model.with_name(f"{model.stem}_output_{i}.pb"), value.type)
        for i, value in enumerate(graph.output)
    ]
    return inputs, outputs


def of_model(path: Path) -> Case | None:
    """Return the case of a model with random inputs and onnxruntime's outputs.

    A model that onnxruntime does not compute is reported on standard error.
    """
    import onnx

    try:
        inputs, outputs = in_onnxruntime(path)
    except Exception as error:  # its errors have no common type
        print(f"{path.name}: {str(error)[:100]}", file=sys.stderr, flush=True)
        return None
    graph = onnx.load(path, load_external_data=False).graph
    ordered = [inputs[v.name] for v in graph.input if v.name in inputs]
    return Case(path.stem, path.resolve(), [(ordered, outputs)], 0, 1e-3, True)


def in_onnxruntime(path: Path) -> tuple[dict[str, Any], list[Any]]:
    """Return random inputs that onnxruntime takes, and its outputs, which are finite if any are.

    Raises
    ------
    Exception
        Whatever onnxruntime says of the last inputs, or onnx2py of the model.
    """
    import onnxruntime

    from onnx2py.decode import decode
    from onnx2py.load import load
    from onnx2py.verification.inputs import Signature, random_cases

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        os.fspath(path), options, providers=["CPUExecutionProvider"]
    )
    refused: Exception | None = None
    taken: tuple[dict[str, Any], list[Any]] | None = None
    signature = Signature.of(decode(load(path)).graph)
    for case in itertools.islice(random_cases(signature, 0), ATTEMPTS):
        try:
            outputs = [*session.run(None, dict(case.feeds))]
        except Exception as error:  # indices out of range, lengths that do not fit
            refused = error
            continue
        taken = taken or (dict(case.feeds), outputs)
        if is_finite(outputs):
            return dict(case.feeds), outputs
    if taken is None:
        raise refused or ValueError("no random inputs")
    return taken


def is_finite(value: Any) -> bool:
    """Return whether no number is infinite or NaN."""
    if isinstance(value, (list, tuple)):
        return all(map(is_finite, value))
    number = isinstance(value, np.ndarray) and value.dtype.kind in "fc"
    return not number or bool(np.isfinite(value).all())
