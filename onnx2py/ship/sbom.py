"""A software bill of materials of a package, in CycloneDX 1.6.

https://cyclonedx.org/docs/1.6/json/
"""

from __future__ import annotations

import json
import os
import uuid
from datetime import datetime, timezone
from typing import Any

from ..emit.provenance import Provenance, package_version
from ..emit.write import file_hash
from .archive import Contents
from .wheel import DISTRIBUTIONS

NAMESPACE = uuid.UUID("5f2c1c2e-6a53-5b0e-9d5e-0d4a5b6e7f10")
"""Of the serial numbers: the same package has the same one."""


def bill_of_materials(contents: Contents, origin: Provenance) -> str:
    """Return the JSON: the package, its model and weights with hashes, what it imports.

    It is reproducible: it contains no time unless ``SOURCE_DATE_EPOCH`` is set in the
    environment.
    """
    files = [
        _file(name, file_hash(path))
        for name, path in contents.files.items()
        if name.startswith("weights") or name.endswith(".safetensors")
    ]
    libraries = [_library(name) for name in contents.requires]
    parts = [_model(origin), *files, *libraries]
    package = {
        "type": "library",
        "bom-ref": "package",
        "name": contents.name,
        "version": package_version(contents.sha256),
        "description": f"The model {contents.name} in plain {contents.library}, "
        "compiled from ONNX by onnx2py",
    }
    tool = {"type": "application", "name": "onnx2py", "version": origin.version}
    metadata: dict[str, Any] = {"tools": {"components": [tool]}, "component": package}
    moment = os.environ.get("SOURCE_DATE_EPOCH", "")
    if moment.isdecimal():
        when = datetime.fromtimestamp(int(moment), timezone.utc)
        metadata["timestamp"] = when.strftime("%Y-%m-%dT%H:%M:%SZ")
    needs = [part["bom-ref"] for part in parts]
    named = json.dumps([package, parts], sort_keys=True)
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, named)}",
        "version": 1,
        "metadata": metadata,
        "components": parts,
        "dependencies": [
            {"ref": "package", "dependsOn": needs},
            *({"ref": need} for need in needs),
        ],
    }
    return json.dumps(bill, indent=1) + "\n"


def _model(origin: Provenance) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": "model",
        "name": _plain(origin.source),
        "hashes": [{"alg": "SHA-256", "content": origin.sha256}],
    }
    if origin.description:
        found["description"] = _plain(origin.description)
    if origin.licenses:
        found["licenses"] = [
            {"license": {"name": _plain(name)}} for name in origin.licenses
        ]
    if origin.producer:
        found["properties"] = [
            {"name": "onnx2py:producer", "value": _plain(origin.producer)}
        ]
    return found


def _file(name: str, sha256: str) -> dict[str, Any]:
    return {
        "type": "file",
        "bom-ref": name,
        "name": name,
        "hashes": [{"alg": "SHA-256", "content": sha256}],
    }


def _library(module: str) -> dict[str, Any]:
    requirement = DISTRIBUTIONS.get(module, module)
    name = requirement.partition(">")[0]
    return {
        "type": "library",
        "bom-ref": f"pkg:pypi/{name.replace('_', '-')}",
        "name": name,
        "purl": f"pkg:pypi/{name.replace('_', '-')}",
        "properties": [{"name": "onnx2py:requires", "value": requirement}],
    }


def _plain(text: str) -> str:
    """Replace unpaired surrogates, which not every JSON reader accepts."""
    return text.encode("utf-8", "replace").decode("utf-8")
