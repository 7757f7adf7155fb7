"""Normalization."""

from __future__ import annotations

from ..ir.program import Call
from ..kernels import normalization, normalization_mean_variance
from ..kernels import normalization_batch as batch
from .context import NodeContext
from .registry import lowers


@lowers("BatchNormalization")
def batch_normalization_is_test(node: NodeContext) -> Call:
    """1, 6: ``is_test`` chooses the given statistics, ``spatial=0`` one each position.

    A single output is inference all the same, as versions 7 and 9 have it.
    """
    node.ignore("consumed_inputs", "spatial")  # the shape of scale says the latter
    training = not node.int("is_test", 0) and _wants_statistics(node)
    return _batch_normalization(node, training)


@lowers("BatchNormalization", since=7)
def batch_normalization_by_outputs(node: NodeContext) -> Call:
    """7, 9: more than one output means training. 9: there is no ``spatial``."""
    node.ignore("consumed_inputs", "spatial")
    return _batch_normalization(node, _wants_statistics(node))


@lowers("BatchNormalization", since=14)
def batch_normalization_training_mode(node: NodeContext) -> Call:
    """14, 15: ``training_mode``; 15: statistics may be of other types."""
    return _batch_normalization(node, bool(node.int("training_mode", 0)))


def _wants_statistics(node: NodeContext) -> bool:
    return any(node.has_output(index) for index in range(1, 5))


def _batch_normalization(node: NodeContext, training: bool) -> Call:
    epsilon = node.float("epsilon", 1e-5)
    momentum = node.float("momentum", 0.9)
    inputs = [node.input(index) for index in range(5)]
    if training:
        return node.call(
            batch.batch_normalization_training,
            *inputs,
            epsilon=epsilon,
            momentum=momentum,
            results=5,
        )
    if _wants_statistics(node):
        raise node.unsupported(
            "outputs after the first: expected none where training_mode is 0",
            "the model is not valid ONNX",
        )
    return node.call(batch.batch_normalization, *inputs, epsilon=epsilon)


@lowers("InstanceNormalization")
def instance_normalization(node: NodeContext) -> Call:
    """1, 6, 22: only types were added."""
    node.ignore("consumed_inputs")
    return node.call(
        normalization.instance_normalization,
        *(node.input(index) for index in range(3)),
        epsilon=node.float("epsilon", 1e-5),
    )


@lowers("GroupNormalization", since=18)
def group_normalization(node: NodeContext) -> Call:
    """18: scale and bias for each group; 21: for each channel."""
    _float32_inside(node)
    return node.call(
        normalization.group_normalization,
        *(node.input(index) for index in range(3)),
        num_groups=node.int("num_groups"),
        epsilon=node.float("epsilon", 1e-5),
    )


def _float32_inside(node: NodeContext) -> None:
    """``stash_type``: kernels compute in float32, in float64 if the input is that."""
    stash = node.int("stash_type", 1)
    if stash != 1:
        raise node.unsupported(
            f"attribute stash_type: expected 1 (float32), got {stash}"
        )


@lowers("LayerNormalization")  # onnxruntime takes it below 17 too
def layer_normalization(node: NodeContext) -> Call:
    """17."""
    _float32_inside(node)
    statistics = node.has_output(1) or node.has_output(2)
    return node.call(
        (
            normalization.layer_normalization_with_statistics
            if statistics
            else normalization.layer_normalization
        ),
        node.input(0),
        node.input(1),
        node.optional(2),
        axis=_last_axis(node),
        epsilon=node.float("epsilon", 1e-5),
        results=3 if statistics else None,
    )


def _last_axis(node: NodeContext) -> int:
    """Return the attribute ``axis``, as -1 where it is known to be the last."""
    axis = node.int("axis", -1)
    return -1 if node.rank(0) == axis + 1 else axis


@lowers("RMSNormalization", since=23)
def rms_normalization(node: NodeContext) -> Call:
    """23."""
    _float32_inside(node)
    return node.call(
        normalization.rms_normalization,
        node.input(0),
        node.input(1),
        axis=_last_axis(node),
        epsilon=node.float("epsilon", 1e-5),
    )


@lowers("LpNormalization")
def lp_normalization(node: NodeContext) -> Call:
    """1, 22: only types were added."""
    p = node.int("p", 2)
    if p not in (1, 2):
        raise node.unsupported(f"attribute p: expected 1 or 2, got {p}")
    return node.call(
        normalization.lp_normalization, node.input(0), axis=node.int("axis", -1), p=p
    )


@lowers("MeanVarianceNormalization")
def old_mean_variance_normalization(node: NodeContext) -> Call:
    """Before 9 it was no operator of the specification; onnxruntime has it for all versions."""
    across_channels = bool(node.int("across_channels", 0))
    return node.call(
        normalization_mean_variance.mean_variance_normalization,
        node.input(0),
        axes=(0, 1, 2, 3) if across_channels else (0, 2, 3),
        normalize_variance=bool(node.int("normalize_variance", 1)),
    )


@lowers("MeanVarianceNormalization", since=9)
def mean_variance_normalization(node: NodeContext) -> Call:
    """9, 13: only types were added."""
    return node.call(
        normalization_mean_variance.mean_variance_normalization,
        node.input(0),
        axes=node.ints("axes", (0, 2, 3)),
    )
