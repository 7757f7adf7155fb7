"""The distributions: what is in them, and that a wheel made of the sdist compiles a model."""

from __future__ import annotations

import email
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from onnx2py import __version__

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "generated_examples" / "mnist.onnx"


def run(code: str, folder: Path, **environment: str) -> str:
    """Run Python code in a folder, with no network to reach; return its output."""
    blocked = {"PIP_NO_INDEX": "1", "https_proxy": "http://127.0.0.1:9", **environment}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, **blocked},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An sdist of this checkout, and a wheel made of the unpacked sdist."""
    place = tmp_path_factory.mktemp("dist")
    build = "from hatchling import build; build.build_{}({!r})"
    run(build.format("sdist", str(place)), ROOT)
    (sdist,) = place.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(place)
    source = place / sdist.name.removesuffix(".tar.gz")
    run(build.format("wheel", str(place)), source)
    (wheel,) = place.glob("*.whl")
    return sdist, wheel


def test_the_names_carry_the_version(built: tuple[Path, Path]) -> None:
    sdist, wheel = built
    assert sdist.name == f"onnx2py-{__version__}.tar.gz"
    assert wheel.name == f"onnx2py-{__version__}-py3-none-any.whl"


def test_the_wheel_holds_the_package_its_templates_and_the_license(built) -> None:
    names = zipfile.ZipFile(built[1]).namelist()
    info = f"onnx2py-{__version__}.dist-info"
    assert {"onnx2py/py.typed", f"{info}/licenses/LICENSE"} <= set(names)
    assert {name.split("/")[0] for name in names} == {"onnx2py", info}
    for folder, inside in (("onnx2py", "onnx2py"), ("templates", "onnx2py/templates")):
        listed = subprocess.run(
            ["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True
        ).stdout.splitlines()
        assert len(listed) > 5
        expected = {inside + name.removeprefix(folder) for name in listed}
        assert expected - set(names) == set()


def test_the_metadata_say_what_an_index_shows(built) -> None:
    with zipfile.ZipFile(built[1]) as wheel:
        text = wheel.read(f"onnx2py-{__version__}.dist-info/METADATA").decode()
    metadata = email.message_from_string(text)
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])
    assert metadata["Keywords"] and metadata["Summary"]


def test_the_wheel_compiles_a_model_without_a_network(built, tmp_path) -> None:
    installed = tmp_path / "installed"
    zipfile.ZipFile(built[1]).extractall(installed)
    code = (
        "import onnx2py, sys; print(onnx2py.__file__)\n"
        f"report = onnx2py.compile_model({str(MODEL)!r}, 'net', verify=True)\n"
        "sys.exit(not report.agrees)\n"
    )
    said = run(code, tmp_path, PYTHONPATH=str(installed))
    assert said.strip() == str(installed / "onnx2py" / "__init__.py")
    assert (tmp_path / "net" / "model.py").is_file()
