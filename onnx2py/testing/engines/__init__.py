"""Engines: what computes models, behind one interface.

``prepare(model)`` returns a function of inputs by name. An engine that does not implement a model
raises :class:`onnx2py.testing.Refused`; every other exception counts as a crash.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol, Union, runtime_checkable

import onnx

from ...errors import OptionError, UnsupportedError
from ...targets import target_names
from ..case import RefusedError, Run

OWN = ("onnxruntime", "reference")
"""Engines of the kit that are no targets."""


@runtime_checkable
class Engine(Protocol):
    """What computes models.

    Two more members are optional: ``name``, a text, and ``versions()``, the versions of the
    libraries in use by their names.
    """

    def prepare(self, model: onnx.ModelProto) -> Run:
        """Return a function that maps inputs by name to the list of outputs."""


Described = Union[str, Engine, type, Any]
"""A name, an object with ``prepare``, or a backend as ``onnx.backend.base`` has it."""


def engine(what: Described, **options: Any) -> Engine:
    """Return an engine.

    Parameters
    ----------
    what : a target (``"numpy"``, ``"torch"``, or one of another distribution), ``"onnxruntime"``,
        ``"reference"`` (onnx's ReferenceEvaluator), a module that is a backend
        (``"onnxruntime.backend"``), an object in a module (``"my_engine:ENGINE"``), or an object
    options : of a target, as :func:`onnx2py.load_model` takes them, such as ``level=0``

    Raises
    ------
    OptionError
        If there is no such engine.
    """
    if not isinstance(what, str):
        return _of_object(what)
    if what in target_names():
        from .targets import TargetEngine

        return TargetEngine(what, **options)
    if what in OWN:
        module = import_module(f".{what}_engine", __name__)
        own: Engine = module.ENGINE
        return own
    return _of_module(what)


def engine_name(described: Described) -> str:
    """Return the name of an engine in reports: the one that the user gave it, if any."""
    if isinstance(described, str):
        return described
    return str(getattr(described, "name", None) or type(described).__name__)


def engine_versions(found: Engine) -> Mapping[str, str]:
    """Return the versions that an engine reports."""
    versions: Callable[[], Mapping[str, str]] | None = getattr(found, "versions", None)
    try:
        return {str(k): str(v) for k, v in versions().items()} if versions else {}
    except Exception as error:
        raise OptionError(
            f"engine {engine_name(found)}: versions() raised {type(error).__name__}: {error}"
        ) from error


def is_refusal(error: BaseException) -> bool:
    """Whether an error of ``prepare`` says that an engine does not implement something."""
    from onnx.backend.test.runner import BackendIsNotSupposedToImplementIt

    known = (
        RefusedError,
        UnsupportedError,
        BackendIsNotSupposedToImplementIt,
        NotImplementedError,
    )
    return isinstance(error, known)


def _of_object(what: Any) -> Engine:
    from .backends import BackendEngine, is_backend

    if is_backend(what):
        return BackendEngine(what)
    if inspect.isclass(what):
        return _of_object(what())
    if callable(getattr(what, "prepare", None)):
        found: Engine = what
        return found
    raise OptionError(
        f"engine: expected an object with prepare(model), got {what!r:.80}"
    )


def _of_module(name: str) -> Engine:
    module_name, _, attribute = name.partition(":")
    listed = ", ".join([*target_names(), *OWN])
    try:
        if find_spec(module_name) is None:
            raise ModuleNotFoundError(f"no module {module_name!r}")
        module = import_module(module_name)
    except (Exception, SystemExit) as error:  # a module may raise anything
        missing = isinstance(error, (ImportError, ValueError))
        reason = str(error) if missing else f"{type(error).__name__}: {error}"
        raise OptionError(
            f"engine: expected {listed}, or a module with a backend, got {name!r}: {reason}"
        ) from error
    if not attribute:
        return _of_object(module)
    if not hasattr(module, attribute):
        raise OptionError(f"engine: {module_name} has no {attribute}")
    return _of_object(getattr(module, attribute))
