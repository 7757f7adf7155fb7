"""Train the MNIST classifier, in NumPy alone: ``python -m generated_examples.make.train_mnist``.

Two convolutions, two dense layers, Adam, and pictures that are moved about a little in
each epoch. Inside this file activations are laid out [C, N, H, W], so that a convolution
is one matrix product and nothing needs to be transposed.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .digits import Digits, fetch, jitter, read, split
from .fetching import FetchError
from .mnist import save_digits, save_model

SEED = 7
EPOCHS = 45
BATCH = 64
PEAK_RATE = 2e-3
WEIGHT_DECAY = 1e-4
SHAPES = {
    "conv1": (12, 1, 5, 5),
    "conv2": (24, 12, 5, 5),
    "dense1": (64, 24 * 7 * 7),
    "dense2": (10, 64),
}

Array = NDArray[Any]
Parameters = dict[str, Array]


def initial(rng: np.random.Generator) -> Parameters:
    """Draw the weights as He et al. do; biases are zero."""
    parameters = {}
    for layer, shape in SHAPES.items():
        deviation = np.sqrt(2 / np.prod(shape[1:]))
        weight = rng.normal(0, deviation, shape).astype(np.float32)
        parameters[f"{layer}.weight"] = weight
        parameters[f"{layer}.bias"] = np.zeros(shape[0], np.float32)
    return parameters


# ---------------------------------------------------------------------- layers


def columns(x: Array, kernel: int) -> Array:
    """Lay out what each place of the output sees: [C, N, H, W] -> [C * K * K, N * H * W]."""
    c, n, height, width = x.shape
    pad = kernel // 2
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    seen = np.empty((c, kernel, kernel, n, height, width), x.dtype)
    for i, j in np.ndindex(kernel, kernel):
        seen[:, i, j] = padded[:, :, i : i + height, j : j + width]
    return seen.reshape(c * kernel * kernel, -1)


def conv(x: Array, weight: Array, bias: Array) -> tuple[Array, Array]:
    """Convolve; return the result and the columns, which the way back needs."""
    seen = columns(x, weight.shape[-1])
    y = weight.reshape(len(weight), -1) @ seen + bias[:, None]
    return y.reshape(len(weight), *x.shape[1:]), seen


def conv_input_gradient(dy: Array, weight: Array) -> Array:
    """Return the gradient of a convolution's input: it is a convolution itself."""
    turned = weight[:, :, ::-1, ::-1].swapaxes(0, 1)
    return conv(dy, np.ascontiguousarray(turned), np.zeros(len(turned), dy.dtype))[0]


def max_pool(x: Array) -> tuple[Array, Array]:
    """Keep the largest of each 2 x 2 block; return it, and which one it was."""
    c, n, height, width = x.shape
    blocks = x.reshape(c, n, height // 2, 2, width // 2, 2).swapaxes(3, 4)
    blocks = blocks.reshape(c, n, height // 2, width // 2, 4)
    which = blocks.argmax(-1)[..., None]
    return np.take_along_axis(blocks, which, -1)[..., 0], which


def max_pool_gradient(dy: Array, which: Array) -> Array:
    """Hand the gradient to the element that was the largest."""
    c, n, height, width = dy.shape
    blocks = np.zeros((*dy.shape, 4), dy.dtype)
    np.put_along_axis(blocks, which, dy[..., None], -1)
    rows = blocks.reshape(c, n, height, width, 2, 2).swapaxes(3, 4)
    return np.asarray(rows.reshape(c, n, height * 2, width * 2))


def softmax(logits: Array) -> Array:
    """Return probabilities along the last axis."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True))


# ---------------------------------------------------------------------- learning


def gradients(p: Parameters, images: Array, labels: Array) -> tuple[Parameters, float]:
    """Return the gradient of the mean cross entropy, and the cross entropy."""
    n = len(labels)
    conv1, seen1 = conv(images.swapaxes(0, 1), p["conv1.weight"], p["conv1.bias"])
    pool1, which1 = max_pool(np.maximum(conv1, 0))
    conv2, seen2 = conv(pool1, p["conv2.weight"], p["conv2.bias"])
    pool2, which2 = max_pool(np.maximum(conv2, 0))
    flat = pool2.swapaxes(0, 1).reshape(n, -1)
    dense1 = np.maximum(flat @ p["dense1.weight"].T + p["dense1.bias"], 0)
    probabilities = softmax(dense1 @ p["dense2.weight"].T + p["dense2.bias"])
    loss = -np.log(probabilities[np.arange(n), labels] + 1e-9).mean()

    dlogits = probabilities
    dlogits[np.arange(n), labels] -= 1
    dlogits /= n
    ddense1 = dlogits @ p["dense2.weight"] * (dense1 > 0)
    dflat = ddense1 @ p["dense1.weight"]
    dpool2 = dflat.reshape(n, *pool2.shape[:1], *pool2.shape[2:]).swapaxes(0, 1)
    dconv2 = max_pool_gradient(dpool2, which2) * (conv2 > 0)
    dpool1 = conv_input_gradient(dconv2, p["conv2.weight"])
    dconv1 = max_pool_gradient(dpool1, which1) * (conv1 > 0)

    found = {}
    for layer, dy, x in (
        ("conv1", dconv1.reshape(len(dconv1), -1), seen1.T),
        ("conv2", dconv2.reshape(len(dconv2), -1), seen2.T),
        ("dense1", ddense1.T, flat),
        ("dense2", dlogits.T, dense1),
    ):
        found[f"{layer}.weight"] = (dy @ x).reshape(SHAPES[layer])
        found[f"{layer}.bias"] = dy.sum(1)
    return found, float(loss)


def predict(p: Parameters, images: Array) -> Array:
    """Return the digit that each picture most likely shows."""
    pool1, _ = max_pool(
        conv(images.swapaxes(0, 1), p["conv1.weight"], p["conv1.bias"])[0]
    )
    pool2, _ = max_pool(
        conv(np.maximum(pool1, 0), p["conv2.weight"], p["conv2.bias"])[0]
    )
    flat = np.maximum(pool2, 0).swapaxes(0, 1).reshape(len(images), -1)
    dense1 = np.maximum(flat @ p["dense1.weight"].T + p["dense1.bias"], 0)
    logits = dense1 @ p["dense2.weight"].T + p["dense2.bias"]
    return np.asarray(logits.argmax(-1))


def accuracy(p: Parameters, digits: Digits) -> float:
    """Return the share of digits that are recognized."""
    parts = [
        predict(p, digits.images[i : i + 250])
        for i in range(0, len(digits.labels), 250)
    ]
    return float(np.mean(np.concatenate(parts) == digits.labels))


def train(digits: Digits) -> Parameters:
    """Train with Adam; the rate rises at first and then falls as a cosine does.

    The result is a running mean of the weights, which is steadier than the last ones.
    """
    rng = np.random.default_rng(SEED)
    p = initial(rng)
    mean, square = ({k: np.zeros_like(v) for k, v in p.items()} for _ in range(2))
    averaged = {k: v.copy() for k, v in p.items()}
    count = len(digits.labels)
    steps = EPOCHS * (count // BATCH)
    step = 0
    for epoch in range(EPOCHS):
        start, losses = time.perf_counter(), []
        order = rng.permutation(count)
        for i in range(0, count - BATCH + 1, BATCH):
            chosen = order[i : i + BATCH]
            images = jitter(digits.images[chosen], rng)
            found, loss = gradients(p, images, digits.labels[chosen])
            losses.append(loss)
            step += 1
            rate = PEAK_RATE * min(step / 200, 0.5 + 0.5 * np.cos(np.pi * step / steps))
            for key, gradient in found.items():
                mean[key] += 0.1 * (gradient - mean[key])
                square[key] += 0.001 * (gradient**2 - square[key])
                corrected = np.sqrt(square[key] / (1 - 0.999**step)) + 1e-8
                p[key] *= np.float32(1 - rate * WEIGHT_DECAY)
                p[key] -= np.float32(rate / (1 - 0.9**step)) * mean[key] / corrected
                averaged[key] += np.float32(0.005) * (p[key] - averaged[key])
        seconds = time.perf_counter() - start
        print(
            f"epoch {epoch + 1:2}: loss {np.mean(losses):.4f}, {seconds:.1f} s",
            flush=True,
        )
    return averaged


def main() -> int:
    """Fetch, train, measure on the digits held out, and write model and sample."""
    try:
        training, held_out = split(read(fetch()))
    except FetchError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"training with {len(training.labels)} digits", flush=True)
    parameters = train(training)
    found = accuracy(parameters, held_out)
    print(f"recognizes {found:.2%} of {len(held_out.labels)} digits held out")
    folder = Path(__file__).parents[1]
    save_model(folder / "mnist.onnx", parameters, found, len(held_out.labels))
    save_digits(folder / "digits.npz", held_out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
