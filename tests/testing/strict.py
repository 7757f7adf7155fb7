"""Packages for NumPy as engines that are checked more closely than others."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import onnx

from onnx2py.plan import convolutions, release
from onnx2py.testing.case import Run
from onnx2py.testing.engines.targets import TargetEngine
from onnx2py.testing.fuzz.draw import Draw
from onnx2py.testing.judge import frozen
from tests.ownership import check_ownership


class Strict(TargetEngine):
    """What a call takes and returns can be overwritten; weights cannot be written to."""

    def __init__(self, level: int = 1, **options: Any) -> None:
        super().__init__("numpy", level=level, **options)

    def prepare(self, model: onnx.ModelProto) -> Run:
        run = super().prepare(model)
        checked = False

        def strict(feeds: Mapping[str, Any]) -> Any:
            nonlocal checked
            if not checked:
                check_ownership(run, dict(feeds))
                frozen(vars(run.model))  # type: ignore[attr-defined]
                checked = True
            return run(feeds)

        return strict


class Planned(Strict):
    """Plans are made for small tensors that are meant for large ones, most of the time.

    Every other package has weights where the model has inputs with defaults.
    """

    def __init__(self, level: int, number: int, *, finite: bool) -> None:
        super().__init__(level, overridable=number % 2 == 0)
        self.draw, self.finite = Draw(number, level), finite

    def prepare(self, model: onnx.ModelProto) -> Run:
        with _thresholds(self.draw, self.finite):
            return super().prepare(model)


@contextmanager
def _thresholds(draw: Draw, finite: bool) -> Iterator[None]:
    """Lower the thresholds of plans.

    A known deviation: in a tile of Winograd's algorithm, what is near an infinite element
    becomes NaN, since differences of infinities are taken. There it is not chosen.
    """
    fewest = convolutions.FEWEST_CHANNELS if finite else sys.maxsize
    tiles = convolutions.SMALLEST
    if finite and draw.chance(0.4):
        fewest = 1
        tiles = draw.one_of(({4: 4, 2: 1}, {4: 1}, {2: 1}))
    with ExitStack() as stack:
        change = stack.enter_context
        if draw.chance(0.7):
            change(mock.patch.object(release, "LARGE", 1))
        change(mock.patch.object(convolutions, "FEWEST_CHANNELS", fewest))
        change(mock.patch.object(convolutions, "SMALLEST", tiles))
        yield
