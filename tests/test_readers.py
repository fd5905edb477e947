"""Readers: which file is read how, plain text in every encoding, and the edges of pages."""

from __future__ import annotations

import codecs
import hashlib
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import readers
from ingest.model import CorpusError
from ingest.readers import OutlineEntry, PhysicalPage, SourceText, read_source, repeated_edges
from ingest.readers.edges import printed_labels

TEXTS = sorted((Path(__file__).parent.parent / "corpus" / "texts").glob("*.txt"))


def file_of(folder: Path, data: bytes, name: str = "a.txt") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_the_shipped_texts_stand_as_they_are(path: Path) -> None:
    source = read_source(path)
    given = path.read_text(encoding="utf-8")
    assert "\n".join(source.lines) == given.rstrip("\n")
    assert (source.pages, source.outline) == ((), ())
    assert source.digest == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "data",
    [
        "Höhe\n 2 – x\n".encode(),
        "Höhe\r\n 2 – x\r\n".encode(),
        "Höhe\r 2 – x".encode(),
        "Höhe\n 2 – x\n\n\n\f".encode(),
        "H\x07öhe\n 2\x1b – x\n".encode(),
        codecs.BOM_UTF8 + "Höhe\n 2 – x\n".encode(),
        "Höhe\n 2 – x\n".encode("utf-16"),
        codecs.BOM_UTF16_BE + "Höhe\n 2 – x\n".encode("utf-16-be"),
        codecs.BOM_UTF32_LE + "Höhe\n 2 – x\n".encode("utf-32-le"),
        "Höhe\n 2 – x\n".encode("cp1252"),
    ],
)
def test_encodings_and_line_ends(tmp_path: Path, data: bytes) -> None:
    assert read_source(file_of(tmp_path, data)).lines == ("Höhe", " 2 – x")


def test_a_guessed_encoding_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        read_source(file_of(tmp_path, b"H\xf6he"))
    assert "read as Windows-1252" in caplog.text


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.txt", b"", "a.txt: is empty"),
        ("a.txt", b" \n\n \t", "a.txt: holds no text"),
        ("a.txt", b"one\ntwo\0", "a.txt:2: is not text: it holds NUL bytes"),
        ("a.txt", "ö\n".encode() + b"\xf6", "a.txt:2: is not UTF-8 text here"),
        ("a.txt", b"one\n\xf6 \x81", "a.txt:2: is neither UTF-8 nor Windows-1252 text here"),
        ("a.txt", codecs.BOM_UTF16_LE + b"x", "a.txt:1: is not UTF-16-LE text here"),
        ("a.txt", b"\x89PNG\r\n\x1a\n", "a.txt: is a PNG picture that is called .txt"),
        ("a.pdf", b"\x89PNG\r\n\x1a\n", "a.pdf: is a PNG picture that is called .pdf"),
        ("a.pdf", b"PK\x03\x04", "a.pdf: is a ZIP archive (as .docx, .odt and .epub files are) that is called .pdf"),
        ("a.txt", b"{\\rtf1", "a.txt: is an RTF file that is called .txt"),
        ("a.pdf", b"Only text.", "a.pdf: is called .pdf and is no PDF"),
        ("a.txt", b"%PDF-1.7\n", "a.txt: is a PDF that is called .txt: rename it"),
        ("a.html", b"<p>Text.</p>", "a.html: .html is not read, only .txt"),
        ("a", b"Text.", "a: a file without an ending is not read, only .txt"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    with pytest.raises(CorpusError) as caught:
        read_source(file_of(tmp_path, data, name))
    assert str(caught.value).startswith(f"{tmp_path}/{said}")
    assert "\n" not in str(caught.value)


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="cannot be read: No such file"):
        read_source(tmp_path / "none.txt")
    folder = tmp_path / "folder.txt"
    folder.mkdir()
    with pytest.raises(CorpusError, match="is not a file"):
        read_source(folder)


def test_a_file_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "LARGEST", 2**20)
    with pytest.raises(CorpusError, match="is longer than 1 MiB: split it"):
        read_source(file_of(tmp_path, b"x" * (2**20 + 1)))


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), min_size=1).filter(lambda ls: "".join(ls).strip())
)
def test_lines_are_split_on_line_feeds_alone(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    path = file_of(tmp_path_factory.mktemp("any"), "\n".join(lines).encode())
    while not lines[-1]:
        lines.pop()
    assert read_source(path).lines == tuple(lines)


def test_form_feeds_open_pages(tmp_path: Path) -> None:
    source = read_source(file_of(tmp_path, b"one\ntwo\n\fthree\n\f\ffour\n\f"))
    assert source.lines == ("one", "two", "three", "four")
    assert [page.line for page in source.pages] == [1, 3, 4]


def sheets(*pages: str, labels: tuple[str | None, ...] = (), outline: tuple[OutlineEntry, ...] = ()) -> SourceText:
    lines: list[str] = []
    found: list[PhysicalPage] = []
    for number, text in enumerate(pages, 1):
        found.append(PhysicalPage(len(lines) + 1, number, labels[number - 1] if labels else None))
        lines += text.split("|")
    return SourceText(Path("a.pdf"), tuple(lines), tuple(found), outline, "")


def edges_of(source: SourceText) -> list[str]:
    return [source.lines[line - 1] for line in sorted(repeated_edges(source))]


def test_heads_and_feet_on_three_pages() -> None:
    source = sheets("A HEAD|text one|x|4", "A head|text two|x|5", "A Head|text three|x|6", "Another|text four|x|7")
    assert edges_of(source) == ["A HEAD", "4", "A head", "5", "A Head", "6", "7"]
    assert printed_labels(source) == ("4", "5", "6", "7")


def test_two_pages_are_no_proof() -> None:
    source = sheets("Head|text one|x|1", "Head|text two|x|2")
    assert repeated_edges(source) == frozenset()
    assert printed_labels(source) == (None, None)


def test_numbers_in_heads_that_change() -> None:
    source = sheets("12 Book|a", "Part one 13|b", "14 Book|c", "Part two 15|d", "Part three|e", "Part three 17|f")
    assert edges_of(source) == ["12 Book", "Part one 13", "14 Book", "Part two 15", "Part three 17"]
    assert printed_labels(source) == ("12", "13", "14", "15", "16", "17")


def test_a_title_is_not_the_head_that_repeats_it() -> None:
    source = sheets("The sea|a", "The sea 2|b", "The sea 3|c", "The sea 4|d")
    assert edges_of(source) == ["The sea 2", "The sea 3", "The sea 4"]
    bare = sheets("The sea|a", "The sea|b", "The sea|c", outline=(OutlineEntry(1, "The sea", 1),))
    assert sorted(repeated_edges(bare)) == [3, 5]


def test_roman_numbers_and_a_second_count() -> None:
    front = [f"{word} one|{word} two|{roman}" for word, roman in zip("abcd", ("iii", "iv", "v", "vi"), strict=True)]
    body = [f"{word} one|{word} two|- {number} -" for word, number in zip("efgh", range(1, 5), strict=True)]
    source = sheets("Title", *front, *body)
    assert printed_labels(source) == (None, "iii", "iv", "v", "vi", "1", "2", "3", "4")
    assert edges_of(source) == ["iii", "iv", "v", "vi", "- 1 -", "- 2 -", "- 3 -", "- 4 -"]


@pytest.mark.parametrize(
    "numbers",
    [("viii", "ix", "x", "xi"), ("xxxix", "xl", "xli"), ("xlviii", "xlix", "l"), ("xcviii", "xcix", "c", "ci")],
)
def test_roman_numbers(numbers: tuple[str, ...]) -> None:
    assert printed_labels(sheets(*(f"text|{number}" for number in numbers))) == numbers
    assert printed_labels(sheets(f"text|{numbers[0]}", *("text" for _ in numbers), f"text|{numbers[2]}"))[1:3] == (
        None,
        None,
    )


def test_labels_of_the_file_are_kept_unless_they_only_count() -> None:
    pages = ("a|x|7", "b|x|8", "c|x|9")
    assert printed_labels(sheets(*pages, labels=("A-1", "A-2", "A-3"))) == ("A-1", "A-2", "A-3")
    assert printed_labels(sheets(*pages, labels=("1", "2", "3"))) == ("7", "8", "9")
    assert printed_labels(sheets("a", "b", "c", labels=("1", "2", "3"))) == ("1", "2", "3")


def test_a_label_at_the_edge_is_a_page_number() -> None:
    assert edges_of(sheets("text|x|A", "text|x|ii", labels=("i", "ii"))) == ["ii"]


def test_what_only_looks_like_a_head() -> None:
    rows = sheets("2009 1 2|x", "2010 3 4|x", "2011 5 6|x", "2012 7 8|x")
    assert "x" not in edges_of(rows)
    long = "word " * 30
    assert edges_of(sheets(long, long, long)) == []
    inner = sheets("Own a|Head|x|y|z|p", "Own b|Head|x|y|z|q", "Own c|Head|x|y|z|r")
    assert edges_of(inner) == []
