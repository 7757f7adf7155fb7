"""Which rule lowers which operator: ``@lowers("Softmax", since=13)``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import lru_cache

from ..errors import InternalError
from ..ir.program import Operation
from .context import NodeContext

Rule = Callable[[NodeContext], Operation]

_RULES: dict[tuple[str, str], dict[int, Rule]] = {}
_HELPERS = {"registry", "context", "lower", "evaluate"}


def lowers(
    operator: str, *, since: int = 1, domain: str = ""
) -> Callable[[Rule], Rule]:
    """Register the decorated rule for ``operator`` from opset version ``since`` on.

    The rule with the greatest ``since`` that is not above the model's opset is taken.

    Raises
    ------
    InternalError
        If that version of the operator has a rule already.
    """

    def register(rule: Rule) -> Rule:
        versions = _RULES.setdefault((domain, operator), {})
        if since in versions:
            raise InternalError(f"{domain}.{operator}, since {since}: registered twice")
        versions[since] = rule
        return rule

    return register


def find_rule(domain: str, operator: str, version: int) -> Rule | None:
    """Return the rule for an operator at an opset version, or None."""
    _load_rules()
    versions = _RULES.get((domain, operator), {})
    since = max((v for v in versions if v <= version), default=None)
    return None if since is None else versions[since]


def has_rule(domain: str, operator: str, version: int) -> bool:
    """Whether there is a rule for an operator at an opset version."""
    return find_rule(domain, operator, version) is not None


class Rules:
    """The rules of onnx2py, after those of users: these are asked first."""

    def __init__(
        self, custom: Mapping[tuple[str, str], Mapping[int, Rule]] | None = None
    ) -> None:
        self.custom = custom or {}

    def find(self, domain: str, operator: str, version: int) -> Rule | None:
        """Return the rule for an operator at an opset version, or None."""
        versions = self.custom.get((domain, operator), {})
        since = max((v for v in versions if v <= version), default=None)
        if since is not None:
            return versions[since]
        return find_rule(domain, operator, version)

    def has(self, domain: str, operator: str, version: int) -> bool:
        """Whether there is a rule for an operator at an opset version."""
        return self.find(domain, operator, version) is not None


def rules() -> dict[tuple[str, str], tuple[int, ...]]:
    """Return the versions that have a rule, for each (domain, operator)."""
    _load_rules()
    return {key: tuple(sorted(versions)) for key, versions in sorted(_RULES.items())}


@lru_cache(maxsize=None)
def _load_rules() -> None:
    """Import every module of this package: the decorators do the rest."""
    package = importlib.import_module(__package__)
    for module in pkgutil.iter_modules(package.__path__):
        if module.name not in _HELPERS:
            importlib.import_module(f"{__package__}.{module.name}")
