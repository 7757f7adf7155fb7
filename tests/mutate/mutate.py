"""A case: a number, from which a damaged model follows."""

from __future__ import annotations

import random
from contextlib import suppress

import onnx
from google.protobuf.message import DecodeError, EncodeError

from .seeds import seeds
from .structure import MUTATIONS


def damaged(number: int, folders: tuple[str, ...] = ()) -> tuple[str, bytes]:
    """Return a description of the change, and the model."""
    r = random.Random(number)
    files = seeds(folders)
    path = r.choice(files)
    data = path.read_bytes()
    label = (
        f"{path.parent.name}/{path.name}" if path.name == "model.onnx" else path.name
    )
    if r.random() < 0.2:
        other = r.choice(files).read_bytes()
        return f"{label}: bytes", damaged_bytes(data, other, r)
    model = onnx.ModelProto()
    model.ParseFromString(data)
    done = []
    for _ in range(r.choice((1, 1, 2, 2, 3, 5))):
        change = r.choice(MUTATIONS)
        done.append(change.__name__)
        # Some changes protobuf itself refuses.
        with suppress(ValueError, TypeError, OverflowError, DecodeError):
            change(model, r)
    try:
        return f"{label}: {', '.join(done)}", model.SerializeToString()
    except (EncodeError, ValueError):
        return f"{label}: as it is", data


def damaged_bytes(data: bytes, other: bytes, r: random.Random) -> bytes:
    """Return the bytes of a file with some flipped, left out, doubled or of another file."""
    found = bytearray(data)
    for _ in range(r.choice((1, 1, 2, 4, 16))):
        if not found:
            break
        place, what = r.randrange(len(found)), r.randrange(6)
        length = min(r.choice((1, 1, 2, 8, 64)), len(found) - place)
        if what == 0:
            found[place] ^= 1 << r.randrange(8)
        elif what == 1:
            found[place] = r.choice((0, 1, 127, 128, 255))
        elif what == 2:
            del found[place : place + length]
        elif what == 3:
            found[place:place] = found[place : place + length]
        elif what == 4:
            start = r.randrange(max(1, len(other)))
            found[place:place] = other[start : start + r.choice((4, 32, 256))]
        else:
            del found[place:]
    return bytes(found)
