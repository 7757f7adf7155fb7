"""What the compiler knows of each operator and of each function that a package may call.

One row for each; what reads a fact, asks for it here.

- :mod:`.operators`: ONNX's operators, by domain and name. A new operator gets a row in
  ``onnx_operators.py``, ``microsoft_operators.py`` or ``other_operators.py``, in alphabetical
  order. :class:`.operator.Operator` says what each field means.
- :mod:`.kernels`: kernels, NumPy's functions and methods of its arrays. A new kernel gets a row in
  ``tensor_kernels.py``, ``network_kernels.py``, ``quantized_kernels.py`` or
  ``learning_kernels.py``, a NumPy function in ``numpy_functions.py``, in alphabetical order.
  Most rows are ``NEW``: results are new arrays, and there are no matrix products.
  :class:`.kernel.Kernel` says what each field means; ``costs.py`` has the formulas of products.

A fact that is left out is one that does not hold, or that nothing relies on: ``Operator()`` and
``Kernel()`` are safe rows. The rows of kernels are not in the kernels' files, since packages
contain these word for word.

Rows are no rules: what computes, derives or rewrites something is a function, and stands where it
is applied. The tests of this package fail for an operator with a lowering rule that has no row,
for a function that a rule can call and that has no row, and for rows that are not true of the
cases of ONNX's test suite and of the fuzzer.
"""
