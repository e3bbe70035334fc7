"""What is left out of scripts is what nothing but a reader of the source needs."""

import json
import shutil
import subprocess

import pytest

from stepsize.explorer.assembly import MODULES, bundled, generated
from stepsize.explorer.minifying import minified_script, minified_style
from tests import ROOT
from tests.stepsize.explorer.harness import library

PAGE = ROOT / "stepsize" / "explorer" / "page"
ACORN = ROOT / "tools" / "explorer" / "node_modules" / "acorn"

TRICKY = r"""
const a = "// no comment", b = '/* none */', c = "say \"a  +  b\"";
const d = `a  ${ f( `in  ${ g  +  1 }` ) }  // } \` end`;  // a comment with "quotes' and `ticks
const e = x / y / z, f = /[/"'`]  \/ +/g.test(s), h = (a + b) / 2;   /* over
two lines */ const i = + +j - -k - --l + ++m;
const n = 1 .toFixed(), o = 1.5, p = typeof /x/, q = { r: 2, [`s`]: 3 }[`s`] / 4;
function u() {
  return /re  gex/;
}
const v = w
  ? in_a in b
  : new Map;
let y1 = i
++a
"""


def tokens(scripts):
    """Return what a parser of JavaScript reads in scripts: every token, and the tree."""
    reader = f"""
    const acorn = require({str(ACORN)!r}), scripts = JSON.parse(require("fs").readFileSync(0, "utf8"));
    const kind = {{ ecmaVersion: "latest", sourceType: "module" }};
    const read = (text) => [...acorn.tokenizer(text, kind)].map((t) => text.slice(t.start, t.end));
    const parsed = (text) => JSON.stringify(acorn.parse(text, kind), (key, value) =>
      (["start", "end"].includes(key) ? undefined : typeof value === "bigint" ? `${{value}}n` : value));
    process.stdout.write(JSON.stringify(scripts.map((text) => [read(text), parsed(text)])));
    """
    done = subprocess.run(
        ["node", "-e", reader], input=json.dumps(scripts), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.skipif(shutil.which("node") is None or not ACORN.is_dir(), reason="Acorn is not installed")
def test_a_parser_reads_the_same_program():
    texts = [path.read_text() for path in sorted(PAGE.glob("*.js"))]
    texts += [TRICKY, bundled({n: (PAGE / n).read_text() for n in MODULES}, generated(library()))]
    short = [minified_script(text) for text in texts]
    for text, before, after in zip(texts, tokens(texts), tokens(short), strict=True):
        assert before == after, text[:80]
    assert sum(map(len, short)) < 0.92 * sum(map(len, texts))


def test_templates_and_expressions_stay_as_they_are():
    for text in ("`a  b`", "`${ `x  ${ y }` }  z`", "a = /x  y/", '"a  //  b"', "f(/[/]  /)"):
        assert text.replace(" = ", "=") == minified_script(text)
    assert minified_script("a  /  b  /  c") == "a/b/c"
    assert minified_script("a = b\n++c") == "a=b\n++c"
    with pytest.raises(ValueError, match="template that does not end"):
        minified_script("`${ a")


def test_a_style_keeps_its_selectors_and_values():
    text = 'a :hover, b > c { font: 15px/1.4 "Segoe UI", x; margin: 0 0 -1px; }\n'
    text += "@media (min-width: 9px) {\n  a { b: c; }\n}"
    expected = 'a :hover, b > c{font:15px/1.4 "Segoe UI", x;margin:0 0 -1px}@media (min-width: 9px){a{b:c}}'
    assert minified_style(text) == expected
