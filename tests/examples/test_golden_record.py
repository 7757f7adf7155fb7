"""The compiler still writes what is committed; a difference is a decision, not an accident."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from generated_examples.make.__main__ import BUILDERS, make_example

from .support import EXAMPLES, NAMES


def files(folder: Path) -> dict[str, Path]:
    return {
        path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("name", [*NAMES, "gpt_torch"])
def test_the_package_is_made_again_as_it_is(name: str, tmp_path: Path) -> None:
    make_example(name, tmp_path)
    committed, made = files(EXAMPLES / name), files(tmp_path / name)
    assert sorted(made) == sorted(committed)
    for path in sorted(made):
        if path.endswith(".safetensors"):  # of the model, not of a training
            assert made[path].read_bytes() == committed[path].read_bytes()
        elif not path.endswith(".npy"):
            new = made[path].read_text(encoding="utf-8")
            assert new == committed[path].read_text(encoding="utf-8"), path
    for path in sorted(made):
        if path.endswith(".npy"):  # the last digits differ between machines
            new, old = np.load(made[path]), np.load(committed[path])
            assert (new.dtype, new.shape) == (old.dtype, old.shape), path
            if new.dtype.kind == "f":
                np.testing.assert_allclose(new, old, rtol=1e-4, atol=1e-5, err_msg=path)
            else:
                np.testing.assert_array_equal(new, old, err_msg=path)


@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_the_model_is_made_again_as_it_is(name: str) -> None:
    made = BUILDERS[name][0]().SerializeToString(deterministic=True)
    assert made == (EXAMPLES / f"{name}.onnx").read_bytes()


def test_a_package_is_made_anew_over_itself(tmp_path: Path) -> None:
    make_example("loop", tmp_path)
    before = {name: path.read_bytes() for name, path in files(tmp_path).items()}
    shutil.rmtree(tmp_path / "loop" / "ops")
    make_example("loop", tmp_path)
    assert {name: path.read_bytes() for name, path in files(tmp_path).items()} == before
