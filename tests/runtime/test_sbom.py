"""The bill of materials, field by field as CycloneDX 1.6 has them."""

from __future__ import annotations

import hashlib
import json
import re

import onnx
import onnx.parser
import pytest

import onnx2py
from onnx2py.cli import main

TEXT = """<ir_version: 8, opset_import: ["" : 17], producer_name: "maker">
    net (float[2, 6] x) => (float[2, 6] y) <float[6] w = {1, 2, 3, 4, 5, 6}> { y = Mul (x, w) }"""


@pytest.fixture
def made(tmp_path):
    model = onnx.parser.parse_model(TEXT)
    model.metadata_props.add(key="license", value="Apache-2.0 \u202e\n\x1b[31m")
    onnx.save(model, tmp_path / "m.onnx")
    options = ["-o", str(tmp_path / "net"), "--sbom", str(tmp_path / "bom.json"), "-q"]
    assert main([str(tmp_path / "m.onnx"), *options]) == 0
    return tmp_path


def test_what_it_names(made):
    bill = json.loads((made / "bom.json").read_text(encoding="utf-8"))
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == (
        "CycloneDX",
        "1.6",
        1,
    )
    assert re.fullmatch(
        r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bill["serialNumber"]
    )
    assert bill["metadata"]["component"]["name"] == "net"
    (tool,) = bill["metadata"]["tools"]["components"]
    assert (tool["name"], tool["version"]) == ("onnx2py", onnx2py.__version__)
    assert "timestamp" not in bill["metadata"]
    model, weight, numpy = bill["components"]
    assert model["type"] == "machine-learning-model" and model["name"] == "m.onnx"
    sha256 = hashlib.sha256((made / "m.onnx").read_bytes()).hexdigest()
    assert model["hashes"] == [{"alg": "SHA-256", "content": sha256}]
    assert model["licenses"] == [{"license": {"name": "Apache-2.0 \u202e\n\x1b[31m"}}]
    (path,) = (made / "net" / "weights").iterdir()
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    assert (weight["type"], weight["name"]) == ("file", f"weights/{path.name}")
    assert weight["hashes"] == [{"alg": "SHA-256", "content": sha256}]
    assert (numpy["name"], numpy["purl"]) == ("numpy", "pkg:pypi/numpy")
    assert numpy["properties"][0]["value"] == "numpy>=1.22"
    references = [part["bom-ref"] for part in bill["components"]]
    assert len(set(references)) == 3
    assert bill["dependencies"][0] == {"ref": "package", "dependsOn": references}


def test_the_file_is_ascii_so_that_no_terminal_is_fooled(made):
    assert (made / "bom.json").read_bytes().isascii()
    assert b"\x1b" not in (made / "bom.json").read_bytes()


def test_it_is_the_same_for_the_same_package(made, monkeypatch):
    first = (made / "bom.json").read_bytes()
    for _ in range(2):
        onnx2py.compile_model(made / "m.onnx", made / "net", sbom=made / "bom.json")
        assert (made / "bom.json").read_bytes() == first
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    onnx2py.compile_model(made / "m.onnx", made / "net", sbom=made / "bom.json")
    bill = json.loads((made / "bom.json").read_text())
    assert bill["metadata"]["timestamp"] == "1970-01-02T00:00:00Z"
    assert bill["serialNumber"] == json.loads(first)["serialNumber"]


def test_other_modules_that_a_package_needs(tmp_path):
    text = TEXT.replace("float[2, 6]", "bfloat16[2, 6]").replace(
        "float[6] w", "bfloat16[6] w"
    )
    model = onnx.parser.parse_model(text)
    onnx2py.compile_model(model, tmp_path / "small", sbom=tmp_path / "bom.json")
    bill = json.loads((tmp_path / "bom.json").read_text())
    assert [c["name"] for c in bill["components"] if c["type"] == "library"] == [
        "numpy",
        "ml_dtypes",
    ]


def test_a_place_that_cannot_be_written_to(tmp_path, capsys):
    onnx.save(onnx.parser.parse_model(TEXT), tmp_path / "m.onnx")
    arguments = [str(tmp_path / "m.onnx"), "-o", str(tmp_path / "net")]
    assert main([*arguments, "--sbom", str(tmp_path / "none" / "bom.json")]) == 1
    assert "expected a folder that can be written to" in capsys.readouterr().err
    assert not (tmp_path / "net").exists()
