"""Compile the MNIST classifier and read real digits with it: ``make demo``."""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .__main__ import HOME, digit_pictures
from .building import compiled

SHADES = " .:-=+*#%@"
SHOWN = (3, 8)
REPEATS = 20

Array = NDArray[Any]


def main() -> int:
    """Compile, run, print."""
    return read_digits(compiled(HOME / "mnist.onnx").Model())


def read_digits(model: Any) -> int:
    """Let the model read the ten committed digits; return 0 if it gets them right."""
    with np.load(HOME / "digits.npz") as digits:
        labels: Array = digits["labels"]
    images = digit_pictures()
    for label in SHOWN:
        print(f"\n{picture(images[label, 0])}")
    print("\ndigit  read as  probability  time")
    right = 0
    for image, label in zip(images, labels):
        probabilities, seconds = timed(model, image[None])
        found = int(probabilities[0].argmax())
        right += found == label
        print(
            f"{label:5}  {found:7}  {probabilities[0, found]:11.2%}  {seconds * 1e3:.2f} ms"
        )
    print(
        f"\n{right} of {len(labels)} right; the digits are real, and no part of training"
    )
    print("The model as Python: build/mnist/model.py")
    return 0 if right == len(labels) else 1


def timed(model: Any, image: Array) -> tuple[Array, float]:
    """Return the model's result for a picture, and its fastest time."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        probabilities = model(image)
        times.append(time.perf_counter() - start)
    return probabilities, min(times)


def picture(image: Array) -> str:
    """Draw a picture with characters, two for each pixel, without the empty rows."""
    rows = image[image.any(1)]
    inked = np.flatnonzero(rows.any(0))
    shades = np.minimum((rows * len(SHADES)).astype(int), len(SHADES) - 1)
    return "\n".join(
        "".join(SHADES[shade] * 2 for shade in row[inked[0] : inked[-1] + 1]).rstrip()
        for row in shades
    )


if __name__ == "__main__":
    sys.exit(main())
