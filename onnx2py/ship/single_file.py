"""A package as one readable ``.py`` file, with the weights as text at its end."""

from __future__ import annotations

import ast
import base64
from collections.abc import Iterable
from pathlib import Path

from ..emit.frame import LICENSE
from ..emit.layout import format_source
from ..emit.provenance import package_version
from ..emit.text import comment
from ..errors import OutputError
from .archive import Contents
from .merge import Merged, Module, in_order, merged

LIMIT = 4 << 20
"""Maximum size of weights in bytes; as text they take 25% more."""

_FILES_ONLY = ("read_array", "archived")
"""Functions that read files next to the module, which do not exist here."""

HELPERS = ("_checks", "_weights", "_calls", "_threads")
"""The modules that the model imports, each after those that it imports itself."""
SESSION = ("feeds", "inference", "binding", "session")
"""The same for ``InferenceSession``, in ``tools/``."""

_READ = '''

def read_array(file: File) -> NDArray[Any]:
    """Return a weight: one that is in this file, or another folder's."""
    folder, name = os.path.split(file)
    if folder != WEIGHTS:
        return np.asarray(np.load(file, allow_pickle=False))
    data = base64.b85decode("".join(EMBEDDED[name.removesuffix(".npy")].split()))
    return np.asarray(np.load(BytesIO(data), allow_pickle=False))
'''

_END = """

if __name__ == "__main__":
    print(__doc__)
    for spec in (*INPUTS, *OUTPUTS):
        print(repr(spec)[1:-1])
"""


def check_weights(size: int, path: Path) -> None:
    """Check that weights are small enough to be stored as text.

    Raises
    ------
    OutputError
        If they are too large.
    """
    if size > LIMIT:
        raise OutputError(
            f"{path}: expected at most {LIMIT >> 20} MB of weights in a single file, "
            f"got {size / 2**20:.1f} MB; --zipapp has no limit"
        )


def write_single_file(path: Path, contents: Contents) -> None:
    """Write the file."""
    weights = {
        Path(name).stem: file
        for name, file in contents.files.items()
        if name.startswith("weights/") and name.endswith(".npy")
    }
    check_weights(sum(file.stat().st_size for file in weights.values()), path)
    path.write_text(_source(contents, weights), encoding="utf-8")


def _source(contents: Contents, weights: dict[str, Path]) -> str:
    def module(name: str) -> Module:
        text = contents.files[f"{name.replace('.', '/')}.py"].read_text("utf-8")
        return Module(name, _without_files(text) if name == "_weights" else text)

    names = [
        f"ops.{Path(name).stem}"
        for name in contents.files
        if name.startswith("ops/") and name != "ops/__init__.py"
    ]
    has_tools = "tools/session.py" in contents.files
    operators = in_order({name: module(name) for name in names})
    helpers = [module(name) for name in HELPERS]
    model = module("model")
    tools = [module(f"tools.{name}") for name in SESSION if has_tools]
    calls = [*operators, model] if _reads_operators(model) else [model, *operators]
    whole = merged([*helpers, *calls, *tools], "ops")
    exported = list(module("ops.__init__").neighbors) if names else []
    sections = dict(whole.sections)
    if operators:
        sections[operators[-1].name] += _namespace(exported, whole)
    version = f'\n__version__ = "{package_version(contents.sha256)}"\n'
    imports = "\n".join(whole.imports)
    head = (
        f"{_docstring(model)}\n\n{_license(contents)}\n"
        f"from __future__ import annotations\n\nimport base64\n{imports}\n{version}"
    )
    parts = [head, *sections.values(), f"{_embedded(weights)}{_END}"]
    # Part by part: most sections of operators are those of other files.
    file = f"{contents.name}.py"
    laid_out = [format_source(file, part.strip("\n")) for part in parts]
    return format_source(file, "\n\n".join(laid_out), laid_out=True)


def _reads_operators(model: Module) -> bool:
    """Return whether the model reads operators when it is imported, as choices of kernels do."""
    values = (
        s.value for s in model.tree.body if isinstance(s, (ast.Assign, ast.AnnAssign))
    )
    names = (part for value in values if value for part in ast.walk(value))
    return any(isinstance(part, ast.Name) and part.id == "ops" for part in names)


def _license(contents: Contents) -> str:
    """Return the text of the license as a comment."""
    lines = contents.files[LICENSE].read_text("utf-8").splitlines()
    return "".join(f"# {comment(line)}".rstrip() + "\n" for line in lines)


def _namespace(exported: Iterable[tuple[str, str, str]], whole: Merged) -> str:
    """Return the class through which the model calls the operators, "" without any."""
    lines = [
        f"    {bound} = staticmethod({whole.names[source, name]})\n"
        for bound, name, source in exported
    ]
    about = '"""The operators of this graph that NumPy lacks."""'
    return "".join([f"\n\nclass ops:\n    {about}\n\n", *lines]) if lines else ""


def _docstring(module: Module) -> str:
    """Return a docstring as the source spells it: with the quotes of a model's text escaped."""
    return ast.get_source_segment(module.source, module.tree.body[0]) or ""


def _without_files(source: str) -> str:
    """Let the module read weights from the file's own text."""
    lines = source.split("\n")
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.FunctionDef) and statement.name in _FILES_ONLY:
            assert statement.end_lineno is not None
            for row in range(statement.lineno - 1, statement.end_lineno):
                lines[row] = ""
    return "\n".join(lines) + _READ


def _embedded(weights: dict[str, Path]) -> str:
    rows = []
    for name, file in sorted(weights.items()):
        text = base64.b85encode(file.read_bytes()).decode()
        parts = "\n".join(text[i : i + 96] for i in range(0, len(text), 96))
        rows.append(f'    "{name}": """\n{parts}\n""",\n')
    heading = "\n\n# " + "-" * 70 + "\n# The weights: .npy files in base 85.\n\n"
    return f"{heading}EMBEDDED: dict[str, str] = {{\n{''.join(rows)}}}\n"
