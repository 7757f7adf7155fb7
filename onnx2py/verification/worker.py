"""Run a package where only NumPy can be imported: ``python -I -S worker.py EXCHANGE``.

This file is executed, not imported: a new interpreter runs it without site-packages. It reads
``task.json`` (see ``isolation``) in the folder EXCHANGE, and writes ``result.json``.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

ALIAS = "package_under_test"
"""Name of the imported package, which must work under any name and hide no module."""

ROUNDS = 2
"""How many rounds of the body of a loop are kept."""


class OnlyThese(MetaPathFinder):
    """Finds, with other finders, only the standard library and the given modules.

    Other modules seem not to be installed: a library may look for what it does not need.
    """

    def __init__(self, allowed: Iterable[str], finders: Iterable[Any]) -> None:
        self.allowed = {*sys.stdlib_module_names, *sys.builtin_module_names, *allowed}
        self.finders = list(finders)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Find what is allowed."""
        if not self.allows(fullname):
            return None
        found = (each.find_spec(fullname, path, target) for each in self.finders)
        return next((spec for spec in found if spec is not None), None)

    def invalidate_caches(self) -> None:
        """Let the other finders look again."""
        for finder in self.finders:
            if hasattr(finder, "invalidate_caches"):
                finder.invalidate_caches()

    def find_distributions(self, *context: Any) -> Iterator[Any]:
        """Find the names and versions of what is installed."""
        for finder in self.finders:
            if hasattr(finder, "find_distributions"):
                yield from finder.find_distributions(*context)

    def allows(self, fullname: str) -> bool:
        """Return whether a module may be imported."""
        top = fullname.partition(".")[0]
        return top in self.allowed or top.startswith("_sysconfigdata")

    def describe(self, error: Exception) -> str:
        """Return the kind of an error and its text; of a hidden module, that it is hidden."""
        kind = type(error).__name__
        name = error.name if isinstance(error, ImportError) else None
        if name is None or self.allows(name):
            return f"{kind}: {error}"
        return (
            f"{kind}: {name}: a package may import only NumPy and the standard library"
        )


def main(exchange: Path) -> None:
    """Run the task in ``exchange``."""
    task = json.loads((exchange / "task.json").read_text(encoding="ascii"))
    sys.path.extend(task["paths"])
    only = OnlyThese([*task["allowed"], ALIAS, "exchange"], sys.meta_path)
    sys.meta_path[:] = [only]
    shared = load("exchange", Path(__file__).with_name("exchange.py"))
    store = shared.Store(exchange)
    store.count = task["count"]
    result: dict[str, Any] = {
        "cases": [],
        "traced": {"values": [], "bodies": []},
        "error": None,
        "traceback": "",
    }
    try:
        package = load_package(Path(task["package"]))
        model = model_of_arrays(package)
        for feeds in task["cases"]:
            outputs = run(
                package, model, {k: store.decode(v) for k, v in feeds.items()}
            )
            result["cases"].append([store.encode(value) for value in outputs])
        if task["trace"]:
            first = {k: store.decode(v) for k, v in task["cases"][0].items()}
            result["traced"] = values(package, model, first, store)
    except Exception as error:  # the purpose is to find out what the package raises
        result["error"] = only.describe(error)
        result["traceback"] = traceback.format_exc()
    shared.write_json(exchange / "result.json", result)


def load_package(folder: Path) -> Any:
    """Import a package, with its parent package if that holds its operators."""
    around = folder.parent / "__init__.py"
    if (folder / "ops").is_dir() or not around.is_file():
        return load(ALIAS, folder / "__init__.py")
    load(ALIAS, around)
    return importlib.import_module(f"{ALIAS}.{folder.name}")


def model_of_arrays(package: Any) -> Any:
    """Return the model, or where that takes other tensors, what calls it with arrays."""
    if not Path(package.__file__).with_name("tools").joinpath("arrays.py").is_file():
        return package.Model()
    arrays: Any = importlib.import_module(f"{package.__name__}.tools.arrays")
    return arrays.Model()


def load(name: str, path: Path) -> Any:
    """Import a file, or the package whose ``__init__.py`` it is, as ``name``."""
    folders = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(
        name, path, submodule_search_locations=folders
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def run(package: Any, model: Any, feeds: dict[str, Any]) -> Sequence[Any]:
    """Call the model with inputs by their ONNX names; return its outputs in order."""
    names = {spec.name: spec.python_name for spec in package.INPUTS}
    for name in feeds:
        if name not in names:
            raise ValueError(
                f"{name!r}: expected an input of the package, got one that it lacks; "
                "was it compiled with other options?"
            )
    result = model(**{names[name]: value for name, value in feeds.items()})
    return [result] if len(package.OUTPUTS) == 1 else list(result)


def values(
    package: Any, model: Any, feeds: dict[str, Any], store: Any
) -> dict[str, Any]:
    """Return every value of the graph, in order, and those of the first rounds of its bodies."""
    watch: Any = importlib.import_module(f"{package.__name__}.tools.watch")
    names = {spec.name: spec.python_name for spec in package.INPUTS}
    top = Frame()

    class Written(watch.Trace):  # type: ignore[misc]
        """A trace that keeps no value in memory: all of them may take gigabytes."""

        def __init__(self, kept: Any) -> None:
            super().__init__(kept)
            self.frames = [top]

        def start(self) -> None:
            super().start()
            self.frames.append(Frame())

        def note(self, call: Any, values: tuple[Any, ...]) -> None:
            inside = self.frames.pop()
            key = (call.path, call.line)
            runs = Runs(call.node, list(call.names))
            rounds = self.frames[-1].runs.setdefault(key, runs).rounds
            if (inside.values or inside.runs) and len(rounds) < ROUNDS:
                if len(self.frames) == 1:
                    inside.write(store)
                rounds.append(inside)
            super().note(call, values)

        def keep(self, call: Any, values: tuple[Any, ...]) -> None:
            made = self.frames[-1].values
            for name, value in zip(call.names, values):
                if len(self.frames) == 1:
                    value = store.encode(_tensor(value))
                elif call.reused and hasattr(value, "nbytes"):
                    value = value.copy()
                made[name] = (call, value)

    watch.Trace = Written
    watch.trace(model, **{names[name]: v for name, v in feeds.items()})
    return top.described()


class Runs:
    """The first runs of the body of a node: its label, and the names of what it makes."""

    def __init__(self, node: str, outputs: list[str]) -> None:
        self.node, self.outputs = node, outputs
        self.rounds: list[Frame] = []


class Frame:
    """What a method has made: values by name, with their calls, and runs of bodies."""

    def __init__(self) -> None:
        self.values: dict[str, tuple[Any, Any]] = {}
        self.runs: dict[tuple[str, int], Runs] = {}
        """By the object that makes the call, and the line."""

    def write(self, store: Any) -> None:
        """Write all values."""
        for name, (call, value) in self.values.items():
            self.values[name] = (call, store.encode(_tensor(value)))
        for runs in self.runs.values():
            for each in runs.rounds:
                each.write(store)

    def described(self) -> dict[str, Any]:
        """Return this as JSON has it, once its values are written."""
        made = [
            {"name": name, "node": call.node, "line": call.line, "value": value}
            for name, (call, value) in self.values.items()
        ]
        bodies = [
            {
                "node": runs.node,
                "outputs": runs.outputs,
                "rounds": [each.described() for each in runs.rounds],
            }
            for runs in self.runs.values()
            if runs.rounds
        ]
        return {"values": made, "bodies": bodies}


def _tensor(value: Any) -> Any:
    """Convert a NumPy scalar to a 0-d array."""
    import numpy as np  # no earlier than the path to it is set

    return np.asarray(value) if isinstance(value, np.generic) else value


if __name__ == "__main__":
    main(Path(sys.argv[1]))
