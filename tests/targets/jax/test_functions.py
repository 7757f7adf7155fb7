"""Packages for JAX: pure functions, which JAX transforms, of a tree of parameters."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import onnxruntime
import pytest
from jax import export

import onnx2py
from benchmarks.pages import ROOT

EXAMPLES = ROOT / "generated_examples"
Package = Callable[..., ModuleType]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """Return a function that compiles a model and imports its package."""
    folder = tmp_path_factory.mktemp("packages")
    sys.path.insert(0, str(folder))
    known: dict[Any, ModuleType] = {}

    def compiled(model: Any, **options: Any) -> ModuleType:
        key = (str(model), *options.items())
        if key not in known:
            name = f"jax_{len(known)}"
            onnx2py.compile_model(model, folder / name, target="jax", **options)
            known[key] = import_module(name)
        return known[key]

    return compiled


def drawn(model: Path, **dims: int) -> dict[str, np.ndarray]:
    """Return random inputs for a model."""
    random = np.random.default_rng(0)
    given = {}
    for each in onnx.load(model).graph.input:
        kind = each.type.tensor_type
        shape = [dims.get(d.dim_param, d.dim_value) for d in kind.shape.dim]
        if kind.elem_type == onnx.TensorProto.INT64:
            given[each.name] = random.integers(0, 5, shape)
        else:
            given[each.name] = random.normal(size=shape).astype(np.float32)
    return given


def expected(model: Path, given: Mapping[str, np.ndarray]) -> list[Any]:
    """Return onnxruntime's results."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return list(session.run(None, dict(given)))


MODELS = {
    "gpt": {"batch": 2, "sequence": 3, "past": 4},
    "mnist": {"batch": 2},
    "transformer": {"batch": 2, "sequence": 5},
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("options", [{}, {"level": 0}, {"flat": True}], ids=str)
def test_results_are_onnxruntimes(package: Package, name: str, options: Any) -> None:
    model = EXAMPLES / f"{name}.onnx"
    made = package(model, **options)
    given = drawn(model, **MODELS[name])
    theirs = expected(model, given)
    calls = [made.forward, jax.jit(made.forward)]
    for call in calls[
        : 1 if options.get("level") == 0 else 2
    ]:  # there, lengths are arrays
        ours = jax.tree.leaves(call(made.load_params(), **given))
        for mine, other in zip(ours, theirs, strict=True):
            assert mine.shape == other.shape
            np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)


def test_scanned_layers_are_the_same(package: Package) -> None:
    model = EXAMPLES / "gpt.onnx"
    given = drawn(model, **MODELS["gpt"])
    made, scanned = package(model), package(model, scan_layers=True)
    params = scanned.load_params()
    assert params["layers"]["mlp"]["up"]["weight"].shape == (4, 32, 128)
    text = (Path(scanned.__file__).parent / "model.py").read_text("utf-8")
    assert "lax.scan(" in text and "for layer" not in text
    ours = jax.jit(scanned.forward)(params, **given)
    for one, other in zip(ours, made.forward(made.load_params(), **given)):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_only_some_targets_scan() -> None:
    with pytest.raises(onnx2py.Onnx2pyError, match="scan_layers: expected a target"):
        onnx2py.load_model(EXAMPLES / "mnist.onnx", scan_layers=True)


def test_the_tree_mirrors_the_modules(package: Package) -> None:
    params = package(EXAMPLES / "gpt.onnx").load_params()
    assert [*params] == [
        "head",
        "layers",
        "norm",
        "position_embedding",
        "token_embedding",
    ]
    assert isinstance(params["layers"], list) and len(params["layers"]) == 4
    layer = params["layers"][0]
    assert [*layer] == ["attention", "attention_norm", "mlp", "mlp_norm"]
    assert layer["attention"]["qkv"]["weight"].shape == (32, 96)


def test_it_is_no_longer_than_for_numpy(package: Package, tmp_path: Path) -> None:
    for name in MODELS:
        made = Path(str(package(EXAMPLES / f"{name}.onnx").__file__)).parent
        onnx2py.compile_model(EXAMPLES / f"{name}.onnx", tmp_path / name)
        counts = [
            len((folder / "model.py").read_text("utf-8").splitlines())
            for folder in (made, tmp_path / name)
        ]
        assert counts[0] <= counts[1], name


# ---------------------------------------------------------------------- transformations


def test_gradients_are_those_of_differences(package: Package) -> None:
    model = EXAMPLES / "gpt.onnx"
    made, given = package(model), drawn(model, **MODELS["gpt"])
    params = made.load_params()

    @jax.jit
    def loss(params: Any) -> Any:
        return jnp.square(made.forward(params, **given).logits).mean()

    value, gradient = jax.jit(jax.value_and_grad(loss))(params)
    leaves, tree = jax.tree.flatten(params)
    keys = jax.random.split(jax.random.key(0), len(leaves))
    ways = [jax.random.normal(k, leaf.shape) for k, leaf in zip(keys, leaves)]
    step = 3e-3
    up, down = (
        loss(tree.unflatten(p + s * w for p, w in zip(leaves, ways)))
        for s in (step, -step)
    )
    slope = sum(jnp.vdot(g, w) for g, w in zip(jax.tree.leaves(gradient), ways))
    assert np.isfinite(value)
    np.testing.assert_allclose(slope, (up - down) / (2 * step), rtol=2e-2)


def test_gradients_through_checkpoints_are_the_same(package: Package) -> None:
    model = EXAMPLES / "gpt.onnx"
    made, given = package(model), drawn(model, **MODELS["gpt"])

    def loss(forward: Any, params: Any) -> Any:
        return jnp.square(forward(params, **given).logits).mean()

    params = made.load_params()
    one = jax.grad(lambda p: loss(made.forward, p))(params)
    other = jax.grad(lambda p: loss(jax.checkpoint(made.forward), p))(params)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_it_is_mapped_over_batches(package: Package) -> None:
    model = EXAMPLES / "mnist.onnx"
    made, image = package(model), drawn(model, batch=6)["image"]
    params = made.load_params()
    mapped = jax.vmap(made.forward, in_axes=(None, 0))
    each = mapped(params, image.reshape(3, 2, 1, 28, 28))
    whole = made.forward(params, image)
    np.testing.assert_allclose(each.reshape(6, 10), whole, rtol=1e-5, atol=1e-6)


def test_lengths_are_symbols_in_what_is_exported(package: Package) -> None:
    model = EXAMPLES / "gpt.onnx"
    made = package(model)
    params = made.load_params()
    b, t, q = export.symbolic_shape("b, t, q")
    shapes = {
        each.name: jax.ShapeDtypeStruct(
            (b, t) if each.name == "tokens" else (b, 4, q, 8),
            jnp.int32 if each.name == "tokens" else jnp.float32,
        )
        for each in made.INPUTS
    }
    register = export.register_namedtuple_serialization
    register(
        import_module(f"{made.__name__}.model").Outputs, serialized_name="gpt.Outputs"
    )
    exported = export.export(jax.jit(made.forward))(params, **shapes)
    again = export.deserialize(exported.serialize())
    for sizes in ((1, 2, 3), (2, 5, 1)):
        given = drawn(model, **dict(zip(("batch", "sequence", "past"), sizes)))
        given["tokens"] = given["tokens"].astype(np.int32)
        ours = again.call(params, **given)
        logits = made.forward(params, **given).logits
        np.testing.assert_allclose(ours[0], logits, rtol=1e-4, atol=1e-5)


def test_a_batch_is_divided_between_devices(package: Package) -> None:
    made = package(EXAMPLES / "mnist.onnx")
    program = f"""
import sys; sys.path.insert(0, {str(Path(str(made.__file__)).parent.parent)!r})
import jax, numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec as P
from {made.__name__} import forward, load_params
assert len(jax.devices()) == 2
mesh = Mesh(np.array(jax.devices()), ("batch",))
image = np.random.default_rng(0).normal(size=(4, 1, 28, 28)).astype(np.float32)
params = load_params()
whole = np.asarray(jax.jit(forward)(params, image))
parts = jax.device_put(image, NamedSharding(mesh, P("batch")))
copies = jax.device_put(params, NamedSharding(mesh, P()))
result = jax.jit(forward)(copies, parts)
assert len(result.sharding.device_set) == 2, result.sharding
np.testing.assert_allclose(np.asarray(result), whole, rtol=1e-5, atol=1e-6)
"""
    flags = {
        "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
        "JAX_PLATFORMS": "cpu",
    }
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **flags},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr


# ---------------------------------------------------------------------- inputs


def test_inputs_are_checked(package: Package) -> None:
    made = package(EXAMPLES / "mnist.onnx")
    params = made.load_params()
    with pytest.raises(
        TypeError, match=r"image: expected an array float32\[batch, 1, 28"
    ):
        made.forward(params, [1.0])
    with pytest.raises(ValueError, match=r"image: expected float32.*got int32\[1\]"):
        made.forward(params, jnp.zeros(1, jnp.int32))
    with pytest.raises(ValueError, match=r"image: .*got float32\[1, 1, 28, 27\]"):
        made.forward(params, jnp.zeros((1, 1, 28, 27)))


def test_integers_have_to_fit(package: Package) -> None:
    model = EXAMPLES / "gpt.onnx"
    made, given = package(model), drawn(model, **MODELS["gpt"])
    given["tokens"] = given["tokens"] + 2**40
    with pytest.raises(ValueError, match=r"tokens: .*jax_enable_x64"):
        made.forward(made.load_params(), **given)


def test_sixty_four_bits_have_to_be_enabled(package: Package, tmp_path: Path) -> None:
    model = onnx.parser.parse_model(
        '<ir_version: 8, opset_import: ["": 17]> '
        "g (double[n] x) => (double[n] y) { y = Add (x, x) }"
    )
    onnx.save(model, tmp_path / "wide.onnx")
    made = package(tmp_path / "wide.onnx")
    x = np.array([1 + 2**-40])
    with pytest.raises(ValueError, match='expected jax.config.update."jax_enable_x64"'):
        made.forward({}, x)
    with import_module(f"{made.__name__}.tools.arrays").x64():
        np.testing.assert_array_equal(made.forward({}, x), x + x)


def test_a_model_holds_parameters(package: Package) -> None:
    model = EXAMPLES / "mnist.onnx"
    made, image = package(model), drawn(model, batch=1)["image"]
    whole = made.Model()
    np.testing.assert_array_equal(whole(image), made.forward(whole.params, image))
    zeros = jax.tree.map(jnp.zeros_like, whole.params)
    np.testing.assert_allclose(made.Model(zeros)(image), 0.1, rtol=1e-6)


@pytest.mark.parametrize(
    "rounded, kind", [("Floor (q)", "float"), ("Cast <to = 7> (q)", "int64")]
)
def test_quotients_that_are_rounded_are_exact(rounded: str, kind: str) -> None:
    """XLA multiplies by the reciprocal of a divisor that all elements share."""
    model = onnx.parser.parse_model(
        f'<ir_version: 8, opset_import: ["": 17]> g (float[n] x) => ({kind}[n] y) '
        f"{{ c = Constant <value_float = 41.0> () q = Div (x, c) y = {rounded} }}"
    )
    made: Any = onnx2py.load_model(model, target="jax")
    forward = import_module(type(made).__module__).forward
    numbers = np.arange(5000)
    for call in (forward, jax.jit(forward)):
        y = call({}, (41 * numbers).astype(np.float32))
        np.testing.assert_array_equal(y, numbers)


def towers(start: str, outputs: str) -> onnx.ModelProto:
    """Return three layers; what is added to each makes a row of two."""
    random = np.random.default_rng(0)
    lines, arrays = [], {}
    for i in range(3):
        before = f"r{i - 1}" if i else "x"
        arrays[f"layers.{i}.up.weight"] = random.normal(size=(3, 3))
        arrays[f"layers.{i}.down.weight"] = random.normal(size=(3, 3))
        arrays[f"layers.{i}.pos"] = random.normal(size=(2, 3))
        lines += [
            f'["/layers.{i}/up/MatMul"] u{i} = MatMul ({before}, w{i})',
            f'["/layers.{i}/act/Tanh"] t{i} = Tanh (u{i})',
            f'["/layers.{i}/down/MatMul"] d{i} = MatMul (t{i}, v{i})',
            f'["/layers.{i}/Add"] s{i} = Add ({before}, d{i})',
            f'["/layers.{i}/Add_1"] r{i} = Add (s{i}, p{i})',
        ]
    model = onnx.parser.parse_model(
        f'<ir_version: 10, opset_import: ["": 21]> g (float[{start}] x) => ({outputs}) '
        f"{{ {' '.join(lines)} }}"
    )
    names = {
        f"{short}{i}": f"layers.{i}.{long}"
        for i in range(3)
        for short, long in (("w", "up.weight"), ("v", "down.weight"), ("p", "pos"))
    }
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
    model.graph.initializer.extend(
        onnx.numpy_helper.from_array(a.astype(np.float32), n) for n, a in arrays.items()
    )
    return model


@pytest.mark.parametrize(
    "start, outputs, is_scanned",
    [
        ("2, 3", "float[2, 3] r2", True),
        ("2, 3", "float[2, 3] r2, float[2, 3] r0", True),  # a result of another round
        ("1, 3", "float[2, 3] r2", False),  # the first layer is given another shape
    ],
)
def test_scans_of_layers(
    start: str, outputs: str, is_scanned: bool, tmp_path: Path
) -> None:
    model = towers(start, outputs)
    onnx.save(model, tmp_path / "towers.onnx")
    onnx2py.compile_model(
        tmp_path / "towers.onnx", tmp_path / "towers", target="jax", scan_layers=True
    )
    text = (tmp_path / "towers" / "model.py").read_text("utf-8")
    assert ("lax.scan(" in text) == is_scanned
    x = (
        np.random.default_rng(1)
        .normal(size=tuple(map(int, start.split(","))))
        .astype(np.float32)
    )
    theirs = expected(tmp_path / "towers.onnx", {"x": x})
    made: Any = onnx2py.load_model(
        tmp_path / "towers.onnx", target="jax", scan_layers=True, flat=False
    )
    for mine, other in zip(jax.tree.leaves(made(x)), theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-6)
