"""Generated packages: what their users rely on."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import black
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import onnx2py
from onnx2py.emit.frame import LAID_OUT
from onnx2py.emit.layout import format_source
from onnx2py.emit.names import Wanted, assign_names


def parsed(text: str, opset: int = 17) -> onnx.ModelProto:
    return onnx.parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : {opset}]> {text}'
    )


def with_weight(array: np.ndarray, *more: np.ndarray) -> onnx.ModelProto:
    """A model that returns its weights."""
    tensors = [
        numpy_helper.from_array(a, f"w{i}") for i, a in enumerate((array, *more))
    ]
    names = [t.name for t in tensors]
    outputs = [onnx.ValueInfoProto(name=n) for n in names]
    graph = helper.make_graph([], "g", [], outputs, tensors)
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10
    )


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Compile a model under a name of its own and import it."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def made(model, name="pkg_under_test", **options):
        onnx2py.compile_model(model, tmp_path / name, **options)
        importlib.invalidate_caches()
        return importlib.import_module(name)

    yield made
    for name in set(sys.modules) - before:
        if name.partition(".")[0] != "onnx2py":  # whose rules are registered once
            sys.modules.pop(name)


TWO = """g (float[n, 3] x, float[n, 3] z) => (float[n, 3] s, float[n, 3] d)
    { s = Add (x, z) d = Sub (x, z) }"""


def test_several_outputs_are_a_named_tuple(build):
    model = build(parsed(TWO)).Model()
    x = np.ones((2, 3), np.float32)
    outputs = model(x, z=x)
    assert outputs._fields == ("s", "d")
    assert outputs.s.tolist() == (x + x).tolist() and not outputs.d.any()


def test_inputs_are_checked_with_their_names(build):
    model = build(parsed(TWO)).Model()
    x = np.ones((2, 3), np.float32)
    for wrong, message in [
        (
            x.astype(np.float64),
            r"z: expected float32\[n, 3\] \(with n = 2\), got float64|z: expected",
        ),
        (x[:1], r"z: expected float32\[n, 3\] \(with n = 2\), got float32\[1, 3\]"),
        (x[0], r"z: expected float32\[n, 3\], got float32\[3\]"),
        (x[:, :2], r"z: expected float32\[n, 3\], got float32\[2, 2\]"),
    ]:
        with pytest.raises(ValueError, match=message):
            model(x, wrong)
    with pytest.raises(TypeError, match=r"z: expected float32\[n, 3\], got list"):
        model(x, x.tolist())


def test_odd_arrays_are_taken(build):
    model = build(parsed(TWO)).Model()
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    x.flags.writeable = False
    swapped = x.astype(">f4")
    strided = np.asfortranarray(x)
    assert model(swapped, strided).s.tolist() == (x + x).tolist()
    assert model(x[:0], x[:0]).s.shape == (0, 3)


def test_inputs_with_defaults_are_optional(build):
    model = parsed(
        "g (float[2] x, float[2] w) => (float[2] y) <float[2] w = {5, 6}> { y = Add (x, w) }"
    )
    package = build(model, overridable=True)
    x = np.zeros(2, np.float32)
    assert package.Model()(x).tolist() == [5, 6]
    assert package.Model()(x, w=np.ones(2, np.float32)).tolist() == [1, 1]
    session = package.InferenceSession()
    assert [i.name for i in session.get_inputs()] == ["x"]
    assert session.run(None, {"x": x, "w": x})[0].tolist() == [0, 0]


def test_the_session_speaks_as_onnxruntime_does(build):
    import onnxruntime

    model = parsed(TWO)
    ours = build(model).InferenceSession("any path", providers=["CPUExecutionProvider"])
    theirs = onnxruntime.InferenceSession(model.SerializeToString())
    for get in ("get_inputs", "get_outputs"):
        mine, other = getattr(ours, get)(), getattr(theirs, get)()
        assert [(a.name, a.type, a.shape) for a in mine] == [
            (a.name, a.type, a.shape) for a in other
        ]
    x = np.ones((1, 3), np.float32)
    assert [a.tolist() for a in ours.run(["d", "s"], {"x": x, "z": x})] == [
        a.tolist() for a in theirs.run(["d", "s"], {"x": x, "z": x})
    ]
    with pytest.raises(ValueError, match=r"Required inputs \(\['z'\]\) are missing"):
        ours.run(None, {"x": x})
    with pytest.raises(ValueError, match="Invalid output name:q"):
        ours.run(["q"], {"x": x, "z": x})


@pytest.mark.parametrize(
    "dtype",
    [
        n
        for n in TensorProto.DataType.keys()  # noqa: SIM118
        if n not in ("UNDEFINED", "STRING")
    ],
)
def test_weights_of_every_type(build, tmp_path, dtype):
    kind = helper.tensor_dtype_to_np_dtype(TensorProto.DataType.Value(dtype))
    array = (np.arange(24).reshape(2, 12) % 2).astype(kind)
    package = build(with_weight(array))
    (stored,) = (tmp_path / "pkg_under_test/weights").iterdir()
    script = (
        f"import numpy; a = numpy.load({str(stored)!r}, mmap_mode='r')\n"
        "print(a.shape, a.dtype.byteorder)"
    )
    alone = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert alone.stdout.startswith("(2, 12)") and ">" not in alone.stdout
    result = package.Model()()
    assert result.dtype == array.dtype
    np.testing.assert_array_equal(result.astype(complex), array.astype(complex))


def test_strings_are_never_pickled(build, tmp_path):
    words = np.array(["é", "", 'quo"te', "a\nb", "nul\0inside", "more"], object)
    tail = np.array(["ends in nul\0"], object)
    package = build(with_weight(words, tail))
    for path in (tmp_path / "pkg_under_test/weights").iterdir():
        np.load(path, allow_pickle=False)
    first, second = package.Model()()
    assert first.tolist() == words.tolist() and second.tolist() == tail.tolist()
    assert first.dtype == object


def test_equal_weights_are_stored_once(build, tmp_path):
    array = np.arange(20_000, dtype=np.float32)
    outputs = build(with_weight(array, array.copy(), array + 1)).Model()()
    assert len(list((tmp_path / "pkg_under_test/weights").iterdir())) == 2
    assert [o.tolist() for o in outputs] == [
        a.tolist() for a in (array, array, array + 1)
    ]


def test_large_weights_are_mapped(build):
    array = np.arange(2**19, dtype=np.float32)
    package = build(with_weight(array))
    held = vars(package.Model()).values()
    (weight,) = (value for value in held if isinstance(value, np.ndarray))
    assert isinstance(weight.base, np.memmap) and type(weight) is np.ndarray


def test_a_damaged_weight_is_noticed_at_load(build, tmp_path):
    package = build(with_weight(np.arange(20, dtype=np.float32)))
    (path,) = (tmp_path / "pkg_under_test/weights").iterdir()
    np.save(path, np.arange(19, dtype=np.float32))
    with pytest.raises(ValueError, match=r"expected float32\[20\], got float32\[19\]"):
        package.Model()
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match=r"expected float32\[20\], got"):
        package.Model()
    path.unlink()
    with pytest.raises(FileNotFoundError):
        package.Model()


def test_threads_may_share_a_model(build):
    model = build(parsed(TWO)).Model()
    x = np.ones((2, 3), np.float32)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda i: model(x * i, x).s[0, 0], range(200)))
    assert results == [i + 1 for i in range(200)]


def test_no_warnings_and_the_callers_error_state_is_kept(build, recwarn):
    model = build(parsed("g (float[2] x) => (float[2] y) { y = Log (x) }")).Model()
    with np.errstate(all="raise"):
        assert model(np.array([0, -1], np.float32))[0] == -np.inf
        with pytest.raises(FloatingPointError):
            np.log(np.zeros(1))
    assert not recwarn.list


def test_works_inside_another_package_and_from_a_zip(tmp_path):
    weight = np.arange(20, dtype=np.float32)
    onnx2py.compile_model(with_weight(weight), tmp_path / "made")
    (tmp_path / "app/vendor").mkdir(parents=True)
    shutil.copytree(tmp_path / "made", tmp_path / "app/vendor/renamed")
    with zipfile.ZipFile(tmp_path / "app.zip", "w") as archive:
        for path in (tmp_path / "made").rglob("*"):
            archive.write(path, Path("zipped") / path.relative_to(tmp_path / "made"))
    script = (
        "import sys; sys.path[:0] = ['.', 'app.zip']\n"
        "from app.vendor.renamed import Model\nimport zipped\n"
        "print(Model()().sum(), zipped.Model()().sum(), zipped.__file__)"
    )
    found = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.split()[:2] == ["190.0", "190.0"] and "app.zip" in found.stdout


def sources(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def test_the_same_bytes_whatever_the_hash_seed(tmp_path):
    path = tmp_path / "m.onnx"
    path.write_bytes(parsed(TWO).SerializeToString())
    made = []
    for seed in ("0", "1"):
        out = tmp_path / f"seed{seed}" / "pkg"
        out.parent.mkdir()
        script = f"import onnx2py; onnx2py.compile_model({str(path)!r}, {str(out)!r})"
        subprocess.run(
            [sys.executable, "-c", script],
            check=True,
            env={"PYTHONHASHSEED": seed},
            cwd=tmp_path,
        )
        made.append(sources(out))
    assert made[0] == made[1]


def test_black_leaves_everything_as_it_is(build, tmp_path):
    build(parsed(TWO))
    for path in (tmp_path / "pkg_under_test").rglob("*.py"):
        with pytest.raises(black.NothingChanged):
            black.format_file_contents(path.read_text(), fast=False, mode=black.Mode())


@pytest.mark.parametrize("level", [0, 1])
def test_one_call_for_each_node(tmp_path, level):
    text = """g (float[2] x) => (float[2] y) <float[2] w = {1, 2}>
        { a = Identity (x) b = Neg (w) c = Add (a, b) d = Dropout (c) y = Relu (d) }"""
    report = onnx2py.compile_model(parsed(text), tmp_path / "pkg", level=level)
    source = (tmp_path / "pkg/model.py").read_text()
    body = source[source.index("def __call__") :]
    comments = [line for line in body.splitlines() if "# " in line]
    assert report.calls == len(comments) == (5 if level == 0 else 2)


def test_a_model_that_frees_large_values_keeps_their_memory(tmp_path):
    text = """<ir_version: 8, opset_import: ["" : 17]> g (float[n, 300] x) => (float[n, 300] y)
        { a = Exp (x) b = Softmax (a) y = Sin (b) }"""
    for level in (0, 1):
        model = onnx.parser.parse_model(text)
        onnx2py.compile_model(model, tmp_path / f"pkg{level}", level=level)
        source = (tmp_path / f"pkg{level}/model.py").read_text()
        assert "_memory" not in source
    wide = onnx.parser.parse_model(text.replace("300", "30000"))
    onnx2py.compile_model(wide, tmp_path / "wide")
    assert "reuse_memory()" in (tmp_path / "wide/model.py").read_text()


@pytest.mark.parametrize("dtype", [TensorProto.FLOAT, TensorProto.BFLOAT16])
@pytest.mark.parametrize("length", [3, 30000])
@pytest.mark.parametrize("name", ["p", "a_package_with_quite_a_long_name" * 3])
def test_templates_are_written_as_black_lays_them_out(tmp_path, dtype, length, name):
    kind = [(label, dtype, ["n", length]) for label in ("x", "y")]
    x, y = (helper.make_tensor_value_info(*each) for each in kind)
    nodes = [
        helper.make_node("Exp", ["x"], ["e"]),
        helper.make_node("Sin", ["e"], ["y"]),
    ]
    graph = helper.make_graph(nodes, "g", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)])
    onnx2py.compile_model(model, tmp_path / name)
    found = [path for path in LAID_OUT if (tmp_path / name / path).exists()]
    assert set(found) == LAID_OUT
    for path in found:
        text = (tmp_path / name / path).read_text()
        assert format_source(path, text) == text, path


@pytest.mark.parametrize(
    "level, words",
    [(0, "Each ONNX node is one"), (1, "Comments give the types of results")],
)
def test_the_first_lines_say_what_a_call_is(build, tmp_path, level, words):
    build(parsed(TWO), level=level)
    assert words in (tmp_path / "pkg_under_test" / "model.py").read_text("utf-8")


def test_a_model_without_files_takes_no_folder_of_weights(build, tmp_path):
    package = build(parsed(TWO))
    with pytest.raises(TypeError, match="weights"):
        package.Model(weights=tmp_path)


def test_equal_parameters_have_names_of_their_own(build):
    """Who trains a model further changes one of them."""
    package = build(with_weight(np.zeros(8, np.float32), np.zeros(8, np.float32)))
    weights = [v for v in vars(package.Model()).values() if isinstance(v, np.ndarray)]
    assert len(weights) == 2


def test_what_a_plan_appends_to_a_name_follows_no_output_number():
    wanted = [Wanted("/a/Mul_output_0_scaled", "x"), Wanted("/b/LSTM_output_1_w", "x")]
    names = assign_names(wanted)
    assert list(names.values()) == ["mul_scaled", "lstm_w"]
