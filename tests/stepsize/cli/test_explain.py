"""`stepsize explain`: updates as worked exercises, printed or written."""

from stepsize.cli.main import main


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["explain", "Adam(lr=0.1)", "quadratic", "--steps", "3"]) == 0
    out = capsys.readouterr().out
    assert [f"update {t}" in out for t in (1, 2, 3, 4)] == [True, True, True, False]
    assert main(["explain", "SGD(lr=0.1)", "parabola", "--step", "2", "--x0", "-3", "--blank"]) == 0
    out = capsys.readouterr().out
    assert "update 2" in out
    assert "____" in out
    assert main(["explain", "SGD(lr=0.1)", "parabola", "--format", "latex", "--out", "update.tex"]) == 0
    assert (tmp_path / "update.tex").read_text().startswith("\\documentclass")
    assert main(["explain", "SGD(lr=0.1)", "parabola", "--format", "latex", "--out", "update.tex"]) == 2
    assert "which exists" in capsys.readouterr().err
    assert main(["explain", "SGD(lr=0.1)", "parabola", "--step", "2", "--steps", "2"]) == 2
    assert main(["explain", "SGD(lr=0.1)", "parabola", "--steps", "0"]) == 2
    assert "--steps: got 0, expected a whole number from 1 to 1000" in capsys.readouterr().err
    assert main(["explain", "SGD(lr=0.1)", "parabola", "--out", "nowhere/update.tex"]) == 2
    assert "--out: got 'nowhere/update.tex', expected a file in a folder that there is" in (
        capsys.readouterr().err
    )
    assert main(["explain", "SGD(lr=1e300)", "parabola", "--steps", "5"]) == 2
    assert "because the run diverged" in capsys.readouterr().err
