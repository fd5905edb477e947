"""References: the reviewed table of entries, locators, notes, styles by file, and exports read back."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pypandoc
import pytest
import rispy
from bibtexparser.entrypoint import parse_string
from hypothesis import given, settings
from hypothesis import strategies as st

from index.engine import SettingsError
from ingest import manifest
from ingest.model import (
    Contribution,
    Document,
    LineMark,
    Name,
    Page,
    PageRange,
    Passage,
    Section,
    SectionKind,
    Span,
    Work,
)
from ipsqa import references
from ipsqa.references import STYLES, Source, cite, csl_item, export, locate, sources_of, style_names

ROOT = Path(__file__).resolve().parent.parent
WORKS = manifest.load(ROOT / "corpus" / "corpus.toml").works
BOOK = next(work for work in WORKS if work.contributions)
EVERYTHING = tuple(sources_of(WORKS))
TABLE = json.loads(Path(__file__).with_name("references.json").read_text("utf-8"))
FINLAND = Source(BOOK, next(n for n, part in enumerate(BOOK.contributions) if part.country == "Finland"))
EXACT = replace(FINLAND, pages=PageRange("52", "52", "exact"), section="Regional work in Hervanta, Tampere")
UNSURE = replace(EXACT, pages=PageRange("160", "161", "±2"))

EDITIONS = {
    "apa": "APA Style 7th edition",
    "mla": "MLA Handbook 9th edition",
    "chicago": "Chicago Manual of Style 18th edition (author-date)",
    "chicago-author-date": "Chicago Manual of Style 18th edition (author-date)",
    "chicago-notes": "Chicago Manual of Style 18th edition (notes and bibliography)",
    "harvard": "Cite Them Right 12th edition",
    "vancouver": "Citing Medicine 2nd edition (citation-sequence)",
    "ieee": "IEEE Reference Guide version 11.29.2023",
}


def written(names: tuple[str, ...], year: int | None = 2011, title: str = "A title") -> Work:
    authors = tuple(Name(family=name, given="Ann") for name in names)
    issued = (year,) if year else ()
    return Work(title.replace(" ", "-"), Path("x.txt"), "book", title, authors, issued=issued, language="en")


def only(source: Source, style: str) -> tuple[str, str]:
    (reference,) = cite([source], style, WORKS)
    return reference.in_text, reference.reference


@pytest.mark.parametrize("style", sorted(TABLE))
def test_every_citable_work_is_cited_as_reviewed(style: str) -> None:
    found = cite(EVERYTHING, style, WORKS)
    assert {source.key: [each.in_text, each.html] for source, each in zip(EVERYTHING, found, strict=True)} == TABLE[
        style
    ]


@pytest.mark.parametrize("name", references.MENDED)
def test_what_is_mended_in_a_style_is_there_once(name: str) -> None:
    lacking, _ = references.MENDED[name]
    assert (references._STYLE_FOLDER / f"{name}.csl").read_text("utf-8").count(lacking) == 1
    assert name in STYLES.values()


def test_harvard_names_the_book_once_whether_its_editors_are_known_or_not() -> None:
    parts = (Contribution("x", "Part one", (Name("Ek", "Al"),)),)
    book = replace(written(("Berg",)), editors=(Name("Dahl", "Bo"),), contributions=parts)
    assert only(Source(book, 0), "harvard")[1] == "Ek, A. (2011) ‘Part one’, in B. Dahl (ed.) A title."
    alone = replace(book, editors=())
    assert only(Source(alone, 0), "harvard")[1] == "Ek, A. (2011) ‘Part one’, in A title."


def test_table_has_every_style_and_every_work() -> None:
    assert set(TABLE) == STYLES.keys() - {"chicago"}
    assert all(len(entries) == 12 for entries in TABLE.values())


@pytest.mark.parametrize(("style", "edition"), EDITIONS.items())
def test_installed_style_is_the_edition_named(style: str, edition: str) -> None:
    file = Path(references._STYLE_FOLDER) / f"{STYLES[style]}.csl"
    title = re.search("<title>(.*?)</title>", file.read_text("utf-8"))
    assert title
    assert edition in title[1]


@pytest.mark.parametrize(
    ("style", "exact", "unsure"),
    [
        (
            "apa",
            "(Susi & Heikkilä, 2011, p. 52)",
            "(Susi & Heikkilä, 2011, Regional work in Hervanta, Tampere section)",
        ),
        ("mla", "(Susi and Heikkilä 52)", "(Susi and Heikkilä, sec. “Regional work in Hervanta, Tampere”)"),
        (
            "chicago",
            "(Susi and Heikkilä 2011, 52)",
            "(Susi and Heikkilä 2011, under “Regional work in Hervanta, Tampere”)",
        ),
        (
            "harvard",
            "(Susi and Heikkilä, 2011, p. 52)",
            "(Susi and Heikkilä, 2011, sec. ‘Regional work in Hervanta, Tampere’)",
        ),
        ("vancouver", "(1, p. 52)", "(1, sec. “Regional work in Hervanta, Tampere”)"),
        ("ieee", "[1, p. 52]", "[1, Sec. “Regional work in Hervanta, Tampere”]"),
    ],
)
def test_page_is_printed_only_where_it_is_exact(style: str, exact: str, unsure: str) -> None:
    assert only(EXACT, style)[0] == exact
    assert only(UNSURE, style)[0] == unsure


def test_pages_in_a_row_and_a_long_heading() -> None:
    pages = replace(EXACT, pages=PageRange("52", "53", "exact"))
    assert only(pages, "apa")[0] == "(Susi & Heikkilä, 2011, pp. 52–53)"
    heading = replace(UNSURE, section="Support for women and children who have met with violence")
    assert only(heading, "apa")[0] == "(Susi & Heikkilä, 2011, “Support for women and” section)"


def test_neither_page_nor_section_leaves_no_locator() -> None:
    assert only(FINLAND, "apa")[0] == "(Susi & Heikkilä, 2011)"


def test_notes_are_whole_however_often_a_work_is_cited() -> None:
    first, second = cite([EXACT, UNSURE], "chicago-notes", WORKS)
    assert first.in_text.startswith("Riikka Susi and Elli Heikkilä, “Immigrants,")
    assert first.in_text.endswith("(Institute of Migration, 2011), 52.")
    assert second.in_text.startswith("Riikka Susi and Elli Heikkilä, “Immigrants,")
    assert second.in_text.endswith("2011), under “Regional work in Hervanta, Tampere.”")


def test_numbers_follow_the_first_citation() -> None:
    other = Source(BOOK, 0)
    found = cite([other, EXACT, other], "ieee", WORKS)
    assert [each.in_text for each in found] == ["[1]", "[2, p. 52]", "[1]"]
    assert found[0].reference == found[2].reference


def test_works_of_one_year_are_kept_apart_even_when_one_is_cited() -> None:
    one, other = written(("Berg",), title="Alpha"), written(("Berg",), title="Beta")
    assert cite([Source(other)], "apa", (one, other))[0].in_text == "(Berg, 2011b)"
    assert [each.in_text for each in cite([Source(one), Source(other)], "chicago")] == ["(Berg 2011a)", "(Berg 2011b)"]


def test_a_work_alone_bears_no_letter() -> None:
    assert cite([Source(written(("Berg",)))], "apa", [written(("Berg",))])[0].in_text == "(Berg, 2011)"


def test_missing_year_and_organisation() -> None:
    report = replace(written((), None), authors=(Name(literal="Office of Statistics"),))
    assert only(Source(report), "apa") == ("(Office of Statistics, n.d.)", "Office of Statistics. (n.d.). A title.")
    assert only(Source(report), "harvard")[0] == "(Office of Statistics, no date)"


def test_lost_title_is_described_and_not_quoted() -> None:
    parts = (Contribution("x", None, None), Contribution("y", None, None, "Spain"))
    book = replace(written(("Berg",)), contributions=parts)
    assert only(Source(book, 0), "apa")[0] == "([Untitled Chapter], 2011)"
    assert only(Source(book, 1), "mla") == ("([Chapter on Spain])", "[Chapter on Spain]. A Title, 2011.")
    assert csl_item(Source(replace(book, title="")))["title"] == "[Untitled]"


def test_text_in_a_title_is_text() -> None:
    work = written(("O’Neil & Söns",), title='<script>alert("1")</script> & \\emph{x} $y$')
    (found,) = cite([Source(work)], "apa")
    assert "<script>" not in found.html
    assert "&lt;script&gt;" in found.html
    assert '<script>alert("1")</script> & \\emph{x} $y$' in found.reference.replace("“", '"').replace("”", '"')
    assert "O’Neil & Söns" in found.in_text


@settings(max_examples=15, deadline=None)
@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=30))
def test_any_section_heading_can_be_cited(heading: str) -> None:
    for style in ("apa", "ieee", "vancouver"):
        in_text = only(replace(UNSURE, section=heading), style)[0]
        assert " ".join(heading.split()[:4]).replace("\ue000", "") in in_text.replace("\ue000", "")


def test_style_by_name_address_file_and_parent(tmp_path: Path) -> None:
    plain = only(EXACT, "apa")
    assert only(EXACT, "APA") == plain
    assert only(EXACT, "http://www.zotero.org/styles/apa") == plain
    assert only(EXACT, "american-psychologist") == plain
    own = tmp_path / "own.csl"
    own.write_text((references._STYLE_FOLDER / "apa.csl").read_text("utf-8"), "utf-8")
    assert only(EXACT, str(own))[1] == plain[1]
    assert "nature" in style_names()


def test_style_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such citation style; the nearest is"):
        cite([EXACT], "harvrad")
    wrong = tmp_path / "wrong.csl"
    wrong.write_text("<html/>", "utf-8")
    with pytest.raises(SettingsError, match="is not a CSL style"):
        cite([EXACT], str(wrong))
    wrong.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(SettingsError, match="cannot be read as a citation style"):
        cite([EXACT], str(wrong))
    wrong.write_text('<style xmlns="http://purl.org/net/xbiblio/csl"><broken', "utf-8")
    with pytest.raises(SettingsError, match="the citation style cannot be used"):
        cite([EXACT], str(wrong))


def test_twenty_hits_cost_one_call_and_then_none(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0
    pandoc = references._pandoc

    def counting(text: str, *options: str) -> str:
        nonlocal calls
        calls += 1
        return pandoc(text, *options)

    monkeypatch.setattr(references, "_pandoc", counting)
    hits = [replace(EXACT, pages=PageRange(str(page), str(page), "exact")) for page in range(27, 47)]
    assert len({each.in_text for each in cite(hits, "apa", WORKS)}) == 20
    assert calls == 1
    assert cite(hits, "apa", WORKS) == cite(hits, "apa", WORKS)
    assert calls == 1


def test_nothing_to_cite() -> None:
    assert cite([], "apa") == ()
    assert export([], "ris") == ""


def test_bibtex_reads_back() -> None:
    written_out = export((*EVERYTHING, EXACT), "bibtex")
    library = parse_string(written_out)
    assert not library.failed_blocks
    assert {entry.key for entry in library.entries} == {source.key for source in EVERYTHING}
    assert {entry.entry_type for entry in library.entries} == {"book", "incollection", "article", "misc"}
    back = json.loads(converted(written_out, "bibtex"))
    names = {item["id"]: item.get("author", []) for item in back}
    for source in EVERYTHING:
        assert [name["family"] for name in names[source.key] if "family" in name] == [
            name.family for name in source.authors if name.family
        ]


def test_ris_reads_back() -> None:
    entries = {entry["id"]: entry for entry in rispy.loads(export(EVERYTHING, "ris"))}
    assert set(entries) == {source.key for source in EVERYTHING}
    for source in EVERYTHING:
        entry, item = entries[source.key], csl_item(source)
        assert entry["title"] == item["title"]
        assert len(entry.get("authors", [])) == len(source.authors)
        assert entry.get("secondary_title") == item.get("container-title")
    back = {item["id"]: item for item in json.loads(converted(export(EVERYTHING, "ris"), "ris"))}
    assert back["abstract"]["page"].replace("–", "-") == "273-284"
    assert back["abstract"]["volume"] == "14"
    assert back[FINLAND.key]["type"] == "chapter"


def test_csl_json_reads_back() -> None:
    written_out = export(EVERYTHING, "csl-json")
    assert json.loads(written_out) == [csl_item(source) for source in EVERYTHING]
    back = {item["id"]: item for item in json.loads(converted(written_out, "csljson"))}
    assert back[FINLAND.key]["container-title"] == BOOK.title


def test_export_writes_what_only_some_works_have() -> None:
    work = replace(
        written(("Berg",)),
        editors=(Name("Dahl", "Bo"),),
        url="https://example.org/a?b=1&c=2",
        doi="10.1/x",
        isbn="978-1",
    )
    (entry,) = rispy.loads(export([Source(work)], "ris"))
    assert (entry["urls"], entry["doi"], entry["secondary_authors"]) == ([work.url], "10.1/x", ["Dahl, Bo"])
    assert work.doi in only(Source(work), "apa")[1]


def test_source_of_a_passage_is_its_chapter_page_and_innermost_heading() -> None:
    text = "Chapter\nTopic\nWords of it."
    titles: tuple[tuple[str, SectionKind, int], ...] = (("Chapter", "chapter", 0), ("Topic", "section", 8))
    sections = tuple(
        Section(Span("d", start, len(text)), level, title, kind, start, line=level)
        for level, (title, kind, start) in enumerate(titles, 1)
    )
    work = replace(written(("Berg",)), contributions=(Contribution("Chapter", "Chapter", (Name("Dahl", "Bo"),)),))
    marks = tuple(LineMark(start, line) for line, start in enumerate((0, 8, 14), 1))
    document = Document("d", work, text, sections, (Page(1, "7", "exact"), Page(3, "8", "±1")), marks, (), "")
    passage = Passage("p", Span("d", 14, len(text)), ("Chapter", "Topic"), "prose", "Words of it.", (), contribution=0)
    assert locate(document, passage) == Source(work, 0, PageRange("8", "8", "±1"), "Topic")
    assert locate(document, passage, Span("d", 0, 7)) == Source(work, 0, PageRange("7", "7", "exact"), "")


def converted(text: str, source: str) -> str:
    command = [pypandoc.get_pandoc_path(), f"--from={source}", "--to=csljson"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
