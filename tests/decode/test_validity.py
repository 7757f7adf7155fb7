"""Models that no program can run are refused, by node; all others are not.

onnxruntime decides what is valid: what it refuses when it loads or runs a model.
"""

from __future__ import annotations

import re

import numpy as np
import onnx
import onnx.parser
import onnxruntime
import pytest
from onnx import helper

from onnx2py.cli import main
from onnx2py.decode import decode
from onnx2py.decode.validity.microsoft import INPUTS, microsoft_inputs
from onnx2py.decode.validity.patterns import PATTERNS
from onnx2py.decode.validity.rules import RULES
from onnx2py.errors import InvalidModelError
from onnx2py.load import load
from onnx2py.lowering.registry import has_rule

MICROSOFT = "com.microsoft"


def parsed(text: str, opset: int = 21) -> onnx.ModelProto:
    """Parse a graph, or a graph and functions of the domain ``f``."""
    domains = f'"" : {opset}, "{MICROSOFT}" : 1, "ai.onnx.ml" : 4, "f" : 1, "no" : 1'
    return onnx.parser.parse_model(
        f"<ir_version: 10, opset_import: [{domains}]> g {text}"
    )


def problems(text: str, opset: int = 21) -> list[str]:
    """Return the problems of a model."""
    try:
        decode(load(parsed(text, opset)), has_rule)
    except InvalidModelError as error:
        return [str(problem) for problem in error.problems]
    return []


def refused_by_onnxruntime(model: onnx.ModelProto) -> bool:
    """Whether onnxruntime refuses to load a model, or to run it on ones."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    quiet = onnxruntime.RunOptions()
    quiet.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        feeds = {
            value.name: np.ones(
                [dim.dim_value or 2 for dim in value.type.tensor_type.shape.dim],
                helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type),
            )
            for value in model.graph.input
        }
        session.run(None, feeds, quiet)
    except Exception:
        return True
    return False


TYPES = [
    ("(float[2] x, double[2] k) => (y) { y = Add (x, k) }", "float32 and float64"),
    (
        "(bool[2] c, float[2] x, int64[2] k) => (y) { y = Where (c, x, k) }",
        "float32 and int64",
    ),
    (
        "(float16[2, 2] x, float[2, 2] k) => (y) { y = MatMul (x, k) }",
        "float16 and float32",
    ),
    (
        "(float[2] x, float[1] i) => (y) { y = Gather (x, i) }",
        "int32 or int64, got float32",
    ),
    ("(float[2] x) => (y) { y = Not (x) }", "expected bool, got float32"),
    (
        "(float[2] x, double[2] k) => (y) { y = Concat <axis = 0> (x, k) }",
        "float32 and float64",
    ),
    (
        """(float[2] x, double[2] k) => (y)
        { s = SequenceConstruct (x, x) y = SequenceInsert (s, k) }""",
        "float64",
    ),
    (
        "(float[1, 2, 4] x, float16[4] k) => (y) { y = com.microsoft.BiasGelu (x, k) }",
        "float32 and float16",
    ),
    (
        """(float[2, 3] x) => (y) { h = Cast <to = 10> (x) w = Constant <value_floats = [1.0]> ()
        y = Mul (h, w) }""",
        "float16 and float32",
    ),
    (
        """(bool[] c, float[2] x) => (y) { y = If (c) <
        then_branch = t () => (float[2] p) { p = Relu (x) },
        else_branch = e () => (double[2] q) { q = Cast <to = 11> (x) }> }""",
        "'p' and 'q': expected one type, got float32 and float64",
    ),
    (
        """(int64[] n, bool[] c, float[2] x) => (y) { y = Loop (n, c, x) <
        body = b (int64[] i, bool[] g, float[2] s) => (bool[] h, double[2] t)
            { h = Identity (g) t = Cast <to = 11> (s) }> }""",
        "'x' and 't': expected one type, got float32 and float64",
    ),
]

LENGTHS = [
    "(float[1, 3] x, float[4, 2] k) => (y) { y = MatMul (x, k) }",
    "(float[2, 3] x, float[4, 3] k) => (y) { y = Add (x, k) }",
    "(float[2, 3] x, float[2, 4] k) => (y) { y = GreaterOrEqual (x, k) }",
    "(float[1, 3, 8, 8] x, float[4, 2, 3, 3] k) => (y) { y = Conv (x, k) }",
    "(float[1, 3, 8] x, float[4, 3, 3] k, float[5] b) => (y) { y = Conv (x, k, b) }",
    "(float[1, 4, 8] x, float[3, 2, 3] k) => (y) { y = Conv <group = 2> (x, k) }",
    "(float[1, 3, 8, 8] x, float[2, 4, 3, 3] k) => (y) { y = ConvTranspose (x, k) }",
    """(float[1, 3, 8, 8] x, float[4, 3, 3, 3] k, float[1, 17, 6, 6] o) => (y)
    { y = DeformConv <kernel_shape = [3, 3]> (x, k, o) }""",
    """(float[1, 3, 8] x, float[3] s, float[2] v) => (y)
    { y = BatchNormalization (x, s, s, s, v) }""",
    "(float[2, 3] a, float[4, 2] b) => (y) { y = Gemm (a, b) }",
    "(float[2, 3] a, float[3, 2] b, float[3] c) => (y) { y = Gemm (a, b, c) }",
    "(float[2, 3] x) => (y) <int64[2] s = {4, 2}> { y = Reshape (x, s) }",
    "(float[2, 3] x) => (y) <int64[2] s = {4, 3}> { y = Expand (x, s) }",
    "(float[2, 3] x, float[2, 4] k) => (y) { y = Concat <axis = 0> (x, k) }",
    "(float[2, 3] x, int64[1] i) => (y) { y = Gather <axis = 2> (x, i) }",
    "(float[2, 3] x) => (y) { y = Transpose <perm = [0, 2, 1]> (x) }",
    "(float[2, 3] x) => (y) <int64[1] r = {2}> { y = Tile (x, r) }",
    "(float[2, 3, 4] x, float[3] s) => (y) { y = LayerNormalization (x, s) }",
    "(float[2, 3, 4] x, float[2] s) => (y) { y = InstanceNormalization (x, s, s) }",
    """(float[2, 3] x, float[4] s, uint8[4] z) => (y)
    { y = QuantizeLinear <axis = 1> (x, s, z) }""",
    """(int8[2, 3] x, float[2] s, int8[2] z) => (y)
    { y = DequantizeLinear <axis = 1> (x, s, z) }""",
    """(float[5, 2, 3] x, float[1, 16, 3] w, float[1, 16, 3] r) => (y)
    { y = LSTM <hidden_size = 4> (x, w, r) }""",
    """(float[5, 2, 3] x, float[1, 12, 3] w, float[1, 12, 4] r, float[1, 23] b) => (y)
    { y = GRU <hidden_size = 4> (x, w, r, b) }""",
    """(float[5, 2, 3] x, float[1, 4, 3] w, float[1, 4, 4] r) => (y)
    { y = RNN <hidden_size = 4, direction = "bidirectional"> (x, w, r) }""",
    """(float[1, 4, 3] x, float[3] s) => (y)
    { y = GroupNormalization <num_groups = 2> (x, s, s) }""",
    """(float[3, 4] d, int64[2, 1] i, float[2, 3] u) => (y) { y = ScatterND (d, i, u) }""",
    """(float[2, 3] x, int64[2, 3] i, float[2, 2] u) => (y)
    { y = ScatterElements (x, i, u) }""",
    "(float[1, 2, 4] x, float[5] b) => (y) { y = com.microsoft.BiasGelu (x, b) }",
    """(float[1, 2, 4] x, float[5] g) => (y)
    { y = com.microsoft.SkipLayerNormalization (x, x, g) }""",
    """(float[1, 2, 4] x, float[4, 12] w, float[11] b) => (y)
    { y = com.microsoft.Attention <num_heads = 2> (x, w, b) }""",
    "(float[2, 3] x, float[2, 3] k) => (y) { y = com.microsoft.FusedMatMul (x, k) }",
]

LENGTHS += [
    """(float[2, 3] x) => (y) { y = Einsum <equation = "ij,jk->ik"> (x, x) }""",
    """(float[2, 3] x) => (y) { y = Einsum <equation = "ii->i"> (x) }""",
    """(float[2, 3] x) => (y) { y = Einsum <equation = "ij->ii"> (x) }""",
    """(float[2, 2, 3] x, float[3, 3, 2] k) => (y)
    { y = Einsum <equation = "...ij,...jk->...ik"> (x, k) }""",
    "(float[2, 3] x) => (y) <int64[2] a = {0, 1}> { y = CumSum (x, a) }",
    "(float[2, 3] x, int64[0] a) => (y) { y = CumSum (x, a) }",
    "(float x) => (y) <int64 i = {0}> { y = GatherElements (x, i) }",
    "(float x) => (y) <int64 i = {0}> { y = ScatterElements (x, i, x) }",
    "(float[2, 3] x, int64[4, 3] i) => (y) { y = GatherElements <axis = 1> (x, i) }",
    "(float[1, 1, 2, 3] x) => (y) { y = MaxPool <kernel_shape = [9, 9]> (x) }",
    "(float[1, 1, 2, 3] x) => (y) { y = MaxPool <kernel_shape = [9, 9], ceil_mode = 1> (x) }",
    """(float[1, 1, 2, 3] x) => (y)
    { y = MaxPool <kernel_shape = [2, 2], dilations = [3, 1]> (x) }""",
    """(float[1, 1, 2, 3] x) => (y)
    { y = MaxPool <kernel_shape = [9, 9], auto_pad = "VALID"> (x) }""",
    "(float[1, 1, 2, 3] x) => (y) { y = AveragePool <kernel_shape = [9, 9]> (x) }",
    "(float[1, 1, 2, 3] x) => (y) { y = LpPool <kernel_shape = [9, 9]> (x) }",
    "(float[1, 1, 2, 3] x, float[1, 1, 3, 3] k) => (y) { y = Conv (x, k) }",
    """(float[1, 1, 2, 3] x, float[1, 1, 2, 2] k) => (y)
    { y = Conv <dilations = [3, 1]> (x, k) }""",
    "(uint8[1, 1, 2, 3] x, uint8[1, 1, 3, 3] k) => (y) { y = ConvInteger (x, k) }",
    """(float[1, 1, 4] x, float[1] s) => (y)
    { y = GroupNormalization <num_groups = 2> (x, s, s) }""",
    """(float[1, 4, 4] x, float[4] s) => (y)
    { y = GroupNormalization <num_groups = 0> (x, s, s) }""",
    "(float[1, 5, 2, 2] x) => (y) { y = DepthToSpace <blocksize = 2> (x) }",
    "(float[1, 1, 3, 2] x) => (y) { y = SpaceToDepth <blocksize = 2> (x) }",
    "(float[2, 3] x) => (y) { y = LpNormalization <axis = 2> (x) }",
    "(float[2, 3] x, float[3] s) => (y) { y = LayerNormalization <axis = 2> (x, s) }",
    "(float[2, 3, 4] x) => (y) { y = LRN <size = 0> (x) }",
    "(float[2, 3] x) => (y) <float[2] a = {0, 1}> { y = Clip (x, a) }",
    "(float[3, 3] x) => (y) <int64[2] k = {1, 1}> { y = Trilu (x, k) }",
    """(float[2, 3] x) => (y) <int64[4] p = {1, 1, 1, 1}, float[2] v = {1, 1}>
    { y = Pad (x, p, v) }""",
    """(float[1, 16, 1] x) => (y) <int64[2] s = {4, 4}, int64 f = {8}>
    { y = STFT (x, s, , f) }""",
    "(float[1, 16, 3] x) => (y) <int64 s = {4}, int64 f = {8}> { y = STFT (x, s, , f) }",
    "(float[1, 16, 3] x) => (y) { y = DFT (x) }",
    """(float[2, 3] x) => (y) <float s = {1}, uint8[3] z = {1, 1, 1}>
    { y = QuantizeLinear (x, s, z) }""",
    """(float[2, 4] x, float[2, 3] s) => (y)
    { y = QuantizeLinear <block_size = 2, axis = 1> (x, s) }""",
    """(float[4, 2, 2] x) => (y) <int64[2] l = {1, 1}>
    { y = ReverseSequence <batch_axis = 2> (x, l) }""",
    """(float[1, 1, 4, 4] x, float[1, 5] r, int64[1] i) => (y) { y = RoiAlign (x, r, i) }""",
    "(float[2, 3] x, float[2] s) => (y) { y = PRelu (x, s) }",
]

VALID = [
    '(float[2, 1] x, float[3, 2] k) => (y) { y = Einsum <equation = "ij,jk->ik"> (x, k) }',
    "(float[1, 1, 2, 3] x) => (y) { y = MaxPool <kernel_shape = [3, 3]> (x) }",
    "(float[1, 1, 2, 3] x) => (y) { y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (x) }",
    """(float[1, 1, 2, 3] x) => (y)
    { y = MaxPool <kernel_shape = [9, 9], auto_pad = "SAME_UPPER"> (x) }""",
    "(float[1, 1, 2, 3] x, float[1, 1, 2, 3] k) => (y) { y = Conv <strides = [5, 5]> (x, k) }",
    "(float[2, 3] x) => (y) <float[1] a = {0}> { y = Clip (x, a) }",
    "(float[2, 3] x) => (y) <int64[1] a = {1}> { y = CumSum (x, a) }",
    """(float[2, 3] x) => (y) <int64[1, 3] i = {0, 0, 0}>
    { y = GatherElements <axis = 0> (x, i) }""",
    """(float[2, 4] x, float[2, 2] s) => (y)
    { y = QuantizeLinear <block_size = 2, axis = 1> (x, s) }""",
    "(float[2, 1] x, float[3] s) => (y) { y = PRelu (x, s) }",
    "(float x, float[2] s) => (y) { y = PRelu (x, s) }",
    "(float[n, 3] x, float[m, 3] k) => (y) { y = Add (x, k) }",
    "(float[2, 3] x, float[1, 3] k) => (y) { y = Add (x, k) }",
    "(float[1, 4, 8] x, float[6, 2, 3] k) => (y) { y = Conv <group = 2> (x, k) }",
    "(float[2, 3] a, float[3, 2] b, float[2, 1] c) => (y) { y = Gemm (a, b, c) }",
    "(float[2, 3, 4] x, float[3, 1] s) => (y) { y = LayerNormalization (x, s) }",
    "(float[2, 3] x, float[1] s) => (y) { y = QuantizeLinear (x, s) }",
    """(float[1, 4, 3] x, float[4] s, float[] b) => (y)
    { y = GroupNormalization <num_groups = 2> (x, s, b) }""",
    """(float[5, 2, 3] x, float[2, 4, 3] w, float[2, 4, 4] r) => (y)
    { y = RNN <hidden_size = 4, direction = "bidirectional"> (x, w, r) }""",
    "(float[2, 3] x, float[3] k) => (y) { y = com.microsoft.FusedMatMul (x, k) }",
    # A branch that is not taken may be of other lengths.
    """(bool[] c, float[1, 3, 8] x, float[2, 3, 3] k, float[2, 4, 3] l) => (y) {
    y = If (c) <then_branch = t () => (p) { p = Conv (x, k) },
                else_branch = e () => (q) { q = Conv (x, l) }> }""",
]


@pytest.mark.parametrize(("text", "reason"), TYPES)
def test_types_that_do_not_belong_together_are_refused(text, reason):
    (problem,) = problems(text)
    assert reason in problem
    assert refused_by_onnxruntime(parsed(text))


@pytest.mark.parametrize("text", LENGTHS)
def test_lengths_that_cannot_fit_are_refused(text):
    (problem,) = problems(text)
    assert re.match(r"y: \S+ \(opset \d+\): ", problem)
    assert refused_by_onnxruntime(parsed(text))


@pytest.mark.parametrize("text", VALID)
def test_what_onnxruntime_runs_is_not_refused(text):
    assert problems(text) == []
    assert not refused_by_onnxruntime(parsed(text))


def test_a_type_that_the_version_lacks_is_refused_and_the_hint_names_one_that_has_it():
    text = "(int32[2] x) => (y) { y = Relu (x) }"
    (problem,) = problems(text, 13)
    assert "expected bfloat16 or float16 or float32 or float64, got int32" in problem
    assert "opset 14 takes it" in problem
    assert problems(text, 14) == []
    assert refused_by_onnxruntime(parsed(text, 13))


def test_floats_that_old_files_compare_are_not_refused():
    assert problems("(float[2] x) => (y) { y = Equal (x, x) }", 7) == []


def test_all_problems_are_reported_at_once():
    found = problems(
        """(float[2] x, double[2] k, bool[] c) => (y, z) {
        y = Add (x, k)
        h = Cast <to = 10> (x)
        z = If (c) <then_branch = t () => (p) { p = Mul (h, x) },
                    else_branch = e () => (q) { q = f.double (h, x) }> }
        <domain: "f", opset_import: ["" : 21]> double (a, b) => (s) { s = Sub (a, b) }"""
    )
    assert [problem.partition(" (opset")[0] for problem in found] == [
        "y: Add",
        "p: Mul",
        "s: Sub",
    ]


DECLARED = {
    "an output": "(float[2, 3] x) => (int32[2, 3] y) { y = Neg (x) }",
    "a value inside": """(float[2, 3] x) => (float[2, 3] y) <int32[2, 3] h>
    { h = Neg (x) y = Neg (h) }""",
    "a value that nothing reads": """(float[2, 3] x) => (float[2, 3] y) <int32[2, 3] h>
    { h = Neg (x) y = Neg (x) }""",
    "a conversion": "(float[2, 3] x) => (float[2, 3] y) { y = Cast <to = 7> (x) }",
    "a sequence": "(float[2] x) => (seq(int32[2]) y) { y = SequenceConstruct (x) }",
    "a tensor for a sequence": "(float[2] x) => (float[2] y) { y = SequenceConstruct (x) }",
    "a branch": """(bool[] c, float[2] x) => (y) { y = If (c) <
        then_branch = t () => (int32[2] p) { p = Neg (x) },
        else_branch = e () => (int32[2] q) { q = Neg (x) }> }""",
    "the output of branches": """(bool[] c, float[2] x) => (int32[2] y) { y = If (c) <
        then_branch = t () => (float[2] p) { p = Neg (x) },
        else_branch = e () => (float[2] q) { q = Neg (x) }> }""",
    "a body": """(int64[] n, bool[] c, float[2] x) => (y) { y = Loop (n, c, x) <
        body = b (int64[] i, bool[] g, float[2] s) => (bool[] h, int32[2] t)
            { h = Identity (g) t = Neg (s) }> }""",
    "the state of a body": """(int64[] n, bool[] c, float[2] x) => (y) { y = Loop (n, c, x) <
        body = b (int64[] i, bool[] g, int32[2] s) => (bool[] h, int32[2] t)
            { h = Identity (g) t = Neg (s) }> }""",
}


@pytest.mark.parametrize("text", DECLARED.values(), ids=DECLARED)
def test_an_element_type_that_contradicts_the_declared_one_is_refused(text):
    assert refused_by_onnxruntime(parsed(text))
    assert any("expected" in problem for problem in problems(text))


@pytest.mark.parametrize(
    "text",
    [
        "(float[2, 3] x) => (float[2, 4] y) { y = Neg (x) }",
        "(float[2, 3] x) => (float[2, 3, 1] y) { y = Neg (x) }",
        "(float[2, 3] x) => (float[2, 3] y) <float[5] h> { h = Neg (x) y = Neg (h) }",
        "(float[2, 3] x) => (float[2, 3] y) <int32[2, 3] x> { y = Neg (x) }",
    ],
)
def test_a_declared_shape_that_contradicts_is_no_problem(text):
    assert not refused_by_onnxruntime(parsed(text))
    assert not problems(text)


def test_a_declaration_that_contradicts_is_named():
    assert problems(DECLARED["an output"]) == [
        "y: Neg (opset 21): output 'y': expected int32, which the file declares, got float32; "
        "correct the declaration, or convert the output with Cast"
    ]


def test_a_complaint_names_the_inputs_and_attributes():
    text = "(float[2, 3] x) => (y) <int64[1] k = {1}> { y, z = TopK <axis = 2> (x, k) }"
    assert problems(text) == [
        "y: TopK (opset 21): inputs X ('x': float32[2, 3]), K ('k': int64[1]) or attributes "
        "axis do not fit together: Invalid value for attribute axis"
    ]
    text = "() => (y) { y = Constant <value_int = 1, value_float = 2.0> () }"
    (problem,) = problems(text)
    assert "attributes value_float, value_int do not fit together" in problem


def test_a_complaint_is_the_same_in_each_run():
    text = """(float[1, 4, 4] x, float[1, 4] r, int64[1] i) => (y)
    { y = RoiAlign (x, r, i) }"""
    assert problems(text) == problems(text)


def test_what_is_not_known_is_no_problem():
    assert problems("(float[2] x) => (y) { u = no.No (x) y = Add (u, x) }") == []
    assert problems("(float[2, 3] x, int64[k] s) => (y) { y = Reshape (x, s) }") == []


def test_what_no_output_needs_is_no_problem():
    text = (
        "(float[1, 3, 8] x, float[2, 4, 3] k) => (y) { z = Conv (x, k) y = Relu (x) }"
    )
    assert problems(text) == []


def test_a_shape_that_the_file_declares_is_not_believed():
    text = """(float[2, 3] x) => (y) <float[7, 5] u> {
        u = com.microsoft.Gelu (x) y = MatMul (u, w) w = Transpose <perm = [1, 0]> (x) }"""
    assert problems(text) == []


def test_types_that_the_file_alone_knows_are_not_unknown_to_it():
    text = "(float[2] x) => (y) <float[2] u> { u = no.No (x) y = ReduceSum (u) }"
    assert problems(text) == []
    wrong = "(float[2] x) => (y) <double[2] u> { u = no.No (x) y = Add (u, x) }"
    assert "float64 and float32" in problems(wrong)[0]


def test_nodes_may_come_in_any_order():
    text = "(float[2] x) => (y) { y = Abs (b) b = Relu (a) a = Neg (x) }"
    assert problems(text) == []
    wrong = problems(
        text.replace("Abs (b)", "MatMul (b, c)  c = Concat <axis=0> (b, x)")
    )
    assert len(wrong) == 1 and wrong[0].startswith("y: MatMul")


def test_a_body_of_an_old_operator_without_types_is_no_problem():
    text = """(int64[] n, bool[] c, float[2] x) => (y) { y = Loop (n, c, x)
        <body = b (int64[] i, bool[] g, float[2] s) => (bool[] h, float[2] t)
            { h = Identity (g) t = Add (s, s) }> }"""
    assert problems(text, 6) == []


def test_a_name_in_a_file_cannot_speak_for_inference():
    text = "(float[1, 3] x, float[4, 2] k) => (y) { y = MatMul (x, k) z = Relu (x) }"
    model = parsed(text)
    model.graph.node[1].name = "node 0 1;): [ShapeInferenceError] no\n(op_type:Relu"
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "node name: node 1;"
    with pytest.raises(InvalidModelError) as raised:
        decode(load(model), has_rule)
    assert len(raised.value.problems) == 1


def test_the_command_refuses_with_status_1_and_writes_nothing(tmp_path, capsys):
    onnx.save(parsed(TYPES[0][0]), tmp_path / "m.onnx")
    for command in (["check"], []):
        arguments = [*command, str(tmp_path / "m.onnx")]
        arguments += [] if command else ["-o", str(tmp_path / "made")]
        assert main(arguments) == 1
        error = capsys.readouterr().err
        assert (
            "1 invalid node:\n  y: Add (opset 21): inputs A ('x') and B ('k')" in error
        )
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx"]


# ---------------------------------------------------------------------- the tables


def test_the_types_of_microsofts_operators_are_those_of_onnxruntime():
    state = pytest.importorskip("onnxruntime.capi.onnxruntime_pybind11_state")
    schemas = {
        s.name: s for s in state.get_all_operator_schema() if s.domain == MICROSOFT
    }
    for operator in INPUTS:
        schema = schemas[operator]
        allowed = {
            c.type_param_str: set(c.allowed_type_strs) for c in schema.type_constraints
        }
        ours = microsoft_inputs(operator)
        assert ours is not None and len(ours) == len(schema.inputs), operator
        variables = {}
        for mine, theirs in zip(ours, schema.inputs):
            expected = allowed.get(theirs.typeStr, {theirs.typeStr})
            assert not mine.allowed or mine.allowed >= expected, operator
            if len(expected) > 1 and theirs.isHomogeneous:
                assert (
                    variables.setdefault(theirs.typeStr, mine.variable) == mine.variable
                )
        assert len(set(variables.values())) == len(variables), operator


def test_patterns_and_rules_are_of_operators_that_there_are():
    for key in (*PATTERNS, *RULES):
        domain, _, operator = key.split()[0].rpartition(".")
        assert has_rule(domain, operator, 1000), key


@pytest.mark.parametrize("operator", ["Add", "Mul", "Sub"])
def test_lengths_as_a_column_and_as_a_row_fit_together(operator: str) -> None:
    """ONNX follows both as lists, one of 2 and one of 3 elements, and finds that they differ."""
    text = f"""(float[a, 4, 6] x) => (int64[p, q] y)
        <int64[1] last = {{1}}, int64[2] some = {{0, 1}}> {{
        s = Shape (x) g = Gather (s, some) u = Unsqueeze (g, last) y = {operator} (u, s) }}"""
    assert not refused_by_onnxruntime(parsed(text))
    assert problems(text) == []
