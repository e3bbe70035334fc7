"""What the pages under docs show is what happens: their Python blocks and their commands run as printed."""

import re
import shlex

import pytest

from stepsize.cli.main import main
from tests import ROOT

PAGES = sorted((ROOT / "docs").glob("*.md"))
BLOCKS = [
    pytest.param(block, id=f"{page.stem}-{i}")
    for page in PAGES
    for i, block in enumerate(
        re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.S)
    )
]
COMMANDS = [
    pytest.param(command, id=f"{page.stem}-{i}")
    for page in PAGES
    for i, command in enumerate(
        re.findall(r"^    stepsize (.*)$", page.read_text(encoding="utf-8"), flags=re.M)
    )
]


@pytest.mark.parametrize("block", BLOCKS)
def test_the_python_runs(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(block, {"__name__": "page"})


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_work(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(command)) == 0
    assert capsys.readouterr().out.strip()


def test_the_pages_have_something_to_run():
    assert BLOCKS
    assert len(COMMANDS) >= 5
