"""The layout: what black would make of the whole, though it is shown but a part."""

from __future__ import annotations

from pathlib import Path

import black
import onnx.parser
import pytest

import onnx2py
from onnx2py.emit.layout import format_source

EXAMPLES = sorted(Path(__file__).parents[2].glob("generated_examples/**/*.onnx"))
HOSTILE = """<ir_version: 8, opset_import: ["" : 17]> g (float[n, 3] x) => (float[n, 3] y)
    <float[3] w = {1, 2.5e-5, 3}, int64[2] s = {3, -1}, int64[1] o = {1}, int64[1] t = {3}> {
    a = Add (x, w) b = Reshape (a, s) c = Transpose (b) d = Neg (c) e, f = Split <axis = 0> (d)
    g = Concat <axis = 0> (e, f) h = Slice (g, o, t) y = Mul (d, w) }"""


def by_black(text: str) -> str:
    mode = black.Mode(target_versions={black.TargetVersion.PY39})
    return black.format_str(text, mode=mode)


def not_laid_out(model: object, folder: Path) -> str:
    onnx2py.compile_model(model, folder / "pkg", layout=False)
    return (folder / "pkg/model.py").read_text()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples(path, tmp_path):
    source = not_laid_out(path, tmp_path)
    assert format_source("model.py", source) == by_black(source) != source


@pytest.mark.parametrize(
    "name", ["# fmt: off", "_settled(0)", "x = f(y)\n\n        z", "é"]
)
def test_names_that_look_like_source(name, tmp_path):
    model = onnx.parser.parse_model(HOSTILE)
    for node in model.graph.node:
        node.name = node.doc_string = name
    model.doc_string = model.graph.doc_string = f"Is\n\n        {name}\n\n        so."
    source = not_laid_out(model, tmp_path)
    assert format_source("model.py", source) == by_black(source)


LINES = [
    "a = f(x, k=-1, e=1e-05)",
    "a, self.b_1 = ops.f((x, y), (1,))",
    "a: NDArray[np.float32] = np.add(x, y)",
    "a = x[..., :64]",
    "a = x[:, np.newaxis, 2:3]",
    "a = x[:, :self.stop]",
    "a = x[self.start: , 0]",
    "del a, b",
    "_settled(0)",
    "a = f( x )",
    "a = f(x,y)",
    "a = f('x')",
    "a = f(x)  # float32[1, 2]",
    "a = f(x)  # ",
    "a = f(x) # b",
    "a = f( x )  # b",
    "a = b",
    "a = x[-3 : ]",
    "a = (f(x))",
    "a = f(x, y, )",
    "a = 'b'",
    "#a",
]


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("other", ["a = f(x)", "if x: pass"])
def test_lines(line, other):
    lines = [other, line, f"# note\n        {line}", f"{line}\n        del x", other]
    body = "\n\n        ".join(lines)
    source = f"class A:\n    def f(self):\n        {body}\n"
    assert format_source("model.py", source) == by_black(source)


def test_long_lines_are_broken():
    call = f"a = f({', '.join(20 * ['name'])})"
    source = f"class A:\n    def f(self):\n        b = g(x)\n\n        {call}\n"
    assert format_source("model.py", source) == by_black(source) != source
