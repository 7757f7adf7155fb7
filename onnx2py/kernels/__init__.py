"""NumPy functions, independent of ONNX versions; packages contain their source."""
