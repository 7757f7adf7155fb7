"""Derivatives of nodes, in float64, against differences of what they are the derivatives of."""
