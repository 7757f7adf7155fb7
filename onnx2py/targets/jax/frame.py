"""The files of JAX's packages that have templates."""

from __future__ import annotations

from ...emit.frame import LICENSE, README, Frame

NEEDED = (
    "__init__.py", "__main__.py", "_checks.py", "_weights.py", "model.py", "py.typed", LICENSE,
)  # fmt: skip
TOOLS = (
    README, "tools/__init__.py", "tools/arrays.py", "tools/bench.py", "tools/binding.py",
    "tools/commands.py", "tools/feeds.py", "tools/files.py", "tools/inference.py",
    "tools/profile.py", "tools/records.py", "tools/run.py", "tools/selftest.py",
    "tools/session.py", "tools/watch.py", "tools/where.py",
)  # fmt: skip
VARIABLES = {
    "arrays": True,
    "entry": "forward",
    "functions": ("load_params", "forward"),
    "large": False,
    "numpy_checks": ".arrays",
    "threads": "is ignored:\n        JAX chooses the number of threads.",
}
FRAME = Frame(NEEDED, TOOLS, frozenset(["py.typed"]), "jax/", VARIABLES)
