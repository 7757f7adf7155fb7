"""Any ``onnx.backend.base.Backend`` as an engine."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import onnx
from onnx.backend.base import Backend

from ..case import Feeds, Outputs, RefusedError, Run


def is_backend(what: Any) -> bool:
    """Whether something is a backend: a subclass, or a module with the same functions."""
    if inspect.isclass(what):
        return issubclass(what, Backend)
    return inspect.ismodule(what) and callable(getattr(what, "prepare", None))


class BackendEngine:
    """A backend, which takes inputs in the order of the model."""

    def __init__(self, backend: Any, device: str = "CPU") -> None:
        self.backend, self.device = _Named(backend), device
        self.name = self.backend.name.removesuffix(".backend")

    def prepare(self, model: onnx.ModelProto) -> Run:
        """Prepare a model with the backend.

        Raises
        ------
        RefusedError
            If the backend is not compatible with the model.
        """
        backend = self.backend.found()
        compatible = getattr(backend, "is_compatible", None)
        if compatible is not None and not compatible(model, self.device):
            raise RefusedError("is_compatible() says no")
        prepared = backend.prepare(model, self.device)
        if prepared is None:
            raise RefusedError("prepare() returns None")
        names = [value.name for value in model.graph.input]

        def run(feeds: Feeds) -> Outputs:
            return list(prepared.run([feeds[name] for name in names if name in feeds]))

        return run

    def versions(self) -> Mapping[str, str]:
        """Return the version of the distribution that has the backend."""
        top = self.backend.module.partition(".")[0]
        found = metadata.packages_distributions().get(top, [])
        return {name: metadata.version(name) for name in found[:1]}


class _Named:
    """A backend by its module and name, since modules cannot be sent to other processes."""

    def __init__(self, backend: Any) -> None:
        is_module = inspect.ismodule(backend)
        self.module = backend.__name__ if is_module else backend.__module__
        self.attribute = "" if is_module else backend.__qualname__
        self.name = self.attribute or self.module
        self._found = backend

    def found(self) -> Any:
        return self._found

    def __getstate__(self) -> tuple[str, str, str]:
        return self.module, self.attribute, self.name

    def __setstate__(self, state: tuple[str, str, str]) -> None:
        from importlib import import_module

        self.module, self.attribute, self.name = state
        self._found = import_module(self.module)
        for part in filter(None, self.attribute.split(".")):
            self._found = getattr(self._found, part)
