"""Rules L1 to L5 and L7 to L9: layers compute what kernels compute, and near misses stay calls."""

import numpy as np
import pytest

from onnx2py.kernels import matmul
from onnx2py.kernels.activation import prelu
from onnx2py.kernels.conv import conv
from onnx2py.kernels.conv_transpose import conv_transpose
from onnx2py.kernels.indexing import gather
from onnx2py.kernels.normalization import (
    group_normalization,
    instance_normalization,
    layer_normalization,
    rms_normalization,
)
from onnx2py.kernels.normalization_batch import batch_normalization
from onnx2py.kernels.random import dropout
from tests.targets.torch.layers_support import check, draw, layers, program, step

WINDOWS = [
    ({}, ""),
    ({"strides": (2, 2), "pads": (1, 1, 1, 1)}, ", stride=2, padding=1"),
    ({"strides": (2, 1), "pads": (1, 0, 1, 0)}, ", stride=(2, 1), padding=(1, 0)"),
    ({"dilations": (2, 1)}, ", dilation=(2, 1)"),
    ({"pads": "SAME_UPPER"}, ", padding='same'"),
]


@pytest.mark.parametrize("options, text", WINDOWS)
def test_l1_convolution(options, text):
    weights = {"a.b.weight": draw(6, 4, 3, 2), "a.b.bias": draw(6)}
    call = step(conv, ["x", *weights], "y", **options)
    made = check({"x": draw(2, 4, 7, 6)}, weights, call)
    assert layers(made) == {"a.b": f"nn.Conv2d(4, 6, (3, 2){text})"}


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_l1_convolutions_of_groups_and_any_rank(axes):
    weights = {"c.weight": draw(6, 2, *[3] * axes)}
    call = step(conv, ["x", "c.weight"], "y", group=2)
    made = check({"x": draw(2, 4, *[5] * axes)}, weights, call)
    assert layers(made) == {"c": f"nn.Conv{axes}d(4, 6, 3, groups=2, bias=False)"}


def test_l1_takes_the_bias_that_follows():
    weights = {"c.weight": draw(6, 4, 3, 3), "b": draw(1, 6, 1, 1)}
    made = check(
        {"x": draw(2, 4, 5, 5)},
        weights,
        step(conv, ["x", "c.weight"], "y"),
        step(np.add, ["b", "y"], "z"),
    )
    assert layers(made) == {"c": "nn.Conv2d(4, 6, 3)"}
    assert len(made.statements) == 1


@pytest.mark.parametrize(
    "bias",
    [draw(6), draw(1, 1, 1, 6), draw(6, 3, 3), draw(1), draw(1, 1, 6, 1, 1)],
    ids=lambda b: str(b.shape),
)
def test_l1_what_is_added_otherwise_is_no_bias(bias):
    weights = {"c.weight": draw(6, 4, 3, 3), "b": bias}
    made = check(
        {
            "x": (
                draw(2, 4, 5, 8)[..., :5]
                if bias.shape == (6, 3, 3)
                else draw(2, 4, 5, 8)
            )
        },
        weights,
        step(conv, ["x", "c.weight"], "y"),
        step(np.add, ["y", "b"], "z"),
    )
    assert layers(made) == {"c": "nn.Conv2d(4, 6, 3, bias=False)"}


@pytest.mark.parametrize(
    "options",
    [
        {"pads": (1, 1, 0, 1)},
        {"pads": "SAME_LOWER"},
        {"pads": "SAME_UPPER", "strides": (2, 2)},
    ],
)
def test_l1_uneven_padding_stays(options):
    call = step(conv, ["x", "c.weight"], "y", **options)
    made = check({"x": draw(2, 4, 5, 5)}, {"c.weight": draw(6, 4, 3, 3)}, call)
    assert layers(made) == {}


def test_l1_a_weight_that_is_computed_stays():
    inputs = {"x": draw(1, 2, 5, 5), "w": draw(3, 2, 3, 3)}
    assert layers(check(inputs, {}, step(conv, ["x", "w"], "y"))) == {}


def test_l1_a_weight_of_another_type_stays():
    weights = {"c.weight": draw(3, 2, 3, 3, dtype=np.float64)}
    before = step(conv, ["x", "c.weight"], "y")
    assert layers(check({"x": draw(1, 2, 5, 5)}, weights, before)) == {}


@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4), (2, 1, 3, 4)])
def test_l2_products_by_one_matrix(shape):
    weights = {"m": draw(4, 5), "a.fc.bias": draw(5)}
    made = check(
        {"x": draw(*shape)},
        weights,
        step(np.matmul, ["x", "m"], "y", "a.fc"),
        step(np.add, ["a.fc.bias", "y"], "z", "a.fc"),
    )
    assert layers(made) == {"a.fc": "nn.Linear(4, 5)"}
    assert {*made.weights} == {"a.fc.weight", "a.fc.bias"}


def test_l2_half_floats():
    call = step(matmul.matmul, ["x", "m"], "y", "fc")
    inputs = {"x": draw(3, 4, dtype=np.float16)}
    made = check(
        inputs, {"m": draw(4, 5, dtype=np.float16)}, call, rtol=2e-3, atol=2e-3
    )
    assert layers(made) == {"fc": "nn.Linear(4, 5, bias=False)"}


@pytest.mark.parametrize("trans_b", [True, False])
@pytest.mark.parametrize("bias", [(5,), (1, 5), None])
def test_l2_gemm(trans_b, bias):
    options = {"trans_b": True} if trans_b else {}
    weights = {"m": draw(5, 4) if trans_b else draw(4, 5)}
    if bias:
        weights["b"] = draw(*bias)
    call = step(matmul.gemm, ["x", *weights], "y", "head", **options)
    made = check({"x": draw(3, 4)}, weights, call)
    assert layers(made) == {"head": f"nn.Linear(4, 5{'' if bias else ', bias=False'})"}


@pytest.mark.parametrize(
    "bias, options",
    [
        (draw(3, 5), {}),
        (draw(3, 1), {}),
        (draw(1), {}),
        (draw(5), {"alpha": 2.0}),
        (draw(5), {"beta": 0.5}),
    ],
)
def test_l2_other_uses_of_gemm_stay(bias, options):
    call = step(matmul.gemm, ["x", "m", "b"], "y", **options)
    made = check({"x": draw(3, 4)}, {"m": draw(4, 5), "b": bias}, call)
    assert layers(made) == {}


def test_l2_a_weight_as_it_is_multiplied_is_of_another_class():
    call = step(matmul.gemm, ["x", "h.c_fc.weight", "h.c_fc.bias"], "y", "h.c_fc")
    weights = {"h.c_fc.weight": draw(4, 5), "h.c_fc.bias": draw(5)}
    made = check({"x": draw(3, 4)}, weights, call)
    assert layers(made) == {} and made.weights.keys() == weights.keys()


def test_l2_a_parameter_of_another_module_is_no_bias():
    made = check(
        {"x": draw(1, 4)},
        {"m": draw(4, 5), "pos.embed": draw(1, 5)},
        step(np.matmul, ["x", "m"], "y", "fc"),
        step(np.add, ["y", "pos.embed"], "z"),
    )
    assert layers(made) == {"fc": "nn.Linear(4, 5, bias=False)"}


def test_l2_attention_keeps_its_projections_together():
    made = check(
        {"x": draw(3, 4)},
        {"m": draw(4, 12), "a.self_attn.in_proj_bias": draw(12)},
        step(np.matmul, ["x", "m"], "y", "a.self_attn"),
        step(np.add, ["y", "a.self_attn.in_proj_bias"], "z", "a.self_attn"),
    )
    assert layers(made) == {"a.self_attn": "F.linear()"}
    assert made.weights["a.self_attn.in_proj_weight"].shape == (12, 4)


def test_l2_attention_to_others_multiplies_by_parts_of_one_parameter():
    made = check(
        {"x": draw(3, 4), "y": draw(5, 4)},
        {
            "q": draw(4, 4),
            "kv": draw(4, 8),
            "bq": draw(4),
            "bkv": draw(8),
            "o": draw(4, 4),
        },
        step(np.matmul, ["x", "q"], "q0", "attn", "MultiheadAttention"),
        step(np.add, ["q0", "bq"], "q1", "attn", "MultiheadAttention"),
        step(np.matmul, ["y", "kv"], "kv0", "attn", "MultiheadAttention"),
        step(np.add, ["kv0", "bkv"], "kv1", "attn", "MultiheadAttention"),
        step(np.matmul, ["q1", "o"], "z", "attn", "MultiheadAttention"),
        outputs=["z", "kv1"],
    )
    assert layers(made)["attn.out_proj"] == "nn.Linear(4, 4, bias=False)"
    shapes = {name: array.shape for name, array in made.weights.items()}
    assert shapes == {
        "attn.in_proj_weight": (12, 4),
        "attn.in_proj_bias": (12,),
        "attn.out_proj.weight": (4, 4),
    }


def test_l2_other_projections_of_one_module_stay_layers():
    made = check(
        {"x": draw(3, 4), "y": draw(5, 4)},
        {"q": draw(4, 4), "kv": draw(4, 8)},
        step(np.matmul, ["x", "q"], "q0", "attn"),
        step(np.matmul, ["y", "kv"], "kv0", "attn"),
        outputs=["q0", "kv0"],
    )
    assert [*layers(made)] == ["attn", "attn_2"]


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 5), (3, 4, 5, 2), (3, 4, 5, 2, 2)])
def test_l3_batch_normalization(shape):
    names = ("weight", "bias", "running_mean", "running_var")
    weights = {f"bn.{n}": draw(4) for n in names}
    weights["bn.running_var"] = np.abs(weights["bn.running_var"]) + 0.5
    call = step(batch_normalization, ["x", *weights], "y", epsilon=1e-3)
    made = check({"x": draw(*shape)}, weights, call)
    axes = max(1, len(shape) - 2)
    assert layers(made) == {"bn": f"nn.BatchNorm{axes}d(4, eps=0.001)"}


def test_l3_statistics_of_each_position_stay():
    values = {n: np.abs(draw(4, 5)) + 0.5 for n in "wbmv"}
    call = step(batch_normalization, ["x", *values], "y")
    assert layers(check({"x": draw(3, 4, 5)}, values, call)) == {}


@pytest.mark.parametrize("axis, lengths", [(-1, "5"), (2, "5"), (-2, "(4, 5)")])
def test_l4_layer_normalization(axis, lengths):
    shape = (5,) if lengths == "5" else (4, 5)
    weights = {"n.weight": draw(*shape), "n.bias": draw(*shape) * 2}
    call = step(layer_normalization, ["x", *weights], "y", axis=axis)
    made = check({"x": draw(3, 4, 5)}, weights, call)
    assert layers(made) == {"n": f"nn.LayerNorm({lengths})"}


def test_l4_layer_normalization_without_bias():
    call = step(layer_normalization, ["x", "n.weight"], "y", epsilon=1e-6)
    made = check({"x": draw(3, 5)}, {"n.weight": draw(5)}, call)
    assert layers(made) == {"n": "nn.LayerNorm(5, eps=1e-06, bias=False)"}


@pytest.mark.parametrize("shape", [(1,), (4, 1), (3, 4, 5)])
def test_l4_a_scale_of_other_axes_stays(shape):
    call = step(layer_normalization, ["x", "n.weight"], "y", epsilon=1e-6)
    made = check({"x": draw(3, 4, 5)}, {"n.weight": draw(*shape)}, call)
    assert layers(made) == {}


def test_l4_rms_normalization():
    call = step(rms_normalization, ["x", "n.weight"], "y", epsilon=1e-6)
    made = check({"x": draw(3, 4, 5)}, {"n.weight": draw(5)}, call)
    assert layers(made) == {"n": "nn.RMSNorm(5, eps=1e-06)"}


@pytest.mark.parametrize("shape", [(4,), (4, 1, 1)])
def test_l4_group_normalization(shape):
    weights = {"n.weight": draw(*shape), "n.bias": draw(*shape) * 2}
    call = step(group_normalization, ["x", *weights], "y", num_groups=2)
    made = check({"x": draw(3, 4, 5, 2)}, weights, call)
    assert layers(made) == {"n": "nn.GroupNorm(2, 4)"}
    assert made.weights["n.weight"].shape == (4,)


def test_l4_a_scale_for_each_group_stays():
    weights = {"n.weight": draw(2), "n.bias": draw(2)}
    call = step(group_normalization, ["x", *weights], "y", num_groups=2)
    assert layers(check({"x": draw(3, 4, 5)}, weights, call)) == {}


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_l4_instance_normalization(axes):
    weights = {"n.weight": draw(4), "n.bias": draw(4) * 2}
    call = step(instance_normalization, ["x", *weights], "y", epsilon=1e-3)
    made = check({"x": draw(3, 4, *[3] * axes)}, weights, call)
    assert layers(made) == {"n": f"nn.InstanceNorm{axes}d(4, eps=0.001, affine=True)"}


def test_l4_instance_normalization_of_one_element_stays():
    weights = {"n.weight": draw(4), "n.bias": draw(4)}
    call = step(instance_normalization, ["x", *weights], "y")
    assert layers(check({"x": draw(3, 4, 1, 1)}, weights, call)) == {}


def _normalized(function, scale, modules=("n", "n", "n"), **options):
    """Return the program of a normalization by ones and zeros, which is scaled afterwards."""
    weights = {"one": np.ones(4, np.float32), "zero": np.zeros(4, np.float32)}
    scales = {"scale": scale, "shift": draw(4, 1, 1)}
    return check(
        {"x": draw(3, 4, 5, 2)},
        weights | scales,
        step(function, ["x", "one", "zero"], "a", modules[0], **options),
        step(np.multiply, ["a", "scale"], "b", modules[1]),
        step(np.add, ["b", "shift"], "c", modules[2]),
    )


@pytest.mark.parametrize(
    "function, options, groups",
    [(instance_normalization, {}, 4), (group_normalization, {"num_groups": 2}, 2)],
)
def test_l4_group_normalization_as_exporters_write_it(function, options, groups):
    made = _normalized(function, draw(4, 1, 1), **options)
    assert layers(made) == {"n": f"nn.GroupNorm({groups}, 4)"}
    assert {name: a.shape for name, a in made.weights.items()} == {
        "n.weight": (4,),
        "n.bias": (4,),
    }


@pytest.mark.parametrize(
    "function, options, text",
    [
        (instance_normalization, {}, "nn.InstanceNorm2d(4)"),
        (group_normalization, {"num_groups": 2}, "nn.GroupNorm(2, 4, affine=False)"),
    ],
)
@pytest.mark.parametrize(
    "scale, modules", [(draw(5, 2), "nnn"), (draw(4, 1, 1), "nmm")], ids=str
)
def test_l4_what_is_scaled_otherwise_has_no_parameters(
    function, options, text, scale, modules
):
    made = _normalized(function, scale, modules, **options)
    assert layers(made) == {"n": text}


def test_l4_group_normalization_by_ones_alone_has_its_own():
    weights = {"one": np.ones(4, np.float32), "zero": np.zeros(4, np.float32)}
    call = step(group_normalization, ["x", *weights], "y", "n", num_groups=2)
    made = check({"x": draw(3, 4, 5)}, weights, call)
    assert layers(made) == {"n": "nn.GroupNorm(2, 4)"}


@pytest.mark.parametrize("function", [np.take, gather])
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_l5_embedding(function, dtype):
    indices = np.array([[0, 4, 2], [1, 1, 3]], dtype)
    call = step(function, ["e.weight", "x"], "y", axis=0)
    made = check({"x": indices}, {"e.weight": draw(5, 3)}, call)
    assert layers(made) == {"e": "nn.Embedding(5, 3)"}


def test_l5_other_tables_stay():
    # a table that no module has may be read from its end
    indices = np.array([0, -1])
    for name, options in (("table", {"axis": 0}), ("e.weight", {"axis": 1})):
        call = step(np.take, [name, "x"], "y", **options)
        assert layers(check({"x": indices}, {name: draw(5, 3)}, call)) == {}


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_l7_transposed_convolution(axes):
    weights = {"u.weight": draw(4, 3, *[3] * axes), "u.bias": draw(6)}
    options = {
        "strides": (2,) * axes,
        "pads": (1,) * 2 * axes,
        "output_padding": (1,) * axes,
        "group": 2,
    }
    call = step(conv_transpose, ["x", *weights], "y", **options)
    made = check({"x": draw(2, 4, *[4] * axes)}, weights, call)
    text = "4, 6, 3, stride=2, padding=1, output_padding=1, groups=2"
    assert layers(made) == {"u": f"nn.ConvTranspose{axes}d({text})"}


@pytest.mark.parametrize(
    "options",
    [
        {"output_shape": (9, 9), "strides": (2, 2)},
        {"pads": (1, 0, 0, 0)},
        {"output_padding": (1, 1)},
        {"pads": "SAME_UPPER"},
    ],
)
def test_l7_what_is_cut_off_unevenly_stays(options):
    call = step(conv_transpose, ["x", "u.weight"], "y", **options)
    made = check({"x": draw(2, 4, 4, 4)}, {"u.weight": draw(4, 3, 3, 3)}, call)
    assert layers(made) == {}


@pytest.mark.parametrize(
    "slope, count", [((), ""), ((1,), ""), ((4, 1, 1), "4"), ((1, 4, 1, 1), "4")]
)
def test_l8_prelu(slope, count):
    weights = {"act.weight": np.array(draw(*slope))}
    call = step(prelu, ["x", "act.weight"], "y")
    made = check({"x": draw(2, 4, 3, 3)}, weights, call)
    assert layers(made) == {"act": f"nn.PReLU({count})"}


@pytest.mark.parametrize("slope", [draw(3), draw(3, 1), np.float32([[[np.inf]]] * 4)])
def test_l8_other_slopes_stay(slope):
    call = step(prelu, ["x", "act.weight"], "y")
    made = check({"x": draw(2, 4, 3, 3)}, {"act.weight": slope}, call)
    assert layers(made) == {}


def test_l9_dropout_draws_in_training_alone():
    before = program(
        {"x": draw(3, 4)}, {}, step(dropout, ["x", 0.25, True], ["y", ""], "drop")
    )
    from onnx2py.targets.network.layers import find_layers

    assert layers(find_layers(before)) == {"drop": "nn.Dropout(p=0.25)"}


@pytest.mark.parametrize("mode", [False, "t"])
def test_l9_other_dropout_stays(mode):
    inputs = {"x": draw(3, 4), "t": np.array(False)}
    call = step(dropout, ["x", 0.25, mode], ["y", ""], "drop")
    assert layers(check(inputs, {}, call)) == {}
