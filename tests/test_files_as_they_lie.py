"""Files as they lie on people's disks: folders of links, and other formats saved as ``.onnx``."""

from __future__ import annotations

import gzip
import os
import pickle
import shutil
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

import onnx2py
from onnx2py import LoadError

WEIGHT = np.arange(12, dtype=np.float32).reshape(3, 4)


@pytest.fixture
def original(tmp_path: Path) -> Path:
    """A folder with a model and its data."""
    folder = tmp_path / "original"
    folder.mkdir()
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])],
        [numpy_helper.from_array(WEIGHT, "w")],
    )
    onnx.save(
        helper.make_model(graph, ir_version=10),
        folder / "model.onnx",
        save_as_external_data=True,
        location="model.onnx_data",
        size_threshold=0,
    )
    return folder


def linked(original: Path, folder: Path, model: Path, data: Path) -> Path:
    """Move the two files into a store; return a folder with links to them."""
    for file, place in (("model.onnx", model), ("model.onnx_data", data)):
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(original / file, place)
        folder.mkdir(parents=True, exist_ok=True)
        os.symlink(os.path.relpath(place, folder), folder / file)
    return folder


STORES = {
    "Hugging Face": ("snapshots/0123/onnx", "blobs/aaaa", "blobs/bbbb"),
    "Bazel": ("net.runfiles/main/net", "execroot/net/model.onnx", "execroot/net/data"),
    "Nix": ("result", "store/aaaa-model.onnx", "store/bbbb-model.onnx_data"),
    "DVC": ("models", ".dvc/cache/files/md5/a1/23", ".dvc/cache/files/md5/0b/45"),
}


@pytest.mark.parametrize("store", list(STORES))
def test_a_folder_of_links_to_a_store_is_read(original, tmp_path, store):
    folder, model, data = (tmp_path / place for place in STORES[store])
    path = linked(original, folder, model, data) / "model.onnx"
    x = np.ones((2, 3), np.float32)
    report = onnx2py.compile_model(path, tmp_path / "net", verify=True)
    assert report.agrees
    np.testing.assert_allclose(onnx2py.load_model(path)(x), x @ WEIGHT)


def test_data_elsewhere_than_in_the_store_of_the_model_are_refused(original, tmp_path):
    folder = linked(
        original, tmp_path / "links", tmp_path / "a" / "model", tmp_path / "b" / "data"
    )
    with pytest.raises(LoadError, match="a link out of its folder.*copy the file"):
        onnx2py.load_model(folder / "model.onnx")


def test_a_link_out_of_the_folder_of_a_model_that_is_none_is_refused(
    original, tmp_path
):
    (tmp_path / "ab").mkdir()
    shutil.move(original / "model.onnx_data", tmp_path / "ab" / "data")
    os.symlink(tmp_path / "ab" / "data", original / "model.onnx_data")
    with pytest.raises(LoadError, match="a link out of its folder"):
        onnx2py.load_model(original / "model.onnx")


POINTER = (
    b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 123456\n"
    % (b"0" * 64)
)


def zipped() -> bytes:
    from io import BytesIO

    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("data.pkl", b"1")
    return stream.getvalue()


OTHERS = {
    "a Git LFS pointer; git lfs pull": POINTER,
    "an HTML page": b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>",
    "an HTML page; the": b"\n  <html lang='en'><body>404</body></html>",
    "an XML document": b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    "a JSON document": b'{"error": "Repository not found"}',
    "a zip archive; unpack it": zipped(),
    "a compressed file": gzip.compress(b"model" * 100),
    "a Python pickle": pickle.dumps({"weight": [1.0, 2.0]}, protocol=4),
    "an HDF5 file": b"\x89HDF\r\n\x1a\n" + bytes(100),
    "a NumPy array": b"\x93NUMPY\x01\x00v\x00" + bytes(100),
    "a TensorFlow Lite model": b"\x1c\x00\x00\x00TFL3" + bytes(100),
    "onnxruntime's own format": b"\x1c\x00\x00\x00ORTM" + bytes(100),
    "a GGUF file": b"GGUF\x03\x00\x00\x00" + bytes(100),
    "a safetensors file": b'\x40\x00\x00\x00\x00\x00\x00\x00{"weight":{}}' + bytes(60),
    "ONNX as protobuf text": b'ir_version: 8\ngraph {\n  name: "g"\n}\n',
    "ONNX's textual syntax": b'<ir_version: 8, opset_import: ["" : 17]> g () => () {}',
    "got an empty file": b"",
    "damaged or of another format": b"\xff" * 100,
}


@pytest.mark.parametrize("name", list(OTHERS))
def test_a_file_of_another_format_is_recognized(tmp_path, name):
    (tmp_path / "model.onnx").write_bytes(OTHERS[name])
    with pytest.raises(LoadError, match=name):
        onnx2py.load_model(tmp_path / "model.onnx")


def test_data_that_git_lfs_has_not_fetched_are_recognized(tmp_path):
    w = numpy_helper.from_array(np.zeros(1000, np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node("Identity", ["w"], ["y"])],
        "net",
        [],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1000])],
        [w],
    )
    path = tmp_path / "model.onnx"
    onnx.save(
        helper.make_model(graph),
        path,
        save_as_external_data=True,
        location="w.bin",
        size_threshold=0,
    )
    (tmp_path / "w.bin").write_bytes(POINTER)
    with pytest.raises(LoadError, match="'w': expected 4000 bytes.*Git LFS pointer"):
        onnx2py.load_model(path)


def test_a_model_that_onnxruntime_saved_for_one_processor_says_what_to_do(tmp_path):
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"])],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.ones((16, 3, 3, 3), np.float32), "w")],
    )
    opsets = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, ir_version=8, opset_imports=opsets)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.optimized_model_filepath = str(tmp_path / "saved.onnx")
    onnxruntime.InferenceSession(model.SerializeToString(), options)
    domains = {node.domain for node in onnx.load(tmp_path / "saved.onnx").graph.node}
    if "com.microsoft.nchwc" not in domains:
        pytest.skip("onnxruntime has no blocked layout for this processor")
    with pytest.raises(onnx2py.UnsupportedError, match="ORT_ENABLE_EXTENDED"):
        onnx2py.load_model(tmp_path / "saved.onnx")


def test_an_operator_of_onnxruntime_extensions_says_what_to_do():
    node = helper.make_node("BertTokenizer", ["x"], ["y"], domain="ai.onnx.contrib")
    graph = helper.make_graph(
        [node],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.STRING, [1])],
        [helper.make_tensor_value_info("y", TensorProto.INT64, None)],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.contrib", 1)]
    with pytest.raises(onnx2py.UnsupportedError, match="onnxruntime-extensions.*--ops"):
        onnx2py.load_model(helper.make_model(graph, opset_imports=opsets))


def test_a_folder_is_no_model_whatever_lies_at_the_output(tmp_path, monkeypatch):
    """Without -o, the output would be the folder itself: that is not what is wrong."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    with pytest.raises(
        onnx2py.Onnx2pyError, match="docs: expected an ONNX file, got a"
    ):
        onnx2py.compile_model("docs", "docs")
