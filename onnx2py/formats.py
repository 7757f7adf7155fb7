"""Recognition of files that are not ONNX models, often saved under a wrong name."""

from __future__ import annotations

import re

_START_BYTES = 512

FORMATS: tuple[tuple[bytes, str, str], ...] = (
    (
        rb"version https://git-lfs\.github\.com/spec/",
        "a Git LFS pointer",
        "git lfs pull fetches the file itself",
    ),
    (
        rb"\s*(<!--.*?-->\s*)?<(!doctype\s+html|html|head|body)\b",
        "an HTML page",
        "the download was answered with a page; fetch the file itself",
    ),
    (
        rb"\s*<\?xml|\s*<(Error|svg|net)\b",
        "an XML document",
        "look into it: a server's error, or a model of another format",
    ),
    (
        rb'\s*\{\s*("|\})',
        "a JSON document",
        "look into it: a server's error, or a model of another format",
    ),
    (
        rb"\s*ir_version\s*:",
        "ONNX as protobuf text",
        "onnx.load(path, 'textproto') reads it",
    ),
    (rb"\s*<\s*ir_version\s*:", "ONNX's textual syntax", "onnx.parser reads it"),
    (
        rb"....ORTM",
        "onnxruntime's own format",
        "convert the .onnx file that it was made from",
    ),
    (rb"....TFL3", "a TensorFlow Lite model", "convert it to ONNX first"),
    (
        rb"PK\x03\x04",
        "a zip archive",
        "unpack it; if PyTorch wrote it, export the model with torch.onnx.export",
    ),
    (
        rb"\x1f\x8b|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd",
        "a compressed file",
        "unpack it first",
    ),
    (
        rb"\x80[\x02-\x05]",
        "a Python pickle",
        "if it is a model of PyTorch or scikit-learn, export it to ONNX first",
    ),
    (
        rb"\x89HDF\r\n",
        "an HDF5 file",
        "if it is a Keras model, convert it to ONNX first",
    ),
    (rb"\x93NUMPY", "a NumPy array", "expected is the model, not its weights"),
    (rb"GGUF", "a GGUF file", "expected is an ONNX export of the model"),
    (
        rb"[\s\S]{6}\x00\x00\{\"",
        "a safetensors file",
        "it has weights alone; export the model to ONNX",
    ),
)
"""The first bytes of files of each format, its name, and what to do."""


def describe_format(data: bytes) -> str | None:
    """Describe the format of a file that starts with ``data``; None if it is unknown."""
    start = data[:_START_BYTES]
    for pattern, name, hint in FORMATS:
        if re.match(pattern, start, re.IGNORECASE | re.DOTALL):
            return f"{name}; {hint}"
    return None
