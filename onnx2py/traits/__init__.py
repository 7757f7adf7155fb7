"""What the compiler knows of each operator and of each function that a package may call.

One row for each; what reads a fact, asks for it here.

- :mod:`.operators`: ONNX's operators, by domain and name. A new operator gets a row in
  ``onnx_operators.py``, ``microsoft_operators.py`` or ``other_operators.py``, in alphabetical
  order; :class:`.operators.Operator` says what each field means. A fact that is left out is one
  that does not hold, or that nothing relies on.

Rows are no rules: what computes, derives or rewrites something is a function, and stands where it
is applied. The tests of this package fail for an operator with a lowering rule that has no row.
"""
