"""`stepsize schedule`: the table, the sparkline, the picture, the JSON, and what bad words are told."""

import io
import json
import sys

import pytest

import schedules
from schedules import Cosine, Schedule
from stepsize.cli.main import main
from stepsize.cli.schedule import sparkline
from stepsize.core.record import registered


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


EXPRESSION = "Cosine(0.1, steps=100).warmup(10)"


def test_the_example_of_the_issue(tmp_path, capsys):
    assert main(["schedule", EXPRESSION, "--steps", "120", "--out", "pictures"]) == 0
    told = capsys.readouterr().out
    assert "Warmup(Cosine(0.1, 100), 10)" in told
    assert "holds 0 from n = 110 on" in told
    table = dict(line.split() for line in told.splitlines() if line[:7].strip().isdigit())
    assert table["0"] == "0.01"
    assert table["60"] == "0.05"
    assert table["110"] == "0"
    for n, rate in table.items():
        assert float(rate) == pytest.approx(Cosine(0.1, 100).warmup(10)(int(n)), rel=1e-5)
    assert (tmp_path / "pictures" / "schedule.png").stat().st_size > 10_000


def test_json_is_everything(capsys):
    assert main(["schedule", EXPRESSION, "0.05", "--steps", "120", "--json", "--no-picture"]) == 0
    told = json.loads(capsys.readouterr().out, parse_constant=lambda c: pytest.fail(f"{c} is not JSON"))
    first, second = told["schedules"]
    assert told["picture"] is None
    assert Schedule.from_dict(first["schedule"]) == Cosine(0.1, 100).warmup(10)
    assert first["values"] == Cosine(0.1, 100).warmup(10).table(120).tolist()
    assert first["total"] == pytest.approx(sum(first["values"]))
    assert first["horizon"] == 110
    assert first["robbins_monro"] is None
    assert second["formula"] == "0.05"
    assert second["values"] == [0.05] * 120


def test_several_expressions_share_a_table_and_a_picture(tmp_path, capsys):
    words = ["schedule", "InverseTime(0.1, d=0.05)", "TimeBased(0.1, d=0.05)", "--out", "here"]
    assert main(words) == 0
    told = capsys.readouterr().out
    header = next(line for line in told.splitlines() if line.split() == ["n", "A", "B"])
    assert header
    assert "Robbins-Monro" in told
    assert [p.name for p in (tmp_path / "here").iterdir()] == ["schedule.png"]
    assert main(words) == 0
    assert sorted(p.name for p in (tmp_path / "here").iterdir()) == ["schedule-2.png", "schedule.png"]


def test_the_whole_zoo_is_on_one_sheet(tmp_path, capsys):
    assert main(["schedule", "--all", "--out", "zoo"]) == 0
    told = capsys.readouterr().out
    shown = {line.split()[0] for line in told.splitlines() if line and line[0].isupper()}
    every = {cls.__name__ for cls in registered(Schedule) if cls.__module__.startswith("schedules.")}
    assert every - shown == {"Phases", "FromFunction", "Recursion", "PerRun"}
    assert (tmp_path / "zoo" / "schedules.png").stat().st_size > 100_000
    assert schedules.Cosine.__name__ in shown


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "got no expression, expected one"),
        (["Cosin(0.1, 10)"], "schedule: got the unknown name 'Cosin', did you mean Cosine?"),
        (["Cosine(0.1, steps=0)"], "steps: got 0, expected a whole number of at least 1"),
        (["Adam(lr=0.1)"], "expected a schedule"),
        (["Plateau"], "expected a schedule"),
        (["PerRun([0.1, 0.2])"], "expected one schedule; rows are for batches"),
        (["0.1", "--steps", "0"], "--steps: got 0, expected a whole number of at least 1"),
        (["0.1", "--all"], "--all: got it with '0.1'"),
        (["nan"], "lr: got nan, expected a finite number"),
        (["Cosine(0.1, 10).melt(3)"], "expected one of .then(), .warmup(), .cooldown()"),
    ],
)
def test_bad_words_are_told_so_in_a_sentence(words, sentence, capsys):
    assert main(["schedule", "--no-picture", *words]) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1


def test_every_operator_can_be_written(capsys):
    expression = (
        "(Linear(0.1, 9).delay(2).skip(1).repeat(30).per_epoch(2).floor(0.01).cap(0.09) * UntunedLinear(0.9)"
        " + 0.001).then(Power(0.1, 0.5), at=40).cooldown(10, at=80, shape='cosine').warmup(5, shape='1-sqrt')"
    )
    assert main(["schedule", expression, "--json", "--no-picture"]) == 0
    assert json.loads(capsys.readouterr().out)["schedules"][0]["values"][0] > 0


def test_sparklines_go_from_0_to_the_top():
    assert sparkline([0.0, 1.0, 2.0, 4.0, 8.0]) == "▁▂▃▅█"
    assert sparkline([5.0] * 7) == "█" * 7
    assert len(sparkline(range(1000), 40)) == 40
    assert sparkline([0.0, 0.0]) == "▁▁"


def test_a_plain_terminal_gets_plain_bars(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert sparkline([0.0, 4.0, 8.0]).isascii()
