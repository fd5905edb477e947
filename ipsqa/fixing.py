"""A corrected copy of a draft, beside it: every change that a check proposes, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from copy import deepcopy
from html import unescape
from pathlib import Path

from index.engine import SettingsError
from ingest.model import Work
from ipsqa.check import Edit, Report
from ipsqa.references import Source, cite
from ipsqa.worddrafts import WordParagraph, open_word, paragraphs_of, replace_words

NAMING = ("uncited", "wrong-author")
"""Faults whose correction cites a work that the draft did not cite there."""

MOST_COPIES = 100
"""So many corrected copies of one draft may lie beside it."""


def write_fixed(report: Report, works: Sequence[Work] = (), style: str = "apa") -> Path | None:
    """The file with the corrected copy, `draft.fixed.md` beside `draft.md`; None where there is nothing to correct.

    No file is ever written over. Works that are cited and not listed are entered in the list in the given style.
    SettingsError where the draft's format cannot be written.
    """
    draft = report.draft
    if draft.path.suffix.lower() == ".pdf":
        raise SettingsError(f"{draft.path}: a PDF cannot be corrected: check the file it was made from")
    edits = _apart(finding.edit for finding in report.findings if finding.edit)
    entries = _entries(report, works, style) if draft.listing else ()
    if not edits and not entries:
        return None
    target = _beside(draft.path)
    if draft.path.suffix.lower() == ".docx":
        _fix_word(report, edits, entries, target)
    else:
        _fix_text(report, edits, entries, target)
    return target


def _apart(edits: Iterable[Edit]) -> list[Edit]:
    """The edits from the end of the text to its beginning, without those that reach into another."""
    kept: list[Edit] = []
    for edit in sorted(dict.fromkeys(edits), key=lambda edit: (-edit.start, -edit.end)):
        if not kept or edit.end <= kept[-1].start:
            kept.append(edit)
    return kept


def _entries(report: Report, works: Sequence[Work], style: str) -> tuple[str, ...]:
    """The entries that the list lacks: of works that are cited, and of those that the corrections cite."""
    missing = [
        Source(finding.source.work, finding.source.contribution)
        for finding in report.findings
        if finding.source and (finding.kind == "unlisted" or (finding.kind in NAMING and finding.edit))
    ]
    sources = [source for source in dict.fromkeys(missing) if source not in report.listed]
    marked = report.draft.path.suffix.lower() == ".md"
    return tuple(_in_markdown(each.html) if marked else each.reference for each in cite(sources, style, works))


def _in_markdown(html: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", re.sub(r"</?i>", "*", html)))


def _beside(path: Path) -> Path:
    """A name beside the draft that no file has."""
    names = (f"{path.stem}.fixed{'' if number == 1 else f'-{number}'}{path.suffix}" for number in range(1, MOST_COPIES))
    free = next((name for name in names if not path.with_name(name).exists()), None)
    if free is None:
        raise SettingsError(f"{path}: has {MOST_COPIES} corrected copies beside it: delete some")
    return path.with_name(free)


def _fix_text(report: Report, edits: Sequence[Edit], entries: Sequence[str], target: Path) -> None:
    draft = report.draft
    text = draft.text
    additions = [Edit(_end_of_list(report), _end_of_list(report), f"\n{entry}\n") for entry in entries]
    for edit in sorted([*reversed(additions), *edits], key=lambda edit: -edit.start):
        text = text[: edit.start] + edit.words + text[edit.end :]
    ends = "\r\n" if b"\r\n" in draft.path.read_bytes() else "\n"
    with target.open("x", encoding="utf-8", newline=ends) as file:
        file.write(text)


def _end_of_list(report: Report) -> int:
    start, end = report.draft.listing or (0, len(report.draft.text))
    return start + len(report.draft.text[start:end].rstrip()) + 1


def _fix_word(report: Report, edits: Sequence[Edit], entries: Sequence[str], target: Path) -> None:
    """The Word document with its body corrected; what stands in its notes is left to the writer."""
    document = open_word(report.draft.path)
    body = list(paragraphs_of(document))
    for edit in edits:
        place = _paragraph_of(report, edit, len(body))
        if place is not None:
            start = report.draft.paragraphs[place][0]
            replace_words(body[place], edit.start - start, edit.end - start, edit.words)
    if entries:
        _add_entries(report, body, entries)
    with target.open("xb") as file:
        document.save(file)


def _paragraph_of(report: Report, edit: Edit, count: int) -> int | None:
    """The place of the paragraph of the body that an edit lies in, None where it lies in a note."""
    for place, (start, end) in enumerate(report.draft.paragraphs[:count]):
        if start <= edit.start and edit.end < end:
            return place
    return None


def _add_entries(report: Report, body: Sequence[WordParagraph], entries: Sequence[str]) -> None:
    """Put entries behind the last one of the reference list, in its form."""
    start, end = report.draft.listing or (0, 0)
    listed = [
        paragraph
        for paragraph, place in zip(body, report.draft.paragraphs, strict=False)
        if start <= place[0] < end and paragraph.text.strip() and paragraph.pieces
    ]
    for entry in reversed(entries):
        if not listed:
            return
        last = listed[-1].element
        copy = deepcopy(last)
        words = [piece for piece in copy.iter() if piece.tag == listed[-1].pieces[0][1].tag]
        for piece in words:
            piece.text = ""
        words[0].text = entry
        last.addnext(copy)
