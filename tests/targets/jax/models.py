"""Models in text, run by a package for JAX and by onnxruntime."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime

import onnx2py

HEAD = '<ir_version: 10, opset_import: ["" : 21]>'
FLOW = """net (float[n] x, int64 count, bool flag) => (float[n] y, float[k, n] all, float[n] z)
    <float[3] w = {1, 2, 3}> {
        y, all = Loop (count, , x) <body = step (int64 i, bool go, float[n] a)
            => (bool on, float[n] b, float[n] c) {
                on = Identity (go)
                f = Cast <to = 1> (i)
                b = Add (a, f)
                c = Relu (b) }>
        s = If (flag) <
            then_branch = yes () => (float[n] p) { q = Exp (x) p = Neg (q) },
            else_branch = no () => (float[n] p) { q = Sin (y) r = Cos (q) p = Abs (r) }>
        z = Add (s, w) }"""
"""A loop with results of all its rounds, and an ``if`` of lengths that are not known."""
KNOWN = FLOW.replace("Sin (y)", "Sin (x)")
"""An ``if`` between arrays of the same type, which JAX can trace."""


def model(text: str) -> onnx.ModelProto:
    """Parse a graph of opset 21."""
    return onnx.parser.parse_model(f"{HEAD} {text}")


def loaded(proto: Any, **options: Any) -> Any:
    """Compile for JAX; return the model."""
    return onnx2py.load_model(proto, target="jax", **options)


def package(net: Any) -> Any:
    """Return the package of a model."""
    return sys.modules[type(net).__module__.rpartition(".")[0]]


def source(net: Any) -> str:
    """Return the text of ``model.py``."""
    return Path(str(sys.modules[type(net).__module__].__file__)).read_text("utf-8")


def computed(net: Any, feeds: dict[str, Any]) -> list[Any]:
    """Run the package with arrays of NumPy by ONNX names."""
    whole = package(net)
    arrays = import_module(f"{whole.__name__}.tools.arrays").Model()
    names = {spec.name: spec.python_name for spec in whole.INPUTS}
    result = arrays(**{names[name]: value for name, value in feeds.items()})
    return [result] if len(whole.OUTPUTS) == 1 else list(result)


def expected(proto: onnx.ModelProto, feeds: dict[str, Any]) -> list[Any]:
    """Run onnxruntime."""
    session = onnxruntime.InferenceSession(
        proto.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, feeds)


def check(proto: onnx.ModelProto, feeds: dict[str, Any], **options: Any) -> Any:
    """Compare the two; return the model."""
    net = loaded(proto, **options)
    for ours, theirs in zip(computed(net, feeds), expected(proto, feeds)):
        if isinstance(theirs, list):
            assert [x.shape for x in ours] == [x.shape for x in theirs]
            continue
        assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=1e-5)
    return net


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    """Return numbers of float32."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
