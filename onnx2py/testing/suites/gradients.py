"""Models with a Gradient node, beside the differences of what they differentiate.

Engines that lack ``ai.onnx.preview.training.Gradient`` refuse all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np

from ...errors import OptionError
from ..case import Case, Label
from ..gradients.cases import CASES, IN_FLOAT32, Derivative
from ..gradients.models import arrays_of, models, slopes
from . import Selection, takes_nothing

SEED, STEP = 3, 1e-6


def suite(argument: str = "") -> GradientSuite:
    """Return the suite."""
    takes_nothing(GradientSuite.name, argument)
    return GradientSuite()


class GradientSuite:
    """Cases called ``Conv-21 3 group=2``: operator, opset, number of inputs, attributes."""

    name = "gradients"

    def names(self, selection: Selection) -> Iterator[str]:
        """Yield the titles of cases; ``only`` names operators or titles.

        Raises
        ------
        OptionError
            If there is none of a name.
        """
        known = {
            name for title, d in derivatives().items() for name in (title, d.operator)
        }
        if unknown := sorted({*selection.only} - known):
            raise OptionError(
                f"gradients: expected operators or cases, got {', '.join(unknown)}"
            )
        for title, derivative in derivatives().items():
            if not selection.only or {title, derivative.operator} & {*selection.only}:
                yield title

    def case(self, name: str) -> Case:
        """Return a case."""
        which = derivatives()[name]
        plain, derived, feeds = models(which, arrays_of(which.inputs, SEED))
        rough = which.operator in IN_FLOAT32
        step, rtol, atol = (2e-3, 2e-3, 2e-4) if rough else (STEP, 1e-5, 1e-6)

        def difference(ours: Sequence[Any], theirs: Sequence[Any]) -> str | None:
            for got, wanted, (of, array) in zip(ours, theirs, feeds.items()):
                if np.shape(got) != array.shape or np.asarray(got).dtype != array.dtype:
                    kind = f"{np.asarray(got).dtype}{list(np.shape(got))}"
                    return (
                        f"d_{of}: expected {array.dtype}{list(array.shape)}, got {kind}"
                    )
                if not np.allclose(got, wanted, rtol=rtol, atol=atol):
                    off = np.abs(got - wanted).max()
                    return f"d_{of}: {off:.3g} from the difference quotient"
            return None

        return Case(
            name,
            derived,
            [feeds],
            lambda: [slopes(plain, feeds, step)],
            difference,
            Label(which.operator, "", which.opset),
            name,
        )


@cache
def derivatives() -> dict[str, Derivative]:
    """Return all by title; of equal titles, the later ones are numbered."""
    found: dict[str, Derivative] = {}
    for derivative in CASES:
        title, number = derivative.title, 2
        while title in found:
            title, number = f"{derivative.title} ({number})", number + 1
        found[title] = derivative
    return found
