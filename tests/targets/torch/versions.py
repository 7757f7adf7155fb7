"""What older versions of PyTorch lack, for tests of what only newer ones do."""

from __future__ import annotations

import pytest
import torch

VERSION = tuple(int(number) for number in torch.__version__.split(".")[:2])


def fails_before(major: int, minor: int, reason: str) -> pytest.MarkDecorator:
    """Return the mark of a test that must fail with older versions, and only with those."""
    return pytest.mark.xfail((major, minor) > VERSION, reason=reason, strict=True)


def fails_with(major: int, minor: int, reason: str) -> pytest.MarkDecorator:
    """Return the mark of a test that must fail with one version."""
    is_that = (major, minor) == VERSION
    return pytest.mark.xfail(is_that, reason=reason, strict=True)


NEWER_EXPORTER = fails_before(
    2, 6, "the newer exporter to ONNX is complete from 2.6 on"
)
EXPORTED_NORMS = fails_before(2, 7, "2.6 hands newer onnxscript no batch normalization")
EXPONENTS = fails_before(2, 7, "PyTorch has float8_e8m0fnu from 2.7 on")
