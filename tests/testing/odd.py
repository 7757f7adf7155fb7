"""Engines and suites that do what no one expects of them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from onnx2py.testing import Case, Label, Selection

Feeds = Mapping[str, Any]


class Right:
    """Computes the model of :class:`OddSuite`, in its own way."""

    def prepare(self, model: onnx.ModelProto) -> Callable[[Feeds], Any]:
        return self.run

    def run(self, feeds: Feeds) -> Any:
        return [np.abs(feeds["x"])]


class WithoutText(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


class Foreign:
    """A tensor of another library."""

    def __init__(self, array: Any) -> None:
        self.array, self.dtype, self.shape = array, array.dtype, array.shape

    def __array__(self, *_: Any, **__: Any) -> Any:
        return self.array


class Exits(Right):
    def run(self, feeds):
        sys.exit("good bye")


class ExitsInPrepare(Right):
    def prepare(self, model):
        sys.exit(0)


class RaisesWithoutText(Right):
    def run(self, feeds):
        raise WithoutText


class ReturnsForeign(Right):
    def run(self, feeds):
        return [Foreign(value) for value in super().run(feeds)]


class ReturnsGenerator(Right):
    def run(self, feeds):
        return (value for value in super().run(feeds))


class ClosesStdout(Right):
    def run(self, feeds):
        print("so long")
        sys.stdout.close()
        with suppress(OSError):
            os.close(1)
        return super().run(feeds)


class PrintsGigabytes(Right):
    """From C, where no error ends it."""

    def run(self, feeds):
        text = b"x" * (1 << 16)
        for _ in range(1 << 14):
            with suppress(PermissionError):
                os.write(1, text)
        return super().run(feeds)


class EmptiesItsInputs(Right):
    def run(self, feeds):
        return [np.abs(feeds.popitem()[1])]


class Forks(Right):
    """Its second process comes back late, with something else."""

    def run(self, feeds):
        if os.fork() == 0:
            time.sleep(0.3)
            return [feeds["x"] + 1]
        return super().run(feeds)


class LeavesTheFolder(Right):
    def run(self, feeds):
        os.chdir("/")
        return super().run(feeds)


class ClosesEverything(Right):
    def run(self, feeds):
        os.closerange(3, 256)
        time.sleep(1000)


class LeavesAChild(Right):
    """Writes the number of a process that sleeps."""

    def run(self, feeds):
        child = subprocess.Popen(["sleep", "1000"])
        Path(os.environ["ONNX2PY_TEST_CHILD"]).write_text(str(child.pid))
        time.sleep(1000)


class SleepsInTheSecondCase(Right):
    """Writes the number of its process before."""

    cases = 0

    def prepare(self, model):
        self.cases += 1
        if self.cases > 1:
            Path(os.environ["ONNX2PY_TEST_CHILD"]).write_text(str(os.getpid()))
            time.sleep(1000)
        return self.run


class WithoutVersions(Right):
    def versions(self):
        raise RuntimeError("no versions today")


class Hostile(Right):
    name = "<b>me</b>\x1b[31m\n"


class Unsendable(Right):
    def __reduce__(self):
        raise TypeError("stay here")


class Refuses(Right):
    def prepare(self, model):
        raise NotImplementedError("nothing at all")


class Fickle(Right):
    """Adds one, and does not compute values without a type."""

    def prepare(self, model):
        if not model.graph.output[0].HasField("type"):
            raise RuntimeError("not those outputs")
        return lambda feeds: [np.abs(feeds["x"]) + 1]


class OddSuite:
    """Cases of one ``Abs``, which some names make impossible."""

    name = "odd"

    def __init__(self, text: str) -> None:
        self.text = text

    def names(self, selection: Selection) -> list[str]:
        if self.text == "raises":
            raise KeyError("names")
        if self.text == "nothing":
            return []
        return list(selection.only) or ["one", "two", "two", "a-b", "a_b"]

    def case(self, name: str) -> Case:
        if name == "impossible":
            raise RuntimeError("cannot be made")
        kinds = [
            onnx.helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, [2])
            for n in "xy"
        ]
        node = onnx.helper.make_node("Abs", ["x"], ["y"])
        graph = onnx.helper.make_graph([node], "g", kinds[:1], kinds[1:])
        model = onnx.helper.make_model(graph)
        x = np.array([-1, 2], np.float32)

        def expected() -> list[Any]:
            if name == "unknowable":
                raise RuntimeError("not known")
            return [[np.abs(x)]]

        def difference(ours: Any, theirs: Any) -> str | None:
            return None if np.array_equal(ours[0], theirs[0]) else f"got {ours[0]}"

        return Case(name, model, [{"x": x}], expected, difference, Label("Abs", "", 13))
