"""The line that says how far a command is: on a terminal, after two seconds, even inside a long piece."""

import io
import re
import time

import pytest

from stepsize.cli.main import main
from stepsize.core.progress import Progress
from tests.stepsize.draw.helpers import pixels


class Terminal(io.StringIO):
    """Standard error of somebody who watches."""

    def isatty(self):
        return True


@pytest.fixture
def watch(monkeypatch):
    """Return a function that puts a terminal there: pytest renews its own stream before the test."""

    def put():
        screen = Terminal()
        monkeypatch.setattr("sys.stderr", screen)
        return screen

    return put


def told(screen):
    return [part for part in screen.getvalue().split("\r\033[K") if part]


def test_a_piece_that_takes_long_is_announced_before_it_is_done(watch, monkeypatch):
    terminal = watch()
    monkeypatch.setattr(Progress, "patience", 0.05)
    progress = Progress(7)
    deadline = time.monotonic() + 10
    while not told(terminal) and time.monotonic() < deadline:
        time.sleep(0.01)
    progress.close()
    assert told(terminal) == ["0/7"]
    assert terminal.getvalue().endswith("\r\033[K"), "the line is cleared at the end"


def test_what_is_quick_is_not_announced(watch):
    terminal = watch()
    now = [0.0]
    progress = Progress(3, lambda: now[0])
    for _ in range(3):
        now[0] += 0.5
        progress.advance("Adam")
    progress.close()
    assert terminal.getvalue() == ""


def test_from_two_seconds_on_it_counts_ten_times_a_second_at_most(watch):
    terminal = watch()
    now = [0.0]
    progress = Progress(1000, lambda: now[0])
    for _ in range(1000):
        now[0] += 1 / 64
        progress.advance("Adam")
    progress.close()
    lines = told(terminal)
    assert lines[0] == "129/1000 Adam"
    assert len(lines) == 2 + (1000 - 129) // 7, "every seventh, 7/64 of a second, and the last"


def test_nobody_watches_nothing_is_said(capsys, monkeypatch):
    monkeypatch.setattr(Progress, "patience", 0.0)
    progress = Progress(3)
    progress.advance("Adam")
    progress.close()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["linesearch", "rosenbrock", "--steps", "40", "--no-picture"], "StrongWolfe()"),
        (["race", "rosenbrock", "--optimizer", "Adam", "--steps", "40", "--no-picture"], "1/"),
        (["gallery", "--check", "d2l-12.3"], "d2l-12.3"),
    ],
)
def test_commands_count(command, words, watch, monkeypatch, capsys, tmp_path):
    terminal = watch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Progress, "patience", 0.0)
    monkeypatch.setattr(Progress, "pause", 0.0)
    assert main(command) == 0
    assert words in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\033[K")


def test_watching_changes_no_digit(watch, monkeypatch, capsys, tmp_path):
    watch()
    monkeypatch.chdir(tmp_path)
    command = ["linesearch", "rosenbrock", "--steps", "30", "--no-picture", "--json"]
    main(command)
    watched = capsys.readouterr().out
    monkeypatch.setattr("sys.stderr", io.StringIO())
    main(command)
    assert capsys.readouterr().out == watched


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["race", "parabola", "--steps", "5"], "parabola.png"),
        (["schedule", "Cosine(0.1, steps=20)"], "schedule.png"),
        (["linesearch", "parabola", "--steps", "3"], "linesearch.png"),
        (["find-lr", "parabola", "--steps", "5"], "find-lr-parabola.png"),
        (["gallery", "smith-cycles"], "smith-cycles.png"),
        (["dialects", "adam"], "dialects-adam.png"),
    ],
)
def test_every_command_that_draws_takes_size_and_dpi(words, name, tmp_path, capsys):
    sized = [*words, "--size", "8x4.5", "--dpi", "80", "--out", str(tmp_path)]
    assert main(sized) == 0
    wide, high = pixels(tmp_path / name)
    assert wide == pytest.approx(640, abs=1)
    assert high == pytest.approx(360, abs=1)
    assert main([*words, "--size", "huge", "--out", str(tmp_path)]) == 2
    assert "--size: got 'huge', expected slide, wide, column" in capsys.readouterr().err
    assert main([*words, "--dpi", "0", "--out", str(tmp_path)]) == 2
    assert "--dpi: got 0" in capsys.readouterr().err


def test_the_line_comes_after_two_seconds_and_again_after_a_tenth(watch):
    terminal = watch()
    now = [0.0]
    progress = Progress(1000, lambda: now[0])
    for second in (2.0, 2.001, 2.1, 2.1011):
        now[0] = second
        progress.advance()
    progress.close()
    assert told(terminal) == ["2/1000", "4/1000"]


@pytest.mark.parametrize(
    ("size", "points"),
    [("column", True), ("6x5", True), ("wide", False), ("30x30", False), (None, False)],
)
def test_letters_that_cannot_be_read_are_told_of(size, points, tmp_path, capsys):
    """A race of four panels is laid out in 12.8 inches: 3.4 of them are little more than a quarter."""
    words = ["race", "quadratic", "--lr", "0.01", "--lr", "0.02", "--lr", "0.03", "--lr", "0.04"]
    words += ["--steps", "20", "--out", str(tmp_path), *(["--size", size] if size else [])]
    assert main(words) == 0
    told = [line for line in capsys.readouterr().err.splitlines() if "letters" in line]
    if not points:
        assert told == []
        return
    (line,) = told
    wide = 3.4 if size == "column" else 6.0
    assert line.startswith(f"stepsize: --size: got {wide:g} x ")
    high = float(re.search(r"are ([0-9.]+) points high", line).group(1))
    assert high <= 8 * wide / 12.8 + 0.05
    assert high < 4.0
    assert line.endswith("expected a larger size, or less in one picture")
