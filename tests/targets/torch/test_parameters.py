"""Rules R1 to R4: constants that are made of parameters of the file."""

import numpy as np
import pytest

from onnx2py.ir.check import check_program
from onnx2py.targets.network.layers import find_layers
from onnx2py.targets.network.parameters import restore_parameters
from onnx2py.targets.network.state import state_of
from tests.targets.torch.layers_support import draw, program, run, step


def restored(part, parameters, x, module="", function=np.multiply):
    """Return the program that multiplies by a constant after the rules, compared with before."""
    before = program(
        {"x": x}, {"part": part}, step(function, ["x", "part"], "y", module)
    )
    after = restore_parameters(before, parameters)
    check_program(after, "restore_parameters")
    np.testing.assert_array_equal(run(after, {"x": x})["y"], run(before, {"x": x})["y"])
    return after


@pytest.mark.parametrize(
    "whole, part",
    [
        (draw(1, 1, 6), lambda w: w),
        (draw(6), lambda w: w.reshape(1, 6, 1, 1)),
        (draw(3, 2), lambda w: w.reshape(1, 6)),
        (draw(5, 6), lambda w: w.T),
        (draw(9, 6), lambda w: w[None, :4]),
        (draw(9, 6), lambda w: w[:4]),
    ],
    ids=["R1", "R2", "R2 of a matrix", "R4", "R3", "R3 of a matrix"],
)
def test_the_parameter_is_in_the_state(whole, part):
    array = part(whole)
    after = restored(array, {"a.p": whole, "a.q": draw(7)}, draw(*array.shape))
    state = state_of(after)
    assert {*state.arrays} == {"a.p"} and not state.constants
    np.testing.assert_array_equal(state.arrays["a.p"], whole)


def test_one_of_equal_parameters_is_that_of_the_module():
    whole = draw(6)
    equal = {"a.p": whole, "b.p": whole.copy()}
    after = restored(whole.reshape(1, 6), equal, draw(2, 6), module="b")
    assert {*state_of(after).arrays} == {"b.p"}
    assert {*state_of(restored(whole.reshape(1, 6), equal, draw(2, 6))).arrays} == {
        "part"
    }


@pytest.mark.parametrize(
    "part",
    [draw(9, 6)[1:4], draw(9, 6)[:1], draw(9, 6)[:4] * 2, draw(9, 6)[:4].astype("f8")],
)
def test_other_constants_stay(part):
    after = restored(part, {"a.p": draw(9, 6)}, draw(*part.shape, dtype=part.dtype))
    assert {*after.weights} == {"part"}


def test_parameters_that_are_read_stay_apart():
    x, whole = draw(2, 6), draw(6)
    before = program(
        {"x": x},
        {"a.p": whole, "part": whole.reshape(1, 6)},
        step(np.multiply, ["x", "a.p"], "y"),
        step(np.add, ["y", "part"], "z"),
    )
    assert restore_parameters(before, {"a.p": whole}) == before


def test_layers_keep_theirs():
    x, whole = draw(3, 4), draw(4, 5)
    before = program({"x": x}, {"v": whole}, step(np.matmul, ["x", "v"], "y", "fc"))
    before = find_layers(before)
    assert restore_parameters(before, {"a.p": whole.T.copy()}) == before


def test_a_constant_that_no_parameter_explains_is_in_its_module():
    after = restored(draw(1, 6), {}, draw(2, 6), module="blocks.0.attn")
    state = state_of(after)
    assert {*state.arrays} == {"blocks.0.attn.part"} and not state.constants
