"""The built site: whole, of itself alone, its links lead somewhere, and it opens in a browser from the disk.

``STEPSIZE_SITE`` names a site that is built already; otherwise it is built here, which takes minutes.
"""

import html
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import stepsize as ss
from stepsize import gallery
from tests import ROOT
from tools.docs.guides import titles
from tools.docs.reference import groups

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("sphinx") is None and "STEPSIZE_SITE" not in os.environ,
    reason="Sphinx, which builds the site, is an optional extra: pip install '.[docs]'",
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
TOOLS = ROOT / "tools" / "explorer" / "node_modules" / "playwright-core"
SCRIPT = Path(__file__).with_name("open_pages.mjs")
# Attributes by which a page loads something, and is not merely linked.
LOADING = {"src", "srcset", "data", "poster", "background", "action", "formaction", "xlink:href"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site."""
    if "STEPSIZE_SITE" in os.environ:
        return ROOT / os.environ["STEPSIZE_SITE"]
    out = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "tools.docs", "--out", out], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return out


class Links(HTMLParser):
    """What a page loads, what it links to, and what can be linked to in it."""

    def __init__(self):
        super().__init__()
        self.loads, self.links, self.ids = [], [], set()

    def handle_starttag(self, tag, attributes):
        found = {name: value or "" for name, value in attributes}
        self.ids.update(found[name] for name in ("id", "name") if name in found)
        self.loads += [found[name] for name in LOADING & {*found}]
        if "href" in found:
            (self.links if tag == "a" else self.loads).append(found["href"])


def read(text):
    links = Links()
    links.feed(text)
    return links


@pytest.fixture(scope="module")
def pages(site):
    """Every page by its path, parsed."""
    return {path: read(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}


def is_outside(address):
    return bool(urlsplit(address).netloc) or urlsplit(address).scheme in ("http", "https", "ftp")


def test_nothing_is_loaded_from_elsewhere(pages, site):
    for path, page in pages.items():
        assert [address for address in page.loads if is_outside(address)] == [], path.relative_to(site)


def test_no_style_and_no_script_loads_from_elsewhere(site):
    """In style sheets, in scripts, and in the styles and scripts of pages."""
    asks = re.compile(
        r"""(?:url\(\s*['"]?|@import\s+['"]|import\s*\(?\s*['"]|from\s+['"]|fetch\(\s*['"]|\.src\s*=\s*['"])"""
        r"""(?:https?:)?//[^'")\s]+"""
    )
    for path in [*site.rglob("*.css"), *site.rglob("*.js"), *site.rglob("*.html")]:
        assert asks.findall(path.read_text(encoding="utf-8")) == [], path.relative_to(site)


def test_a_resource_from_elsewhere_would_be_found():
    page = read(
        '<link rel="stylesheet" href="https://a.org/x.css"><script src="//b.org/y.js"></script><a href="https://c.org">c</a>'
    )
    assert [address for address in page.loads if is_outside(address)] == [
        "https://a.org/x.css",
        "//b.org/y.js",
    ]


def test_every_internal_link_resolves(pages, site):
    broken = []
    for path, page in pages.items():
        for address in {*page.links, *page.loads}:
            parts = urlsplit(html.unescape(address))
            if is_outside(address) or parts.scheme in ("data", "mailto", "javascript"):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            if not target.is_file() or (
                anchor
                and target in pages
                and target.name != "explorer.html"
                and anchor not in pages[target].ids
            ):
                broken.append((str(path.relative_to(site)), address))
    assert broken == []


def test_every_public_name_has_an_entry(pages):
    ids = {found for page in pages.values() for found in page.ids}
    modules = {"dialects", "draw", "explorer"}
    missing = [name for name in {*ss.__all__} - modules if f"stepsize.{name}" not in ids]
    assert missing == []


def test_every_figure_stands_with_picture_numbers_and_code(site):
    for entry in gallery.catalogue().values():
        text = (site / "gallery" / f"{entry.name}.html").read_text(encoding="utf-8")
        assert f"{entry.name}.png" in text
        assert f"stepsize gallery {entry.name}" in html.unescape(re.sub(r"<[^>]*>", "", text))
        assert all(word in text for word in ("Its numbers", "The code that draws it")), entry.name
        assert re.search(r"<p>(printed|theorem|computed|from memory)</p>", text), entry.name


def test_formulas_are_mathml(site):
    for page in ("reference/optimizers/adam.html", "reference/schedules/cosine.html"):
        text = (site / page).read_text(encoding="utf-8")
        assert '<math xmlns="http://www.w3.org/1998/Math/MathML"' in text
        assert not re.search(r"\\(frac|eta|beta|sqrt|left)\b", re.sub(r"(?s)<pre.*?</pre>", "", text)), page


def test_rules_and_problems_have_a_live_explorer(site):
    with_rules = [g for g in groups() if g.title in ("Optimizers", "Problems")]
    for group in with_rules:
        framed = [
            page.slug
            for page in group.pages
            if "explorer.html#p=" in (site / "reference" / group.slug / f"{page.slug}.html").read_text()
        ]
        assert len(framed) >= 0.4 * len(group.pages), group.title
    assert "explorer.html#p=Quadratic" in (site / "index.html").read_text()


# What a fresh reader looks for, the page that the front page sends them to, and the words that answer.
QUESTIONS = {
    "guides/your-own.html": ("own function", ["Problem.of", "race"]),
    "guides/verdicts.html": ("settled, ringing", ["a tenth of the updates until then went uphill"]),
    "guides/dialects.html": ("Keras", ["keras.Adam()", "added before the correction"]),
    "guides/testing.html": ("test a rule", ["check_optimizer"]),
    "gallery/index.html": ("12.3", ["stepsize gallery d2l-12.3"]),
}


@pytest.mark.parametrize("page", QUESTIONS)
def test_the_front_page_leads_to_the_answer(page, pages, site):
    words, answers = QUESTIONS[page]
    front = site / "index.html"
    assert page in {link.partition("#")[0] for link in pages[front].links}
    assert words in html.unescape(re.sub(r"<[^>]*>", "", front.read_text(encoding="utf-8")))
    text = html.unescape(re.sub(r"<[^>]*>", "", (site / page).read_text(encoding="utf-8")))
    assert [answer for answer in answers if answer not in text] == []


def test_the_page_on_citing_shows_the_entry_and_the_file(site):
    text = html.unescape(re.sub(r"<[^>]*>", "", (site / "cite.html").read_text(encoding="utf-8")))
    assert "The same as CITATION.cff, which" in text
    assert (text.count("@software{stepsize,"), text.count("cff-version:")) == (1, 1)


def test_every_guide_is_there(site):
    assert {path.stem for path in (site / "guides").glob("*.html")} == {*titles()}


def test_the_site_is_of_a_reasonable_size(site):
    files = [path for path in site.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 80e6
    assert (site / "index.html").stat().st_size < 200e3


def test_it_opens_from_the_disk_in_a_browser(site):
    """No request fails, none leaves the disk, nothing scrolls sideways; frames and search are alive."""
    if shutil.which("node") is None or CHROMIUM is None:
        pytest.skip("Node or Chromium is not installed")
    if not TOOLS.is_dir():
        pytest.skip("npm ci was not run in tools/explorer")
    kinds = [
        *("index.html", "cite.html", "search.html?q=ringing", "genindex.html"),
        *("guides/your-own.html", "guides/verdicts.html", "guides/dialects.html", "guides/glossary.html"),
        *("reference/index.html", "reference/optimizers/adam.html", "reference/problems/valleys.html"),
        *("gallery/index.html", "gallery/d2l-12.3-three-rates.html"),
        *("course/index.html", "course/02-rates.html", "course-files/02-rates-slides.html"),
        *("_modules/optim/rules/adam.html",),
    ]
    given = {"site": str(site), "chromium": CHROMIUM, "pages": kinds, "widths": [1920, 1280, 390]}
    done = subprocess.run(
        ["node", SCRIPT], input=json.dumps(given), capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert told["failed"] == []
    assert [
        address for address in told["requests"] if not address.startswith(("file:", "data:", "blob:"))
    ] == []
    assert told["errors"] == []
    assert [look for look in told["looks"] if look["sideways"] > 1] == []
    assert told["explorer"] == {"index.html": "Quadratic", "reference/problems/valleys.html": "DixonPrice"}
    assert any("verdicts" in address for address in told["found"])
