"""Plain NumPy functions that know nothing of ONNX versions; their source goes into packages."""
