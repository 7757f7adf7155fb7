"""What idioms of PyTorch are written with."""

from __future__ import annotations

from ...emit.calls import CallWriter
from .literals import model_device


def torch(w: CallWriter) -> str:
    """Return the name of PyTorch."""
    return w.uses.library("torch")


def functional(w: CallWriter) -> str:
    """Return the name of ``torch.nn.functional``."""
    return w.uses.name("F", "F")


def device(w: CallWriter) -> str:
    """Return the option that says where to make a tensor."""
    return f"device={model_device(w.uses)}"
