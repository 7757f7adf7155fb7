"""No text of a model gets out of where it is put, whatever it is and wherever it stands."""

from __future__ import annotations

import importlib.util
import io
import json
import runpy
import sys
import tokenize
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from onnx2py import Onnx2pyError, compile_model
from onnx2py.cli import main
from onnx2py.emit.layout import format_source

from . import syntax
from .places import Places, feeds, full_model
from .texts import COLLIDING, HOSTILE

SHOWN = {text: f"{ascii(text)[1:13]}-{number}" for number, text in enumerate(HOSTILE)}
PLAIN = Places("", plain=True)
PLAIN_MODEL = full_model(PLAIN)


def imported(folder: Path, name: str) -> Any:
    """Import a package under another name."""
    spec = importlib.util.spec_from_file_location(name, folder / "__init__.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def results(folder: Path) -> list[Any]:
    """Run a package, and its session, which have to agree."""
    module = imported(folder, f"hostile_{abs(hash(folder))}")
    try:
        found = list(module.Model()(*feeds()))
        session = module.InferenceSession("any")
        names = [item.name for item in session.get_inputs()]
        run = session.run(None, dict(zip(names, feeds())))
        assert [np.shape(a) for a in run] == [np.shape(a) for a in found]
        session.get_modelmeta()
        return found
    finally:
        for loaded in [n for n in sys.modules if n.split(".")[0] == module.__name__]:
            del sys.modules[loaded]


def ship(model: onnx.ModelProto, place: Path) -> None:
    """Compile a model in every form there is."""
    compile_model(
        model, place / "pkg", wheel=place, zipapp=place / "pkg.pyz",
        single_file=place / "one.py", report=place / "page.html",
    )  # fmt: skip


def shape_of(place: Path, numbered: bool) -> dict[str, Any]:
    """Return the shape of all forms."""
    (wheel,) = place.glob("*.whl")
    names = {"pkg", "pkg.pyz", "one.py", "page.html", wheel.name}
    assert {path.name for path in place.iterdir()} == names
    page = (place / "page.html").read_text(encoding="utf-8")
    single = (place / "one.py").read_text(encoding="utf-8")
    return {
        **syntax.of_folder(place / "pkg", numbered),
        "wheel": syntax.of_archive(wheel, numbered),
        "zipapp": syntax.of_archive(place / "pkg.pyz", numbered),
        "single file": syntax.of_python(single, numbered),
        "page": syntax.of_html(page),
        "odd characters": {c for c in page if not c.isprintable()},
    }


@pytest.fixture(scope="module")
def harmless(tmp_path_factory):
    place = tmp_path_factory.mktemp("harmless")
    ship(PLAIN_MODEL, place)
    shapes = {numbered: shape_of(place, numbered) for numbered in (True, False)}
    return shapes, results(place / "pkg")


def comments(source: str) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


def plain_numbers(values: list[Any]) -> list[np.ndarray]:
    arrays = [np.asarray(v) for v in values if not isinstance(v, (list, dict))]
    return [a for a in arrays if a.dtype.kind in "iufb"]


@pytest.mark.parametrize("text", HOSTILE, ids=SHOWN.get)
def test_a_string_in_every_place(harmless, tmp_path, text):
    """Every form has the syntax of a harmless model, and the package computes the same."""
    shapes, values = harmless
    ship(full_model(Places(text)), tmp_path)
    cut = ";" in text or len(text) > 60
    shape, found = shapes[not cut], shape_of(tmp_path, not cut)
    assert list(found) == list(shape)
    assert [name for name, part in shape.items() if found[name] != part] == []
    package = tmp_path / "pkg"
    for path in package.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert all(c.isprintable() or c == "\n" for c in source), path.name
        assert not [c for c in comments(source) if "fmt: off" in c or "fmt: skip" in c]
    for path in (package / "weights").iterdir():
        assert path.stem.isidentifier() and path.name == path.name.lower()
        assert len(path.name) < 100
    for path in package.glob("*.json"):
        json.loads(path.read_text(encoding="utf-8"))
    ours = results(package)
    for got, expected in zip(plain_numbers(ours), plain_numbers(values), strict=True):
        np.testing.assert_array_equal(got, expected)
    strings = [a for a in map(np.asarray, ours[:7]) if a.dtype.kind in "OU"]
    first = [a.ravel()[0] for a in strings]
    assert first == [f"key{text}.", f"{text}.key", f"{text}key"]
    assert ours[8].tolist() == [text]


@pytest.mark.parametrize("kind", ["input", "weight", "output"])
@pytest.mark.parametrize(
    "names", COLLIDING, ids=lambda n: f"{ascii(n[0])[1:9]}-{len(n)}"
)
def test_names_as_they_are(tmp_path, names, kind):
    """Values that are called so, and the same after cleaning, remain apart."""
    names = [name or "?" for name in names]
    nodes, weights, inputs = [], [], []
    for number, name in enumerate(names):
        x, w, y = (
            name if kind == each else f"{name}/{each}"
            for each in ("input", "weight", "output")
        )
        array = np.full(20, number, np.float32) + np.arange(20, dtype=np.float32)
        weights.append(onnx.numpy_helper.from_array(array, w))
        inputs.append(onnx.helper.make_tensor_value_info(x, 1, [name]))
        nodes.append(onnx.helper.make_node("Sum", [x, w], [y], name=name))
    outputs = [onnx.ValueInfoProto(name=node.output[0]) for node in nodes]
    graph = onnx.helper.make_graph(nodes, "g", inputs, outputs, weights)
    model = onnx.helper.make_model(
        graph, ir_version=8, opset_imports=[onnx.helper.make_opsetid("", 17)]
    )
    compile_model(model, tmp_path / "pkg", level=len(names) % 2, layout=False)
    files = [path.name for path in (tmp_path / "pkg" / "weights").iterdir()]
    assert len({file.casefold() for file in files}) == len(files) == len(names)
    ports = {f"{port}{i}" for port in ("com", "lpt") for i in range(10)}
    for file in files:
        stem = file.removesuffix(".npy")
        assert stem.isidentifier() and stem.isascii() and len(stem) < 100
        assert stem not in {"con", "prn", "aux", "nul", *ports}
    module = imported(tmp_path / "pkg", f"named_{kind}_{abs(hash(tmp_path))}")
    given = [np.full(20, 100 * number, np.float32) for number in range(len(names))]
    result = module.Model()(*given)
    for number, array in enumerate(result):
        np.testing.assert_array_equal(array, np.arange(20) + 101 * number)


def test_strings_that_are_no_text(tmp_path):
    """Attributes and tensors hold bytes: they come through."""
    bad = b"\xff\"'\\\n\xed\xa0\x80"
    model = onnx.ModelProto()
    model.CopyFrom(PLAIN_MODEL)
    model.graph.initializer[3].string_data[0] = bad
    for node in model.graph.node:
        if node.op_type == "LabelEncoder":
            next(a for a in node.attribute if a.name == "values_strings").strings[
                0
            ] = bad
    compile_model(model, tmp_path / "pkg")
    assert results(tmp_path / "pkg")[8][0].encode("utf-8", "surrogateescape") == bad


def test_names_that_are_no_text(tmp_path):
    """Protobuf allows any bytes for names and documents; one clear error, or they are unread."""
    data = PLAIN_MODEL.SerializeToString()
    refused = 0
    for place in dict.fromkeys(PLAIN.places):
        for old in (f"plain {place}".encode(), f"plain zz{place}".encode()):
            if old not in data:
                continue
            broken = data.replace(old, b"\xff\xfe" + old[2:])
            try:
                compile_model(broken, tmp_path / "pkg", force=True, layout=False)
            except Onnx2pyError as error:
                assert "bug in onnx2py" not in str(error), (place, str(error))
                assert "UTF-8" in str(error), (place, str(error))
                refused += 1
    assert refused > 20


# ---------------------------------------------------------------------- the terminal


@pytest.mark.parametrize("text", HOSTILE[::4], ids=SHOWN.get)
def test_the_terminal(tmp_path, capsys, text):
    """What the command prints has the lines of a harmless model, and no controls."""
    lines = {}
    for kind, model in (("plain", PLAIN_MODEL), ("hostile", full_model(Places(text)))):
        file = tmp_path / f"{kind}.onnx"
        file.write_bytes(model.SerializeToString())
        assert main(["check", str(file)]) == 0
        assert main(["check", "--json", str(file)]) == 0
        out, err = capsys.readouterr()
        assert all(c.isprintable() or c == "\n" for c in out + err)
        lines[kind] = [out.count("\n"), err.count("\n")]
    assert lines["plain"] == lines["hostile"]


def test_the_single_file_prints_no_controls(tmp_path, capsys):
    compile_model(
        full_model(Places("\x1b[2J\u202e\n")),
        tmp_path / "pkg",
        single_file=tmp_path / "one.py",
    )
    runpy.run_path(str(tmp_path / "one.py"), run_name="__main__")
    assert all(c.isprintable() or c == "\n" for c in capsys.readouterr().out)


def test_black_lays_out_every_string():
    """A string that black changed would be another string."""
    for text in HOSTILE:
        space: dict[str, str] = {}
        exec(format_source("x.py", f"x = {ascii(text)}\n"), space)
        assert space["x"] == text
