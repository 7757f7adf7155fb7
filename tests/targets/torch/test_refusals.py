"""What PyTorch lacks is refused before anything is written, with the node."""

from __future__ import annotations

import pytest

from onnx2py.errors import UnsupportedError

from .models import loaded, model

NETS = {
    "ops.conv over 4 axes": "net (float[1, 2, a, b, c, d] x) => (float[1, 1, e, f, g, h] y)"
    " <float[1, 2, 1, 1, 1, 1] w = {1, 2}> { y = Conv (x, w) }",
    "ops.conv over 5 axes": "net (float[1, 2, a, b, c, d, e] x, int64[q] s) => (float[r] y)"
    " <float[1, 2, 1, 1, 1, 1, 1] w = {1, 2}> { z = Reshape (x, s) y = Conv (z, w) }",
    "ops.conv_transpose over 4 axes": "net (float[1, 2, a, b, c, d] x)"
    " => (float[1, 1, e, f, g, h] y)"
    " <float[2, 1, 1, 1, 1, 1] w = {1, 2}> { y = ConvTranspose (x, w) }",
    "ops.grid_sample over 3 axes by cubics": "net (float[1, 1, a, b, c] x, float[1, 2, 2, 2, 3] g)"
    ' => (float[1, 1, 2, 2, 2] y) { y = GridSample <mode = "cubic"> (x, g) }',
    "element type string": "net (float[n] x) => (float[n] y, string[1] s)"
    ' { y = Relu (x) s = Constant <value_strings = ["a"]> () }',
}


@pytest.mark.parametrize("what", NETS)
@pytest.mark.parametrize("level", [0, 1])
def test_it_is_refused_with_the_reason(what: str, level: int) -> None:
    with pytest.raises(UnsupportedError, match=f"target torch has no {what}"):
        loaded(model(NETS[what]), level=level)


def test_three_axes_are_not() -> None:
    for mode, axes in (("linear", "a, b, c"), ("cubic", "a, b")):
        r = axes.count(",") + 1
        twos = ", ".join("2" * r)
        loaded(
            model(
                f"net (float[1, 1, {axes}] x, float[1, {twos}, {r}] g)"
                f' => (float[1, 1, {twos}] y) {{ y = GridSample <mode = "{mode}"> (x, g) }}'
            )
        )
