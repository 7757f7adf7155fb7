"""Twins whose flow does not depend on data can be traced whole, with symbolic lengths."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from onnx2py.targets.torch.kernels import (
    arithmetic,
    arrays,
    generate,
    indexing,
    linalg,
    matmul,
    matmul_integer,
    matmul_nbits,
    padding,
    quantization,
    random,
    rearrange,
    reduction,
    reduction_argmax,
    scatter,
    selection,
    shape,
    slicing,
)


class Everything(nn.Module):
    """One call of each; x is [n, 4, 5], of which n is symbolic."""

    def forward(self, x: Tensor) -> list[Any]:
        n = x.shape[0]
        tuples = torch.tensor([[0, 1], [1, -1]])
        nibbles, scales = torch.ones(4, 2, 2, dtype=torch.uint8), torch.ones(4, 2)
        return [
            arrays.take(x, torch.tensor([[0, -1]]), axis=1),
            arrays.add(x, x),
            arrays.max(x, axis=1),
            arrays.sign(x),
            arrays.tile(x, (1, 2, 1)),
            arrays.transpose(x),
            arrays.arange(n),
            arrays.getitem(x, (..., slice(None, None, -1))),
            arrays.remainder(x, x + 1),
            arithmetic.clip(x, 0.0, 6.0),
            generate.range_(1, 2 * n, 2, dtype=torch.int64),
            generate.eye_like(x[0]),
            indexing.gather(x, torch.tensor(1), axis=1),
            indexing.gather(x, n - 1, axis=0),
            indexing.gather_nd(x, tuples),
            arrays.full((n, 2), 0.5, torch.float32),
            arrays.zeros((n, n), torch.int64),
            padding.pad(x, (0, 0, n, 0, 0, 1)),
            slicing.slice_axes(x, (n - 1,), (0,), None, (-1,)),
            slicing.split(x, (n - 1, 1), axis=0)[0],
            indexing.gather_elements(x, torch.zeros(1, 1, 1, dtype=torch.int64)),
            linalg.contract("abc,dbc->ad", x, x),
            matmul.gemm(x[:, :, 0], x[:, :, 0], trans_b=True),
            matmul_integer.matmul_integer(
                x.to(torch.int8), torch.ones(5, 2, dtype=torch.int8)
            ),
            matmul_nbits.matmul_nbits(
                x[:, :, :4], nibbles, scales, n=4, k=4, block_size=4
            ),
            padding.pad(x, (1, 0, 0, 0, 2, 1), 3.0),
            padding.pad(x, (1, 0, 0, 0, 2, 1), mode="reflect"),
            padding.center_crop_pad(x, (2, 6), axes=(1, 2)),
            quantization.fake_quantize(x, 0.1, 3),
            *quantization.dynamic_quantize_linear(x),
            *random.dropout(x, 0.5, False),
            random.random_normal_like(x),
            rearrange.cumsum(x, 1, exclusive=True, reverse=True),
            rearrange.reverse_sequence(x, torch.tensor([1, 2, 3, 1])),
            reduction.reduce_mean(x, (1,)),
            reduction.reduce_max(x, (1,)),
            reduction.reduce_log_sum_exp(x),
            reduction_argmax.argmax(x, axis=1, select_last_index=True),
            scatter.scatter_elements(
                x, torch.zeros(1, 1, 1, dtype=torch.int64), x[:1, :1, :1]
            ),
            scatter.scatter_nd(x, tuples, x[0, :2]),
            scatter.scatter_nd(x, tuples, x[0, :2], reduction="add"),
            *selection.top_k(x, 2, axis=1),
            selection.one_hot(torch.tensor([0, 2]), 3, x[0, 0, :2]),
            selection.trilu(x),
            shape.expand(x[:, :1], (1, 4, 1)),
            shape.flatten(x),
            shape.reshape(x, (0, -1)),
            shape.shape(x),
            shape.squeeze(x[:, :1], (1,)),
            shape.unsqueeze(x, (0, -1)),
            slicing.slice_axes(x, (1, -1), (9, -9), (1, 2), (1, -1)),
            *slicing.split(x, axis=1, num_outputs=3),
        ]


def shapes(values: list[Any]) -> list[tuple[int, ...]]:
    return [tuple(value.shape) for value in values]


def test_export_with_a_symbolic_length() -> None:
    lengths = {"x": {0: torch.export.Dim("n", min=3, max=100)}}
    program = torch.export.export(
        Everything(), (torch.randn(3, 4, 5),), dynamic_shapes=lengths
    )
    longer = torch.randn(7, 4, 5)
    assert shapes(program.module()(longer)) == shapes(Everything()(longer))


def test_compile_the_full_graph() -> None:
    compiled = torch.compile(
        Everything(), fullgraph=True, backend="aot_eager", dynamic=True
    )
    for length in (3, 7):
        x = torch.randn(length, 4, 5)
        found, expected = compiled(x), Everything()(x)
        assert shapes(found) == shapes(expected)
        torch.testing.assert_close(found[0], expected[0])


def test_gradients_reach_the_input() -> None:
    x = torch.randn(3, 4, 5, requires_grad=True)
    for value in Everything()(x):
        if value.requires_grad:
            value.sum().backward(retain_graph=True)
    assert x.grad is not None
    assert x.grad.isfinite().all()
