"""A fast hash of large files; its source is copied into the folders of shims."""

from __future__ import annotations

import hashlib
import os


def sampled_sha256(path: str) -> str:
    """Return the SHA-256 of a file's size and of 64 blocks of 4 kB, spread over the file.

    Reading the whole file takes seconds per GB.
    """
    size = os.path.getsize(path)
    digest = hashlib.sha256(f"{size}".encode())
    with open(path, "rb") as file:
        for piece in range(64):
            file.seek(max(size - 4096, 0) * piece // 63)
            digest.update(file.read(4096))
    return digest.hexdigest()
