"""A model or a session limits the threads of BLAS while it computes, and only then."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import onnx.parser
import pytest

import onnx2py

TEXT = """<ir_version: 8, opset_import: ["" : 17]> g (float[n, 3] threads) => (float[n, 2] y)
    <float[3, 2] limited = {1, 2, 3, 4, 5, 6}> { y = MatMul (threads, limited) }"""
X = np.ones((4, 3), np.float32)


@pytest.fixture(scope="module")
def packages(tmp_path_factory) -> tuple[Any, Any]:
    """Two packages, whose names are those of the argument and the decorator."""
    folder = tmp_path_factory.mktemp("threads")
    sys.path.insert(0, str(folder))
    try:
        for name in ("limited_1", "limited_2"):
            onnx2py.compile_model(
                onnx.parser.parse_model(TEXT), folder / name, layout=False
            )
        yield tuple(__import__(name) for name in ("limited_1", "limited_2"))
    finally:
        sys.path.remove(str(folder))


class Library:
    """A BLAS that takes four threads, and notes what is set."""

    def __init__(self) -> None:
        self.number = 4
        self.seen: list[int] = []

    def get(self) -> int:
        return self.number

    def set(self, number: int) -> None:
        self.number = number
        self.seen.append(number)


@pytest.fixture
def library(packages, monkeypatch) -> Library:
    fake = Library()
    state = packages[0].model.limited.__globals__["state"]()
    monkeypatch.setattr(state, "libraries", [fake])
    return fake


def test_a_model_limits_the_threads_of_its_own_calls(packages, library):
    model = packages[0].Model(threads=1)
    assert model(X).tolist() == packages[0].Model()(X).tolist() == [[9, 12]] * 4
    assert library.seen == [1, 4]
    assert packages[0].Model(threads=9)(X) is not None
    assert library.seen == [1, 4, 4, 4]  # a limit never asks for more


def test_the_number_is_set_again_after_an_error(packages, library):
    with pytest.raises(ValueError, match="threads: expected float32"):
        packages[0].Model(threads=2)(X.astype(float))
    assert library.seen == [2, 4]


def test_a_session_takes_the_number_of_its_options(packages, library):
    session = packages[0].InferenceSession
    for number, seen in ((2, [2, 4]), (0, []), (-1, [])):
        library.seen.clear()
        options = SimpleNamespace(intra_op_num_threads=number)
        session("any", options).run(None, {"threads": X})
        assert library.seen == seen


def test_of_limits_at_the_same_time_the_least_counts_in_all_packages(packages, library):
    first, second = (p.model.limited.__globals__["limit"] for p in packages)
    assert first is not second
    one, three = first(1), second(3)
    three.__enter__()
    one.__enter__()
    three.__exit__(None, None, None)
    assert library.number == 1
    one.__exit__(None, None, None)
    assert library.seen == [3, 1, 1, 4]


def test_many_threads_leave_the_number_as_it_was(packages, library):
    models = [p.Model(threads=n) for p in packages for n in (1, 2, 3)]
    barrier = threading.Barrier(6)

    def work(model: Any) -> None:
        barrier.wait()
        for _ in range(50):
            model(X)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, models))
    assert library.number == 4 and set(library.seen) <= {1, 2, 3, 4}


def test_a_model_that_was_pickled_keeps_its_limit(packages, library):
    model = pickle.loads(pickle.dumps(packages[0].Model(threads=2)))
    model(X)
    assert library.seen == [2, 4]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")
def test_a_child_process_has_no_limit_of_calls_in_its_parent(packages, library):
    limit = packages[0].model.limited.__globals__["limit"]
    context = multiprocessing.get_context("fork")
    reader, writer = context.Pipe(duplex=False)

    def child() -> None:
        packages[0].Model(threads=3)(X)
        writer.send((library.number, library.seen))

    with limit(2), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer Pythons warn of threads and fork
        process = context.Process(target=child)
        process.start()
        process.join(30)
    assert reader.poll(1) and reader.recv() == (4, [2, 4, 3, 4])


def test_less_than_one_thread_is_refused(packages):
    for number in (0, -1):
        with pytest.raises(ValueError, match="threads: expected an integer >= 1, got"):
            packages[0].Model(threads=number)


def test_what_cannot_be_limited_is_said_with_what_to_set(
    packages, library, monkeypatch
):
    state = packages[0].model.limited.__globals__["state"]()
    monkeypatch.setattr(state, "libraries", [])
    with pytest.warns(UserWarning, match="threadpoolctl, or set OPENBLAS_NUM_THREADS"):
        model = packages[0].Model(threads=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model(X)
        packages[0].Model()


FAKE = """
class ThreadpoolController:
    numbers = [7]
    def select(self, user_api): assert user_api == "blas"; return self
    @property
    def lib_controllers(self): return [self]
    def get_num_threads(self): return self.numbers[-1]
    def set_num_threads(self, number): self.numbers.append(number)
"""
USE = """
import numpy, threadpoolctl, limited_1
limited_1.Model(threads=2)(numpy.ones((4, 3), "f"))
print(threadpoolctl.ThreadpoolController.numbers)
"""


def test_threadpoolctl_is_asked_where_it_is_installed(packages, tmp_path):
    (tmp_path / "threadpoolctl.py").write_text(FAKE)
    folder = Path(packages[0].__file__).parents[1]
    paths = os.pathsep.join(map(str, (tmp_path, folder)))
    environment = {**os.environ, "PYTHONPATH": paths}
    done = subprocess.run(
        [sys.executable, "-c", USE], capture_output=True, text=True, env=environment
    )
    assert done.stdout.strip() == "[7, 2, 7]", done.stderr


def test_the_openblas_of_numpys_wheels_is_limited(packages):
    tools = packages[0].model.limited.__globals__
    libraries = [tools["_openblas_library"](each) for each in tools["openblas"]()]
    for library in libraries:  # none in a NumPy of a distribution
        before = library.get()
        library.set(1)
        assert library.get() == 1
        library.set(before)
        assert library.get() == before
