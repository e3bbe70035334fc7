"""What the README shows is what happens."""

import re
import shlex

import pytest

from stepsize.cli.main import main
from tests import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, flags=re.S)
COMMANDS = re.findall(r"^    stepsize (.*)$", README, flags=re.M)


def test_the_python_runs_in_order(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    assert PYTHON
    for block in PYTHON:
        exec(block, names)
    out = capsys.readouterr().out
    promised = [
        line.partition("# ")[2] for block in PYTHON for line in block.splitlines() if "diagnose" in line
    ]
    assert promised
    assert all(words in out for words in promised)
    assert (tmp_path / "race.png").stat().st_size > 10_000


def test_it_is_read_in_a_minute():
    assert len(README.encode()) <= 9 * 1024


@pytest.mark.parametrize("link", sorted({*re.findall(r"\]\(([^):#]+)\)", README)}))
def test_a_link_leads_somewhere(link):
    assert (ROOT / link).exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_work(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if "--help" in command:
        with pytest.raises(SystemExit, match=r"^0$"):
            main(shlex.split(command))
    else:
        assert main(shlex.split(command)) == 0


def test_the_table_is_what_the_main_job_prints(tmp_path, capsys):
    """Every line of the README's table stands in the output, letter by letter."""
    assert main(["race", "--no-picture"]) == 0
    printed = capsys.readouterr().out.splitlines()
    shown = README[README.index("    bowl (x1^2") : README.index("(Predicted and observed")]
    rows = [line.strip() for line in shown.splitlines() if line.strip() not in ("", "...")]
    assert len(rows) >= 6
    assert [row for row in rows if row not in printed] == []
