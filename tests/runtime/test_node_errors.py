"""An error in a call begins with the node that caused it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest

import onnx2py

HEAD = '<ir_version: 10, opset_import: ["" : 21, "my" : 1]> g'
PRODUCT = (
    f"{HEAD} (float[n, m] x, float[k, l] w) => (y) {{ h = Relu (x) y = MatMul (h, w) }}"
)
X, WRONG = np.ones((2, 3), np.float32), np.ones((4, 2), np.float32)
LOOP = f"""{HEAD} (int64[] n, bool[] c, float[a, b] x, float[k, l] w) => (y) {{
    y = Loop (n, c, x) <body = b (int64[] i, bool[] go, float[p, q] s) => (bool[] h, float[r, t] o)
    {{ h = Identity (go) twice = Add (s, s) o = MatMul (twice, w) }}> }}"""


def compiled(text: str, tmp_path: Path, **options: object) -> Path:
    return onnx2py.compile_model(
        onnx.parser.parse_model(text), tmp_path / "made", **options
    ).path


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("layout", [False, True])
def test_the_node_is_named(level, layout):
    model = onnx2py.load_model(
        onnx.parser.parse_model(PRODUCT), level=level, layout=layout
    )
    with pytest.raises(
        ValueError, match="^y: MatMul: matmul: Input operand 1 has a mis"
    ):
        model(X, WRONG)


def test_the_node_in_the_body_of_a_loop_is_named():
    model = onnx2py.load_model(onnx.parser.parse_model(LOOP))
    with pytest.raises(ValueError, match="^o: MatMul: "):
        model(np.array(3), np.array(True), X, WRONG)


def test_names_that_would_steer_a_terminal_are_escaped():
    model = onnx.parser.parse_model(PRODUCT)
    model.graph.node[1].name = "a\x1b[2J\nb"
    with pytest.raises(ValueError) as raised:
        onnx2py.load_model(model)(X, WRONG)
    first = str(raised.value).partition(": MatMul: ")[0]
    assert first.startswith("a") and first.isprintable()


def test_an_input_may_be_called_as_it_likes():
    text = (
        f"{HEAD} (float[n] model, float[k] error) => (y) {{ y = Add (model, error) }}"
    )
    model = onnx2py.load_model(onnx.parser.parse_model(text))
    ones = np.ones(2, np.float32)
    np.testing.assert_array_equal(model(model=ones, error=ones), [2, 2])


def test_errors_of_inputs_name_the_input_alone():
    model = onnx2py.load_model(onnx.parser.parse_model(PRODUCT))
    with pytest.raises(ValueError, match="^w: expected float32"):
        model(X, X[0])


@pytest.mark.parametrize(
    ("statement", "kind", "message"),
    [
        ("raise KeyError('gone')", "KeyError", "\"y: my.Broken: 'gone'\""),
        ("raise Own(1, 2)", "Own", "1 and 2"),
        ("np.sum(x, axis=7)", "AxisError", "y: my.Broken: axis 7 is out of bounds"),
        ("np.empty(1 << 50)", "MemoryError", "y: my.Broken: Unable to allocate"),
        ("np.add(x, 'a')", "UFuncTypeError", "y: my.Broken: ufunc 'add'"),
    ],
)
def test_the_class_of_an_error_is_kept(tmp_path, statement, kind, message):
    operators = tmp_path / "operators.py"
    operators.write_text(f'''
import numpy as np
from onnx2py import implements


class Own(ValueError):
    def __init__(self, a, b):
        self.words = [a, b]

    def __str__(self):
        return " and ".join(map(str, self.words))


@implements("my::Broken")
def broken(x):
    """Fail."""
    {statement}
''')
    model = onnx.parser.parse_model(
        f"{HEAD} (float[2] x) => (y) {{ y = my.Broken (x) }}"
    )
    with pytest.raises(Exception) as raised:
        onnx2py.load_model(model, ops=[operators])(np.ones(2, np.float32))
    names = [each.__name__ for each in type(raised.value).__mro__]
    assert kind in names or f"_{kind}" in names
    assert str(raised.value).startswith(message)


def test_the_node_is_named_from_an_archive_and_by_a_session(tmp_path):
    archive = tmp_path / "made.pyz"
    compiled(PRODUCT, tmp_path, zipapp=archive)
    code = f"""if True:
        import sys, numpy as np
        sys.path.insert(0, {str(archive)!r})
        from made import InferenceSession
        try:
            InferenceSession().run(None, {{"x": np.ones((2, 3), np.float32),
                                           "w": np.ones((4, 2), np.float32)}})
        except Exception as error:
            print(error)"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path.parent,
    )
    assert "y: MatMul: matmul: Input operand 1" in done.stdout, done.stderr
