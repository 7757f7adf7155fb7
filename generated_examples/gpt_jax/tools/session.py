"""Drop-in replacement for ``onnxruntime.InferenceSession``."""

from __future__ import annotations

from ..model import INPUTS, OUTPUTS
from .arrays import Model
from .inference import Compiled, ModelMetadata, Session


class InferenceSession(Session):
    """Drop-in replacement for onnxruntime.InferenceSession.

    Code written for onnxruntime works unchanged: the path, providers and devices are
    accepted and ignored.

    Parameters
    ----------
    path_or_bytes, providers, provider_options, kwargs
        Ignored: this package holds one model, and JAX is the only provider.
    sess_options
        Returned by :meth:`get_session_options`. ``intra_op_num_threads`` is ignored:
        JAX chooses the number of threads.
    """

    _compiled = Compiled(
        Model,
        INPUTS,
        OUTPUTS,
        ModelMetadata(
            producer_name="generated_examples.make.gpt",
            domain="",
            version=9223372036854775807,
            description="",
            graph_name="gpt",
            graph_description="",
            custom_metadata_map={},
        ),
    )
