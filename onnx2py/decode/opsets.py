"""The opset of each domain of a file, and the spelling of domains."""

from __future__ import annotations

from typing import Any

import onnx

from ..errors import DecodeError
from .walk import nodes_of


def normalise_domains(proto: onnx.ModelProto) -> None:
    """Spell ONNX's own domain in one way: ``ai.onnx`` is another name of ""."""
    items: list[Any] = [*nodes_of(proto.graph), *proto.opset_import]
    for function in proto.functions:
        items += [*nodes_of(function), *function.opset_import]
    for item in items:
        if item.domain == "ai.onnx":
            item.domain = ""


def opsets_of(proto: onnx.ModelProto) -> dict[str, int]:
    """Return the opset version of each domain; ONNX's own is always among them."""
    opsets: dict[str, int] = {}
    for entry in proto.opset_import:
        if opsets.setdefault(entry.domain, entry.version) != entry.version:
            raise DecodeError(
                f"opset of {entry.domain or 'ai.onnx'}: expected one version, got "
                f"{opsets[entry.domain]} and {entry.version}"
            )
    for domain, version in opsets.items():
        if not (0 if domain else 1) <= version < 1 << 31:
            raise DecodeError(
                f"opset of {domain or 'ai.onnx'}: expected a version from 1 on, got {version}"
            )
    newest = onnx.defs.onnx_opset_version()
    if opsets.get("", 1) > newest:
        raise DecodeError(
            f"opset of ai.onnx: expected at most {newest}, got {opsets['']}; "
            "install a newer release of the onnx package"
        )
    if "" not in opsets:
        # As onnxruntime: the newest beside other domains. Before IR version 3 there were none.
        opsets[""] = newest if opsets else 1
        proto.opset_import.append(onnx.helper.make_opsetid("", opsets[""]))
    return opsets


def since_version(domain: str, operator: str, version: int) -> int:
    """Return the version of the operator's definition that an opset uses."""
    if onnx.defs.has(operator, version, domain):
        return int(onnx.defs.get_schema(operator, version, domain).since_version)
    return version
