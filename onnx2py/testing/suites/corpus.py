"""The models of a folder, with random inputs or those of ``test_data_set_*`` beside them.

Outputs that lie beside a model are the expected ones; else onnxruntime computes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import onnx

from ...decode import decode
from ...errors import Onnx2pyError, OptionError
from ...load import load
from ...verification.comparison import compare, worst
from ...verification.data_sets import found_cases
from ...verification.inputs import Case as Inputs
from ...verification.inputs import Signature, random_cases
from ..case import Case, NoAnswerError
from ..oracles import onnxruntime_session
from . import Selection

RTOL = 1e-3
"""Relative to the largest element of an output."""


def suite(argument: str = "") -> CorpusSuite:
    """Return the suite of a folder.

    Raises
    ------
    OptionError
        If there is none of that name.
    """
    folder = Path(argument)
    if not argument or not folder.is_dir():
        raise OptionError(
            f"suite corpus: expected a folder of models, as corpus=FOLDER, got {argument!r}"
        )
    return CorpusSuite(folder.resolve())


class CorpusSuite:
    """All files ``*.onnx`` below a folder."""

    name = "corpus"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self, selection: Selection) -> Iterator[str]:
        """Yield the paths of models in the folder, without their suffix.

        Raises
        ------
        OptionError
            If there is no such model.
        """
        known = [
            path.relative_to(self.folder).with_suffix("").as_posix()
            for path in sorted(self.folder.rglob("*.onnx"))
        ]
        unknown = sorted({*selection.only} - {*known})
        if unknown:
            raise OptionError(
                f"corpus: expected models of {self.folder}, got {', '.join(unknown)}"
            )
        yield from (n for n in known if not selection.only or n in selection.only)

    def case(self, name: str) -> Case:
        """Read a model."""
        path = self.folder / f"{name}.onnx"
        answers = _Answers(path)
        return Case(
            name,
            onnx.load(path),
            [case.feeds for case in answers.cases],
            answers.outputs,
            _difference,
            description=name,
        )


class _Answers:
    """Sets of inputs with their outputs: those beside a model, or what onnxruntime takes."""

    def __init__(self, path: Path) -> None:
        self.cases: list[Inputs] = []
        self._found: list[list[Any]] = []
        self._reason = "no inputs"
        try:
            signature = Signature.of(decode(load(path, overridable=True)).graph)
            recorded, _ = found_cases(path.parent, signature)
            for case in recorded or random_cases(signature, 0):
                if self._answered(path, signature, case) and not recorded:
                    break
        except Onnx2pyError as error:
            self._reason = str(error).splitlines()[0]

    def outputs(self) -> list[list[Any]]:
        if not self._found:
            raise NoAnswerError(self._reason)
        return self._found

    def _answered(self, path: Path, signature: Signature, case: Inputs) -> bool:
        names = [*signature.outputs]
        try:
            if case.recorded.keys() >= {*names}:
                found = [case.recorded[name] for name in names]
            else:
                session = onnxruntime_session(onnx.load(path))
                found = list(session.run(None, dict(case.feeds)))
        except Onnx2pyError:
            raise
        except (
            Exception
        ) as error:  # other lengths may do; its errors have no common type
            self._reason = str(error).splitlines()[0][:300]
            return False
        self.cases.append(case)
        self._found.append(found)
        return True


def _difference(ours: Sequence[Any], theirs: Sequence[Any]) -> str | None:
    if len(ours) != len(theirs):
        return f"expected {len(theirs)} outputs, got {len(ours)}"
    found = worst(compare(a, b, RTOL) for a, b in zip(ours, theirs))
    return found.reason or None
