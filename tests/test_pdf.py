"""PDF: labels, lines and outline of a book set by a real program, and files that cannot be read."""

from __future__ import annotations

import logging
import random
import subprocess
import sys
from pathlib import Path

import pytest
from pypdf import PdfWriter

from ingest import read
from ingest.model import CorpusError, PageRange, Work
from ingest.readers import pdf, read_source, repeated_edges
from tests import pdfs


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pdfs.make_book(tmp_path_factory.mktemp("pdf") / "book.pdf")


def test_pages_and_labels(book: Path) -> None:
    source = read_source(book)
    assert [page.label for page in source.pages] == ["i", "ii", "iii", "iv", "v", "vi", *"1234567"]
    assert [page.number for page in source.pages] == list(range(1, 14))
    starts = [page.line for page in source.pages]
    assert starts[0] == 1
    assert starts == sorted(set(starts))
    assert source.lines[starts[0] - 1] == pdfs.TITLE


def test_the_outline_stands_at_its_headings(book: Path) -> None:
    source = read_source(book)
    wanted = [(1, "Preface", "v"), *((part.level, part.title, part.page) for part in pdfs.BODY)]
    labels = {page.line: page.label for page in source.pages}
    found = [(entry.level, entry.title, labels[max(x for x in labels if x <= entry.line)]) for entry in source.outline]
    assert found == wanted
    assert all(source.lines[entry.line - 1].strip() == entry.title for entry in source.outline)


def test_running_heads_are_found_and_nothing_else(book: Path) -> None:
    source = read_source(book)
    heads = [source.lines[line - 1].strip() for line in sorted(repeated_edges(source))]
    title = pdfs.TITLE
    assert heads == [
        *(f"vi {title}", f"2 {title}", "The keepers 3", f"4 {title}", f"6 {title}"),
        "Flags and lamps 7",
    ]


def test_glyphs_and_hyphens_come_through_as_they_are(book: Path) -> None:
    text = "\n".join(read_source(book).lines)
    assert {"\ufb00", "\ufb01", "\ufb02", "\ufb03"} <= set(text)
    assert "\u00ad\n" in text


def test_a_file_without_labels_takes_the_printed_numbers(tmp_path: Path) -> None:
    page = "#set page(footer: context align(center)[#(here().page() + 40)])\n"
    body = page + "#pagebreak()\n".join(f"Page of text {word}.\n" for word in ("one", "two", "three"))
    source = read_source(pdfs.make_plain(tmp_path / "a.pdf", body))
    assert [page.label for page in source.pages] == ["41", "42", "43"]
    bare = read_source(pdfs.make_plain(tmp_path / "b.pdf", "One.\n#pagebreak()\nTwo.\n"))
    assert [page.label for page in bare.pages] == [None, None]


def test_headings_that_repeat_break_or_are_numbered(tmp_path: Path) -> None:
    body = """#set heading(numbering: "1.1")
#set page(width: 60mm)
= Summary
Text.
= Summary
Text.
= A heading that is long enough to run on over three lines
#heading(outlined: false, bookmarked: true)[#box(width: 0pt, hide[Unseen])]
"""
    source = read_source(pdfs.make_plain(tmp_path / "a.pdf", body))
    lines = [source.lines[entry.line - 1].strip() for entry in source.outline]
    assert [entry.title for entry in source.outline] == [
        *("1 Summary", "2 Summary", "3 A heading that is long enough to run on over three lines")
    ]
    assert lines == ["1 Summary", "2 Summary", "3 A heading that"]


@pytest.mark.parametrize(
    ("title", "lines", "place"),
    [
        ("Fog", ("Fog lay", "on it.", "FOG"), 2),
        ("3.1 Fog signals", ("text", "Fog sig-", "nals", "text"), 1),
        ("Fog signals", ("text", "Chapter 12", "Fog signals"), 2),
        ("Chapter 12: Fog signals", ("text", "12", "Fog signals"), 1),
        ("Fog", ("text", "12 Fog signals"), None),
        ("A picture", ("text",), None),
    ],
)
def test_the_line_of_a_title(title: str, lines: tuple[str, ...], place: int | None) -> None:
    assert pdf._line_with(title, lines, 0) == place


def test_a_book_that_everyone_may_read(tmp_path: Path) -> None:
    source = read_source(pdfs.make_locked(tmp_path / "a.pdf", user="", owner="owner"))
    assert source.lines[0] == pdfs.TITLE


def test_what_cannot_be_read_is_told_in_one_line(tmp_path: Path, book: Path) -> None:
    whole = book.read_bytes()
    blank = PdfWriter()
    blank.write(tmp_path / "blank.pdf")
    files = {
        pdfs.make_locked(tmp_path / "locked.pdf", user="secret", owner="owner"): "is a PDF locked with a password",
        pdfs.make_scan(tmp_path / "scan.pdf"): "holds pictures of pages and no text: run it through OCR first",
        tmp_path / "blank.pdf": "has 0 pages",
    }
    for name, data, said in (
        ("cut.pdf", whole[: len(whole) // 2], "is a PDF that ends too early"),
        ("bare.pdf", b"%PDF-1.7\n%%EOF\n", "is a damaged PDF: "),
        ("torn.pdf", whole[:200] + whole[-1000:], "is a damaged PDF: "),
    ):
        (tmp_path / name).write_bytes(data)
        files[tmp_path / name] = said
    for path, said in files.items():
        with pytest.raises(CorpusError) as caught:
            read_source(path)
        assert str(caught.value).startswith(f"{path}: {said}")
        assert "\n" not in str(caught.value)


def test_limits(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(pdf, "MOST_PAGES", 12)
        with pytest.raises(CorpusError, match="has 13 pages; from 1 to 12 are read"):
            read_source(book)
    monkeypatch.setattr(pdf, "MOST_LETTERS", 1000)
    with pytest.raises(CorpusError, match="holds more than 1000 letters"):
        read_source(book)


def test_any_damage_is_a_corpus_error_or_none_at_all(tmp_path: Path, book: Path) -> None:
    whole, chance = book.read_bytes(), random.Random(7)
    path = tmp_path / "damaged.pdf"
    refused = 0
    for _ in range(30):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 40)):
            data[chance.randrange(20, len(data))] = chance.randrange(256)
        path.write_bytes(data)
        try:
            source = read_source(path)
        except CorpusError:
            refused += 1
        else:
            "\n".join(source.lines).encode()
    assert 0 < refused < 30


def test_what_pypdf_mends_is_not_printed(tmp_path: Path, book: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "shifted.pdf"
    path.write_bytes(b"\n" * 5 + book.read_bytes())
    with caplog.at_level(logging.WARNING):
        assert read_source(path).lines[0] == pdfs.TITLE
    assert "pypdf" in {record.name.split(".")[0] for record in caplog.records}
    script = f"import pathlib, ingest.readers as r; r.read_source(pathlib.Path({str(path)!r}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_the_book_goes_the_way_of_every_text(book: Path) -> None:
    document, passages = read(Work("lights", book, "book", pdfs.TITLE))
    found = [(section.level, section.title, document.page_at(section.span.start)) for section in document.sections]
    wanted = [(1, "Preface", "v"), *((part.level, part.title, part.page) for part in pdfs.BODY)]
    assert [(level, title, page and (page.label, page.certainty)) for level, title, page in found] == [
        (level, title, (label, "exact")) for level, title, label in wanted
    ]
    said = " ".join(document.text.split()).replace("’", "'")
    for paragraphs in (pdfs.PREFACE, *(part.paragraphs for part in pdfs.BODY)):
        assert all(paragraph in said for paragraph in paragraphs)
    assert not set(document.text) & {"\u00ad", "\ufb00", "\ufb01", "\ufb02", "\ufb03"}
    pages = {passage.path[-1]: document.pages_of(passage.span) for passage in passages if passage.path}
    assert pages["Fog"] == PageRange("6", "7", "exact")
