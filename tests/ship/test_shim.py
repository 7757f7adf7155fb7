"""The folder ``onnxruntime/``: what programs find in it, beside what onnxruntime has."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.parser
import onnxruntime
import pytest
from onnxruntime.capi import onnxruntime_pybind11_state as state

import onnx2py
from onnx2py.cli import main
from onnx2py.shim_names import file_names, package_names
from tests.typed import assert_typed

ROOT = Path(__file__).parents[2]
HEADER = '<ir_version: 8, opset_import: ["" : 17]>\n'
SMALL = f"""{HEADER}g (float[n, 3] x) => (float[n, 2] y) <float[3, 2] w = {{1, 2, 3, 4, 5, 6}}> {{
    h = MatMul (x, w) y = Softplus (h) }}"""
OTHER = f"{HEADER}g (float[n] x, float[m] z) => (float[k] y) {{ y = Add (x, z) }}"
WHOLE = f"{HEADER}g (int64[n] i) => (int64[n] j) {{ j = Neg (i) }}"
GATHER = f"{HEADER}g (float[n] x, int64[m] i) => (float[k] y) {{ y = Gather (x, i) }}"
BAD = '<ir_version: 8, opset_import: ["" : 17, "acme" : 1]>\n'
BAD += "g (float[n] x) => (float[n] y) { y = acme.Wobble (x) }"


def save(text: str, path: Path) -> Path:
    """Write a model; make its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(onnx.parser.parse_model(text), str(path))
    return path


def ask(folder: Path, code: str, cwd: Path | None = None) -> Any:
    """Run a program with a folder before all others on its path; return its output."""
    done = run(folder, code, cwd or folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def run(folder: Path, code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    head = "import json, sys\nimport numpy as np\nimport onnxruntime as ort\n"
    head += "from onnxruntime.capi import _pybind_state as C\n"
    return subprocess.run(
        [sys.executable, "-P", "-c", head + code],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with four models and their shim in ``out/``, two of one file name."""
    folder = tmp_path_factory.mktemp("shim")
    models = [
        save(SMALL, folder / "en" / "model.onnx"),
        save(OTHER, folder / "de" / "model.onnx"),
        save(WHOLE, folder / "whole.onnx"),
        save(GATHER, folder / "gather.onnx"),
    ]
    out = ["shim", str(folder / "out"), *map(str, models)]
    assert main([*out, "--verify", "-q", "--wheel", str(folder)]) == 0
    return folder


# ---------------------------------------------------------------------- the interface


def members(thing: Any) -> list[str]:
    """Return the public names of an object."""
    return [name for name in dir(thing) if not name.startswith("_")]


@pytest.mark.parametrize("name", ["SessionOptions", "RunOptions"])
def test_options_have_all_fields_and_defaults_of_onnxruntime(made: Path, name: str):
    options = getattr(onnxruntime, name)()
    fields = {
        field: getattr(options, field)
        for field in members(options)
        if not callable(getattr(options, field))
    }
    code = f"o = ort.{name}()\n"
    code += "print(json.dumps({n: [callable(getattr(o, n)), str(getattr(o, n)),"
    code += " type(getattr(o, n)).__name__] for n in dir(o) if n[0] != '_'}))"
    ours = ask(made / "out", code)
    assert sorted(ours) == members(options)
    assert {k: (v, t) for k, (called, v, t) in ours.items() if not called} == {
        k: (str(v), type(v).__name__) for k, v in fields.items()
    }


def test_options_take_and_refuse_what_those_of_onnxruntime_do(made: Path):
    tried = [
        ("intra_op_num_threads", "2"),
        ("intra_op_num_threads", 2.0),
        ("intra_op_num_threads", True),
        ("enable_profiling", None),
        ("enable_mem_pattern", 1),
        ("logid", 1),
        ("logid", "mine"),
        ("graph_optimization_level", 99),
        ("no_such_field", 1),
    ]
    code = (
        "def tried(options, name, value):\n"
        "    try:\n"
        "        setattr(options, name, value)\n"
        "    except Exception as error:\n"
        "        return type(error).__name__\n"
        "    return getattr(options, name)\n"
    )
    space: dict[str, Any] = {}
    exec(code, space)
    expected = [space["tried"](onnxruntime.SessionOptions(), *each) for each in tried]
    code += f"tried_values = {tried!r}\n"
    code += "print(json.dumps([tried(ort.SessionOptions(), *e) for e in tried_values]))"
    assert ask(made / "out", code) == expected


def test_entries_of_options_are_kept(made: Path):
    code = (
        "o, r = ort.SessionOptions(), ort.RunOptions()\n"
        "o.add_session_config_entry('a', 'b'); r.add_run_config_entry('c', 'd')\n"
        "found = [o.get_session_config_entry('a'), r.get_run_config_entry('c')]\n"
        "try: o.get_session_config_entry('x')\n"
        "except RuntimeError as error: found.append(str(error))\n"
        "print(json.dumps(found))"
    )
    with pytest.raises(RuntimeError) as caught:
        onnxruntime.SessionOptions().get_session_config_entry("x")
    assert ask(made / "out", code) == ["b", "d", str(caught.value)]


ENUMERATIONS = ("ExecutionMode", "ExecutionOrder", "GraphOptimizationLevel")
ENUMERATIONS += ("OrtAllocatorType", "OrtMemType")


def test_enumerations_have_the_members_of_onnxruntime(made: Path):
    code = f"names = {ENUMERATIONS!r}\n"
    code += "print(json.dumps({n: {k: [int(m), str(m), repr(m)] for k, m in"
    code += " getattr(ort, n).__members__.items()} for n in names}))"
    assert ask(made / "out", code) == {
        name: {
            key: [int(member), str(member), repr(member)]
            for key, member in getattr(onnxruntime, name).__members__.items()
        }
        for name in ENUMERATIONS
    }


def test_every_exception_of_onnxruntime_is_there(made: Path):
    names = [
        name
        for name, value in vars(state).items()
        if isinstance(value, type) and issubclass(value, Exception)
    ]
    assert len(names) > 10
    code = f"names = {names!r}\n"
    code += "print(json.dumps([issubclass(getattr(C, n), Exception) for n in names]))"
    assert ask(made / "out", code) == [True] * len(names)
    code = (
        "from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument as A\n"
    )
    code += "print(json.dumps([A is C.InvalidArgument, issubclass(A, ValueError)]))"
    assert ask(made / "out", code) == [True, True]


def test_functions_answer_as_onnxruntime_does_on_a_processor(made: Path):
    code = (
        "ort.set_default_logger_severity(3); ort.set_default_logger_verbosity(0)\n"
        "ort.set_seed(1); ort.disable_telemetry_events()\n"
        "try: ort.set_default_logger_severity(9)\n"
        "except RuntimeError: pass\n"
        "print(json.dumps([ort.get_device(), ort.get_available_providers(),"
        " ort.__version__, ort.get_version_string(), C.get_device(),"
        " ort.has_collective_ops()]))"
    )
    assert ask(made / "out", code) == [
        onnxruntime.get_device(),
        ["CPUExecutionProvider"],
        onnxruntime.__version__,
        onnxruntime.get_version_string(),
        state.get_device(),
        onnxruntime.has_collective_ops(),
    ]


def test_a_session_has_the_methods_that_run_and_ask(made: Path):
    code = "print(json.dumps([n for n in dir(ort.InferenceSession) if n[0] != '_']))"
    ours = set(ask(made / "out", code))
    # What concerns other devices, tuning and captured graphs is left out.
    assert set(members(onnxruntime.InferenceSession)) - ours <= {
        "create_ortvalue_from_shape_and_type",
        "get_input_epdevices",
        "get_input_memory_infos",
        "get_output_memory_infos",
        "get_provider_graph_assignment_info",
        "get_tuning_results",
        "release_captured_graph",
        "set_ep_dynamic_options",
        "set_tuning_results",
    }


def test_a_name_that_is_missing_says_what_the_folder_is(made: Path):
    done = run(made / "out", "ort.ModelCompiler", made)
    assert done.returncode == 1 and "AttributeError" in done.stderr
    assert "'ModelCompiler': it was generated by onnx2py" in done.stderr
    assert ask(made / "out", "print(json.dumps(hasattr(ort, 'training')))") is False


# ---------------------------------------------------------------------- sessions

SESSION = "s = ort.InferenceSession('../en/model.onnx')\n"
FEEDS = "{'x': np.array([[1, -2, 0.5]], np.float32)}"


def test_answers_are_those_of_onnxruntime(made: Path):
    code = "s = ort.InferenceSession('../en/model.onnx', ort.SessionOptions(),"
    code += " providers=['CPUExecutionProvider'], provider_options=[{}])\n"
    code += f"r = s.run(None, {FEEDS}, ort.RunOptions())\n"
    code += "meta = s.get_modelmeta()\n"
    code += "print(json.dumps([r[0].tolist(), [[a.name, a.type, a.shape] for a in"
    code += " s.get_inputs() + s.get_outputs()], meta.graph_name, meta.version,"
    code += " s.get_providers()]))"
    session = onnxruntime.InferenceSession(str(made / "en" / "model.onnx"))
    meta = session.get_modelmeta()
    values, *rest = ask(made / "out", code)
    x = np.array([[1, -2, 0.5]], np.float32)
    np.testing.assert_allclose(values, session.run(None, {"x": x})[0], rtol=1e-6)
    assert rest == [
        [
            [a.name, a.type, a.shape]
            for a in session.get_inputs() + session.get_outputs()
        ],
        meta.graph_name,
        meta.version,
        ["CPUExecutionProvider"],
    ]


WRONG = {
    "an unknown input": "{'x': np.zeros((1, 3), np.float32), 'q': np.zeros(3)}",
    "a missing input": "{}",
    "another type": "{'x': np.zeros((1, 3))}",
    "another rank": "{'x': np.zeros(3, np.float32)}",
    "another length": "{'x': np.zeros((1, 4), np.float32)}",
}
CAUGHT = """
def caught(function, *arguments):
    try:
        function(*arguments)
    except Exception as error:
        return [type(error).__name__, str(error), isinstance(error, ValueError)]
"""


def test_errors_of_wrong_feeds_read_like_those_of_onnxruntime(made: Path):
    space: dict[str, Any] = {"np": np}
    exec(CAUGHT, space)
    session = onnxruntime.InferenceSession(str(made / "en" / "model.onnx"))
    expected = {
        what: space["caught"](session.run, None, eval(feed, space))[:2]
        for what, feed in WRONG.items()
    }
    expected["an unknown output"] = space["caught"](
        session.run, ["q"], {"x": np.zeros((1, 3), np.float32)}
    )[:2]
    feeds = ", ".join(f"{what!r}: {feed}" for what, feed in WRONG.items())
    code = f"{CAUGHT}{SESSION}feeds = {{{feeds}}}\n"
    code += "found = {w: caught(s.run, None, f) for w, f in feeds.items()}\n"
    code += f"found['an unknown output'] = caught(s.run, ['q'], {FEEDS})\n"
    code += "print(json.dumps(found))"
    ours = ask(made / "out", code)
    assert all(is_value_error for *_, is_value_error in ours.values())
    # We name the input, too, whose type is wrong.
    ours["another type"][1] = ours["another type"][1].removesuffix(" for input: x")
    assert {what: error[:2] for what, error in ours.items()} == expected


@pytest.mark.parametrize(
    "model, feeds",
    [
        ("de/model", {"x": np.zeros(3, np.float32), "z": np.zeros(4, np.float32)}),
        ("gather", {"x": np.zeros(3, np.float32), "i": np.array([9])}),
    ],
)
def test_what_a_node_cannot_compute_is_an_error_of_the_same_class(
    made: Path, model: str, feeds: dict[str, Any]
):
    space: dict[str, Any] = {}
    exec(CAUGHT, space)
    session = onnxruntime.InferenceSession(str(made / f"{model}.onnx"))
    name, message, _ = space["caught"](session.run, None, feeds)
    code = f"{CAUGHT}s = ort.InferenceSession('../{model}.onnx')\nfeeds = {{"
    code += "".join(
        f"{k!r}: np.array({v.tolist()}, {v.dtype.name!r})," for k, v in feeds.items()
    )
    code += "}\nprint(json.dumps(caught(s.run, None, feeds)))"
    ours = ask(made / "out", code)
    assert (ours[0], ours[2]) == (name, True)
    start = message.partition("while running")[0]
    assert ours[1].startswith(start) and "Non-zero status code" in start


def test_sessions_can_be_subclassed_and_bound(made: Path):
    code = (
        "class Mine(ort.InferenceSession):\n"
        "    def __init__(self, path):\n"
        "        super().__init__(path, sess_options=ort.SessionOptions())\n"
        "s = Mine('../en/model.onnx')\n"
        "b = s.io_binding()\n"
        f"b.bind_ortvalue_input('x', ort.OrtValue.ortvalue_from_numpy({FEEDS}['x']))\n"
        "b.bind_output('y')\n"
        "s.run_with_iobinding(b)\n"
        "value = b.get_outputs()[0]\n"
        "t = ort.InferenceSession('../whole.onnx')\n"
        "print(json.dumps([isinstance(s, ort.InferenceSession),"
        f" bool(np.array_equal(value.numpy(), s.run([], {FEEDS})[0])),"
        " isinstance(value, ort.OrtValue), isinstance(b, ort.IOBinding),"
        " type(s.get_inputs()[0]) is type(t.get_inputs()[0]) is ort.NodeArg,"
        " s.get_session_options().intra_op_num_threads]))"
    )
    assert ask(made / "out", code) == [True, True, True, True, True, 0]


def test_sessions_limit_threads_as_their_options_say(made: Path):
    code = (
        "o = ort.SessionOptions(); o.intra_op_num_threads = 1\n"
        "s = ort.InferenceSession('../en/model.onnx', o)\n"
        "t = ort.InferenceSession('../en/model.onnx')\n"
        "print(json.dumps([s._compiled_model.threads, t._compiled_model.threads]))"
    )
    assert ask(made / "out", code) == [1, None]


def test_options_that_would_change_weights_are_refused(made: Path):
    code = (
        f"{CAUGHT}o = ort.SessionOptions()\n"
        "print(json.dumps([caught(o.add_initializer, 'w', None)[0],"
        " caught(ort.RunOptions().add_active_adapter, None)[0]]))"
    )
    assert ask(made / "out", code) == ["NotImplemented", "NotImplemented"]


# ---------------------------------------------------------------------- lookup

NAMED = "f = lambda p: ort.InferenceSession(p).get_outputs()[0].name\n"


def test_models_are_found_by_what_is_in_them(made: Path, tmp_path: Path):
    shutil.copy(made / "whole.onnx", tmp_path / "renamed.bin")
    code = "data = open('renamed.bin', 'rb').read()\n"
    code += "from pathlib import Path\n"
    code += (
        NAMED + "print(json.dumps([f('renamed.bin'), f(Path('renamed.bin')), f(data)]))"
    )
    assert ask(made / "out", code, tmp_path) == ["j", "j", "j"]


def test_models_are_found_by_name_where_there_is_no_file(made: Path, tmp_path: Path):
    (tmp_path / "whole.onnx").touch()  # a program may look whether it is there
    code = NAMED + "print(json.dumps([f('whole.onnx'), f('not/there/whole.onnx'),"
    code += " f('x/de/model.onnx'), ort.InferenceSession('en/model.onnx')"
    code += ".get_inputs()[0].shape]))"
    assert ask(made / "out", code, tmp_path) == ["j", "j", "y", ["n", 3]]


def test_unknown_models_are_errors_that_say_which_are_there(made: Path, tmp_path: Path):
    save(OTHER.replace("Add", "Sub"), tmp_path / "whole.onnx")
    (tmp_path / "empty.onnx").touch()
    tried = ["'nowhere.onnx'", "'model.onnx'", "'whole.onnx'", "'empty.onnx'"]
    tried += ["b'xyz'", "'.'", "3"]
    code = f"{CAUGHT}print(json.dumps([caught(ort.InferenceSession, v) for v in"
    code += f" [{', '.join(tried)}]]))"
    found = [error[:2] for error in ask(made / "out", code, tmp_path)]
    kinds = ["NoSuchFile", "NoSuchFile", "Fail", "InvalidArgument"]
    kinds += ["InvalidProtobuf", "InvalidProtobuf", "TypeError"]
    assert [kind for kind, _ in found] == kinds
    for _, message in found[:-1]:
        assert "'en/model.onnx'" in message and "'whole.onnx'" in message
        assert "onnx2py shim" in message
    assert "no model has that name" in found[0][1]
    assert "2 models have that name (add the folder)" in found[1][1]
    assert "no model has SHA-256" in found[2][1]


def test_a_model_given_twice_is_one_by_both_names(tmp_path: Path):
    one, other = save(SMALL, tmp_path / "a.onnx"), tmp_path / "b.onnx"
    shutil.copy(one, other)
    report = onnx2py.compile_shim([one, other, one], tmp_path / "out")
    (model,) = report.models
    assert (model.package, model.files) == ("a", ("a.onnx", "b.onnx"))


def with_external_data(path: Path, values: Any) -> Path:
    """Write a model whose weight lies beside it."""
    array = np.resize(np.float32(values), max(300, len(values)))
    model = onnx.parser.parse_model(
        f"{HEADER}g (float[{array.size}] x) => (float[{array.size}] y)"
        " { y = Add (x, w) }"
    )
    model.graph.initializer.append(onnx.numpy_helper.from_array(array, "w"))
    path.parent.mkdir()
    onnx.save(model, str(path), save_as_external_data=True, location="w.bin",
              size_threshold=0)  # fmt: skip
    return path


def test_models_that_differ_in_the_files_beside_them_are_told_apart(tmp_path: Path):
    one = with_external_data(tmp_path / "a" / "model.onnx", [1])
    other = with_external_data(tmp_path / "b" / "model.onnx", [2])
    third = with_external_data(tmp_path / "c" / "model.onnx", [3])
    assert one.read_bytes() == other.read_bytes() == third.read_bytes()
    onnx2py.compile_shim([one, other], tmp_path / "out")
    (tmp_path / "d").mkdir()
    shutil.copy(one, tmp_path / "d" / "model.onnx")  # without its data
    (tmp_path / "e").mkdir()
    (tmp_path / "e" / "link.onnx").symlink_to(other)
    code = (
        f"{CAUGHT}x = np.zeros(300, np.float32)\n"
        "f = lambda p: ort.InferenceSession(p).run(None, {'x': x})[0].tolist()[0]\n"
        "print(json.dumps([f('a/model.onnx'), f('b/model.onnx'), f('e/link.onnx'),"
        " *(caught(f, p)[1] for p in ('c/model.onnx', 'd/model.onnx')),"
        " caught(f, open('a/model.onnx', 'rb').read())[1]]))"
    )
    *answers, changed, missing, as_bytes = ask(tmp_path / "out", code, tmp_path)
    assert answers == [1, 2, 2]
    assert "its external data differ from those compiled" in changed
    assert "differ only in their external data" in missing
    assert "differ only in their external data" in as_bytes


def test_models_that_cannot_be_told_apart_are_refused(tmp_path: Path):
    values = np.zeros(1 << 20, np.float32)
    one = with_external_data(tmp_path / "a" / "model.onnx", values)
    values[10_000] = 1  # between the pieces that are compared
    other = with_external_data(tmp_path / "b" / "model.onnx", values)
    with pytest.raises(onnx2py.OptionError, match="nearly the same data"):
        onnx2py.compile_shim([one, other], tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "paths, packages, files",
    [
        (["/m/mnist-8.onnx"], ["mnist_8"], ["mnist-8.onnx"]),
        (["/m/ops.onnx", "/m/class.onnx"], ["ops_", "class_"], ["ops.onnx", "class.onnx"]),
        (["/m/tools.onnx"], ["tools_2"], ["tools.onnx"]),
        (["/m/a.onnx", "/m/a.ort"], ["a", "a_2"], ["a.onnx", "a.ort"]),
        (["/a/b/M.onnx", "/a/b/m.onnx"], ["m", "m_2"], ["M.onnx", "m.onnx"]),
        (["/a/M.onnx", "/a/m.onnx", "/b/m.onnx"], ["a_m", "a_m_2", "b_m"],
         ["M.onnx", "a/m.onnx", "b/m.onnx"]),
        (["/a/en/M.onnx", "/a/EN/m.onnx"], ["m", "m_2"], ["M.onnx", "m.onnx"]),
        (["/m/7.onnx", "/m/8.onnx"], ["v7", "v8"], ["7.onnx", "8.onnx"]),
        (["/x/en/m.onnx", "/x/de/m.onnx"], ["en_m", "de_m"], ["en/m.onnx", "de/m.onnx"]),
        (["/a/x/m.onnx", "/b/x/m.onnx"], ["a_x_m", "b_x_m"], ["a/x/m.onnx", "b/x/m.onnx"]),
        (["/m/320n.onnx", "/m/日本.onnx"], ["v320n", "model"], ["320n.onnx", "日本.onnx"]),
    ],
)  # fmt: skip
def test_names_tell_models_apart(
    paths: list[str], packages: list[str], files: list[str]
):
    given = [Path(path) for path in paths]
    assert package_names(given) == packages
    assert file_names([[path] for path in given]) == [(name,) for name in files]


# ---------------------------------------------------------------------- the command


def test_kernels_are_there_once_and_packages_work_alone(made: Path):
    models = made / "out" / "onnxruntime" / "models"
    assert not list(models.glob("*/ops")) and not list(models.glob("*/_checks.py"))
    code = "from onnxruntime.models.whole import Model\n"
    code += "print(json.dumps(Model()(np.array([3])).tolist()))"
    assert ask(made / "out", code) == [-3]
    command = [sys.executable, "-m", "onnxruntime.models.en_model"]
    env = {**os.environ, "PYTHONPATH": str(made / "out")}
    done = subprocess.run(command, env=env, cwd=made / "out", capture_output=True)
    assert b"checksums match" in done.stdout and b"agrees" in done.stdout
    package, model = models / "en_model", made / "en" / "model.onnx"
    assert main(["verify", str(package), str(model), "--per-node"]) == 0


def test_the_wheel_has_a_name_of_its_own(made: Path, tmp_path: Path):
    (wheel,) = made.glob("*.whl")
    assert wheel.name.startswith("onnxruntime_shim-1.0+")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", str(tmp_path), str(wheel)], check=True)
    code = "from importlib.metadata import requires\n"
    code += NAMED + "print(json.dumps([f('whole.onnx'), requires('onnxruntime-shim')]))"
    assert ask(tmp_path, code) == ["j", ["numpy>=1.22"]]
    with zipfile.ZipFile(wheel) as archive:
        assert "onnxruntime/models/ops/__init__.py" in archive.namelist()


def test_it_works_from_an_archive(made: Path):
    (wheel,) = made.glob("*.whl")
    code = f"{NAMED}print(json.dumps([f('whole.onnx'), ort.__file__]))"
    name, file = ask(wheel, code, made)
    assert name == "j" and file.startswith(str(wheel))


@pytest.mark.parametrize("name", ["onnxruntime", "ONNXRuntime", "a b", "-x", ""])
def test_other_names_of_distributions_are_refused(name: str, tmp_path: Path, capsys):
    model = save(WHOLE, tmp_path / "m.onnx")
    out = ["shim", str(tmp_path / "out"), str(model), f"--distribution={name}"]
    assert main(out) == 1
    assert "distribution: expected" in capsys.readouterr().err


def test_problems_of_all_models_are_reported_at_once(tmp_path: Path, capsys):
    good = save(SMALL, tmp_path / "good.onnx")
    bad = [save(BAD, tmp_path / "a.onnx"), save(BAD, tmp_path / "b.onnx")]
    (tmp_path / "c.onnx").write_bytes(b"\xff nothing")
    names = [str(p) for p in (good, *bad, tmp_path / "c.onnx", tmp_path / "d.onnx")]
    assert main(["shim", str(tmp_path / "out"), *names]) == 1
    error = capsys.readouterr().err
    for name in names[1:]:
        assert f"{name}: " in error and f"{name}: {name}" not in error
    assert error.count("Wobble") == 2 and "good.onnx" not in error
    assert not (tmp_path / "out").exists()
    with pytest.raises(onnx2py.ModelErrors) as caught:
        onnx2py.compile_shim(names, tmp_path / "out")
    assert [name for name, _ in caught.value.errors] == names[1:]


def test_a_foreign_folder_stays_as_it_is_unless_forced(tmp_path: Path, capsys):
    model = save(WHOLE, tmp_path / "m.onnx")
    foreign = tmp_path / "onnxruntime" / "mine.py"
    foreign.parent.mkdir()
    foreign.write_text("mine = 1\n")
    assert main(["shim", str(tmp_path), str(model)]) == 1
    assert "expected a package that onnx2py made" in capsys.readouterr().err
    assert list(foreign.parent.iterdir()) == [foreign]
    assert main(["shim", str(tmp_path), str(model), "--force", "-q"]) == 0
    assert foreign.exists() and (foreign.parent / "models" / "m").is_dir()


def test_it_is_written_again_with_other_models(tmp_path: Path):
    one, other = save(WHOLE, tmp_path / "m.onnx"), save(SMALL, tmp_path / "n.onnx")
    folder = tmp_path / "onnxruntime"  # the folder itself may be named
    assert main(["shim", str(folder), str(one), "-q"]) == 0
    assert main(["shim", str(tmp_path), str(other), "-q"]) == 0
    packages = {p.name for p in (folder / "models").iterdir() if p.is_dir()}
    assert packages == {"n", "ops", "tools"}
    assert not (folder / "onnxruntime").exists()


def test_options_of_compiling_apply(tmp_path: Path, capsys):
    operators = tmp_path / "my_ops.py"
    operators.write_text(
        "from onnx2py import implements\n\n\n"
        "@implements('acme::Wobble')\ndef wobble(x):\n"
        '    """Return twice the value."""\n    return x + x\n'
    )
    model = save(BAD, tmp_path / "m.onnx")
    out = [
        "shim",
        str(tmp_path / "out"),
        str(model),
        str(save(SMALL, tmp_path / "s.onnx")),
    ]
    assert main([*out, "--ops", str(operators), "-O0"]) == 0
    assert "2 nodes" in capsys.readouterr().out
    code = "s = ort.InferenceSession('m.onnx')\n"
    code += "print(json.dumps(s.run(None, {'x': np.float32([2])})[0].tolist()))"
    assert ask(tmp_path / "out", code) == [4]
    with pytest.raises(
        onnx2py.OptionError, match="dims: expected an option for several"
    ):
        onnx2py.compile_shim([model], tmp_path / "out", dims={"n": 1})


def test_bytes_are_models_too(tmp_path: Path):
    data = onnx.parser.parse_model(WHOLE).SerializeToString()
    other = onnx.parser.parse_model(SMALL)
    report = onnx2py.compile_shim([data, other], tmp_path / "out")
    assert [model.files for model in report.models] == [(), ()]
    assert len({model.package for model in report.models}) == 2
    (tmp_path / "given").write_bytes(data)
    code = NAMED + "print(json.dumps(f(open('given', 'rb').read())))"
    assert ask(tmp_path / "out", code, tmp_path) == "j"


@pytest.mark.parametrize("models", [[], "one.onnx", b"bytes"])
def test_models_are_a_list(models: Any, tmp_path: Path):
    with pytest.raises(onnx2py.OptionError, match="models: expected"):
        onnx2py.compile_shim(models, tmp_path / "out")


def test_hostile_names_of_files_stay_text(tmp_path: Path):
    name = 'a"""\n\nraise SystemExit(3)  # `|\\.onnx'
    model = save(WHOLE, tmp_path / name)
    onnx2py.compile_shim([model], tmp_path / "out")
    code = f"{NAMED}print(json.dumps([f({name!r}), 'raise' in ort.__doc__]))"
    assert ask(tmp_path / "out", code) == ["j", True]


def test_models_are_not_verified_with_what_they_were_compiled_to(made: Path):
    """Another oracle is asked where the folder hides onnxruntime."""
    package = made / "out" / "onnxruntime" / "models" / "whole"
    code = "from onnx2py import verify_existing\n"
    code += f"found = verify_existing({str(package)!r}, '../whole.onnx')\n"
    code += "print(json.dumps([found.oracle, found.agrees, found.notes]))"
    oracle, agrees, notes = ask(made / "out", code)
    assert (oracle, agrees) == ("onnx's reference evaluator", True)
    assert any("was generated by onnx2py" in note for note in notes)


def test_black_would_change_nothing(made: Path):
    black = [sys.executable, "-m", "black", "--check", "--quiet"]
    assert subprocess.run([*black, str(made / "out")]).returncode == 0


def test_mypy_finds_no_fault(made: Path):
    assert_typed(made / "out", ["onnxruntime"])
