"""What the examples compute, against onnxruntime and against what the models are for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from generated_examples.make.__main__ import digit_pictures

from .support import EXAMPLES, ask_onnxruntime, example


def collatz(start: int, limit: int = 1000) -> list[int]:
    found = []
    while start != 1 and len(found) < limit:
        start = 3 * start + 1 if start % 2 else start // 2
        found.append(start)
    return found


def transformer_inputs(batch: int, sequence: int, past: int) -> dict[str, Any]:
    rng = np.random.default_rng(past)
    shapes = {
        "hidden": (batch, sequence, 32),
        "past_key": (batch, 4, past, 8),
        "past_value": (batch, 4, past, 8),
    }
    return {
        name: rng.normal(size=shape).astype(np.float32)
        for name, shape in shapes.items()
    }


def gpt_inputs(batch: int, sequence: int, past: int) -> dict[str, Any]:
    rng = np.random.default_rng(past)
    shape = (batch, 4, past, 8)
    caches = {
        f"past_{name}_{i}": rng.normal(size=shape).astype(np.float32)
        for i in range(4)
        for name in ("key", "value")
    }
    return {"tokens": rng.integers(0, 96, (batch, sequence)), **caches}


def test_mnist_reads_the_ten_digits() -> None:
    labels = np.load(EXAMPLES / "digits.npz")["labels"]
    probabilities = example("mnist").Model()(digit_pictures())
    assert labels.tolist() == list(range(10))
    assert probabilities.argmax(1).tolist() == labels.tolist()
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)


def test_mnist_does_not_read_pictures_that_are_not_there() -> None:
    """The ten right answers above come from the pictures, not from their order."""
    images = digit_pictures()[::-1]
    found = example("mnist").Model()(images).argmax(1)
    assert found.tolist() == list(range(10))[::-1]


def test_mnist_says_how_good_it_is() -> None:
    properties = example("mnist").InferenceSession().get_modelmeta().custom_metadata_map
    assert float(properties["accuracy"]) > 0.985
    assert int(properties["held_out_digits"]) >= 1500


@pytest.mark.parametrize("batch", [0, 1, 3, 10])
def test_mnist_agrees_with_onnxruntime(batch: int) -> None:
    feeds = {"image": digit_pictures()[:batch]}
    (expected,) = ask_onnxruntime("mnist", feeds)
    (actual,) = example("mnist").InferenceSession().run(None, feeds)
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("sequence", "past"), [(4, 0), (1, 7), (3, 5)])
def test_transformer_agrees_with_onnxruntime(sequence: int, past: int) -> None:
    feeds = transformer_inputs(2, sequence, past)
    actual = example("transformer").InferenceSession().run(None, feeds)
    for ours, theirs in zip(actual, ask_onnxruntime("transformer", feeds), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_transformer_reads_token_by_token_as_it_reads_all_at_once() -> None:
    model = example("transformer").Model()
    feeds = transformer_inputs(1, 6, 0)
    whole = model(**feeds)
    key, value = feeds["past_key"], feeds["past_value"]
    steps = []
    for i in range(6):
        step = model(feeds["hidden"][:, i : i + 1], key, value)
        key, value = step.key, step.value
        steps.append(step.output)
    np.testing.assert_allclose(np.concatenate(steps, 1), whole.output, atol=1e-5)
    np.testing.assert_allclose(key, whole.key, atol=1e-5)


@pytest.mark.parametrize(("sequence", "past"), [(4, 0), (1, 7), (3, 5), (0, 2)])
def test_gpt_agrees_with_onnxruntime(sequence: int, past: int) -> None:
    feeds = gpt_inputs(2, sequence, past)
    actual = example("gpt").InferenceSession().run(None, feeds)
    for ours, theirs in zip(actual, ask_onnxruntime("gpt", feeds), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_gpt_reads_token_by_token_as_it_reads_all_at_once() -> None:
    model = example("gpt").Model()
    feeds = gpt_inputs(1, 6, 0)
    tokens = feeds.pop("tokens")
    whole = model(tokens, **feeds)
    for i in range(6):
        logits, *caches = model(tokens[:, i : i + 1], **feeds)
        np.testing.assert_allclose(
            logits[0, 0], whole.logits[0, i], rtol=1e-4, atol=1e-5
        )
        feeds = dict(zip(feeds, caches))


def test_transformer_names_the_input_whose_batch_differs() -> None:
    feeds = transformer_inputs(2, 3, 5)
    feeds["past_value"] = feeds["past_value"][:1]
    with pytest.raises(ValueError, match=r"past_value: expected .*batch = 2.*got"):
        example("transformer").Model()(**feeds)


@pytest.mark.parametrize(
    ("start", "limit"), [(1, 1000), (2, 1000), (27, 1000), (27, 5)]
)
def test_loop_counts_as_python_does(start: int, limit: int) -> None:
    result = example("loop").Model()(np.array(start), limit=np.array(limit))
    expected = collatz(start, limit)
    assert result.visited.tolist() == expected
    assert result.steps == len(expected)
    assert result.last == [start, *expected][-1]
    assert result.largest == max([start, *expected])


@pytest.mark.parametrize(
    "feeds", [{"start": 97}, {"start": 97, "limit": 3}, {"start": 1}]
)
def test_loop_agrees_with_onnxruntime(feeds: dict[str, int]) -> None:
    arrays = {name: np.array(number) for name, number in feeds.items()}
    actual = example("loop").InferenceSession().run(None, arrays)
    for ours, theirs in zip(actual, ask_onnxruntime("loop", arrays), strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


def test_pipeline_agrees_with_onnxruntime() -> None:
    rng = np.random.default_rng(5)
    weather = (rng.random((200, 4)) * (35, 60, 20, 100)).astype(np.float32)
    activity, probabilities = ask_onnxruntime("pipeline", {"weather": weather})
    ours = example("pipeline").InferenceSession().run(None, {"weather": weather})
    assert ours[0].tolist() == activity.tolist()
    assert set(activity) == {"read", "swim", "walk"}
    for found, expected in zip(ours[1], probabilities, strict=True):
        assert found == pytest.approx(expected, abs=1e-5)
