"""Run a package in a new interpreter in which only NumPy can be imported."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, packages_distributions
from importlib.metadata import requires as requires_of
from pathlib import Path
from typing import Any

from ..errors import VerifyError
from .deadline import TimeUp, seconds_left
from .exchange import Store, read_json, write_json

WORKER = Path(__file__).with_name("worker.py")


ON_CPU = {"JAX_PLATFORMS": "cpu"}
"""Lets libraries compute where onnxruntime does: elsewhere, products are rounded more."""
ALONE = frozenset(["ml_dtypes", "numpy", "PIL"])
"""Modules whose distributions need no other but NumPy's."""


@dataclass(frozen=True)
class Traced:
    """A value that the package computed: its Python name, ONNX nodes and line in ``model.py``."""

    name: str
    node: str
    line: int
    value: Any


@dataclass(frozen=True)
class BodyRuns:
    """The first rounds of the body of a node, or the one run of a branch or function."""

    node: str
    rounds: tuple[Frame, ...]
    outputs: tuple[str, ...] = ()
    """The names of what the node makes, in Python."""


@dataclass(frozen=True)
class Frame:
    """The values of one run of a body, and what ran inside it."""

    values: tuple[Traced, ...]
    bodies: tuple[BodyRuns, ...]

    @classmethod
    def of(cls, found: Any, store: Store) -> Frame:
        """Read what the worker has written."""
        values = (
            Traced(v["name"], v["node"], v["line"], store.decode(v["value"]))
            for v in found["values"]
        )
        bodies = (
            BodyRuns(
                b["node"],
                tuple(cls.of(each, store) for each in b["rounds"]),
                tuple(b["outputs"]),
            )
            for b in found["bodies"]
        )
        return cls(tuple(values), tuple(bodies))


@dataclass(frozen=True)
class Outcome:
    """The outputs for each set of inputs, or the error of the package."""

    cases: tuple[list[Any], ...]
    error: str = ""
    traceback: str = ""
    values: tuple[Traced, ...] = ()
    """All values for the first set of inputs, if they were asked for."""
    bodies: tuple[BodyRuns, ...] = ()
    """What ran inside the calls of that run."""


def run_isolated(
    folder: Path,
    cases: Sequence[Mapping[str, Any]],
    requires: Sequence[str],
    time_limit: float,
    *,
    trace: bool = False,
) -> Outcome:
    """Run the package in ``folder`` on each set of inputs, given by their ONNX names.

    With ``trace``, all values computed for the first set are also returned.

    Raises
    ------
    VerifyError
        If a module that the package requires is not installed, or it takes too long.
    """
    if not sys.executable:
        raise VerifyError("verify: expected a Python to run the package with, got none")
    allowed = list(dict.fromkeys((*requires, "numpy", *dependencies(requires))))
    paths = dict.fromkeys(_location(name) for name in (*requires, "numpy"))
    with tempfile.TemporaryDirectory(prefix="onnx2py-verify-") as name:
        exchange = Path(name)
        store = Store(exchange)
        encoded = [{k: store.encode(v) for k, v in feeds.items()} for feeds in cases]
        task = {
            "package": str(folder),
            "paths": list(paths),
            "allowed": allowed,
            "cases": encoded,
            "trace": trace,
            "count": store.count,
        }
        write_json(exchange / "task.json", task)
        # -I and -S: no variables, no user site, and no .pth file that imports things.
        command = [sys.executable, "-I", "-S", "-B", str(WORKER), name]
        problem = _run(command, time_limit)
        if not (exchange / "result.json").exists():
            return Outcome((), problem or "the interpreter stopped without a word")
        found = read_json(exchange / "result.json")
        outputs = tuple([store.decode(v) for v in case] for case in found["cases"])
        # Windows does not delete files that are mapped.
        store = Store(exchange, mapped=os.name != "nt")
        traced = Frame.of(found["traced"], store)
    return Outcome(
        outputs,
        found["error"] or "",
        found["traceback"],
        traced.values,
        traced.bodies,
    )


def _run(command: list[str], time_limit: float) -> str:
    """Run a command to its end; return the last line of its error output."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=min(time_limit, seconds_left() or time_limit),
            env={**os.environ, **ON_CPU},
            text=True,
            errors="replace",
        )
    except subprocess.TimeoutExpired:
        raise TimeUp(
            f"verify: expected the package to be done in {time_limit:g} seconds, "
            "got no result; --time-limit allows it more"
        ) from None
    except OSError as error:
        raise VerifyError(f"verify: cannot start {command[0]}: {error}") from None
    if done.returncode == 0:
        return ""
    lines = done.stderr.strip().splitlines()
    return lines[-1] if lines else f"the interpreter stopped with {done.returncode}"


def dependencies(modules: Iterable[str]) -> list[str]:
    """Return the modules of the distributions that those of ``modules`` depend on."""
    modules = {*modules} - ALONE
    provided: dict[str, list[str]] = {}
    for module, distributions in packages_distributions().items() if modules else ():
        for each in distributions:
            provided.setdefault(_normalized(each), []).append(module)
    waiting = [d for d, names in provided.items() if not {*names}.isdisjoint(modules)]
    for name in waiting:
        try:
            needed = requires_of(name) or []
        except PackageNotFoundError:
            continue
        for line in needed:
            other = _normalized(re.split(r"[^\w.-]", line, maxsplit=1)[0])
            if "extra ==" not in line and other in provided and other not in waiting:
                waiting.append(other)
    return [module for name in waiting for module in provided[name]]


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _location(name: str) -> str:
    """Return the folder of a module that the package requires."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise VerifyError(f"verify: the package needs {name}, which is not installed")
    return str(Path(spec.origin).parent.parent)
