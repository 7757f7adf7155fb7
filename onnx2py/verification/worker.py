"""Run a package where NumPy alone can be imported: ``python -I -S worker.py EXCHANGE``.

This file is executed, not imported: a fresh interpreter runs it without site-packages. The
folder EXCHANGE holds ``task.json`` (see ``isolation``), and gets ``result.json``.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
import traceback
from collections.abc import Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

ALIAS = "package_under_test"
"""A package must work under any name; this one cannot hide a module that it needs."""


class OnlyThese(MetaPathFinder):
    """Refuses to import anything but the standard library and the modules named."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self.allowed = {*sys.stdlib_module_names, *sys.builtin_module_names, *allowed}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Leave what is allowed to the other finders."""
        top = fullname.partition(".")[0]
        if top in self.allowed or top.startswith("_sysconfigdata"):
            return None
        raise ModuleNotFoundError(
            f"{fullname}: a package may import NumPy and the standard library alone",
            name=fullname,
        )


def main(exchange: Path) -> None:
    """Do the task in ``exchange``."""
    task = json.loads((exchange / "task.json").read_text(encoding="ascii"))
    sys.path.extend(task["paths"])
    sys.meta_path.insert(0, OnlyThese([*task["allowed"], ALIAS, "exchange"]))
    shared = load("exchange", Path(__file__).with_name("exchange.py"))
    store = shared.Store(exchange)
    store.count = task["count"]
    result: dict[str, Any] = {
        "cases": [],
        "values": [],
        "error": None,
        "traceback": "",
    }
    try:
        package = load_package(Path(task["package"]))
        model = package.Model()
        for feeds in task["cases"]:
            outputs = run(
                package, model, {k: store.decode(v) for k, v in feeds.items()}
            )
            result["cases"].append([store.encode(value) for value in outputs])
        if task["trace"]:
            first = {k: store.decode(v) for k, v in task["cases"][0].items()}
            result["values"] = values(package, model, first, store)
    except Exception as error:  # whatever the package does is what is being found out
        result["error"] = f"{type(error).__name__}: {error}"
        result["traceback"] = traceback.format_exc()
    shared.write_json(exchange / "result.json", result)


def load_package(folder: Path) -> Any:
    """Import a package; one whose operators lie in the folder around it, with that."""
    around = folder.parent / "__init__.py"
    if (folder / "ops").is_dir() or not around.is_file():
        return load(ALIAS, folder / "__init__.py")
    load(ALIAS, around)
    return importlib.import_module(f"{ALIAS}.{folder.name}")


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
    result = model(**{names[name]: value for name, value in feeds.items()})
    return [result] if len(package.OUTPUTS) == 1 else list(result)


def values(
    package: Any, model: Any, feeds: dict[str, Any], store: Any
) -> list[dict[str, Any]]:
    """Return every value that the graph itself computes (not its functions), in order."""
    watch: Any = importlib.import_module(f"{package.__name__}.watch")
    names = {spec.name: spec.python_name for spec in package.INPUTS}

    class Written(watch.Trace):  # type: ignore[misc]
        """A trace that keeps no value in memory: all of them may take gigabytes."""

        def keep(self, call: Any, values: tuple[Any, ...]) -> None:
            for name, value in zip(call.names, values):
                if "." not in name:
                    self.values[name] = [store.encode(_tensor(value))]
                    self.calls[name] = call

    watch.Trace = Written
    seen = watch.trace(model, **{names[name]: v for name, v in feeds.items()})
    return [
        {"name": name, "node": call.node, "line": call.line, "value": seen[name]}
        for name, call in seen.calls.items()
    ]


def _tensor(value: Any) -> Any:
    """Return a scalar, as NumPy's functions give of tensors without axes, as such a tensor."""
    import numpy as np  # no earlier than the path to it is set

    return np.asarray(value) if isinstance(value, np.generic) else value


if __name__ == "__main__":
    main(Path(sys.argv[1]))
