"""Check of a model's text: protobuf returns bytes for fields that are not UTF-8."""

from __future__ import annotations

from collections.abc import Iterator

import onnx
from google.protobuf.message import Message

from .errors import LoadError


def check_text(proto: onnx.ModelProto, source: str) -> None:
    """Check that all names and descriptions of a model are UTF-8.

    Raises
    ------
    LoadError
        If one is not.
    """
    for name, value in _texts(proto):
        if not isinstance(value, str):
            raise LoadError(f"{source}: {name}: expected UTF-8, got {value[:40]!r}")


def _texts(message: Message) -> Iterator[tuple[str, str | bytes]]:
    """Yield the fields that hold text, of a message and those in it."""
    left = [message]
    while left:
        each = left.pop()
        if isinstance(each, onnx.TensorProto):  # its other fields may be gigabytes
            yield "name of a tensor", each.name
            yield "doc_string of a tensor", each.doc_string
            for entry in each.external_data:
                yield "external data", entry.key
                yield "external data", entry.value
            continue
        for field, value in each.ListFields():
            if field.message_type is not None:
                left.extend([value] if isinstance(value, Message) else value)
            elif field.type == field.TYPE_STRING:
                name = f"{field.name} of a {each.DESCRIPTOR.name}"
                single = isinstance(value, (str, bytes))
                yield from ((name, text) for text in ([value] if single else value))
