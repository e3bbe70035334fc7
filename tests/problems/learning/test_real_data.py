"""The tables that come with the package are the published ones."""

import hashlib
from importlib.resources import files

import numpy as np
import pytest

import stepsize as ss
from problems.data import load


@pytest.mark.parametrize(
    ("name", "shape", "sha256"),
    [
        ("airfoil_self_noise", (1503, 5), "9d5fd8944be732371eda4b7fde99f12e15798cce888e1a90030ea5694af54878"),
        ("breast_cancer", (569, 30), "841ebc1d5d5822e02a772a093458239ec3704685cdb3dc7f9f74c537ce0c6a33"),
        ("digits", (1797, 64), "592cc047d0a1cc7fdef9fd724514209dcb45a80aa147dc3ab375e3e1a9a380f4"),
        ("iris", (150, 4), "cdf459dcf51753a4f3f56e59a9c81d8c2aaf68889c0ce19ab347e46ff542e6f4"),
    ],
)
def test_tables_are_the_published_ones_and_their_licences_are_named(name, shape, sha256):
    home = files("problems.data")
    raw = home.joinpath(f"{name}.csv").read_bytes()
    assert hashlib.sha256(raw).hexdigest() == sha256
    X, y = load(name)
    assert X.shape == shape
    assert y.shape == shape[:1]
    assert f"`{name}.csv`" in home.joinpath("LICENSES.md").read_text("utf-8")


def test_the_airfoil_table_is_the_original_file_in_another_layout():
    """Tabs for commas, CRLF for LF, without the header: the sha1 that "Dive into Deep Learning" checks."""
    text = files("problems.data").joinpath("airfoil_self_noise.csv").read_text("ascii")
    original = "".join(line.replace(",", "\t") + "\r\n" for line in text.splitlines()[1:])
    assert hashlib.sha1(original.encode()).hexdigest() == "76e5be1548fd8222e5074cf0faae75edff8cf93f"


def test_known_marginals_of_the_tables():
    X, y = load("iris")
    assert X.mean(axis=0) == pytest.approx([5.843333, 3.057333, 3.758, 1.199333], abs=5e-7)
    assert np.bincount(y.astype(int)).tolist() == [50, 50, 50]
    X, y = load("digits")
    assert (X.min(), X.max()) == (0, 16)
    assert np.bincount(y.astype(int)).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_rows_may_be_held_out_by_number():
    problem = ss.Iris(held_out=[149, 0, 75], standardize=False)
    X, _ = load("iris")
    np.testing.assert_array_equal(problem.test[0][:, :4], X[[149, 0, 75]])
    assert problem.n_examples == 147
    with pytest.raises(ValueError, match="got row 150, expected rows from 0 to 149"):
        ss.Iris(held_out=[150]).train  # noqa: B018  # reading it is what fails
    for rows in ([-1], [1, 1]):
        with pytest.raises(ValueError, match="expected a share, or the numbers of some rows, each once"):
            ss.Iris(held_out=rows)
