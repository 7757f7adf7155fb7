"""Functions of the model whose optional inputs some calls leave out."""

from __future__ import annotations

import numpy as np
import onnx.parser
import pytest

import onnx2py

X = np.array([1, -2, 3], np.float32)
B = np.array([10, 20, 30], np.float32)

LINEAR = """f (x, b) => (y) {
    h = OptionalHasElement (b)
    y = If (h) <then_branch = t () => (t) { g = OptionalGetElement (b) t = Add (x, g) },
                else_branch = e () => (e) { e = Neg (x) }> }"""


def results(function, *calls, level, helper_function=""):
    """Compile ``f(x)`` and ``f(x, b)``, or other calls, and return the results."""
    lines = " ".join(f"y{i} = l.{call}" for i, call in enumerate(calls))
    outputs = ", ".join(f"float[3] y{i}" for i in range(len(calls)))
    opsets = '<opset_import: ["" : 18, "l" : 1], domain: "l">'
    text = f"""<ir_version: 8, opset_import: ["" : 18, "l" : 1]>
        main (float[3] x, float[3] b) => ({outputs}) {{ {lines} }}
        {opsets} {function} {f"{opsets} {helper_function}" if helper_function else ""}"""
    found = onnx2py.load_model(onnx.parser.parse_model(text), level=level)(X, B)
    return [y.tolist() for y in (found if len(calls) > 1 else [found])]


@pytest.mark.parametrize("level", [0, 1])
def test_a_call_takes_the_branch_for_what_it_gives(level):
    expected = [(-X).tolist(), (X + B).tolist()]
    assert results(LINEAR, "f (x)", "f (x, b)", level=level) == expected


@pytest.mark.parametrize("level", [0, 1])
def test_a_branch_may_use_the_input_itself(level):
    function = LINEAR.replace(
        "g = OptionalGetElement (b) t = Add (x, g)", "t = Add (x, b)"
    )
    expected = [(-X).tolist(), (X + B).tolist()]
    assert results(function, "f (x)", "f (x, b)", level=level) == expected


@pytest.mark.parametrize("level", [0, 1])
def test_a_function_passes_on_that_an_input_is_absent(level):
    function = "f (x, b) => (y) { s = Abs (x) y = l.g (s, b) }"
    inner = LINEAR.replace("f (x, b)", "g (x, b)")
    y = results(function, "f (x)", "f (x, b)", level=level, helper_function=inner)
    assert y == [(-abs(X)).tolist(), (abs(X) + B).tolist()]


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize(
    "condition",
    [
        "h = OptionalHasElement (b) c = Not (h)",
        "h = OptionalHasElement (b) i = Identity (h) n = Not (i) z = Less (x0, x0) "
        "c = Or (z, n)",
        "h = OptionalHasElement (b) z = Less (x0, x1) a = And (h, z) c = Not (a)",
        "h = OptionalHasElement (b) t = Constant <value = bool {1}> () a = And (h, t) "
        "c = Not (a)",
    ],
)
def test_conditions_are_followed_through_logic(condition, level):
    function = f"""f (x, b) => (y) {{
        s = Constant <value_ints = [0]> () e = Constant <value_ints = [1]> ()
        k = Constant <value_ints = [2]> () x0 = Slice (x, s, e) x1 = Slice (x, e, k)
        {condition}
        y = If (c) <then_branch = t () => (p) {{ p = Neg (x) }},
                    else_branch = e () => (q) {{ q = Add (x, b) }}> }}"""
    assert results(function, "f (x)", level=level) == [(-X).tolist()]


@pytest.mark.parametrize("level", [0, 1])
def test_names_and_constants_of_branches_stay_apart(level):
    function = """f (x, b) => (y) {
        h = OptionalHasElement (b)
        u = If (h) <then_branch = t () => (t) { t = Add (x, b) },
                    else_branch = e () => (t) <float k = {2}> { e = Neg (x) t = Mul (e, k) }>
        v = If (h) <then_branch = t () => (t) { t = Sub (x, b) },
                    else_branch = e () => (t) <float k = {5}> { e = Abs (x) t = Mul (e, k) }>
        w = If (h) <then_branch = t () => (t) { t = Sub (x, b) },
                    else_branch = e () => (k) <float[3] k = {1, 2, 3}> { }>
        y = Sum (u, v, w) }"""
    expected = -2 * X + 5 * abs(X) + np.array([1, 2, 3], np.float32)
    assert results(function, "f (x)", level=level) == [expected.tolist()]


@pytest.mark.parametrize("level", [0, 1])
def test_branches_inside_branches_and_loops(level):
    function = """f (x, b) => (y) {
        h = OptionalHasElement (b) n = Constant <value_int = 3> ()
        t = Constant <value = bool {1}> ()
        y = Loop (n, t, x) <body = l (int64 i, bool c, float[3] s) => (bool c, float[3] r) {
            r = If (h) <
                then_branch = t () => (p) { p = Add (s, b) },
                else_branch = e () => (q) {
                    d = Less (i, n)
                    q = If (d) <then_branch = tt () => (a) { a = Add (s, s) },
                                else_branch = ee () => (o) {
                                    o = If (h) <
                                        then_branch = z () => (w) { w = Mul (s, b) },
                                        else_branch = u () => (w) { w = Neg (s) }> }> }> }> }"""
    assert results(function, "f (x)", level=level) == [(8 * X).tolist()]


def test_an_absent_input_that_is_used_is_refused():
    with pytest.raises(onnx2py.Onnx2pyError, match="Add.*expected a value, got none"):
        results("f (x, b) => (y) { y = Add (x, b) }", "f (x)", level=1)
