"""CSV files of a user's: every one is a problem or a sentence, whatever bytes are in it."""

import pytest

from stepsize.data.csv_problem import problem_from_csv
from tests.robustness.refusals import fuzz, refusal

WRONG = {
    "empty": b"",
    "blank lines": b"\n" * 1000,
    "a binary file": bytes(range(256)) * 10,
    "an archive": b"PK\x03\x04" + b"\x00" * 100,
    "half a mark of UTF-16": b"\xff\xfe" + b"p" * 33,
    "a line without end": b"price," + b"a," * 200_000,
    "a name without end": b"price," + b"a" * 200_000 + b"\n1,2\n2,3\n",
    "a cell without end": b"price,a\n1," + b"9" * 200_000 + b"\n2,3\n",
    "quotation marks without end": b'price,a\n"1,2\n3,4\n',
    "NUL": b"price,a\n1,2\n\x00,4\n",
    "a column twice": b"price,price\n1,2\n3,4\n",
    "digits of another script": "price,a\n1,\u0661\n3,4\n".encode(),
    "an underscore in a number": b"price,a\n1,1_0\n3,4\n",
    "infinity": b"price,a\n1,inf\n3,4\n",
    "a number that overflows": b"price,a\n1,1e999\n3,4\n",
    "a target that never varies": b"price,a\n1,1\n1,4\n",
}


@pytest.mark.parametrize("data", WRONG.values(), ids=WRONG.keys())
def test_what_is_no_table_is_refused(data, tmp_path):
    file = tmp_path / "flats.csv"
    file.write_bytes(data)
    said = refusal(lambda: problem_from_csv(file, target="price"))
    assert said.startswith("flats.csv: got ")


@pytest.mark.parametrize("name", ["x" * 300, "a\nb", "a\x00b", ""])
def test_files_of_strange_names(name, tmp_path):
    refusal(lambda: problem_from_csv(f"{tmp_path}/{name}", target="price"))


def test_a_sample_of_the_fuzzed_tables():
    fuzz("tables", 800, seed=13)
