"""What the site is made of: each guide has a place, each name a page, and what fails stops it."""

import inspect
import re
from dataclasses import replace

import pytest

import stepsize as ss
from stepsize import gallery
from tools.docs.course import TAKEN
from tools.docs.explorers import address
from tools.docs.figures import code_of, draw_figure, names_in, write_gallery
from tools.docs.front import bibtex, sections
from tools.docs.guides import executed, labelled, site_text, titles
from tools.docs.reference import CONSTANTS, groups
from tools.docs.related import related


def test_every_guide_has_one_place_in_the_contents():
    placed = [name for names in sections().values() for name in names]
    assert sorted(placed) == sorted(titles())


def test_every_public_name_is_on_exactly_one_page():
    pages = [
        name for group in groups() for page in group.pages if page.home == "stepsize" for name in page.names
    ]
    modules = {"dialects", "draw", "explorer"}  # these are pages
    assert sorted(pages) == sorted({*ss.__all__} - modules)


def test_what_has_no_docstring_of_its_own_has_a_sentence():
    bare = {
        name
        for group in groups()
        for page in group.pages
        for name in page.names
        if not (inspect.isclass(value := getattr(page.loaded, name)) or inspect.isroutine(value))
    }
    assert bare == {*CONSTANTS}


def test_pages_of_one_group_have_files_of_their_own():
    for group in groups():
        slugs = [page.slug for page in group.pages]
        assert len({*slugs, "index"}) == len(slugs) + 1, group.title


def test_what_a_block_prints_stands_below_it():
    text = "# T\n\n```python\nx = 2\n```\n\n```python\nprint(x * 21)\n```\n\nend\n"
    made = executed(text, "t.md")
    assert made == text.replace("\n\nend", "\n\n```{code-block} text\n:class: output\n\n42\n```\n\nend")


def test_a_block_that_fails_stops_the_site():
    with pytest.raises(RuntimeError, match=r"t\.md: ZeroDivisionError"):
        executed("```python\n1 / 0\n```\n", "t.md")


def test_links_to_the_source_lead_to_pages_of_it():
    text = "[a](../optim/run.py), [b](verdicts.md), [c](../optim/run.py#L3)\n<!-- mark -->\n"
    assert (
        site_text(text)
        == "[a](../source/optim/run.py.md), [b](verdicts.md), [c](../source/optim/run.py.md)\n"
    )


def test_headings_are_labelled_for_the_reference():
    assert labelled("# A\n\n## b c (d)\n", "g") == "# A\n\n(guide-g-b-c-d)=\n## b c (d)\n"


@pytest.mark.parametrize("name", ["d2l-12.3-three-rates", "d2l-12.5-airfoil", "ruder-saddle"])
def test_the_code_of_a_figure_is_whole(name):
    """It runs with nothing but the imports of its module."""
    entry = gallery.find(name)
    module = inspect.getmodule(entry.make)
    heads = re.findall(r"^(?:import .*|from .*|figure = .*)$", inspect.getsource(module), flags=re.M)
    names: dict[str, object] = {"__name__": module.__name__}
    exec("\n".join(heads) + "\n\n\n" + code_of(entry), names)
    made = names[entry.make.__name__]()
    assert [n.value for n in made.numbers] == [n.value for n in entry().numbers]


def test_a_figure_names_what_it_uses():
    assert names_in(gallery.find("d2l-12.3-three-rates")) == ["minimize", "Parabola", "SGD"]


def test_a_missed_number_stops_the_site(monkeypatch, tmp_path):
    entry = gallery.find("d2l-12.3-three-rates")

    def wrong(numbers):
        drawing = entry.make(numbers)
        numbers.printed("x after ten updates", 0.06, 0.07)
        return drawing

    monkeypatch.setattr(gallery, "find", lambda _: replace(entry, make=wrong))
    with pytest.raises(RuntimeError, match=r"d2l-12.3-three-rates: x after ten updates is 0\.06"):
        draw_figure(entry.name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_page_of_the_gallery_says_all_that_the_catalogue_knows(tmp_path):
    entries = gallery.catalogue()
    write_gallery(tmp_path, {name: [] for name in entries})
    for entry in entries.values():
        text = (tmp_path / f"{entry.name}.rst").read_text(encoding="utf-8")
        for words in (
            entry.source,
            entry.place,
            entry.teaches[1:],
            entry.remark,
            f"stepsize gallery {entry.name}",
        ):
            assert words in text, entry.name
        assert f"def {entry.make.__name__}(" in text


def test_a_rule_leads_to_its_dialects_figures_and_command():
    text = "\n".join(related(ss.Adam, ss.Adam(lr=0.1)))
    assert ":ref:`adam <guide-dialects-adam>`" in text
    assert ":ref:`ruder-saddle <gallery-ruder-saddle>`" in text
    assert '``stepsize explain "Adam(lr=0.1)" quadratic``' in text
    assert r"\hat{m} &\leftarrow" in text, "one update, with its numbers"


def test_an_address_is_what_the_explorer_reads():
    found = address(ss.Quadratic(), [ss.SGD(lr=0.09), ss.Adam(lr=0.15)], steps=60)
    assert found == ("#p=Quadratic&x=-5.0,-2.0&n=60&t=15&c=0&z=0,0&o=SGD:0.09;Adam:0.15,0.9,0.999,1e-08")
    with pytest.raises(ValueError, match="expected what the explorer has"):
        address(ss.Quadratic(), [ss.LBFGS()])


def test_the_entry_for_bibtex_is_that_of_the_citation_file():
    text = bibtex()
    assert f"version = {{{ss.__version__}}}" in text
    assert "author = {{The stepsize authors}}" in text
    assert "title = {stepsize: gradient descent that can be read, seen and checked}" in text


def test_a_lesson_is_taken_along_in_every_form():
    assert {"notebook", "slides", "worksheet", "its key"} <= {*TAKEN}
