"""If, Loop and Scan, compared with onnxruntime."""

from __future__ import annotations

import numpy as np
import onnx.parser
import onnxruntime
import pytest

import onnx2py
from tests.support import assert_same


def agree(text: str, *, opset: int = 17, level: int = 1, **feeds: np.ndarray) -> None:
    """Compile a graph in ONNX's textual syntax and compare its outputs with onnxruntime's."""
    model = onnx.parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : {opset}]> {text}'
    )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    result = onnx2py.load_model(model, level=level)(*feeds.values())
    actual = list(result) if len(model.graph.output) > 1 else [result]
    assert_same(actual, session.run(None, feeds))


X = np.array([1.0, -2.0, 3.0], np.float32)

IF = """g (float[3] x, bool c) => (float[3] y, float[k] z) {
    h = Neg (x)
    y, z = If (c) <then_branch = t () => (float[3] p, float[3] q) { p = Abs (h) q = Add (x, h) },
                   else_branch = e () => (float[3] r, float[1] s)
                   <float[1] s = {7}> { r = Mul (x, s) }> }"""


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("condition", [True, False])
def test_if_reads_outer_values(condition, level):
    agree(IF, x=X, c=np.array(condition), level=level)


@pytest.mark.parametrize("shape", [(), (1,)])
def test_if_with_a_condition_of_any_rank(shape):
    agree(
        IF.replace("bool c", f"bool{'[1]' if shape else ''} c"),
        x=X,
        c=np.ones(shape, bool),
    )


def test_an_if_that_returns_outer_values():
    agree(
        """g (float[3] x, bool c) => (float[3] y) {
        h = Neg (x)
        y = If (c) <then_branch = t () => (float[3] a) { a = Identity (h) },
                    else_branch = e () => (float[3] b) { b = Identity (x) }> }""",
        x=X,
        c=np.array(False),
    )


@pytest.mark.parametrize("outer", [True, False])
@pytest.mark.parametrize("inner", [True, False])
def test_nested_ifs(outer, inner):
    agree(
        """g (float[3] x, bool c, bool d) => (float[3] y) {
        y = If (c) <
            then_branch = t () => (float[3] p) {
                u = Exp (x)
                p = If (d) <then_branch = tt () => (float[3] a) { a = Add (u, x) },
                            else_branch = te () => (float[3] b) { b = Sub (u, x) }> },
            else_branch = e () => (float[3] q) { q = Abs (x) }> }""",
        x=X,
        c=np.array(outer),
        d=np.array(inner),
    )


LOOP = """g (int64 M, bool c, float[3] x, float limit)
    => (float[3] y, float[k, 3] s, int64[k] n) {
    two = Mul (x, x)
    y, s, n = Loop (MAX, GOING, x) <body = b (int64 i, bool going, float[3] a)
        => (bool on, float[3] z, float[3] each, int64 count) {
        z = Add (a, two) each = Sub (z, x) count = Identity (i)
        total = ReduceSum <keepdims = 0> (z) on = Less (total, limit) }> }"""


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("trips", [0, 1, 5])
@pytest.mark.parametrize("condition", [True, False])
@pytest.mark.parametrize("form", [("M", "c"), ("M", ""), ("", "c")])
def test_loops_of_all_forms(form, trips, condition, level):
    text = LOOP.replace("MAX", form[0]).replace("GOING", form[1])
    agree(
        text,
        M=np.array(trips),
        c=np.array(condition),
        x=X,
        limit=np.array(40, np.float32),
        level=level,
    )


def test_a_for_loop_reads_as_one():
    text = """g (int64 M, float[3] x) => (float[3] y) <bool t = {1}> {
        y = Loop (M, t, x) <body = b (int64 i, bool c, float[3] a) => (bool d, float[3] z)
            <bool d = {1}> { z = Mul (a, x) }> }"""
    agree(text, M=np.array(3), x=X)


def test_state_that_changes_its_shape():
    text = """g (int64 M, float[1] x) => (float[n] y) {
        y = Loop (M, , x) <body = b (int64 i, bool c, float[n] a) => (bool d, float[m] z)
            { d = Identity (c) z = Concat <axis = 0> (a, x) }> }"""
    agree(text, M=np.array(4), x=np.ones(1, np.float32))


def test_nested_loops_with_captures_of_both_levels():
    text = """g (int64 M, float[3] x) => (float[3] y, float[k, j, 3] s) {
        y, s = Loop (M, , x) <body = b (int64 i, bool c, float[3] a)
            => (bool d, float[3] z, float[j, 3] parts) {
            d = Identity (c)  f = Cast <to = 1> (i)  h = Add (a, f)
            z, parts = Loop (M, , h) <body = bb (int64 ii, bool cc, float[3] aa)
                => (bool dd, float[3] zz, float[3] part) {
                dd = Identity (cc)  zz = Add (aa, f)  part = Mul (zz, x) }> }> }"""
    for trips in (0, 1, 3):
        if trips:  # onnxruntime cannot tell the shape of the scan output without a trip
            agree(text, M=np.array(trips), x=X)


def test_swapped_state():
    text = """g (int64 M, float[3] x, float[3] w) => (float[3] y, float[3] z) {
        y, z = Loop (M, , x, w) <body = b (int64 i, bool c, float[3] p, float[3] q)
            => (bool d, float[3] r, float[3] s)
            { d = Identity (c) r = Identity (q) s = Identity (p) }> }"""
    agree(text, M=np.array(3), x=X, w=-X)


SCAN = """g (float[3] h, float[4, 3] x, float[3, 4] w)
    => (float[3] y, float[a, b] s, float[c, d] t) {
    y, s, t = Scan <num_scan_inputs = 2 ATTRIBUTES,
        body = b (float[3] state, float[3] e, float[3] f)
        => (float[3] next, float[3] u, float[3] v)
        { next = Add (state, e) u = Mul (e, f) v = Identity (next) }> (h, x, w) }"""


@pytest.mark.parametrize(
    "attributes",
    [
        "scan_input_axes = [0, 1]",
        "scan_input_axes = [0, 1], scan_input_directions = [1, 0]",
        "scan_input_axes = [0, -1], scan_output_axes = [1, -1]",
        "scan_input_axes = [0, 1], scan_output_directions = [0, 1], scan_output_axes = [0, 1]",
    ],
)
@pytest.mark.parametrize("level", [0, 1])
def test_scans(attributes, level):
    random = np.random.default_rng(0)
    agree(
        SCAN.replace("ATTRIBUTES", f", {attributes}"),
        h=X,
        x=random.normal(size=(4, 3)).astype(np.float32),
        w=random.normal(size=(3, 4)).astype(np.float32),
        level=level,
    )


def test_a_scan_of_no_elements():
    text = """g (float[2] h, float[n, 2] x) => (float[2] y, float[n, 2] s) {
        y, s = Scan <num_scan_inputs = 1, body = b (float[2] a, float[2] e)
            => (float[2] z, float[2] u) { z = Add (a, e) u = Neg (z) }> (h, x) }"""
    # onnxruntime refuses a scan of no elements; the specification's loop makes no trip.
    model = onnx2py.load_model(
        onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 17]> {text}')
    )
    state, scanned = model(X[:2], np.zeros((0, 2), np.float32))
    assert state.tolist() == X[:2].tolist()
    assert scanned.shape == (0, 2) and scanned.dtype == np.float32


def test_a_loop_inside_an_if_inside_a_loop():
    text = """g (int64 M, float[3] x) => (float[3] y) <int64 one = {1}> {
        y = Loop (M, , x) <body = b (int64 i, bool c, float[3] a) => (bool d, float[3] z) {
            d = Identity (c)  first = Less (i, one)
            z = If (first) <
                then_branch = t () => (float[3] p) {
                    p = Loop (M, , a) <body = bb (int64 k, bool cc, float[3] aa)
                        => (bool dd, float[3] zz) { dd = Identity (cc) zz = Add (aa, x) }> },
                else_branch = e () => (float[3] q) { q = Neg (a) }> }> }"""
    agree(text, M=np.array(3), x=X)


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("rounds", [0, 2])
@pytest.mark.parametrize("out", ["e", "float[m] e", "float[4] e"])
@pytest.mark.parametrize("known", ["float[3, 4] x", "float[n, 4] x", "float[n, m] x"])
def test_scan_outputs_of_no_rounds_have_their_axes(known, out, rounds, level):
    """The body indexes by the number of the iteration, which is a scalar."""
    text = f"""g (int64 M, {known}) => (float[k, j] s) <bool t = {{1}}> {{
        s = Loop (M, t) <body = b (int64 i, bool c) => (bool d, {out})
            {{ d = Identity (c) e = Gather (x, i) }}> }}"""
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    agree(text, M=np.array(rounds), x=x, level=level)


SCALAR_NUMBER = {
    "e = Identity (i)": "int64[k] s",
    "e = Unsqueeze (i, zero)": "int64[k, 1] s",
    "e = Slice (x, first, last)": "float[k, j, 4] s",
    "e = Gather <axis = 1> (x, i)": "float[k, 3] s",
    "e = Neg (a)": "float[k, 3] s",
}
NUMBER_WITH_AN_AXIS = {
    "e = Identity (i)": "int64[k, 1] s",
    "e = Slice (x, i, i)": "float[k, j, 4] s",
    "e = Gather <axis = 1> (x, i)": "float[k, 3, 1] s",
    "e = Neg (a)": "float[k, 3] s",
}


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("rounds", [0, 2])
@pytest.mark.parametrize(
    "number, body, output",
    [
        *(("int64 i", *case) for case in SCALAR_NUMBER.items()),
        *(("int64[1] i", *case) for case in NUMBER_WITH_AN_AXIS.items()),
    ],
)
def test_numbers_of_iterations_have_the_axes_that_a_file_gives_them(
    number, body, output, rounds, level
):
    slices = (
        "one = Constant <value_int = 1> () zero = Constant <value_ints = [0]> () "
        "j = Add (i, one) first = Unsqueeze (i, zero) last = Unsqueeze (j, zero)"
    )
    text = f"""g (int64 M, float[3] h, float[3, 4] x) => (float[3] y, {output})
        <bool t = {{1}}> {{
        y, s = Loop (M, t, h) <body = b ({number}, bool c, float[3] a)
            => (bool d, float[3] z, e)
            {{ d = Identity (c) z = Add (a, h) {slices} {body} }}> }}"""
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    agree(text, M=np.array(rounds), h=X, x=x, level=level)
