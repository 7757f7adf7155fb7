"""The conformance kit: cases for any engine that computes ONNX models.

>>> from onnx2py import testing
>>> results = testing.run("my_backend", suites=["official", "fuzz"])
>>> results.write("conformance.html")

- :func:`engine` makes an engine of a target, of a backend, or of any object with
  ``prepare(model)``; see :mod:`.engines`.
- :func:`run` runs :mod:`.suites` on it; each case has a process with limits (:mod:`.pool`) and gets
  a verdict (:mod:`.judge`).
- :func:`test_cases` returns the cases as functions for pytest.
- :func:`differential` runs one model on several engines and says who disagrees at which value.
- :mod:`.fuzz` draws nodes, :mod:`.graphs` graphs.

The extra ``onnx2py[testing]`` installs what the suites need.
"""

from .case import Case, Label, NoAnswerError, Run
from .case import RefusedError as Refused
from .differential import Differential, Disagreement, differential
from .engines import Engine, engine
from .judge import Outcome, judge
from .pool import Limits
from .results import Expected, Results, read_expected, read_results
from .running import run, test_cases
from .suites import Selection, Suite, find_suite, suite_names
from .tolerance import Tolerance, difference

__all__ = [
    "Case",
    "Differential",
    "Disagreement",
    "Engine",
    "Expected",
    "Label",
    "Limits",
    "NoAnswerError",
    "Outcome",
    "Refused",
    "Results",
    "Run",
    "Selection",
    "Suite",
    "Tolerance",
    "difference",
    "differential",
    "engine",
    "find_suite",
    "judge",
    "read_expected",
    "read_results",
    "run",
    "suite_names",
    "test_cases",
]
