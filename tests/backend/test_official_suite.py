"""ONNX's own test suite, unchanged, through ``onnx2py.backend``.

What fails is listed below with its reason, and the list is strict: a case that starts to
pass is an error too, so that the list cannot grow old.
"""

from __future__ import annotations

import onnx.backend.test

import onnx2py.backend

EXPECTED_FAILURES: dict[str, str] = {}

suite = onnx.backend.test.runner.Runner(onnx2py.backend, __name__)
for pattern in EXPECTED_FAILURES:
    suite.xfail(pattern)
suite.exclude("_cuda")

globals().update(suite.test_cases)
