"""Programs whose layers are found, run by PyTorch; what is no layer is run by the kernels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from onnx2py.ir.check import check_program
from onnx2py.ir.graph import Scope
from onnx2py.ir.program import Call, Program, Ref, Statement
from onnx2py.ir.types import tensor_type_of
from onnx2py.targets.network.constructors import written_arguments
from onnx2py.targets.network.layer import Layer
from onnx2py.targets.network.layers import find_layers
from tests.targets.torch.support import to_numpy, to_torch

Arrays = Mapping[str, np.ndarray]


def draw(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    """Return random numbers, others for each shape."""
    return np.random.default_rng(shape).normal(size=shape).astype(dtype)


def step(
    function: Any,
    args: Sequence[Any],
    output: str | Sequence[str],
    module: str = "",
    kind: str = "",
    **kwargs: Any,
) -> Statement:
    """Return a call; strings among the arguments are names of values."""
    made = tuple(Ref(a) if isinstance(a, str) else a for a in args)
    outputs = (output,) if isinstance(output, str) else tuple(output)
    results = None if isinstance(output, str) else len(outputs)
    scopes = (Scope(module, kind),) if module else ()
    label = f"/{module.replace('.', '/')}/{outputs[0]}: Node"
    call = Call(function, made, kwargs, results)
    return Statement(call, outputs, (label,), scopes=scopes)


def program(
    inputs: Arrays, weights: Arrays, *steps: Statement, outputs: Sequence[str] = ()
) -> Program:
    """Return a program with the types that its kernels give to values."""
    outputs = tuple(outputs or steps[-1].outputs[:1])
    plain = Program("g", (*inputs,), outputs, steps, weights, {}, {})
    values = run(plain, inputs)
    types = {name: tensor_type_of(array) for name, array in values.items()}
    return Program("g", (*inputs,), outputs, steps, weights, {}, types)


def run(program: Program, inputs: Arrays) -> dict[str, np.ndarray]:
    """Return all values of a program: layers are built and called in evaluation mode."""
    values = {**program.weights, **inputs}
    for statement in program.statements:
        call = statement.operation
        assert isinstance(call, Call)
        if isinstance(call.function, Layer):
            made = run_layer(call.function, call, values)
        else:
            args, kwargs = _filled(call.args, values), _filled(call.kwargs, values)
            function = call.function
            if isinstance(function, str):  # a method
                function, args = getattr(args[0], function[1:]), args[1:]
            made = function(*args, **kwargs)
        results = made if call.results is not None else (made,)
        values.update((n, v) for n, v in zip(statement.outputs, results) if n)
    return values


def run_layer(layer: Layer, call: Call, values: Arrays) -> Any:
    """Return the results of a layer, the results of recurrent ones one after the other."""
    names = layer.weights(call)
    state = {key: to_torch(np.array(values[name])) for key, name in names.items()}
    inputs = [to_torch(values[a.name]) for a in layer.inputs(call)]
    with torch.no_grad():
        if not layer.is_module:
            return to_numpy(
                getattr(nn.functional, layer.name)(*inputs, *state.values())
            )
        module = build(layer, call, inputs[0].dtype)
        own = {k for k in module.state_dict() if not k.endswith("num_batches_tracked")}
        assert own == {*state}
        module.load_state_dict(state, strict=False)
        if len(inputs) > 1:
            inputs = [inputs[0], tuple(inputs[1:]) if len(inputs) > 2 else inputs[1]]
        y = module(*inputs)
    if not isinstance(y, tuple):
        return to_numpy(y)
    y, states = y
    return tuple(to_numpy([y, *(states if isinstance(states, tuple) else [states])]))


def build(layer: Layer, call: Call, dtype: torch.dtype = torch.float32) -> nn.Module:
    """Return the module that a call of a layer says."""
    made = getattr(nn, layer.name)(**call.kwargs)
    module: nn.Module = made.eval()
    return module.to(dtype) if dtype.is_floating_point else module


def layers(program: Program) -> dict[str, str]:
    """Return the source of the layers of a program by their paths."""
    found = {}
    for statement in program.walk():
        call = statement.operation
        layer = call.function if isinstance(call, Call) else None
        if isinstance(layer, Layer) and isinstance(call, Call):
            given = []
            if layer.is_module:
                lengths, options = written_arguments(layer.name, call.kwargs)
                given = [*map(repr, lengths)]
                given += [f"{k}={v!r}" for k, v in options.items()]
            found[layer.path] = f"{layer.module}.{layer.name}({', '.join(given)})"
    return found


def check(
    inputs: Arrays,
    weights: Arrays,
    *steps: Statement,
    outputs: Sequence[str] = (),
    rtol: float = 1e-5,
    atol: float = 2e-6,
) -> Program:
    """Compare layers with the kernels that they stand for; return the program with them."""
    before = program(inputs, weights, *steps, outputs=outputs)
    after = find_layers(before)
    check_program(after, "find_layers")
    expected, found = run(before, inputs), run(after, inputs)
    for name in before.outputs:
        assert found[name].dtype == expected[name].dtype
        np.testing.assert_allclose(found[name], expected[name], rtol=rtol, atol=atol)
    for name, array in found.items():
        kind = after.types.get(name)
        if (
            kind is not None
            and name not in before.weights.keys() - after.weights.keys()
        ):
            assert tensor_type_of(array) == kind
    return after


def _filled(value: Any, values: Arrays) -> Any:
    if isinstance(value, Ref):
        return values[value.name]
    if isinstance(value, Mapping):
        return {k: _filled(v, values) for k, v in value.items()}
    return (
        tuple(_filled(v, values) for v in value) if isinstance(value, tuple) else value
    )
