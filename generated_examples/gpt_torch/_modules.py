"""Parts of the module tree."""

from __future__ import annotations

from typing import Any

from torch import nn


class Scope(nn.Module):
    """Layers and tensors that the original has in one module; ``Model.forward`` reads them."""

    def __init__(self, /, **members: Any) -> None:
        super().__init__()
        for name, member in members.items():
            if isinstance(member, nn.Module):
                self.add_module(name, member)
            elif isinstance(member, nn.Parameter):
                self.register_parameter(name, member)
            else:
                self.register_buffer(name, member)
