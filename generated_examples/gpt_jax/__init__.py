"""``gpt``, compiled from ``gpt.onnx`` to plain JAX.

>>> from gpt_jax import Model
>>> model = Model()
"""

from typing import TYPE_CHECKING, Any

from .model import INPUTS, OUTPUTS, Model, load_params, forward

if TYPE_CHECKING:
    from .tools.session import InferenceSession as InferenceSession

__all__ = ["INPUTS", "OUTPUTS", "Model", "load_params", "forward"]
__version__ = "1.0+088d9657"


def __getattr__(name: str) -> Any:
    """Import the session on first use: ``Model`` does not need it."""
    if name == "InferenceSession":
        try:
            from .tools.session import InferenceSession
        except ModuleNotFoundError as error:
            if not (error.name or "").startswith(f"{__name__}.tools"):
                raise
            raise ImportError(
                f"{__name__}: InferenceSession needs the folder tools/, which was left "
                "out of this copy or deleted"
            ) from None
        return InferenceSession
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
