"""Targets as engines: a model is compiled to a package, which runs with arrays."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module, metadata
from importlib.util import find_spec
from typing import Any

import onnx

from ... import __version__
from ...errors import OptionError
from ...load_package import load_model
from ...targets import find_target
from ..case import Feeds, Outputs, Run


class TargetEngine:
    """A target: packages of onnx2py for a library.

    Inputs with a default stay inputs, since cases may have values for them.

    Parameters
    ----------
    target : its name
    name : what reports call it
    options : see :func:`onnx2py.load_model`

    Raises
    ------
    OptionError
        If there is no target of that name, or its library is not installed.
    """

    def __init__(self, target: str, *, name: str = "", **options: Any) -> None:
        self.target, self.name = target, name or target
        self.options = {"overridable": True, **options}
        self.requires = tuple(find_target(target).requires)
        missing = [module for module in self.requires if find_spec(module) is None]
        if missing:
            raise OptionError(
                f"engine {target}: expected {', '.join(missing)} to be installed"
            )

    def prepare(self, model: onnx.ModelProto) -> Run:
        """Compile a model and import its package.

        Raises
        ------
        UnsupportedError
            If it cannot be compiled for the target.
        """
        found = load_model(model, target=self.target, **self.options)
        module = import_module(type(found).__module__)
        call = _of_arrays(found)
        names = {spec.name: spec.python_name for spec in module.INPUTS}

        def run(feeds: Feeds) -> Outputs:
            result = call(**{names[name]: value for name, value in feeds.items()})
            return [result] if len(module.OUTPUTS) == 1 else list(result)

        run.model = found  # type: ignore[attr-defined]  # its package is removed with it
        return run

    def versions(self) -> Mapping[str, str]:
        """Return the versions of onnx2py and of the target's library."""
        found = {"onnx2py": __version__}
        for module in self.requires:
            for name in metadata.packages_distributions().get(module, [])[:1]:
                found[name] = metadata.version(name)
        return found


def _of_arrays(model: Any) -> Any:
    """Return the model, or where that takes other tensors, what calls it with arrays."""
    package = type(model).__module__.rpartition(".")[0]
    if find_spec(f"{package}.tools.arrays") is None:
        return model
    wrapped = import_module(f"{package}.tools.arrays").Model()
    wrapped.module = model
    return wrapped
