"""Word drafts: opened with care, their paragraphs and notes as text, and words in them replaced."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docx
from docx.document import Document as WordDocument
from docx.opc.exceptions import OpcError
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.shared import Cm
from docx.text.paragraph import Paragraph
from lxml.etree import LxmlError

from ingest.model import CorpusError

LARGEST = 50 * 2**20
"""The most that a Word file may unpack to, in bytes."""

MOST_PARTS = 2_000

INDENTED = Cm(1)
"""A paragraph set in by so much on the left is a block quotation, as one of that style is."""

_QUOTING = ("quot", "block text", "zitat", "citat", "lainaus", "cita")
_SKIPPED = {qn("w:del"), qn("w:txbxContent")}
_SIGNS = {qn("w:tab"): "\t", qn("w:br"): " ", qn("w:cr"): " ", qn("w:noBreakHyphen"): "-"}
_NOTE_MARKS = {qn("w:footnoteReference"): "f", qn("w:endnoteReference"): "e"}
_DAMAGED = (
    *(OpcError, LxmlError, zipfile.BadZipFile, zlib.error),
    *(EOFError, KeyError, NotImplementedError, RuntimeError, ValueError),
)


@dataclass(frozen=True, slots=True)
class WordParagraph:
    """A paragraph: its element, its text, whether it is a block quotation, and the elements that hold its words.

    `pieces` are the offsets in `text` at which the words of an element begin, with the element.
    """

    element: Any
    text: str
    quoted: bool
    pieces: tuple[tuple[int, Any], ...]


def open_word(path: Path) -> WordDocument:
    """The Word document at `path`; CorpusError where it is none, is damaged or would unpack to too much."""
    try:
        with zipfile.ZipFile(path) as archive:
            _weigh(path, archive)
        return docx.Document(str(path))
    except _DAMAGED as fault:
        raise CorpusError(f"is no Word document that can be read: {_reason(fault)}", path) from None
    except OSError as fault:
        raise CorpusError(f"cannot be read: {fault.strerror or fault}", path) from None


def paragraphs_of(document: WordDocument) -> Iterator[WordParagraph]:
    """The paragraphs of the body, those of tables included, in order."""
    for element in document.element.body.iter(qn("w:p")):
        text, pieces = _read(element)
        yield WordParagraph(element, text, _is_quoted(Paragraph(element, document)), pieces)


def notes_of(document: WordDocument) -> dict[str, str]:
    """The footnotes and endnotes by their names: the text of the body has `[^f2]` where footnote 2 is called."""
    notes: dict[str, str] = {}
    for relation in document.part.rels.values():
        kind = relation.reltype.rpartition("/")[2]
        if kind not in ("footnotes", "endnotes"):
            continue
        for note in parse_xml(relation.target_part.blob).iterchildren(qn(f"w:{kind[:-1]}")):
            text = " ".join(_read(paragraph)[0] for paragraph in note.iter(qn("w:p"))).strip()
            if text:
                notes[f"{kind[0]}{note.get(qn('w:id'))}"] = text
    return notes


def replace_words(paragraph: WordParagraph, start: int, end: int, words: str) -> None:
    """Put `words` in the place of `start:end` of the paragraph's text; they take the form of the first letter replaced.

    Changes of one paragraph must be made from its end to its beginning.
    """
    for offset, element in reversed(paragraph.pieces):
        text = element.text or ""
        low, high = max(start - offset, 0), min(end - offset, len(text))
        holds_start = offset <= start <= offset + len(text) and not (start == offset + len(text) and start != end)
        if low >= high and not holds_start:
            continue
        element.text = text[:low] + (words if holds_start else "") + text[max(low, high) :]
        element.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        if holds_start:
            return


def _weigh(path: Path, archive: zipfile.ZipFile) -> None:
    """CorpusError where the archive says that it is too large, or where it holds more than it says."""
    members = archive.infolist()
    if len(members) > MOST_PARTS or sum(member.file_size for member in members) > LARGEST:
        raise CorpusError(f"unpacks to more than {LARGEST // 2**20} MiB: it is not read", path)
    for member in members:
        with archive.open(member) as stream:
            while stream.read(2**20):
                pass


def _read(element: Any) -> tuple[str, tuple[tuple[int, Any], ...]]:
    text, pieces = "", []
    for part in _parts(element):
        if part.tag == qn("w:t"):
            pieces.append((len(text), part))
            text += part.text or ""
        elif part.tag in _NOTE_MARKS:
            text += f"[^{_NOTE_MARKS[part.tag]}{part.get(qn('w:id'))}]"
        else:
            text += _SIGNS.get(part.tag, "")
    return text, tuple(pieces)


def _parts(element: Any) -> Iterator[Any]:
    """The elements within a paragraph, without those of deleted text and of text boxes."""
    for child in element:
        if child.tag not in _SKIPPED:
            yield child
            yield from _parts(child)


def _is_quoted(paragraph: Paragraph) -> bool:
    style = paragraph.style.name.casefold() if paragraph.style and paragraph.style.name else ""
    if any(word in style for word in _QUOTING):
        return True
    form = paragraph.paragraph_format
    return (
        not any(paragraph._p.iter(qn("w:numPr")))
        and (form.left_indent or 0) >= INDENTED
        and (form.first_line_indent or 0) >= 0
    )


def _reason(fault: BaseException) -> str:
    return " ".join(str(fault).split())[:200] or type(fault).__name__
