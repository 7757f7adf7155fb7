"""The programs of docs/deploying.md, and what they rely on."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import pickle
import runpy
import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.docs.support import MNIST, programs

PROGRAMS = programs("docs/deploying.md")
PICTURES = np.random.default_rng(0).random((4, 1, 28, 28), np.float32)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the programs and the package that they use."""
    shutil.copytree(MNIST, tmp_path / "mnist")
    for name, code in PROGRAMS.items():
        (tmp_path / name).write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [n for n in sys.modules if n.partition(".")[0] == "mnist"]:
        monkeypatch.delitem(sys.modules, name)
    return tmp_path


@pytest.mark.parametrize("name", ["pool.py", "cluster.py", "frame.py"])
def test_programs_run(place: Path, name: str) -> None:
    done = subprocess.run(
        [sys.executable, name], cwd=place, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "(64,)"


def ask(app: Any, body: bytes) -> tuple[int, Any]:
    """Send a request in two parts, as a server would."""
    parts = [{"body": body[:100], "more_body": True}, {"body": body[100:]}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", **parts.pop(0)}

    async def send(event: dict[str, Any]) -> None:
        sent.append(event)

    asyncio.run(app({"type": "http", "method": "POST"}, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


def test_the_endpoint_answers(place: Path) -> None:
    app = runpy.run_path(str(place / "serve.py"))["app"]
    import mnist

    stream = BytesIO()
    np.save(stream, PICTURES)
    expected = mnist.Model()(PICTURES).argmax(axis=1).tolist()
    assert ask(app, stream.getvalue()) == (200, expected)
    stream = BytesIO()
    np.save(stream, PICTURES[0])
    status, answer = ask(app, stream.getvalue())
    assert status == 400 and answer.startswith(
        "image: expected float32[batch, 1, 28, 28]"
    )


def test_the_lambda_handler_answers(place: Path) -> None:
    handler = runpy.run_path(str(place / "handler.py"))["handler"]
    import mnist

    expected = mnist.Model()(PICTURES).argmax(axis=1).tolist()
    answer = handler({"body": json.dumps(PICTURES.tolist())}, None)
    assert answer == {"statusCode": 200, "body": json.dumps(expected)}
    answer = handler({"body": json.dumps(PICTURES[0].tolist())}, None)
    assert answer["statusCode"] == 400 and "image: expected float32" in answer["body"]
    assert handler({"body": "no JSON"}, None)["statusCode"] == 400


def test_every_program_of_the_page_is_run() -> None:
    run_here = {"pool.py", "cluster.py", "frame.py", "serve.py", "handler.py"}
    assert set(PROGRAMS) == {*run_here, "program.py"}  # that one by tests/docs


def test_a_model_pickles_as_a_place(place: Path) -> None:
    import mnist

    for made in (mnist.Model(), mnist.InferenceSession()):
        data = pickle.dumps(made)
        assert len(data) < 200
    model = pickle.loads(pickle.dumps(mnist.Model()))
    np.testing.assert_array_equal(model(PICTURES), mnist.Model()(PICTURES))
    shutil.copytree(place / "mnist" / "weights", place / "other")
    moved = pickle.loads(pickle.dumps(mnist.Model(place / "other")))
    assert moved.weights == place / "other"


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_processes_of_every_kind_agree(place: Path, method: str) -> None:
    code = f"""
import multiprocessing, numpy as np, mnist
if __name__ == "__main__":
    x = np.random.default_rng(0).random((4, 1, 28, 28), np.float32)
    model = mnist.Model()
    before = model(x)
    with multiprocessing.get_context({method!r}).Pool(2) as pool:
        for found in pool.map(model, [x] * 4):
            assert np.array_equal(found, before)
    print("same")
"""
    (place / "same.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "same.py"],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout == "same\n", done.stderr
