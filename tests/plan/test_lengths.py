"""Rules H1 and H2: lengths as Python numbers, compared with unoptimised onnxruntime."""

from __future__ import annotations

import re

import numpy as np
import onnx
import pytest

import onnx2py
from tests.support import parsed, unoptimized


def statements(model: onnx.ModelProto, folder) -> list[str]:
    """Return the lines of ``__call__`` and of the methods, without comments."""
    onnx2py.compile_model(model, folder / "pkg")
    source = (folder / "pkg/model.py").read_text()
    body = source.partition("def __call__")[2]
    lines = (line.strip().partition("  # ")[0] for line in body.splitlines())
    annotation = re.compile(r"(?<=^\w): NDArray\[[\w.]+\](?= = )")
    return [annotation.sub("", line) for line in lines if line[:1] != "#"]


def assert_same(model: onnx.ModelProto, *feeds: dict[str, np.ndarray]) -> None:
    session = unoptimized(model)
    for level in (0, 1):
        package = onnx2py.load_model(model, level=level)
        for each in feeds:
            results = package(*each.values())
            results = results if isinstance(results, tuple) else (results,)
            for result, expected in zip(results, session.run(None, each)):
                assert (result.dtype, result.shape) == (expected.dtype, expected.shape)
                np.testing.assert_array_equal(result, expected)


def floats(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


K = "int64 zero = {0}, int64 one = {1}, int64 two = {2}, int64[1] axis = {0}"


def test_lengths_are_read_once_and_computed_in_python(tmp_path):
    model = parsed(f"""
        g (float[b, t, 8] x) => (float[] y) <{K}, int64[1] four = {{4}}, int64[1] half = {{2}}> {{
          s = Shape (x)
          n = Gather (s, zero) u = Unsqueeze (n, axis)
          m2 = Shape <start = 1, end = 2> (x) m = Squeeze (m2)
          v = Unsqueeze (m, axis) w = Mul (v, four)
          shape = Concat <axis = 0> (u, w, half)
          y = Reshape (x, shape)
        }}""")
    lines = statements(model, tmp_path)
    assert "b, t, _ = x.shape" in lines
    assert "y = ops.reshape(x, (b, t * 4, 2))" in lines
    assert not [line for line in lines if "ops.shape" in line or "gather" in line]
    assert_same(model, {"x": floats(2, 3, 8)}, {"x": floats(1, 5, 8)})


def test_nothing_is_read_twice_of_inputs_with_the_same_lengths(tmp_path):
    model = parsed(f"""
        g (float[b, t, 1] x, float[b, t, 3] z) => (float[] y, int64[] r, float[] v) <{K}> {{
          s = Shape (z) n = Gather (s, one) r = Range (zero, n, one)
          e = Shape (x) y = Expand (one_x, e) v = Add (x, z)
        }}""".replace("int64 two = {2}", "float[1] one_x = {1}"))
    lines = statements(model, tmp_path)
    assert "b, t, _ = x.shape" in lines
    assert "r = np.arange(t, dtype=np.int64)" in lines
    assert sum(".shape" in line for line in lines) == 1
    assert_same(model, {"x": floats(2, 5, 1), "z": floats(2, 5, 3)})


def test_lengths_of_one_name_are_read_of_each_input_that_may_have_another(tmp_path):
    model = parsed(f"""
        g (float[b, t] x, float[b, t, 3] z) => (float[] y, int64[] r) <{K}> {{
          s = Shape (z) n = Gather (s, one) r = Range (zero, n, one)
          e = Shape (x) y = Expand (one_x, e)
        }}""".replace("int64 two = {2}", "float[1] one_x = {1}"))
    lines = statements(model, tmp_path)
    assert "b, t = x.shape" in lines
    assert "t_2 = z.shape[1]" in lines
    assert_same(model, {"x": floats(2, 5), "z": floats(3, 4, 3)})


def test_h2(tmp_path):
    model = parsed("""
        g (float[b, t, 6] x) => (float[] y, float[] z, float[] v)
        <int64[4] s = {0, 0, -1, 2}, int64[2] r = {-1, 6}, int64[4] u = {0, 0, 3, 2}> {
          a = Neg (x) y = Reshape (a, s) z = Reshape (a, r) v = Reshape (a, u)
        }""")
    lines = statements(model, tmp_path)
    assert "y = a.reshape(b, t, 3, 2)" in lines
    assert "v = a.reshape(b, t, 3, 2)" in lines
    assert "z = a.reshape(-1, 6)" in lines  # what b * t is has no name
    assert_same(model, {"x": floats(2, 3, 6)})


def test_no_length_is_read_for_the_sake_of_a_rest_alone(tmp_path):
    model = parsed("""
        g (float[b, 2, 3] x) => (float[] y) <int64[2] r = {-1, 6}> {
          a = Neg (x) y = Reshape (a, r)
        }""")
    assert "y = a.reshape(-1, 6)" in statements(model, tmp_path)
    assert_same(model, {"x": floats(4, 2, 3)})


def test_a_rest_is_a_length_that_has_a_name_already(tmp_path):
    model = parsed("""
        g (float[b, 2, 3] x) => (float[] y, int64[1] n) <int64[2] r = {-1, 6}, int64[1] i = {0}> {
          a = Neg (x) y = Reshape (a, r) s = Shape (x) n = Gather (s, i)
        }""")
    assert "y = a.reshape(b, 6)" in statements(model, tmp_path)
    assert_same(model, {"x": floats(4, 2, 3)})


@pytest.mark.parametrize("lengths", [(0, 3), (2, 0), (0, 0)])
def test_h2_of_no_elements(lengths):
    model = parsed("""
        g (float[b, t, 6] x) => (float[] v) <int64[4] u = {0, 0, 3, 2}> {
          a = Neg (x) v = Reshape (a, u)
        }""")
    assert_same(model, {"x": floats(*lengths, 6)})


def test_a_rest_does_not_get_the_name_of_a_length_that_is_read_later(tmp_path):
    model = parsed("""
        g (float[t] x, float[1, 9] w) => (float[] y, int64[1] n)
        <int64[1] zero = {0}, int64[1] one = {1}, int64[1] rest = {-1}> {
          s = Shape (x) a = Slice (w, zero, s, one) y = Reshape (a, rest)
          b = Shape (a) n = Gather (b, one)
        }""")
    lines = statements(model, tmp_path)
    assert "y = a.reshape(-1)" in lines
    assert_same(model, *({"x": floats(t), "w": floats(1, 9)} for t in (4, 12)))


def test_a_length_of_0_means_that_of_the_input(tmp_path):
    """The second length is not the input's: if it is 0, it stands for the input's, 3."""
    model = parsed("""
        g (float[2, 3] x, float[n] w) => (float[] y) <int64[1] rest = {-1}, int64[1] two = {2}> {
          s = Shape (w) shape = Concat <axis = 0> (two, s) y = Reshape (x, shape)
        }""")
    assert "y = ops.reshape(x, (2, n))" in statements(model, tmp_path)
    feeds = [{"x": floats(2, 3), "w": floats(n)} for n in (0, 3)]
    assert_same(model, *feeds)


def test_slices_up_to_a_length_are_in_brackets(tmp_path):
    model = parsed("""
        g (float[t] x, float[1, 9] w) => (float[] y) <int64[1] zero = {0}, int64[1] one = {1}> {
          s = Shape (x) y = Slice (w, zero, s, one, one)
        }""")
    assert "y = w[:, :t]" in [
        s.replace(": NDArray[np.float32]", "") for s in statements(model, tmp_path)
    ]
    assert_same(model, *({"x": floats(t), "w": floats(1, 9)} for t in (0, 4, 12)))


def test_slices_from_the_end(tmp_path):
    """A difference may be negative: both count from the end then."""
    model = parsed("""
        g (float[a] x, float[b] w) => (float[] y) <int64[1] zero = {0}, int64[1] far = {99}> {
          p = Shape (x) q = Shape (w) d = Sub (p, q) y = Slice (x, d, far, zero)
        }""")
    assert "y = x[a - b : 99]" in statements(model, tmp_path)
    lengths = ((3, 1), (1, 3), (2, 2), (2, 9))
    assert_same(model, *({"x": floats(a), "w": floats(b)} for a, b in lengths))


def test_exporters_idiom_for_expand_is_certain(tmp_path):
    model = parsed("""
        g (float[1, 1] x, float[b, t] z) => (float[] y)
        <int64[2] minus = {-1, -1}, int64[2] ones = {1, 1}> {
          s = Shape (z) e = Equal (s, minus) w = Where (e, ones, s) y = Expand (x, w)
        }""")
    lines = statements(model, tmp_path)
    assert not [line for line in lines if "np.where" in line or "np.equal" in line]
    assert_same(model, {"x": floats(1, 1), "z": floats(3, 4)})


@pytest.mark.parametrize(
    ("operator", "symbol"),
    [("Greater", ">"), ("GreaterOrEqual", ">="), ("Less", "<"), ("LessOrEqual", "<=")],
)
def test_conditions_on_lengths_are_pythons(tmp_path, operator, symbol):
    model = parsed(
        f"""
        g (float[n] x) => (float[n] y, bool never, bool p)
        <int64 four = {{4}}, int64 none = {{0}}> {{
          s = Size (x) c = {operator} (s, four) p = Not (c) never = Less (s, none)
          y = If (c) <then_branch = t () => (float[n] a) {{ b = Abs (x) a = Add (b, b) }},
                      else_branch = e () => (float[n] a) {{ b = Neg (x) a = Relu (b) }}> }}"""
    )
    lines = statements(model, tmp_path)
    assert [line for line in lines if line.startswith(f"if size {symbol} 4:")]
    assert any(line.endswith("= np.array(False, np.bool_)") for line in lines)
    assert_same(model, *({"x": floats(n)} for n in (0, 3, 4, 5)))


def test_tensors_that_are_wanted_are_made_of_numbers(tmp_path):
    model = parsed(f"""
        g (float[b, t] x) => (int64[] n, int64[1] m, float[1] f, int32[2] s32, int64[2] s) <{K}> {{
          s = Shape (x) n = Gather (s, zero) v = Gather (s, axis) m = Add (v, v)
          f = Cast <to = 1> (v) s32 = Cast <to = 6> (s)
        }}""")
    lines = statements(model, tmp_path)
    assert "n = np.array(b, np.int64)" in lines
    assert "m = np.array((b * 2,), np.int64)" in lines
    assert_same(model, {"x": floats(2, 3)})


def test_arithmetic_is_in_parentheses_where_it_must_be(tmp_path):
    model = parsed("""
        g (float[a] x, float[b] z) => (int64[1] p, int64[1] q, int64[1] r, int64[1] n, int64[1] k)
        <int64[1] two = {2}, int64[1] three = {3}> {
          u = Shape (x) v = Shape (z)
          sum = Add (u, v) p = Mul (sum, two)
          least = Min (u, v) d = Sub (u, two) q = Mul (least, d)
          h = Div (sum, two) m = Mod (h, three) r = Mul (three, m)
          l = Sub (v, least) n = Neg (l)
          most = Max (least, two) k = Add (most, two)
        }""")
    lines = " ".join(statements(model, tmp_path))
    for text in (
        "(a + b) * 2",
        "min(a, b) * (a - 2)",
        "(a + b) // 2 % 3 * 3",
        "min(a, b) - b",
    ):
        assert f"np.array(({text},), np.int64)" in lines
    assert "max(min(a, b), 2) + 2" in lines
    assert_same(model, *({"x": floats(a), "z": floats(b)} for a, b in ((5, 2), (0, 7))))


def test_sums_are_as_short_as_they_can_be(tmp_path):
    model = parsed("""
        g (float[a] x, float[b] z) => (int64[1] p, int64[1] q, int64[1] r, int64[1] n, int64[1] m)
        <int64[1] one = {1}, int64[1] two = {2}> {
          u = Shape (x) v = Shape (z)
          sum = Add (u, v) p = Sub (sum, v)
          more = Add (u, one) most = Add (more, two) q = Sub (most, v)
          twice = Mul (two, u) t2 = Mul (twice, two) r = Add (t2, t2)
          nothing = Sub (u, u) n = Sub (nothing, v) m = Sub (u, most)
        }""")
    lines = " ".join(statements(model, tmp_path))
    for text in ("a", "a + 3 - b", "a * 8", "-b", "-3"):
        assert f"np.array(({text},), np.int64)" in lines
    assert_same(model, *({"x": floats(a), "z": floats(b)} for a, b in ((5, 2), (0, 7))))


def test_what_may_be_negative_is_divided_as_c_does(tmp_path):
    model = parsed("""
        g (float[a] x, float[b] z) => (int64[1] q) <int64[1] two = {2}> {
          u = Shape (x) v = Shape (z) d = Sub (u, v) q = Div (d, two)
        }""")
    assert_same(model, *({"x": floats(a), "z": floats(b)} for a, b in ((5, 2), (2, 5))))


def test_int32_is_not_computed_in_python(tmp_path):
    model = parsed("""
        g (float[a] x) => (int32[1] y) <int32[1] k = {2000000000}> {
          s = Shape (x) i = Cast <to = 6> (s) y = Mul (i, k)
        }""")
    assert_same(model, {"x": floats(3)})


def test_conditions_of_lengths(tmp_path):
    model = parsed("""
        g (float[n] x) => (float[] y) <int64[1] one = {1}> {
          s = Shape (x) c = Equal (s, one)
          y = If (c) <
            then_branch = a () => (float[] p) { p = Neg (x) },
            else_branch = b () => (float[] q) { q = Abs (x) }>
        }""")
    (line,) = (s for s in statements(model, tmp_path) if s.startswith("y = "))
    assert line.partition("  #")[0] == "y = -x if n == 1 else np.absolute(x)"
    assert_same(model, {"x": floats(1)}, {"x": floats(4)})


def test_lengths_inside_bodies(tmp_path):
    model = parsed("""
        g (bool c, float[n, 4] x) => (float[] y) <int64[1] two = {2}, int64[1] rest = {-1}> {
          z = Neg (x) outer = Shape (x)
          y = If (c) <
            then_branch = a () => (float[] p) {
              s = Shape (z) d = Mul (s, two) e = Concat <axis = 0> (rest, two)
              p = Reshape (z, e) },
            else_branch = b () => (float[] q) {
              r = Shape (z) t = Expand (z, outer) q = Reshape (t, r) }>
        }""")
    statements(model, tmp_path)
    for c in (True, False):
        assert_same(model, {"c": np.array(c), "x": floats(3, 4)})


def test_loops_as_often_as_an_input_is_long(tmp_path):
    model = parsed("""
        g (float[n] x) => (float[] y) <int64 zero = {0}, bool go = {1}> {
          s = Shape (x) t = Gather (s, zero)
          y = Loop (t, go, x) <body = l (int64 i, bool k, float[m] v) => (bool k2, float[m] w) {
            k2 = Identity (k) w = Add (v, v) }>
        }""")
    assert "for iteration in ops.iterations(n):" in statements(model, tmp_path)
    assert_same(model, {"x": floats(0)}, {"x": floats(3)})


def test_numbers_beside_tensors(tmp_path):
    model = parsed(f"""
        g (int64[k] i, float[n] x) => (int64[k] a, bool[k] b, int64[] c) <{K}> {{
          s = Shape (x) n = Gather (s, zero) a = Mul (i, n) b = Less (i, n) c = Add (two, n)
        }}""")
    lines = statements(model, tmp_path)
    assert "a = i * n" in lines
    assert_same(model, {"i": np.arange(4), "x": floats(3)})


def test_lengths_that_only_the_data_tell_are_read_where_they_are_made(tmp_path):
    model = parsed("""
        g (float[n] x) => (int64[] y) <int64 zero = {0}, int64 one = {1}> {
          z = NonZero (x) s = Shape (z) n2 = Gather (s, one) y = Range (zero, n2, one)
        }""")
    lines = statements(model, tmp_path)
    assert "y = np.arange(z.shape[1], dtype=np.int64)" in lines
    assert_same(model, {"x": np.array([1, 0, 2, 0, 3], np.float32)})


def test_the_rank_and_single_lengths_of_a_value_of_unknown_rank(tmp_path):
    model = parsed(f"""
        g (float[n] x, int64[r] to) => (float[] y, int64 last, int64[2] both)
        <{K}, int64 minus = {{-1}}, int64[2] ends = {{0, -1}}> {{
          z = Reshape (x, to) s = Shape (z) rank = Size (s) c = Equal (rank, two)
          last = Gather (s, minus) both = Gather (s, ends)
          y = If (c) <
            then_branch = a () => (float[] p) {{ p = Neg (z) }},
            else_branch = b () => (float[] q) {{ q = Abs (z) }}>
        }}""")
    lines = statements(model, tmp_path)
    assert "y = -z if z.ndim == 2 else np.absolute(z)" in lines
    assert (
        "both: NDArray[np.int64] = np.array((z.shape[0], length_minus_1), np.int64)"
        in lines
    )
    assert not [line for line in lines if "ops.shape" in line]
    lengths = ([12], [3, 4], [2, 3, 2])
    assert_same(model, *({"x": floats(12), "to": np.int64(to)} for to in lengths))


def test_a_shape_of_unknown_rank_stays_a_tensor_for_other_readers(tmp_path):
    model = parsed(f"""
        g (float[n] x, int64[r] to) => (int64[] doubled, int64 first) <{K}> {{
          z = Reshape (x, to) s = Shape (z) first = Gather (s, zero) doubled = Mul (s, two)
        }}""")
    lines = statements(model, tmp_path)
    assert "s = ops.shape(z)" in lines
    assert_same(model, {"x": floats(6), "to": np.int64([2, 3])})


def test_an_axis_that_a_value_of_unknown_rank_lacks_is_an_error():
    model = parsed(f"""
        g (float[n] x, int64[r] to) => (int64 second) <{K}> {{
          z = Reshape (x, to) s = Shape (z) second = Gather (s, one)
        }}""")
    for level in (0, 1):
        with pytest.raises(IndexError):
            onnx2py.load_model(model, level=level)(floats(6), np.int64([6]))


def test_names_of_lengths_are_no_python(tmp_path):
    model = parsed("g (float[n, m] x) => (int64[] y) { s = Shape (x) y = Add (s, s) }")
    for dim, text in zip(
        model.graph.input[0].type.tensor_type.shape.dim, ("x", "a'; import os")
    ):
        dim.dim_param = text
    assert "import os" not in " ".join(statements(model, tmp_path))
    assert_same(model, {"x": floats(2, 3)})


def test_resizing_to_lengths_of_another_value(tmp_path):
    model = parsed("""
        g (float[1, 2, h, w] x, float[1, 2, p, q] z) => (float[] y)
        <int64[2] first = {1, 2}> {
          s = Shape <start = 2> (z) sizes = Concat <axis = 0> (first, s)
          y = Resize <mode = "nearest"> (x, , , sizes)
        }""")
    assert "y = ops.resize_nearest(x, None, None, (1, 2, p, q))" in statements(
        model, tmp_path
    )
    small, large = floats(1, 2, 3, 4), floats(1, 2, 5, 7)
    assert_same(model, {"x": small, "z": large}, {"x": large, "z": small})


@pytest.mark.parametrize("keepdims", [0, 1])
def test_as_many_of_the_largest_as_there_are(tmp_path, keepdims):
    model = parsed(f"""
        g (float[t] x) => (float[] y, int64[] places) <{K}, int64[1] most = {{4}}> {{
          s = Shape (x) both = Concat <axis = 0> (s, most)
          least = ReduceMin <keepdims = {keepdims}> (both, axis)
          k = Reshape (least, axis1) y, places = TopK (x, k)
        }}""".replace("int64[1] most", "int64[1] axis1 = {1}, int64[1] most"))
    assert "y, places = ops.top_k(x, min(t, 4))" in statements(model, tmp_path)
    assert_same(model, {"x": floats(3)}, {"x": floats(7)})


def test_slices_of_a_shape_of_unknown_rank(tmp_path):
    model = parsed(f"""
        g (float[n] x, int64[r] to) => (float[] y, int64[] first)
        <{K}, int64[1] minus = {{-1}}, int64[1] end = {{9223372036854775807}},
         int64[1] next = {{1}}> {{
          z = Reshape (x, to) s = Shape (z)
          a = Slice (s, minus, end) b = Squeeze (a, axis) last = Unsqueeze (b, axis)
          first = Slice (s, axis, next) rows = Concat <axis = 0> (minus, last)
          y = Reshape (z, rows)
        }}""")
    lines = statements(model, tmp_path)
    assert "y = ops.reshape(z, (-1, z.shape[-1]))" in lines
    assert "first: NDArray[np.int64] = s[:1]" in lines  # it may be empty
    lengths = ([12], [3, 4], [2, 3, 2])
    assert_same(model, *({"x": floats(12), "to": np.int64(to)} for to in lengths))


def test_a_value_whose_length_stands_in_a_line_stays_a_value(tmp_path):
    model = parsed(f"""
        g (float[n, 4] x) => (float[] y, int64[] z) <{K}, int64[3] to = {{-1, 2, 1}}> {{
          w = NonZero (x) v = Transpose (w) s = Shape (v) n = Gather (s, axis)
          y = ConstantOfShape (n) z = Reshape (v, to)
        }}""")
    lines = statements(model, tmp_path)
    assert "v = w.transpose()" in lines
    assert_same(model, {"x": floats(3, 4)})
