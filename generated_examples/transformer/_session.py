"""The model behind the interface of ``onnxruntime.InferenceSession``."""

from __future__ import annotations

from ._inference import Compiled, ModelMetadata, Session
from .model import INPUTS, OUTPUTS, Model


class InferenceSession(Session):
    """Runs the model as onnxruntime's class of that name does.

    Code that was written for onnxruntime works: what is asked of a path, of providers or
    of a graphics card is accepted and ignored.

    Parameters
    ----------
    path_or_bytes, providers, provider_options, kwargs
        Ignored: there is one model, and NumPy computes it.
    sess_options
        What :meth:`get_session_options` returns; ``intra_op_num_threads`` limits the
        threads of BLAS while the session runs, if it is not 0.
    """

    _compiled = Compiled(
        Model,
        INPUTS,
        OUTPUTS,
        ModelMetadata(
            producer_name="generated_examples.make.transformer",
            domain="",
            version=9223372036854775807,
            description="",
            graph_name="transformer_block",
            graph_description="",
            custom_metadata_map={},
        ),
    )
