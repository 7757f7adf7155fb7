"""Compilers that die: the package is the old one or the new one, whole."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from onnx2py.emit.swap import swap
from onnx2py.emit.workshop import OLD, lock_of, tidy, workshop

KILLS = 12


def save(path: Path, factor: float) -> None:
    """Store ``y = factor * x``, with enough weights that writing them takes a while."""
    weights = [
        onnx.numpy_helper.from_array(np.full(5000 + i, factor, np.float32), f"w{i}")
        for i in range(40)
    ]
    nodes = [helper.make_node("ReduceMax", ["w0"], ["factor"], keepdims=0)]
    nodes += [
        helper.make_node("ReduceMin", [f"w{i}"], [f"m{i}"], keepdims=0)
        for i in range(1, 40)
    ]
    nodes.append(helper.make_node("Mul", ["x", "factor"], ["y"]))
    outputs = ["y", *(f"m{i}" for i in range(1, 40))]
    graph = helper.make_graph(
        nodes,
        "scale",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
            for name in outputs
        ],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    onnx.save(model, path)


def start(folder: Path, model: str, *options: str, **more) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "onnx2py", model, "-o", "pkg", "-q", "-O0"]
    # A shell's job in the background ignores SIGINT, and so would what it starts.
    more.setdefault("preexec_fn", lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    return subprocess.Popen(
        [*command, *options], cwd=folder, stderr=subprocess.PIPE, text=True, **more
    )


def factor_of(folder: Path) -> float:
    """Run the package; it must be whole."""
    code = "import numpy as np, pkg; print(*(o.max() for o in pkg.Model()(np.ones(2, 'f4'))))"
    done = subprocess.run(
        [sys.executable, "-B", "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    found = set(map(float, done.stdout.split()))
    assert len(found) == 1, "weights of two models"
    return found.pop()


@pytest.fixture
def place(tmp_path) -> Path:
    for factor in (1, 2):
        save(tmp_path / f"model{factor}.onnx", factor)
    assert start(tmp_path, "model1.onnx").wait() == 0
    return tmp_path


def hidden(folder: Path) -> list[str]:
    return [p.name for p in folder.iterdir() if p.name.startswith(".")]


def test_killed_at_any_moment(place):
    begun = time.perf_counter()
    assert start(place, "model2.onnx").wait() == 0
    whole = time.perf_counter() - begun
    moments = random.Random(0)
    found = set()
    for i in range(KILLS):
        model = f"model{i % 2 + 1}.onnx"
        process = start(place, model)
        # Most of the time goes into imports; what is written comes last.
        time.sleep(whole * moments.uniform(0.5, 1.05))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        found.add(factor_of(place))
    assert found <= {1.0, 2.0}
    assert start(place, "model1.onnx").wait() == 0
    assert factor_of(place) == 1
    assert hidden(place) == []


def test_killed_while_writing(place):
    process = start(place, "model2.onnx")
    while process.poll() is None and not hidden(place):
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert factor_of(place) in (1, 2)
    assert start(place, "model2.onnx").wait() == 0
    assert hidden(place) == [] and factor_of(place) == 2


@pytest.mark.parametrize(
    "number, status", [(signal.SIGTERM, 143), (signal.SIGINT, 130)]
)
def test_ended_while_writing(place, number, status):
    process = start(place, "model2.onnx", "--verify")
    while not hidden(place):
        time.sleep(0.001)
    process.send_signal(number)
    _, errors = process.communicate()
    assert process.returncode == status
    assert "Traceback" not in errors
    assert hidden(place) == [] and factor_of(place) == 1


def test_a_full_disk(place):
    """A file that may not grow fails as one on a full disk does."""
    save(place / "large.onnx", 3)
    process = start(
        place,
        "large.onnx",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (15_000, 15_000)),
    )
    _, errors = process.communicate()
    assert process.returncode == 1
    assert errors.startswith("onnx2py: error: ") and "cannot be written" in errors
    assert hidden(place) == [] and factor_of(place) == 1


def test_two_at_once(place):
    for _ in range(3):
        both = [start(place, f"model{i}.onnx") for i in (1, 2)]
        for process in both:
            _, errors = process.communicate()
            assert process.returncode == 0, errors
        assert factor_of(place) in (1, 2)
        assert hidden(place) == []


def test_what_was_moved_away_comes_back(tmp_path):
    """Where folders cannot change places in one step, there are two."""
    target, left = tmp_path / "pkg", tmp_path / ".pkg-abc"
    (left / OLD).mkdir(parents=True)
    (left / OLD / "model.py").write_text("x = 1\n")
    lock_of(left).touch()
    tidy(target)
    assert (target / "model.py").read_text() == "x = 1\n"
    assert hidden(tmp_path) == []


def test_what_is_in_use_or_somebody_elses_stays(tmp_path):
    target, other = tmp_path / "pkg", tmp_path / ".pkg-notes"
    other.mkdir()
    with workshop(target) as place:
        tidy(target)
        assert place.is_dir()
    assert not place.exists() and other.is_dir()


def test_folders_change_places(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    if not swap(tmp_path / "a", tmp_path / "b"):
        assert sys.platform not in ("linux", "darwin")
        return
    assert os.listdir(tmp_path / "a") == ["b"] and os.listdir(tmp_path / "b") == ["a"]
    with pytest.raises(OSError):
        swap(tmp_path / "a", tmp_path / "missing")


@pytest.mark.parametrize("most", [4, 5, 6, 8, 12, 20])
def test_few_files_open_at_once(place, most):
    """All that Python itself needs is open already when the limit is set."""
    code = (
        "import resource, onnx2py\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, ({most}, {most}))\n"
        "try: onnx2py.compile_model('model2.onnx', 'pkg', force=True)\n"
        "except onnx2py.Onnx2pyError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=place, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert factor_of(place) == (1 if done.stdout else 2)
    assert start(place, "model1.onnx").wait() == 0  # it removes what could not be
    assert hidden(place) == [] and factor_of(place) == 1
