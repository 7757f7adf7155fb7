"""A package notices weights that are not those that it was made with."""

from __future__ import annotations

import hashlib
import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx.parser
import pytest

import onnx2py

TEXT = """<ir_version: 8, opset_import: ["" : 17]> net (float[n, 6] x) => (float[n, 4] y)
    <float[6, 4] w = {NUMBERS}, float[4] b = {1, 2, 3, 4}> { m = MatMul (x, w) y = Add (m, b) }"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    numbers = ", ".join(map(str, range(24)))
    model = onnx.parser.parse_model(TEXT.replace("NUMBERS", numbers))
    onnx.save(model, tmp_path / "m.onnx")
    onnx2py.compile_model(tmp_path / "m.onnx", tmp_path / "weighed")
    return tmp_path / "weighed"


def selftest(package: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", package.name, "selftest"],
        cwd=package.parent, capture_output=True, text=True,
    )  # fmt: skip


def weight(package: Path) -> Path:
    (found,) = (package / "weights").glob("*.npy")
    return found


def test_the_record_has_the_hashes_of_the_model_and_of_each_weight(package):
    record = json.loads((package / "onnx2py.json").read_text())
    model = (package.parent / "m.onnx").read_bytes()
    assert record["model"] == {
        "file": "m.onnx",
        "sha256": hashlib.sha256(model).hexdigest(),
    }
    expected = hashlib.sha256(weight(package).read_bytes()).hexdigest()
    assert record["weights"] == {f"weights/{weight(package).name}": expected}


def test_as_made_it_passes(package):
    done = selftest(package)
    assert done.returncode == 0
    assert "weights: 1 file, checksums match" in done.stdout


def test_one_bit_is_noticed(package):
    data = bytearray(weight(package).read_bytes())
    data[-3] ^= 1
    weight(package).write_bytes(data)
    done = selftest(package)
    assert done.returncode == 1
    assert f"weights/{weight(package).name}: CHANGED, expected SHA-256" in done.stdout
    assert not done.stderr


def test_what_is_added_at_the_end_is_noticed(package):
    with weight(package).open("ab") as file:
        file.write(b"more")
    assert selftest(package).returncode == 1


def test_a_file_that_is_gone_is_noticed(package):
    weight(package).unlink()
    done = selftest(package)
    assert done.returncode == 1 and "got no such file" in done.stdout


def test_without_the_record_it_says_that_nothing_was_checked(package):
    (package / "onnx2py.json").unlink()
    done = selftest(package)
    assert done.returncode == 0 and "weights: not checked" in done.stdout


def test_in_an_archive(package, tmp_path):
    onnx2py.compile_model(
        tmp_path / "m.onnx", package, zipapp=tmp_path / "net.pyz"
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, str(tmp_path / "net.pyz"), "selftest"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "weights: 1 file, checksums match" in done.stdout


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.astype(np.float64), r"float32\[6, 4\], got float64\[6, 4\]"),
        (lambda w: w.T.copy(), r"float32\[6, 4\], got float32\[4, 6\]"),
        (lambda w: w[:5], r"float32\[6, 4\], got float32\[5, 4\]"),
        (lambda w: w.astype(object), "got"),
        (lambda w: w.ravel(), r"got float32\[24\]"),
    ],
)
def test_another_tensor_is_noticed_when_it_is_loaded(
    package, monkeypatch, change, message
):
    found = change(np.load(weight(package)))
    np.save(weight(package), found, allow_pickle=True)
    with pytest.raises(ValueError, match=message) as raised:
        loaded(package, monkeypatch).Model()
    assert weight(package).name in str(raised.value)


@pytest.mark.parametrize("size", [0, 5, 60, 128, 200])
def test_a_file_that_is_cut_off_is_noticed_when_it_is_loaded(
    package, monkeypatch, size
):
    weight(package).write_bytes(weight(package).read_bytes()[:size])
    with pytest.raises(ValueError, match=weight(package).name):
        loaded(package, monkeypatch).Model()


def test_large_weights_are_mapped_and_noticed_all_the_same(tmp_path, monkeypatch):
    w = np.random.default_rng(0).normal(size=(600, 600)).astype(np.float32)
    text = TEXT.replace("float[n, 6]", "float[n, 600]").replace(
        "float[n, 4]", "float[n, 600]"
    )
    text = text.replace(
        "<float[6, 4] w = {NUMBERS}, float[4] b = {1, 2, 3, 4}>", "<float[1] b = {1}>"
    )
    model = onnx.parser.parse_model(text)
    model.graph.initializer.append(onnx.numpy_helper.from_array(w, "w"))
    onnx2py.compile_model(model, tmp_path / "large")
    package = tmp_path / "large"
    assert selftest(package).returncode == 0
    data = weight(package).read_bytes()
    weight(package).write_bytes(data[:-4000])
    assert selftest(package).returncode == 1
    with pytest.raises(ValueError, match=weight(package).name):
        loaded(package, monkeypatch).Model()


def loaded(package: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(package.parent)
    for name in [n for n in sys.modules if n.partition(".")[0] == package.name]:
        del sys.modules[name]
    importlib.invalidate_caches()
    return importlib.import_module(package.name)


@pytest.mark.parametrize(
    "form", ["Fortran", "version 2", "byte-swapped", "other header"]
)
def test_other_forms_of_the_file_are_read_as_well(package, monkeypatch, form):
    before = loaded(package, monkeypatch).Model()(np.eye(6, dtype=np.float32)[:5])
    w = np.load(weight(package))
    with weight(package).open("wb") as file:
        if form == "Fortran":
            np.save(file, np.asfortranarray(w))
        elif form == "version 2":
            np.lib.format.write_array(file, w, version=(2, 0))
        elif form == "byte-swapped":
            np.save(file, w.astype(">f4"))
        else:
            header = b"{'shape': (6, 4), 'descr': '<f4', 'fortran_order': False}"
            header = header.ljust(117) + b"\n"
            file.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little"))
            file.write(header + w.tobytes())
    after = loaded(package, monkeypatch).Model()(np.eye(6, dtype=np.float32)[:5])
    np.testing.assert_array_equal(after, before)
