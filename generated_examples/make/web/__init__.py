"""A page where one draws a digit and a generated package reads it: ``make demo-web``."""
