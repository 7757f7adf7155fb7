"""The registry: which operators have a rule, in all their versions."""

import onnx
import pytest

from onnx2py.errors import InternalError
from onnx2py.lowering.registry import find_rule, lowers, rules


def defined():
    """Every (domain, operator, version) that the installed onnx knows."""
    schemas = onnx.defs.get_all_schemas_with_history()
    return {(schema.domain, schema.name, schema.since_version) for schema in schemas}


def test_every_operator_has_a_rule_in_every_version():
    without = {key for key in defined() if find_rule(*key) is None}
    assert without == set()


def test_rules_start_at_versions_that_exist():
    """A rule from a version without a change is a misprint; 1 stands for the first one."""
    known = defined()
    operators = {(domain, operator) for domain, operator, _ in known}
    unknown = {
        (*key, since)
        for key, versions in rules().items()
        for since in versions
        if key in operators and since > 1 and (*key, since) not in known
    }
    assert unknown == set()


def test_the_newest_rule_that_is_not_too_new_is_taken():
    softmax = [find_rule("", "Softmax", version) for version in (1, 12, 13, 99)]
    assert softmax[0] is softmax[1]
    assert softmax[1] is not softmax[2]
    assert softmax[2] is softmax[3]


def test_unknown_operators_have_no_rule():
    assert find_rule("", "Fourier", 13) is None
    assert find_rule("com.example", "Relu", 13) is None


def test_a_second_rule_for_a_version_is_a_bug():
    with pytest.raises(InternalError, match="Relu, since 1: registered twice"):
        lowers("Relu")(lambda node: None)
