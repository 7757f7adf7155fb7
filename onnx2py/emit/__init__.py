"""Program -> files of a package: templates for the frame, source for the calls and kernels."""
