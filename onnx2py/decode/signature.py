"""What the tensors of a network are in its state, as PyTorch's newer exporter notes it.

The exporter says of each whether it is a parameter or a buffer, and whether ``state_dict`` has it,
in the metadata of the tensor's type. Other files say nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import onnx

_SPEC = "pkg.torch.export.graph_signature.InputSpec"
KIND, PERSISTENT = f"{_SPEC}.kind", f"{_SPEC}.persistent"


def noted_buffers(
    values: Iterable[onnx.ValueInfoProto],
) -> Iterator[tuple[str, bool]]:
    """Yield the names of buffers, and whether the network's ``state_dict`` has each."""
    for value in values:
        noted = {entry.key: entry.value for entry in value.metadata_props}
        if noted.get(KIND) == "BUFFER":
            yield value.name, noted.get(PERSISTENT) != "False"
        elif noted.get(KIND) == "CONSTANT_TENSOR":
            yield value.name, False
