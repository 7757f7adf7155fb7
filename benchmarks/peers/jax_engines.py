"""Engines for JAX: functions of a model and inputs, which return a function of inputs.

Each calls a model eagerly, or compiled by ``jax.jit``.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from .engines import Engine, Run


def onnx2py(path: Path, _inputs: Sequence[Any], *, compiled: bool) -> Run:
    """Compile a model for JAX, and import the package."""
    import onnx

    from onnx2py.backend import Onnx2pyBackendRep

    jax = importlib.import_module("jax")
    compiler = importlib.import_module("onnx2py")
    model = compiler.load_model(onnx.load(path), target="jax", overridable=True)
    computed = Onnx2pyBackendRep(model)
    computed.module = model  # its package is removed with it
    if compiled:
        forward = importlib.import_module(type(model).__module__).forward
        computed.model = partial(jax.jit(forward), model.params)

    def run(inputs: Sequence[Any]) -> list[Any]:
        names = computed._names(len(inputs))
        found = computed.model(**dict(zip(names, map(_as_jax, inputs))))
        return [found] if len(computed.outputs) == 1 else [*found]

    return run


def jaxonnxruntime(path: Path, inputs: Sequence[Any], *, compiled: bool) -> Run:
    """Trace a model with these inputs; as in its own tests, they may decide shapes."""
    import onnx

    jax = importlib.import_module("jax")
    config = importlib.import_module("jaxonnxruntime").config
    config.update("jaxort_only_allow_initializers_as_static_args", False)
    call_onnx = importlib.import_module("jaxonnxruntime.call_onnx")
    arrays = [*map(_as_jax, inputs)]
    function, params = call_onnx.call_onnx_model(onnx.load(path), arrays)
    function = jax.jit(function) if compiled else function
    return lambda inputs: [*function(params, [*map(_as_jax, inputs)])]


ENGINES: dict[str, Engine] = {
    "onnx2py_jax": partial(onnx2py, compiled=False),
    "onnx2py_jax_jit": partial(onnx2py, compiled=True),
    "jaxonnxruntime": partial(jaxonnxruntime, compiled=False),
    "jaxonnxruntime_jit": partial(jaxonnxruntime, compiled=True),
}


def import_all(engine: str) -> None:
    """Import what an engine needs; JAX must not start before the process is copied."""
    names = ["jax.numpy", "onnx2py.backend"]
    if engine.startswith("jaxonnxruntime"):
        names.append("jaxonnxruntime.call_onnx")
    for name in names:
        importlib.import_module(name)


def _as_jax(value: Any) -> Any:
    """Return an array of JAX, a list of them for a list; None as it is."""
    if value is None:
        return None
    if isinstance(value, (list, tuple)):
        return [_as_jax(each) for each in value]
    return importlib.import_module("jax.numpy").asarray(value)
