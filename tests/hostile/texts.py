"""Strings that try to get out of where they are put."""

from __future__ import annotations

import keyword

LINE_ENDS = [
    "\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"
]  # fmt: skip

HOSTILE = [
    *(f"a{end}import os{end}" for end in LINE_ENDS),
    "'", '"', '"""', "'''", "\\", "\\\\", '\\"""', "\\'", "a\\", "\\N{BULLET}", "\\x", "\\u12",
    "\\0",
    '""" + __import__("os").system("true") + """', "'); __import__('os').system('true') #",
    "\0", "a\0b", "\x1b[2J\x1b]0;title\x07", "\x9b31m", "\b\b\b", "\x7f", "\ufeff", "\ufffe",
    "\u202eabc\u202c", "\u2066\u2067\u2068\u2069", "\u200e\u200f\u061c", "\u200b\u200d",
    "\U000e0041", "{{ 7*7 }}", "{% raw %}", "{# x #}", "{% endraw %}{{ self }}", "{0}", "{x!r}",
    "{", "}}", "%s", "%(x)s", "$x", "${x}", "`rm -rf`", "``", "*/", "<!--", "-->",
    "<script>alert(1)</script>", "</title></svg></style><img src=x onerror=alert(1)>",
    "&lt;&#x0;", "]]>", '" onload="x', "| a | b |", "# heading", "[a](javascript:x)",
    "![a](http://example.com)", "---", "    code",
    "# fmt: off", "fmt: skip", "# type: ignore", "noqa", "-*- coding: utf-7 -*-",
    *("class", "def", "None", "True", "lambda", "async", "match", "case", "type", "_"),
    *("print", "dict", "list", "float", "Any", "NamedTuple", "Optional", "Annotated", "NDArray"),
    *("self", "np", "ops", "load", "path", "partial", "weights", "WEIGHTS", "INPUTS", "OUTPUTS"),
    *("Model", "Outputs", "TensorSpec", "File", "quiet", "check_input", "as_array", "dims"),
    *("threads", "limited", "thread_limit"),
    *("__class__", "__init__", "__call__", "__import__", "__reduce__", "__debug__", "__name__"),
    *("count", "index", "_fields", "_replace", "_asdict", "going", "iteration", "keep_memory"),
    "reuse_memory",
    *("../../etc/passwd", "/etc/passwd", "a/../b", "C:\\windows", "a/", ".", "..", "~", "//host/x"),
    *("con", "NUL", "aux.txt", "com1", "LPT9", "prn.", "x.", "x ", " x", "a:b"),
    *("0", "1e5", "0x", "-", "--force", "a b", "a-b", "a.b", "ñ漢字", "ﬁ", "ａｂｃ", "K", "ſelf"),
    "𝐬𝐞𝐥𝐟", "a\u0301", "á", "\u0660", "a" * 10_000, "_" * 300, "é" * 300, "", " ", "\t",
    "Add", "Relu", ": ", "a: Relu", ";2", "x;2", "_output_0", ":0", "/", "//", ",", "NaN", "inf",
    *(word for word in keyword.softkwlist if word not in ("_", "case", "match", "type")),
]  # fmt: skip

COLLIDING = [
    ["a b", "a_b", "a-b", "a.b", "A_B", "aB", "a__b", "_a_b_", "a/b", "ab"],
    ["ﬁ", "fi", "FI", "ｆｉ", "fi_2", "fi_3", "fi_2_", "Fi", "fI", "f_i"],
    ["x", "X", "x;2", "x;3", "x_2", "X_2", "x:0", "x_output_0", "ｘ", "x "],
    ["self", "Self", "self_", "self_2", "SELF", "𝐬𝐞𝐥𝐟", "self__", "np", "np_", "NP"],
    ["", "-", "+", "漢", "字", "💥", "\n", "\r", "0", "_"],
    ["con", "CON", "con_", "nul", "NUL.", "aux ", "COM1", "com¹", "lpt1", "prn"],
    ["a" * 300, "a" * 301, "A" * 300, "b" + "a" * 299, "a" * 255, "a" * 256, "a" * 60, "a" * 61],
    [text for text in HOSTILE if text],
]  # fmt: skip
