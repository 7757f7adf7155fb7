"""Names that no package can have, and what is proposed instead."""

from __future__ import annotations

import onnx.parser
import pytest

import onnx2py
from onnx2py import OutputError
from onnx2py.cli import main
from onnx2py.emit.package_name import name_problem, proposed_name

TEXT = '<ir_version: 8, opset_import: ["" : 17]> net (float[2] x) => (float[2] y) { y = Relu(x) }'


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    onnx.save(onnx.parser.parse_model(TEXT), "m.onnx")
    return "m.onnx"


@pytest.mark.parametrize(
    "name, proposed",
    [
        ("mnist-8", "mnist_8"),
        ("class", "class_model"),
        ("numpy", "numpy_model"),
        ("typing", "typing_model"),
        ("3d", "model_3d"),
        ("net.onnx", "net"),
        ("a b\tc", "a_b_c"),
        ("--", "model"),
        ("ml_dtypes", "ml_dtypes_model"),
        ("onnxruntime", "onnxruntime_model"),
        ("onnx", "onnx_model"),
        ("onnx2py", "onnx2py_model"),
        ("__init__", "init"),
        ("__main__", "main"),
    ],
)
def test_a_name_is_refused_and_another_proposed(model, capsys, name, proposed):
    with pytest.raises(OutputError, match=f"; try '.*{proposed}'"):
        onnx2py.compile_model(model, name)
    assert proposed_name(name) == proposed
    assert name_problem(proposed) is None


def test_names_in_use_are_fine():
    for name in ("net", "mnist_8", "Model", "größe", "match", "onnx_model", "résumé"):
        assert name_problem(name) is None


def test_the_name_of_a_single_file_is_checked(model, capsys):
    assert main([model, "-o", "net", "--single-file", "class.py", "-q"]) == 1
    assert "try 'class_model.py'" in capsys.readouterr().err
    assert main([model, "-o", "net", "--single-file", "alone", "-q"]) == 1
    assert "try 'alone.py'" in capsys.readouterr().err


def test_the_folder_of_a_wheel_is_made(model, tmp_path):
    onnx2py.compile_model(model, "net", wheel="a/b/dist")
    (wheel,) = (tmp_path / "a" / "b" / "dist").iterdir()
    assert wheel.suffix == ".whl"


def test_a_wheel_below_a_file_is_refused_before_any_work(model, tmp_path):
    with pytest.raises(OutputError, match="expected a folder that can be written to"):
        onnx2py.compile_model(model, "net", wheel="m.onnx/dist")
    assert not (tmp_path / "net").exists()


def test_errors_name_a_folder_as_it_was_given(model, capsys, tmp_path):
    assert main([model, "-o", "a/b"]) == 1
    assert "a/b: expected its folder 'a' to exist" in capsys.readouterr().err
    assert main([model, "-o", "class"]) == 1
    assert "error: class: expected" in capsys.readouterr().err
    assert main([model, "-o", "net"]) == 0
    assert capsys.readouterr().out.startswith("net: compiled")
