"""Models in text, run by a package for PyTorch and by onnxruntime."""

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
"""A loop with results of all its rounds, and an ``if``."""


def model(text: str) -> onnx.ModelProto:
    """Parse a graph of opset 21."""
    return onnx.parser.parse_model(f"{HEAD} {text}")


def loaded(proto: Any, **options: Any) -> Any:
    """Compile for PyTorch; return the module."""
    return onnx2py.load_model(proto, target="torch", **options)


def source(module: Any) -> str:
    """Return the text of ``model.py``."""
    return Path(str(sys.modules[type(module).__module__].__file__)).read_text("utf-8")


def computed(module: Any, feeds: dict[str, Any]) -> list[Any]:
    """Run the package with arrays by ONNX names."""
    package = type(module).__module__.rpartition(".")[0]
    arrays = import_module(f"{package}.tools.arrays").Model()
    specs = sys.modules[package].INPUTS
    names = {spec.name: spec.python_name for spec in specs}
    result = arrays(**{names[name]: value for name, value in feeds.items()})
    single = len(sys.modules[package].OUTPUTS) == 1
    return [result] if single else list(result)


def expected(proto: onnx.ModelProto, feeds: dict[str, Any]) -> list[Any]:
    """Run onnxruntime."""
    session = onnxruntime.InferenceSession(
        proto.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, feeds)


def check(proto: onnx.ModelProto, feeds: dict[str, Any], **options: Any) -> Any:
    """Compare the two; return the module."""
    module = loaded(proto, **options)
    for ours, theirs in zip(computed(module, feeds), expected(proto, feeds)):
        if isinstance(theirs, list):
            assert [x.shape for x in ours] == [x.shape for x in theirs]
            continue
        assert ours.dtype == theirs.dtype and ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=1e-5)
    return module


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    """Return numbers of float32."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
