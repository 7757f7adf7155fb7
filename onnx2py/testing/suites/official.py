"""ONNX's own cases, as ``onnx.backend.test`` has them, compared by its own function.

Of the cases that draw random numbers, whose recorded outputs are one draw of another generator,
the distribution is compared.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from ...errors import OptionError
from ..case import Case, Label, Run
from . import Selection, takes_nothing

KINDS = {
    "node": "NodeModel",
    "real": "RealModel",
    "simple": "SimpleModel",
    "pytorch-converted": "PyTorchConvertedModel",
    "pytorch-operator": "PyTorchOperatorModel",
}
"""The folders of the suite, and what ONNX's runner calls their classes."""

RANDOM = "test_bernoulli"
DRAWS, DEVIATIONS = 300, 5
"""How often to draw, and how many standard deviations the sum may be off: by chance once in 1.7
million times."""

TestCase = Any


def suite(argument: str = "") -> OfficialSuite:
    """Return the suite."""
    takes_nothing(OfficialSuite.name, argument)
    official_cases()
    return OfficialSuite()


class OfficialSuite:
    """All cases of the release of onnx that is installed, called ``test_add`` and so on."""

    name = "official"

    def names(self, selection: Selection) -> Iterator[str]:
        """Yield the names of cases; ``only`` names cases or operators.

        Raises
        ------
        OptionError
            If there is no such case.
        """
        cases = official_cases()
        if not selection.only:
            yield from cases
            return
        wanted = set(selection.only)
        labels = _labels()
        known = {*cases, *(n for v in labels.values() for n in (v.operator, v.name))}
        unknown = sorted(wanted - known)
        if unknown:
            raise OptionError(
                f"official: expected operators or cases, got {', '.join(unknown)}"
            )
        for name, label in labels.items():
            if wanted & {name, label.operator, label.name}:
                yield name

    def case(self, name: str) -> Case:
        """Return a case."""
        found = official_cases()[name]
        model = _model(found)
        sets = _data_sets(found, model)
        return Case(
            name,
            model,
            [_feeds(model, inputs) for inputs, _ in sets],
            lambda: [outputs for _, outputs in sets],
            _comparison(found),
            _labels()[name],
            name,
            check=_check_draws(name, model, sets) if _is_random(name) else None,
        )


@cache
def official_cases() -> Mapping[str, TestCase]:
    """Return the cases of all folders by name."""
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # of what the cases compute
        found = [case for kind in KINDS for case in load_model_tests(kind=kind)]
    order = [*KINDS]
    found.sort(key=lambda case: (order.index(case.kind), case.name))
    return {case.name: case for case in found}


@cache
def _labels() -> Mapping[str, Label]:
    return {name: _label(case) for name, case in official_cases().items()}


def runner_name(name: str) -> str:
    """Return the name of a case in ONNX's runner, as its scoreboard lists it."""
    kind = KINDS[official_cases()[name].kind]
    return f"OnnxBackend{kind}Test::{name}_cpu"


def _model(case: TestCase) -> onnx.ModelProto:
    if case.model is not None:
        known: onnx.ModelProto = case.model
        return known
    if case.model_dir is not None:
        return onnx.load(Path(case.model_dir) / "model.onnx")
    return onnx.load(_light(case))


def _light(case: TestCase) -> Path:
    """Return the file of a well-known network, whose weights are all the same number."""
    from onnx.backend.test.loader import DATA_DIR

    return Path(DATA_DIR) / "light" / Path(case.url).name


@cache
def _versions() -> Mapping[tuple[str, str], Sequence[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    for schema in onnx.defs.get_all_schemas_with_history():
        found.setdefault((schema.domain, schema.name), []).append(schema.since_version)
    return found


def _label(case: TestCase) -> Label:
    """Return the operator of a case of one; what a function stands for is a case of that."""
    whole = official_cases().get(re.sub("_expanded(_ver[0-9]+)?$", "", case.name), case)
    model = whole.model
    if whole.kind != "node" or model is None or not model.graph.node:
        return Label()
    if len({node.op_type for node in model.graph.node}) != 1:
        return Label()
    domain, operator = model.graph.node[0].domain, model.graph.node[0].op_type
    opset = next((o.version for o in model.opset_import if o.domain == domain), 0)
    known = [v for v in _versions().get((domain, operator), ()) if v <= opset]
    return Label(operator, domain, max(known, default=0))


# -------------------------------------------------------------------- values


def _data_sets(
    case: TestCase, model: onnx.ModelProto
) -> list[tuple[list[Any], list[Any]]]:
    if case.data_sets is not None:
        return [
            ([*map(_array, inputs)], [*map(_array, outputs)])
            for inputs, outputs in case.data_sets
        ]
    if case.model_dir is None:
        return [_light_data(case, model)]
    folders = sorted(Path(case.model_dir).glob("test_data_set*"))
    inputs, outputs = model.graph.input, model.graph.output
    return [
        (_read(folder, "input", inputs), _read(folder, "output", outputs))
        for folder in folders
    ]


def _light_data(case: TestCase, model: onnx.ModelProto) -> tuple[list[Any], list[Any]]:
    from onnx.backend.test.runner import Runner
    from onnx.reference import ReferenceEvaluator

    given = {tensor.name for tensor in model.graph.initializer}
    values = [value for value in model.graph.input if value.name not in given]
    inputs = [Runner.generate_dummy_data(value) for value in values]
    start = str(_light(case).with_suffix(""))
    files = [Path(f"{start}_output_{i}.pb") for i in range(len(model.graph.output))]
    if all(file.exists() for file in files):
        return inputs, [_tensor(file.read_bytes()) for file in files]
    feeds = {value.name: array for value, array in zip(values, inputs)}
    return inputs, list(ReferenceEvaluator(model).run(None, feeds))


def _read(folder: Path, part: str, values: Sequence[onnx.ValueInfoProto]) -> list[Any]:
    """Read the inputs or outputs of a data set by their declared types."""
    count = len([*folder.glob(f"{part}_*.pb")])
    found: list[Any] = []
    for number, value in zip(range(count), values):
        data = (folder / f"{part}_{number}.pb").read_bytes()
        if value.type.HasField("sequence_type"):
            sequence = onnx.SequenceProto()
            sequence.ParseFromString(data)
            found.append(numpy_helper.to_list(sequence))
        elif value.type.HasField("optional_type"):
            optional = onnx.OptionalProto()
            optional.ParseFromString(data)
            found.append(numpy_helper.to_optional(optional))
        else:
            found.append(_tensor(data))
    return found


def _tensor(data: bytes) -> Any:
    tensor = onnx.TensorProto()
    tensor.ParseFromString(data)
    return numpy_helper.to_array(tensor)


def _array(value: Any) -> Any:
    if isinstance(value, np.generic):
        return np.asarray(value)
    return (
        numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value
    )


def _feeds(model: onnx.ModelProto, values: Sequence[Any]) -> dict[str, Any]:
    """Return inputs by name: all of them, or those without a default."""
    names = [value.name for value in model.graph.input]
    if len(values) != len(names):
        given = {tensor.name for tensor in model.graph.initializer}
        names = [name for name in names if name not in given]
    return dict(zip(names, values))


# -------------------------------------------------------------------- comparison


def _comparison(case: TestCase) -> Callable[[Sequence[Any], Sequence[Any]], str | None]:
    from onnx.backend.test.runner import Runner

    def difference(ours: Sequence[Any], theirs: Sequence[Any]) -> str | None:
        try:
            Runner.assert_similar_outputs(theirs, ours, case.rtol, case.atol)
        except (AssertionError, TypeError, AttributeError) as error:
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            return "; ".join(lines[:6]) or type(error).__name__
        return None

    return difference


def _is_random(name: str) -> bool:
    return name.startswith(RANDOM)


def _check_draws(
    name: str, model: onnx.ModelProto, sets: Sequence[tuple[list[Any], list[Any]]]
) -> Callable[[Run], str | None]:
    ((inputs, (expected,)),) = sets
    probabilities = np.asarray(inputs[0], np.float64)
    if "expanded" in name:
        # The body compares the wrong way round: a random number greater than p makes 1.
        # ONNX's text of the operator says "1 is produced with probability p".
        probabilities = 1 - probabilities

    def check(run: Run) -> str | None:
        feeds = _feeds(model, inputs)
        found = [np.asarray(run(feeds)[0]) for _ in range(DRAWS)]
        for each in found:
            if each.dtype != expected.dtype or each.shape != expected.shape:
                return (
                    f"expected {expected.dtype}{list(expected.shape)}, "
                    f"got {each.dtype}{list(each.shape)}"
                )
        draws = np.stack(found)
        if not set(np.unique(draws)) <= {0, 1}:
            return "expected zeros and ones"
        same = bool((draws == draws[0]).all())
        if same != ("seed" in name):
            return f"{'the same' if same else 'other'} numbers for each call"
        draws = draws[:1] if same else draws
        variance = (probabilities * (1 - probabilities)).sum() * len(draws)
        off = draws.astype(np.float64).sum() - probabilities.sum() * len(draws)
        if abs(off) >= DEVIATIONS * variance**0.5:
            return f"expected a sum of {probabilities.sum() * len(draws):g}, off by {off:g}"
        return None

    return check
