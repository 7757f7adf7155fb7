"""The tables and pictures of the documentation: speed, operators, excerpts."""
