"""A user's own table, as lists, arrays of any numbers, or pandas; what is missing is named with its row."""

import numpy as np
import pytest

import stepsize as ss

pd = pytest.importorskip("pandas", reason="pandas is an optional extra")
X = [[0.0, 1.0], [1.0, 3.0], [2.0, 2.0], [3.0, 5.0], [4.0, 4.0]]
Y = [1, 0, 0, 1, 1]

TABLES = {
    "lists": (X, Y),
    "tuples": (tuple(map(tuple, X)), tuple(Y)),
    "ints": (np.array(X, int), np.array(Y)),
    "float32": (np.array(X, np.float32), np.array(Y, np.float32)),
    "truth values": (X, [bool(v) for v in Y]),
    "an array of truth values": (X, np.array(Y, bool)),
    "a DataFrame and a Series": (pd.DataFrame(X, columns=["a", "b"]), pd.Series(Y)),
    "mixed columns": (pd.DataFrame({"a": [0, 1, 2, 3, 4], "b": [1.0, 3.0, 2.0, 5.0, 4.0]}), pd.Series(Y)),
    "nullable columns": (pd.DataFrame(X).astype("Int64"), pd.Series(Y, dtype="boolean")),
    "objects": (pd.DataFrame(X, dtype=object), pd.Series(Y, dtype=object)),
    "an index of its own": (pd.DataFrame(X, index=[9, 7, 5, 3, 1]), pd.Series(Y, index=[5, 4, 3, 2, 1])),
    "y as a column": (X, np.array(Y)[:, None]),
    "y as a DataFrame": (X, pd.DataFrame({"y": Y})),
}
MODELS = [ss.LeastSquares, ss.LogisticRegression, ss.SoftmaxRegression]


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("model", MODELS)
def test_every_plain_form_is_the_same_table(model, table):
    plain, problem = model(np.array(X), np.array(Y, float)), model(*table)
    w = np.linspace(-1.0, 1.0, plain.dim)
    assert problem.fun(w) == plain.fun(w)
    assert np.array_equal(problem.grad(w), plain.grad(w))


@pytest.mark.parametrize("column", [[0.0, 1.0, 2.0], np.arange(3.0), pd.Series([0.0, 1.0, 2.0])])
def test_a_single_feature_may_be_flat(column):
    """The line through (0, 1), (1, 3), (2, 5)."""
    line = ss.LeastSquares(column, [1.0, 3.0, 5.0])
    np.testing.assert_allclose(line.minimizers, [[2.0, 1.0]], atol=1e-12)


BAD = [
    ([[1.0, 2.0], [np.nan, 1.0]], [0, 1], "X: got nan in row 1, column 0, expected finite values"),
    ([[1.0, 2.0], [1.0, np.inf]], [0, 1], "X: got inf in row 1, column 1, expected finite values"),
    ([[1.0, None], [1.0, 2.0]], [0, 1], "X: got nan in row 0, column 1, expected finite values"),
    (pd.DataFrame({"a": [1, None]}, dtype="Int64"), [0, 1], "X: got nan in row 1, column 0, expected finite"),
    ([[1.0, 2.0], [1.0, 1.0]], [0, np.nan], "y: got nan in row 1, expected finite values"),
    ([[1.0, 2.0], [1.0, 1.0]], pd.Series([None, 1]), "y: got nan in row 0, expected finite values"),
    (np.array([[1.0], [pd.NA]], object), [0, 1], "X: got nan in row 1, column 0, expected finite values"),
    (np.array([[pd.NaT], [1.0]], object), [0, 1], "X: got nan in row 0, column 0, expected finite values"),
    ([["a", 2.0], [1.0, 1.0]], [0, 1], "X: got the str 'a' in row 0, column 0, expected numbers"),
    (pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), [0, 1], "X: got the str 'x' in row 0, column 1, expected"),
    ([["1", "2"], ["3", "4"]], [0, 1], "X: got the str '1' in row 0, column 0, expected numbers"),
    ([[1.0], [2.0]], ["no", "yes"], "y: got the str 'no' in row 0, expected numbers"),
    ([[1.0], [2.0, 3.0]], [0, 1], "X: got rows of different lengths, expected a table of numbers"),
    ([[1j], [2.0]], [0, 1], "X: got the list [[1j], [2.0]], expected numbers"),
    (None, [0, 1], "X: got None, expected numbers"),
    ("data.csv", [0, 1], "X: got the str 'data.csv', expected numbers"),
    ([[1.0], [2.0]], None, "y: got None, expected numbers"),
    ([[1.0], [2.0]], [0, 1, 1], "y: got an array of float64 of shape (3,), expected 2"),
    (np.zeros((0, 2)), [], "X: got an array of float64 of shape (0, 2), expected a table of shape (n, d)"),
    (np.zeros((2, 2, 2)), [0, 1], "X: got an array of float64 of shape (2, 2, 2), expected a table"),
]


@pytest.mark.parametrize(("table", "targets", "sentence"), BAD, ids=[s for *_, s in BAD])
@pytest.mark.parametrize("model", MODELS)
def test_what_is_no_table_is_refused_in_one_sentence(model, table, targets, sentence):
    with pytest.raises((TypeError, ValueError)) as caught:
        model(table, targets)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)
