"""The two intermediate representations: ONNX graphs, and programs of kernel calls."""
