"""Tables of one's own: what is plain is taken, all else is refused with its file, column and line."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import stepsize as ss
from problems import LeastSquares, LogisticRegression
from stepsize.cli.main import main
from stepsize.data.csv_problem import read_csv

ROOMS = np.array([[30.0, 1.0], [45.5, 2.0], [70.0, 3.0], [82.0, 3.0], [120.0, 5.0]])
PRICES = np.array([1100.0, 1600.0, 2500.0, 2700.0, 4300.0])


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(text, name="data.csv", encoding="utf-8"):
    Path(name).write_text(text, encoding, newline="")
    return name


def table(delimiter=",", point=".", head=("area", "rooms", "price"), end="\n"):
    rows = [f"{a:g}{delimiter}{r:g}{delimiter}{p:g}" for (a, r), p in zip(ROOMS, PRICES, strict=True)]
    return end.join([delimiter.join(head), *(row.replace(".", point) for row in rows)]) + end


@pytest.mark.parametrize("standardize", [False, True])
def test_linear_regression_is_that_of_lstsq(standardize):
    problem = ss.problem_from_csv(write(table()), target="price", standardize=standardize)
    assert isinstance(problem, LeastSquares)
    X = (ROOMS - ROOMS.mean(0)) / ROOMS.std(0) if standardize else ROOMS
    w = np.linalg.lstsq(np.column_stack([X, np.ones(5)]), PRICES, rcond=None)[0]
    np.testing.assert_allclose(problem.minimizers[0], w, rtol=1e-9)


@pytest.mark.parametrize(
    "name",
    ["commas", "semicolons", "tabs", "bars", "windows", "bom", "utf-16", "latin-1", "blank", "spaces"],
)
def test_the_forms_in_which_tables_come(name):
    text, encoding = table(), "utf-8"
    if name == "semicolons":
        text = table(";", ",")
    elif name == "tabs":
        text = table("\t")
    elif name == "bars":
        text = table("|")
    elif name == "windows":
        text = table(end="\r\n")
    elif name == "bom":
        encoding = "utf-8-sig"
    elif name == "utf-16":
        encoding = "utf-16"
    elif name == "latin-1":
        text, encoding = table(head=("Fl\u00e4che", "rooms", "price")), "latin-1"
    elif name == "blank":
        text = "\n\n" + table().replace("\n", "\n\n")
    elif name == "spaces":
        text = table().replace(",", ", ")
    found = read_csv(write(text, encoding=encoding), "price")
    assert found.columns == ("Fl\u00e4che" if name == "latin-1" else "area", "rooms")
    np.testing.assert_array_equal(found.problem.X, ROOMS)
    np.testing.assert_array_equal(found.problem.y, PRICES)


def test_thousands_quotes_and_signs():
    name = write('a,b,y\n"1,234","-2.5",+3\n"12,345,678",.5,1e3\n"1,000.25",7.,-0\n')
    problem = ss.problem_from_csv(name, target="y")
    assert problem.X.tolist() == [[1234.0, -2.5], [12345678.0, 0.5], [1000.25, 7.0]]
    assert problem.y.tolist() == [3.0, 1000.0, 0.0]


def test_commas_for_points():
    name = write("a;y\n1,5;2\n1,234;3\n7;4,25\n")
    assert ss.problem_from_csv(name, target="y").X.ravel().tolist() == [1.5, 1.234, 7.0]
    name = write("a;y\n1,500;2.5\n1,234;3\n", "points.csv")
    assert ss.problem_from_csv(name, target="y").X.ravel().tolist() == [1500.0, 1234.0]


def test_columns_are_chosen_and_dropped():
    name = write("id,a,city,b,y\n1,1,Rome,2,3\n2,4,Oslo,7,6\n3,5,Bern,1,7\n")
    assert read_csv(name, "y", drop=["city", "id"]).columns == ("a", "b")
    assert read_csv(name, "y", columns=["b", "a"]).columns == ("b", "a")
    assert read_csv(name, "y", columns=["b"]).problem.X.tolist() == [[2.0], [7.0], [1.0]]


@pytest.mark.parametrize(
    ("labels", "classes", "y"),
    [
        ("no yes no yes", ("no", "yes"), [0, 1, 0, 1]),
        ("benign malign malign benign", ("benign", "malign"), [0, 1, 1, 0]),
        ("1 0 0 1", ("0", "1"), [1, 0, 0, 1]),
        ("1 -1 -1 1", ("-1", "1"), [1, 0, 0, 1]),
        ("2 1 1.0 2", ("1", "2"), [1, 0, 0, 1]),
        ("True False False True", ("False", "True"), [1, 0, 0, 1]),
    ],
)
def test_two_classes(labels, classes, y):
    rows = "".join(f"{i},{label}\n" for i, label in enumerate(labels.split()))
    found = read_csv(write("a,label\n" + rows), "label", "logistic")
    assert isinstance(found.problem, LogisticRegression)
    assert found.classes == classes
    assert found.problem.y.tolist() == y
    assert f"class 1 is {classes[1]}" in found.note


REFUSED = [
    ("a,b,y\n1,2,3\n4,,6\n,8,9\n", {}, "data.csv: got no value in column 'b' on line 3, expected a number"),
    ("a,b,y\n1,2,3\nNA,5,6\nnan,8,9\n", {}, "no value in column 'a' on line 3, 'NA' (and 1 more there)"),
    ("a,y\n1,2\n2,\n3,4\n", {}, "no value in column 'y' on line 3"),
    ("a,city,y\n1,Rome,3\n4,Oslo,6\n", {}, "got 'Rome' in column 'city' on line 2, expected a number"),
    ("a,y\n1,2\n\n3,x\n4,5\n", {}, "got 'x' in column 'y' on line 4, expected a number; for two classes"),
    ("a,y\n1_0,2\n3,4\n", {}, "got '1_0' in column 'a' on line 2, expected a number"),
    ("a,y\n\u0661,2\n3,4\n", {}, "in column 'a' on line 2, expected a number"),
    ("a,y\ninf,2\n3,4\n", {}, "got 'inf' in column 'a' on line 2, expected a finite number"),
    ("a,y\n1e999,2\n3,4\n", {}, "got '1e999' in column 'a' on line 2, expected a finite number"),
    ('a,note,y\n1,"two\nlines",2\n3,4,z\n', {"drop": ["note"]}, "got 'z' in column 'y' on line 4"),
    ("a;y\n1,234;2\n2,345;3\n", {}, "got '1,234' in column 'a' on line 2, which may be 1234 or 1.234"),
    (
        "a,b,y\n1,2,3\n4,2,6\n",
        {"standardize": True},
        "got 2 in every row of column 'b', expected a column that",
    ),
    ("a,y\n1,3\n4,3\n", {}, "got 3 in every row of the target 'y', expected a target that varies"),
    ("a,y\n1,2\n", {}, "got 1 row of data, expected at least 2"),
    ("a,y\n", {}, "got 0 rows of data, expected at least 2"),
    ("", {}, "got an empty file"),
    ("\n\n", {}, "got an empty file"),
    ("y\n1\n2\n", {}, "got the one column 'y', expected at least two"),
    ("a,a,y\n1,2,3\n4,5,6\n", {}, "got the column 'a' twice, as columns 1 and 2"),
    (",a,y\n0,1,2\n1,2,3\n", {}, "got no name for column 1"),
    ("1,2,3\n4,5,6\n", {}, "got only numbers on line 1, expected the names of the columns"),
    ("a,b,y\n1,2,3\n4,5\n", {}, "got 2 values on line 3, expected 3"),
    ('a,y\n1,"2\n3,4\n', {}, "got line 2, which cannot be read"),
    ("a,y\n1,2\n3,4\n", {"target": "yy"}, "got the unknown column 'yy', expected one of a, y"),
    ("area,price\n1,2\n3,4\n", {"target": "prize"}, "expected one of area, price, did you mean price?"),
    ("a,y\n1,2\n3,4\n", {"drop": ["b"]}, "got the unknown column 'b'"),
    ("a,y\n1,2\n3,4\n", {"drop": ["y"]}, "got the target 'y' among the columns to drop"),
    ("a,y\n1,2\n3,4\n", {"columns": ["a", "y"]}, "got the target 'y' among the columns to predict from"),
    ("a,y\n1,2\n3,4\n", {"drop": ["a"]}, "got no column beside the target 'y'"),
    ("a,y\n1,2\n3,4\n", {"drop": "a"}, "drop: got the str 'a', expected a list of names"),
    ("a,y\n1,2\n3,4\n", {"model": "logit"}, "model: got 'logit', expected linear or logistic, did you mean"),
    (
        "a,y\n1,u\n2,v\n3,w\n",
        {"model": "logistic"},
        "got 3 classes in the target 'y' (u, v, w), expected two",
    ),
    (
        "a,y\n1,u\n2,u\n",
        {"model": "logistic"},
        "got 'u' in every row of the target 'y', expected two classes",
    ),
    ("a,y\n1,u\n2,\n3,v\n", {"model": "logistic"}, "no value in column 'y' on line 3"),
]


@pytest.mark.parametrize(("text", "options", "sentence"), REFUSED, ids=[s[:50] for *_, s in REFUSED])
def test_what_is_not_plain_is_refused(text, options, sentence):
    with pytest.raises((TypeError, ValueError), match=re.escape(sentence)) as caught:
        ss.problem_from_csv(write(text), **{"target": "y"} | options)
    assert "\n" not in str(caught.value)


def test_a_target_of_very_many_numbers_is_no_class():
    rows = "".join(f"{i},{i / 7}\n" for i in range(30_000))
    with pytest.raises(ValueError, match=r"got 30000 classes in the target 'y' \(0, "):
        ss.problem_from_csv(write("a,y\n" + rows), target="y", model="logistic")


def test_a_constant_column_is_taken_as_it_is_without_standardizing():
    assert ss.problem_from_csv(write("a,b,y\n1,2,3\n4,2,6\n"), target="y").dim == 3


def test_files_that_are_none(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "binary.csv").write_bytes(bytes(range(256)))
    with Path("huge.csv").open("wb") as file:
        file.truncate(2_000_000_000)
    for name, sentence in (
        ("none.csv", "none.csv: got no such file"),
        ("folder.csv", "folder.csv: got a folder, expected a CSV file"),
        ("binary.csv", "binary.csv: got a binary file"),
        ("huge.csv", "huge.csv: got 2000 MB, expected a file of at most 50 MB"),
        ("n" * 300, "cannot be read"),
        ("/dev/null", "got a device or pipe"),
    ):
        with pytest.raises(ValueError, match=sentence):
            ss.problem_from_csv(name, target="y")
    with pytest.raises(TypeError, match="path: got 3, expected the name of a CSV file"):
        ss.problem_from_csv(3, target="y")


def test_on_the_command_line(capsys, tmp_path):
    write(table().replace("price", "price,sold").replace("00\n", "00,yes\n", 2).replace("00\n", "00,no\n"))
    words = ["--target", "price", "--drop", "sold", "--standardize", "--lr", "0.5", "--steps", "200"]
    assert main(["race", "data.csv", *words, "--out", "here"]) == 0
    told = capsys.readouterr().out
    assert "data.csv: 5 rows, price from 2 columns (area, rooms) and an intercept; standardized" in told
    assert "settled" in told
    assert (tmp_path / "here" / "leastsquares.png").exists()
    assert main(["race", "data.csv", *words, "--no-picture", "--json"]) == 0
    described = json.loads(capsys.readouterr().out)["problem"]
    assert described["file"] == "data.csv"
    assert described["columns"] == ["area", "rooms"]
    logistic = [
        "data.csv",
        "--target",
        "sold",
        "--model",
        "logistic",
        "--columns",
        "area,rooms",
        "--standardize",
    ]
    assert main(["race", *logistic, "--steps", "20", "--no-picture"]) == 0
    assert "class 1 is yes, class 0 is no" in capsys.readouterr().out
    assert main(["find-lr", *logistic, "--steps", "10", "--no-picture"]) == 0
    assert main(["linesearch", *logistic, "--steps", "5", "--no-picture"]) == 0
    assert main(["explain", "SGD", *logistic]) == 0
    capsys.readouterr()
    assert main(["race", "data.csv", *words[:4], "--steps", "20", "--no-picture"]) == 0
    assert "or --standardize" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["race", "data.csv"], "--target: got none with 'data.csv', expected the column to predict"),
        (["race", "rosenbrock", "--model", "linear"], "--model: got it without --target"),
        (["race", "--target", "price"], "--target: got it without a problem"),
        (["race", "data.csv", "--target", "prize"], "did you mean price?"),
        (["race", "other.csv", "--target", "price"], "other.csv: got no such file"),
        (["explain", "SGD", "data.csv", "--target", "price", "--x0", "1"], "x0: got shape (1,), expected 3"),
    ],
)
def test_bad_words_get_one_sentence(words, sentence, capsys):
    write(table())
    assert main(words) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert sentence in told


def test_rows_are_held_out_by_their_numbers(capsys):
    """The loss over the rows that are left out of the training is half the mean square of their residuals."""
    name = write(table())
    problem = ss.problem_from_csv(name, target="price", held_out=[1, 3])
    w = np.array([30.0, 100.0, 7.0])
    residuals = ROOMS @ w[:2] + w[2] - PRICES
    assert problem.held_out_fun(w) == pytest.approx(np.mean(residuals[[1, 3]] ** 2) / 2, rel=1e-12)
    assert problem.fun(w) == pytest.approx(np.mean(residuals[[0, 2, 4]] ** 2) / 2, rel=1e-12)
    words = ["race", name, "--target", "price", "--lr", "1e-5", "--steps", "3", "--no-picture"]
    assert main([*words, "--held-out", "1,3"]) == 0
    out = capsys.readouterr().out
    assert "data.csv: 3 rows to train on and 2 held out, price from 2 columns" in out
    run = ss.minimize(problem, ss.SGD(lr=1e-5), steps=3)
    assert f"{run.held_out[-1]:.4g}" in out
    assert "held out" in out.splitlines()[2]
    assert main([*words, "--held-out", "1,3", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["problem"]["rows"], told["problem"]["held_out"]) == (3, 2)
    assert told["runs"][0]["held_out"]["last"] == run.held_out[-1]


def test_a_share_is_drawn_by_its_seed_and_from_each_class_alike(capsys):
    rows = "".join(f"{i},{'no' if i % 4 else 'yes'}\n" for i in range(40))
    name = write("a,label\n" + rows)
    found = read_csv(name, "label", "logistic", held_out=0.2, rng=3)
    assert found.problem == LogisticRegression(found.problem.X, found.problem.y, held_out=0.2, rng=3)
    assert found.rows_held_out == 8
    assert found.problem.test[1].tolist().count(1.0) == 2, "a fifth of ten"
    other = read_csv(name, "label", "logistic", held_out=0.2, rng=4).problem
    assert not np.array_equal(other.test[0], found.problem.test[0])
    words = [
        "race",
        name,
        "--target",
        "label",
        "--model",
        "logistic",
        "--steps",
        "2",
        "--no-picture",
        "--json",
    ]
    for seed, problem in (("3", found.problem), ("4", other)):
        assert main([*words, "--held-out", "0.2", "--held-out-rng", seed]) == 0
        last = json.loads(capsys.readouterr().out)["runs"][0]["held_out"]["last"]
        assert last == ss.minimize(problem, ss.SGD(), steps=2).held_out[-1]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--held-out", "1.5"], "--held-out: got 1.5, expected a share from 0 to 0.9"),
        (["--held-out", "nan"], "--held-out: got 'nan', expected a share of the rows such as 0.2, or their"),
        (
            ["--held-out", "0.5,2"],
            "--held-out: got '0.5,2', expected a share of the rows such as 0.2, or their",
        ),
        (["--held-out", "0,5"], "--held-out: got row 5, expected rows from 0 to 4 of the table"),
        (
            ["--held-out", "0,-1"],
            "--held-out: got the tuple (0, -1), expected a share, or the numbers of some",
        ),
        (["--held-out", "0,1,2,3,4"], "--held-out: got all of 5 rows, expected at least one left"),
        (["--held-out-rng", "3"], "--held-out-rng: got 3 without --held-out, expected a share such as"),
    ],
)
@pytest.mark.parametrize("command", ["race", "find-lr", "explore", "linesearch", "explain"])
def test_rows_that_cannot_be_held_out_are_refused(command, options, sentence, capsys):
    words = [
        command,
        *(["SGD"] if command == "explain" else []),
        write(table()),
        "--target",
        "price",
        *options,
    ]
    assert main(words) == 2
    assert capsys.readouterr().err.startswith(f"stepsize: {sentence}")


@pytest.mark.parametrize("words", [["race"], ["explore"], ["race", "parabola"]])
def test_held_out_is_about_a_file(words, capsys):
    assert main([*words, "--held-out", "0.2"]) == 2
    without = (
        "without --target, expected a CSV file" if words[1:] else "without a problem, expected one: stepsize"
    )
    assert f"stepsize: --held-out: got it {without}" in capsys.readouterr().err
