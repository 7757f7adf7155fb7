"""Generators of cases, in families as the rules and kernels are."""
