"""Scripts and styles without what only a reader of their source needs: comments, indentation, spaces.

Lines stay lines but after an opening mark, and strings, templates and regular expressions stay as they are,
so that the page can still be read, and a line that ends a statement without a semicolon goes on doing so.
"""

import re
from collections.abc import Iterator

__all__ = ["minified_script", "minified_style", "tokens_of"]

_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
    |(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    |(?P<line>[ \t]*\n\s*)
    |(?P<space>[ \t]+)
    |(?P<word>[\w$]+)
    |(?P<mark>.)""",
    re.VERBOSE | re.DOTALL,
)
_REGEX = re.compile(r"/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/\w*")
# After these a slash begins a regular expression, as it does after any mark but a closing one.
_BEFORE_REGEX = frozenset(["return", "typeof", "case", "in", "of", "do", "else", "void", "delete", "await"])


def minified_script(text: str) -> str:
    r"""Return JavaScript without comments, indentation and the spaces between marks.

    Examples
    --------
    >>> minified_script('const a = b + +c; // why\n  f("a  b", /x y/, `${ a }  b`);')
    'const a=b+ +c;\nf("a  b",/x y/,`${ a }  b`);'
    """
    parts: list[str] = []
    gap = ""
    for kind, token in tokens_of(text):
        if kind == "comment":
            gap = gap or " "
        elif kind in ("space", "line"):
            gap = "\n" if kind == "line" or gap == "\n" else " "
        else:
            before = parts[-1][-1] if parts else ""
            if (gap == "\n" and before not in "{,([") or (gap and _must_stay_apart(before, token[0])):
                parts.append(gap)
            parts.append(token)
            gap = ""
    return "".join(parts).strip()


def _must_stay_apart(before: str, after: str) -> bool:
    both_words = bool(before) and all(c.isalnum() or c in "_$" for c in (before, after))
    return both_words or (before == after and before in "+-/") or (before.isdigit() and after == ".")


def tokens_of(text: str) -> Iterator[tuple[str, str]]:
    """Yield kind and text of every token; a template is one token, whatever is inside."""
    at, last = 0, ""
    while at < len(text):
        found = _REGEX.match(text, at) if _begins_expression(last) and text[at : at + 2] != "/*" else None
        if found:
            kind, token = "regex", found[0]
        elif text[at] == "`":
            kind, token = "template", text[at : _end_of_template(text, at)]
        else:
            match = _TOKEN.match(text, at)
            assert match is not None  # any character is a mark
            kind, token = str(match.lastgroup), match[0]
        yield kind, token
        if kind not in ("space", "line", "comment"):
            last = token
        at += len(token)


def _begins_expression(last: str) -> bool:
    return last in ("", *_BEFORE_REGEX) or not re.match(r"""[\w$)\]}"'`]""", last[-1])


def _end_of_template(text: str, at: int) -> int:
    """Return where a template that begins at a place ends, with the code in it."""
    at += 1
    while text[at] != "`":
        if text[at] == "\\":
            at += 2
        elif text.startswith("${", at):
            at = _end_of_code(text, at + 2)
        else:
            at += 1
    return at + 1


def _end_of_code(text: str, at: int) -> int:
    depth, start = 1, at
    for _, token in tokens_of(text[at:]):
        at += len(token)
        depth += {"{": 1, "}": -1}.get(token, 0)
        if depth == 0:
            return at
    raise ValueError(f"script: got a template that does not end, from {text[start : start + 30]!r}")


def minified_style(text: str) -> str:
    r"""Return CSS without comments, indentation and the spaces around braces and semicolons.

    Examples
    --------
    >>> minified_style("a { /* b */\n  color: red;\n}\n")
    'a{color:red}'
    """
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\s*([{};])\s*", r"\1", re.sub(r"(?<=[\w-]): +(?=[^{}]*[;}])", ":", text))
    return text.replace(";}", "}").strip()
