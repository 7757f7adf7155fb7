"""``Gradient`` of the training domain, differentiated when a model is compiled.

Each ``Gradient`` node becomes the nodes that compute it, by reverse accumulation: ordinary ONNX
operators, which the other passes and rules then treat as if the model had contained them, so
that a gradient can be differentiated again.

``reverse`` walks from the result back to the variables; the rules are in ``elementwise``,
``reduction``, ``moving``, ``product``, ``window`` and ``norm``, one for each operator, written
as mathematics over :class:`~onnx2py.gradient.tape.Value`. An operator without a rule is
differentiated through the function by which ONNX defines it, where there is one.
"""

from .nodes import differentiate

__all__ = ["differentiate"]
