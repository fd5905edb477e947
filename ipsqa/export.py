"""Records as text, CSV, Markdown and Word documents; whatever the sources hold is data and is shown as such."""

from __future__ import annotations

import csv
import io
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

Record = Mapping[str, Any]
Style = Literal["heading", "place", "path", "text", "note"]

COLUMNS = (
    *("n", "rank", "relevance", "score", "doc", "title", "file", "first_line", "last_line", "first_page", "last_page"),
    *("certainty", "section", "authors", "country", "kind", "quote", "text", "citation", "reference", "id"),
)
"""The columns of a CSV file; those that a result does not have are left out."""

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~&])")
_LINE_START = re.compile(r"^(\s*)([-+=]|\d+[.)])", re.MULTILINE)
_NUMBERED = re.compile(r"\[?\d+[\].]")
_WORDS = re.compile(r"\w+")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def printable(text: str) -> str:
    """`text` without what steers a terminal or a screen: control and direction marks become spaces or nothing."""
    return "".join(_shown(letter) for letter in text)


def _shown(letter: str) -> str:
    category = unicodedata.category(letter)
    if letter == "\n" or category not in ("Cc", "Cf", "Cs"):
        return letter
    return " " if category == "Cc" else "" if letter != "\N{ZERO WIDTH JOINER}" else letter


def locator(record: Record) -> str:
    """Where a passage, or what is quoted of it, stands: printed pages and how sure they are, or else source lines."""
    pages = record.get("quote_pages", record["pages"])
    if not pages:
        first, last = record.get("quote_lines", record["lines"])
        return f"line {first}" if first == last else f"lines {first}-{last}"
    one = pages["first"] == pages["last"]
    label = f"p. {pages['first']}" if one else f"pp. {pages['first']}-{pages['last']}"
    return label if pages["certainty"] == "exact" else f"{label} ({pages['certainty']})"


def source_lines(record: Record) -> str:
    """The file and the lines of a passage, or of what is quoted of it, as editors and compilers write them."""
    first, last = record.get("quote_lines", record["lines"])
    return f"{record['file']}:{first}" + (f"-{last}" if last != first else "")


def passages_of(record: Record) -> Sequence[Record]:
    """The passages that a record of any query command lists; those nearest where it found no answer."""
    if "match" in record:
        return [record["passage"], *record["alternatives"]] if record["passage"] else record["nearest"]
    if "answered" in record and not record["answered"]:
        return list(record["nearest"])
    listed: Sequence[Record] = record.get("hits") or record.get("passages") or record.get("citations") or []
    return listed


def to_csv(record: Record) -> str:
    """The passages of a record, a row each, under the names of their columns; a spreadsheet runs none of it."""
    rows = [_row(passage) for passage in passages_of(record)]
    columns = [name for name in COLUMNS if any(name in row for row in rows)] or ["doc", "text"]
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items() if name in columns} for row in rows)
    return out.getvalue()


def _row(passage: Record) -> dict[str, object]:
    pages = passage["pages"] or {"first": "", "last": "", "certainty": ""}
    return {
        **passage,
        "first_line": passage["lines"][0],
        "last_line": passage["lines"][1],
        "first_page": pages["first"],
        "last_page": pages["last"],
        "certainty": pages["certainty"],
        "section": " › ".join(passage["section"]),
        "authors": "; ".join(passage["authors"]),
        "country": passage["country"] or "",
        **_cited(passage),
    }


def _cited(passage: Record) -> dict[str, object]:
    """A passage's citation and entry of a reference list, where they were made."""
    made = passage.get("citation")
    return {"citation": made["in_text"], "reference": made["reference"]} if made else {}


def references_of(record: Record) -> tuple[str, ...]:
    """The entries of the reference list of all passages, each once, by the alphabet or by their numbers."""
    cited = [str(made["reference"]) for made in map(_cited, passages_of(record)) if made]
    entries = tuple(dict.fromkeys(cited))
    if all(map(_NUMBERED.match, entries)):
        return entries
    return tuple(sorted(entries, key=lambda entry: [*_WORDS.findall(entry.casefold())]))


def _cell(value: object) -> object:
    """A value that no spreadsheet takes for a formula."""
    if isinstance(value, str):
        text = printable(value)
        return f"'{text}" if text.startswith(_FORMULA) else text
    return value


def escaped(text: str) -> str:
    """`text` as Markdown that shows just these words."""
    return _LINE_START.sub(r"\1\\\2", _MARKUP.sub(r"\\\1", printable(text)))


def to_markdown(record: Record) -> str:
    """A record as a Markdown note: what was asked, what was found, each passage as a quotation with its place."""
    return "\n\n".join(_markdown_blocks(record)) + "\n"


def _markdown_blocks(record: Record) -> Iterator[str]:
    yield f"# {escaped(str(record['query']))}"
    for note in notes_of(record):
        yield f"*{escaped(note)}*"
    if record.get("answered"):
        yield " ".join(f"{escaped(s['text'])} {_marks(s['citations'])}".strip() for s in record["answer"])
    for number, passage in enumerate(passages_of(record), 1):
        yield f"{passage.get('n', number)}\\. {escaped(heading(passage))}"
        quoted = escaped(passage.get("quote") or passage["text"]).splitlines()
        yield "\n".join(f"> {line}" for line in quoted)
        if cited := _cited(passage):
            yield escaped(str(cited["citation"]))
    if references := references_of(record):
        yield "## References"
        yield from map(escaped, references)


def _marks(numbers: Sequence[int]) -> str:
    return "".join(f"\\[{number}\\]" for number in numbers)


def heading(passage: Record) -> str:
    """One line on where a passage stands: authors or work, place, section path."""
    who = ", ".join(passage["authors"]) or passage["title"]
    path = " › ".join(passage["section"])
    return f"{who}, {locator(passage)}" + (f" · {path}" if path else "")


def notes_of(record: Record) -> list[str]:
    """What there is to say about a record as a whole, a line each."""
    notes = list(record.get("notes", ()))
    if record.get("also"):
        notes.append(f"searched also: {', '.join(record['also'])}")
    if "total" in record:
        notes.append(_statement(record))
    if record.get("answered") is False:
        notes.append(f"The sources do not answer this: {record['reason']}.")
    if record.get("answered"):
        notes.extend(_on_wording(record))
    if "match" in record:
        notes.extend(_verdict(record))
    if record.get("hits") == [] and not record.get("notes"):
        notes.append("nothing was found")
    return notes


def _on_wording(record: Record) -> Iterator[str]:
    """Whose words an answer is in, where they are not the sources', and what was left out of them."""
    if record.get("mode") == "model":
        yield "worded by a language model; each sentence was checked against the passage that it cites"
    if record.get("note"):
        yield record["note"]
    for sentence in record.get("unborne", ()):
        yield f"dropped: {sentence['text']} ({sentence['why']})"


_VERDICTS = {
    "exact": "exact: these are the source's own words",
    "altered": "altered: the source's words are others",
    "paraphrase": "paraphrase: the sources say so in other words",
}
_DOUBTFUL = "perhaps a paraphrase: several passages come as close; read them before you cite one"


def _verdict(record: Record) -> Iterator[str]:
    """What was found for a quotation, what differs, and how to cite it."""
    doubtful = record["match"] == "paraphrase" and record["alternatives"]
    found = _DOUBTFUL if doubtful else _VERDICTS.get(record["match"])
    yield found or f"not in the sources: {record['reason']}; the nearest passages are:"
    for difference in record["differences"]:
        meaning = f"; {difference['meaning']}" if difference["meaning"] else ""
        yield f"“{difference['given']}” should be “{difference['source']}”{meaning}"
    if record["citation"]:
        yield f"{record['citation']['in_text']}\n{record['citation']['reference']}"
    if record["alternatives"]:
        count = len(record["alternatives"])
        yield f"{count} other place{'' if count == 1 else 's'} below"


def _statement(record: Record) -> str:
    """How many passages were found, and where the cut lies."""
    passages = f"{record['total']} passage{'' if record['total'] == 1 else 's'}"
    if record["total"] and not record["cut"]:
        return f"{passages}: every one with the words in quotation marks"
    count = f"{passages} of {record['considered']}"
    if not record["total"]:
        return f"{count}: no passage is about this"
    # Rounded down: what lies below the cut must not read as the cut.
    below = math.floor(record["below"] * 100) / 100
    rest = f"; the best of the others has {below:.2f}" if record["total"] < record["considered"] else ""
    return f"{count}: everything of relevance {record['cut']:.2f} or more{rest}"


def to_docx(record: Record) -> bytes:
    """A record of `find` as a Word document: what was asked, then each passage with its place, under its work."""
    from docx import Document

    document = Document()
    document.add_heading(_xml(record["query"]), level=1)
    for note in notes_of(record):
        document.add_paragraph(_xml(note), style="Subtitle")
    title = None
    for passage in passages_of(record):
        if passage["title"] != title:
            title = passage["title"]
            document.add_heading(_xml(title), level=2)
        document.add_paragraph(_xml(heading(passage)), style="List Number")
        document.add_paragraph(_xml(passage["text"]), style="Quote")
        if cited := _cited(passage):
            document.add_paragraph(_xml(str(cited["citation"])))
    if references := references_of(record):
        document.add_heading("References", level=2)
        for reference in references:
            document.add_paragraph(_xml(reference))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _xml(text: str) -> str:
    """`text` without the code points that XML cannot hold."""
    return "".join(letter for letter in printable(text) if letter not in "\ufffe\uffff")
