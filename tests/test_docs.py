"""What the pages under docs show is what happens: their Python blocks and their commands run as printed."""

import json
import re
import shlex

import pytest

import stepsize as ss
from benchmarks.tables import COMPILED, RESULTS, TITLES, pages
from optim.engines.compiled.llvm import is_installed
from optim.testing.mistakes.classic import mistakes_of
from optim.testing.mistakes.drivers import slips_of
from stepsize.cli.main import main
from tests import ROOT
from tools import package_map

PAGES = sorted((ROOT / "docs").glob("*.md"))
BLOCKS = {
    page.stem: re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.S)
    for page in PAGES
}
COMMANDS = [
    pytest.param(command, id=f"{page.stem}-{i}")
    for page in PAGES
    for i, command in enumerate(
        re.findall(r"^    stepsize (.*)$", page.read_text(encoding="utf-8"), flags=re.M)
    )
]
LINKS = [
    pytest.param(page, link, id=f"{page.stem}-{link}")
    for page in PAGES
    for link in sorted({*re.findall(r"\]\(([^):#]+)\)", page.read_text(encoding="utf-8"))})
]


def blocks_of(page):
    """Run the Python blocks of a page in order, and return the names that they leave."""
    names = {"__name__": "page"}
    for block in BLOCKS[page]:
        exec(block, names)
    return names


@pytest.mark.parametrize("page", [page for page, blocks in BLOCKS.items() if blocks])
def test_the_python_runs_in_order(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks_of(page)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_work(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rows = re.search(r'file\.write\("(area.*)"\)', "".join(BLOCKS["your-own"]))
    (tmp_path / "flats.csv").write_text(rows[1].replace("\\n", "\n"), encoding="utf-8")
    assert main(shlex.split(command)) == 0
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize(("page", "link"), LINKS)
def test_a_link_leads_somewhere(page, link):
    assert (page.parent / link).exists()


def test_the_pages_have_something_to_run():
    assert sum(map(len, BLOCKS.values())) >= 10
    assert len(COMMANDS) >= 10


def test_the_speed_is_what_was_measured():
    """If this fails: python -m benchmarks.tables."""
    for path, text in pages().items():
        assert text == path.read_text(encoding="utf-8"), path.name
    measured = [json.loads(file.read_text(encoding="utf-8"))["regimes"] for file in (RESULTS, COMPILED)]
    assert sorted([*measured[0], *measured[1]]) == sorted(TITLES)


def test_what_the_page_on_engines_prints_is_what_comes(capsys):
    if not is_installed():
        pytest.skip("llvmlite is not installed")
    blocks_of("performance")
    shown = re.findall(r"^# (.*)$", "".join(BLOCKS["performance"]), flags=re.M)
    assert " ".join(capsys.readouterr().out.split()) == " ".join(" ".join(shown).split())


def test_the_message_of_the_kit_is_the_printed_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    with pytest.raises(AssertionError) as caught:
        blocks_of("testing")["test_my_adam"]()
    assert " ".join(str(caught.value).split()) in " ".join(text.split())


def test_the_kit_knows_more_than_a_hundred_mistakes():
    rules = (ss.SGD, ss.Momentum, ss.Nesterov, ss.Adagrad, ss.Adadelta, ss.RMSprop, ss.Adam)
    named = {words for rule in rules for ways in (mistakes_of, slips_of) for words, _ in ways(rule())}
    assert len(named) > 100


def test_the_map_of_the_packages_is_up_to_date():
    """If this fails: python -m tools.package_map."""
    assert package_map.stale() == []


def test_what_grows_by_a_class_is_not_counted_in_prose():
    """`stepsize list` and `stepsize gallery` count; a number in a text would have to be kept by hand."""
    kinds = "problems|optimizers|schedules|feedback step sizes|line searches|figures"
    for page in (ROOT / "README.md", ROOT / "CHANGELOG.md", *PAGES):
        counts = re.findall(
            rf"\b\d+ (?:{kinds})\b|\*\*(?:{kinds})\*\* \(\d", page.read_text(encoding="utf-8")
        )
        assert counts == [], page.name
