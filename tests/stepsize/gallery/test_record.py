"""Every figure of the gallery shows what it has shown: its experiment is the one that was written down."""

import json

import pytest

from stepsize import gallery
from tests.stepsize.gallery import record

RECORD = json.loads(record.FILE.read_text(encoding="utf-8"))


def test_the_record_has_every_figure():
    assert list(RECORD) == list(gallery.catalogue())


@pytest.mark.parametrize("name", RECORD)
def test_a_figure_shows_what_is_on_record(name):
    now, kept = record.shown(record.figure_of(name)), RECORD[name]
    for lines, before in zip(
        [now["numbers"], *now["panels"]], [kept["numbers"], *kept["panels"]], strict=True
    ):
        assert [pair for pair in zip(lines, before, strict=True) if not record.alike(*pair)] == []


def test_little_of_the_record_is_left_out_for_its_rounding():
    lists = [part for figure in RECORD.values() for part in (figure["numbers"], *figure["panels"])]
    left_out = [part is None or None in part for parts in lists for part in parts]
    assert sum(left_out) < len(left_out) / 20
