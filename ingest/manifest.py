"""The manifest of a corpus: `corpus.toml` read into works, and works added to it or taken out of it."""

from __future__ import annotations

import datetime
import difflib
import os
import re
import shutil
import tomllib
import unicodedata
from bisect import bisect_left
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit

from ingest.model import Contribution, CorpusError, Name, Work

NAME = "corpus.toml"
"""The file of a corpus folder that is read where no other is named."""

WORK_KEYS = (
    *("id", "file", "type", "title", "authors", "editors", "issued", "container-title", "publisher"),
    *("publisher-place", "volume", "issue", "page", "doi", "isbn", "url", "note", "language"),
    *("contribution", "running-heads", "furniture"),
)
CONTRIBUTION_KEYS = ("title", "heading", "authors", "country", "lost")
LOSABLE = ("title", "authors")

TYPES = frozenset(
    (
        *("article", "article-journal", "article-magazine", "article-newspaper", "bill", "book", "broadcast"),
        *("chapter", "classic", "collection", "dataset", "document", "entry", "entry-dictionary"),
        *("entry-encyclopedia", "event", "figure", "graphic", "hearing", "interview", "legal_case", "legislation"),
        *("manuscript", "map", "motion_picture", "musical_score", "pamphlet", "paper-conference", "patent"),
        *("performance", "periodical", "personal_communication", "post", "post-weblog", "regulation", "report"),
        *("review", "review-book", "software", "song", "speech", "standard", "thesis", "treaty", "webpage"),
    )
)
"""The types of CSL 1.0.2."""

_ID = re.compile(r"[a-z0-9-]+")
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
_URL = re.compile(r"https?://[^\s<>\"]+")
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_ISBN = re.compile(r"(?:97[89][ -]?)?(?:\d[ -]?){9}[\dX]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """The works of a corpus, in the order in which `path` lists them."""

    path: Path
    works: tuple[Work, ...]


def load(path: Path) -> Manifest:
    """The manifest at `path`; CorpusError with the line where it does not say what a manifest can say."""
    return _parse(_read(path), path)


def add_work(path: Path, entry: Mapping[str, object]) -> Work:
    """The work that `entry`, in the manifest's own keys, adds at the end of the manifest at `path`.

    The manifest is made where there is none; nothing is written where the entry is not a work's, or its id is taken.
    """
    text = _read(path) if path.exists() else ""
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    text += gap + tomlkit.dumps({"work": [dict(entry)]})
    work = _parse(text, path).works[-1]
    _write(path, text)
    return work


def remove_work(path: Path, work_id: str) -> Work:
    """The work called `work_id`, taken out of the manifest at `path` with the comment right above it."""
    text = _read(path)
    works = _parse(text, path).works
    place = next((place for place, work in enumerate(works) if work.id == work_id), None)
    if place is None:
        raise CorpusError(f"there is no work {work_id!r} here; known are {', '.join(work.id for work in works)}", path)
    lines = _lines(text)
    start = _block_start(text, lines, place)
    end = _block_start(text, lines, place + 1) if place + 1 < len(works) else len(lines)
    before = "".join(lines[:start])
    rest = before + "".join(lines[end:]) if end < len(lines) else f"{before.rstrip()}\n"
    kept = works[:place] + works[place + 1 :]
    if _works_if_whole(rest, path) != kept:
        raise CorpusError(f"{work_id} is not in a [[work]] block of its own: take it out by hand", path, start + 1)
    _write(path, rest)
    return works[place]


@dataclass(frozen=True, slots=True)
class _Table:
    """One table of the manifest, which knows where it stands."""

    path: Path
    text: str
    place: Place
    values: Mapping[str, Any]

    def error(self, reason: str, *key: str | int) -> CorpusError:
        """A CorpusError at the line of a key of this table, or of the table itself."""
        where = ": ".join((*(str(part) for part in key[:1]), reason))
        return CorpusError(where, self.path, _line_of(self.text, (*self.place, *key)))

    def only(self, known: Collection[str]) -> None:
        """Refuse a key that is not among `known`."""
        for key in self.values:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                meant = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
                raise self.error(f"unknown key; {meant}", key)

    def tables(self, key: str) -> tuple[_Table, ...]:
        """The tables of an array such as `[[work]]`."""
        given = self.values.get(key, [])
        if not isinstance(given, list) or not all(isinstance(table, dict) for table in given):
            raise self.error(f"must be tables, each under [[{'.'.join((*_words(self.place), key))}]]", key)
        return tuple(_Table(self.path, self.text, (*self.place, key, n), table) for n, table in enumerate(given))

    def line(self, key: str, form: re.Pattern[str] | None = None, example: str = "") -> str:
        """One line of text, empty where it is not given, of the form wanted."""
        given = self.values.get(key, "")
        if isinstance(given, int) and not isinstance(given, bool):
            given = str(given)
        if not isinstance(given, str):
            raise self.error("must be text in quotation marks", key)
        text = _tidy(given)
        if form and text and not form.fullmatch(text):
            raise self.error(f"{text!r} is not of the form {example}", key)
        return text

    def required(self, key: str, form: re.Pattern[str] | None = None, example: str = "") -> str:
        """One line of text that must be given."""
        text = self.line(key, form, example)
        if not text:
            raise self.error("must be given", key) if key in self.values else self.error(f"{key} must be given")
        return text

    def strings(self, key: str) -> tuple[str, ...]:
        """A list of texts, as they stand."""
        given = self.values.get(key, [])
        if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
            raise self.error("must be a list of texts", key)
        return tuple(given)

    def patterns(self, key: str) -> tuple[str, ...]:
        """A list of regular expressions."""
        given = self.strings(key)
        for number, pattern in enumerate(given):
            try:
                re.compile(pattern)
            except re.error as error:
                raise self.error(f"{pattern!r} is not a regular expression: {error}", key, number) from None
        return given

    def names(self, key: str) -> tuple[Name, ...]:
        """A list of people and organisations."""
        given = self.values.get(key, [])
        if not isinstance(given, list):
            raise self.error('must be a list of names, such as ["Family, Given"]', key)
        return tuple(self._name(key, number, item) for number, item in enumerate(given))

    def _name(self, key: str, number: int, item: object) -> Name:
        if isinstance(item, str) and _tidy(item).strip(","):
            family, comma, given = (part.strip() for part in _tidy(item).partition(","))
            return Name(family=family, given=given) if comma else Name(literal=family)
        if isinstance(item, dict) and all(isinstance(part, str) for part in item.values()):
            parts = {part: _tidy(words) for part, words in item.items()}
            if set(parts) == {"literal"} and parts["literal"]:
                return Name(literal=parts["literal"])
            if set(parts) <= {"family", "given"} and parts.get("family"):
                return Name(family=parts["family"], given=parts.get("given", ""))
        raise self.error('a name is "Family, Given", or { literal = "Name of an organisation" }', key, number)

    def issued(self) -> tuple[int, ...]:
        """The date of issue as year, month and day, as far as it is given."""
        given = self.values.get("issued", "")
        if given == "":
            return ()
        text = given.isoformat()[:10] if isinstance(given, datetime.date) else str(given)
        match = _DATE.fullmatch(text)
        if match:
            parts = tuple(int(part) for part in match.groups() if part)
            with suppress(ValueError):
                datetime.date(*(*parts, 1, 1)[:3])
                return parts
        raise self.error('must be a year, a date such as 2011-03-23, or a month such as "2011-03"', "issued")


def _parse(text: str, path: Path) -> Manifest:
    """The manifest that `text` is."""
    try:
        values = tomllib.loads(text)
    except RecursionError:
        raise CorpusError("is not TOML that can be read: it is nested too deeply", path) from None
    except ValueError as error:
        match = _AT_LINE.search(str(error))
        line = None if match is None else int(match[1]) if match[1] else len(_lines(text))
        raise CorpusError(f"is not TOML: {_AT_LINE.sub('', str(error))}", path, line) from None
    root = _Table(path, text, (), values)
    root.only(("work",))
    works: dict[str, Work] = {}
    for table in root.tables("work"):
        work = _work(table)
        if work.id in works:
            raise table.error(f"{work.id!r} is the id of an earlier work", "id")
        works[work.id] = work
    return Manifest(path, tuple(works.values()))


def _work(table: _Table) -> Work:
    """The work that a `[[work]]` table describes."""
    table.only(WORK_KEYS)
    kind = table.required("type")
    if kind not in TYPES:
        near = difflib.get_close_matches(kind, TYPES, n=3, cutoff=0.4)
        raise table.error(f"{kind!r} is not a type of CSL; near to it are {', '.join(near) or 'none'}", "type")
    return Work(
        id=table.required("id", _ID, "small letters, digits and hyphens"),
        file=_file(table),
        type=kind,
        title=table.required("title"),
        authors=table.names("authors"),
        editors=table.names("editors"),
        issued=table.issued(),
        container_title=table.line("container-title"),
        publisher=table.line("publisher"),
        publisher_place=table.line("publisher-place"),
        volume=table.line("volume"),
        issue=table.line("issue"),
        page=table.line("page"),
        doi=table.line("doi", _DOI, "10.1000/182"),
        isbn=table.line("isbn", _ISBN, "978-3-16-148410-0"),
        url=table.line("url", _URL, "https://example.org/page"),
        note=table.line("note"),
        language=table.line("language", _LANGUAGE, "en-GB"),
        contributions=tuple(_contribution(part) for part in table.tables("contribution")),
        running_heads=table.patterns("running-heads"),
        furniture=table.patterns("furniture"),
    )


def _contribution(table: _Table) -> Contribution:
    """The contribution that a `[[work.contribution]]` table describes."""
    table.only(CONTRIBUTION_KEYS)
    lost = table.strings("lost")
    for key in lost:
        if key not in LOSABLE:
            raise table.error(f"{key!r} cannot be lost, only {' and '.join(LOSABLE)}", "lost")
        if key in table.values:
            raise table.error(f"{key!r} is given, so it is not lost", "lost")
    title = None if "title" in lost else table.required("title")
    return Contribution(
        heading=table.line("heading") or title or table.required("heading"),
        title=title,
        authors=None if "authors" in lost else table.names("authors"),
        country=table.line("country") or None,
    )


def _file(table: _Table) -> Path:
    """The path of a work's file, which must lie in the manifest's folder."""
    given = table.required("file")
    folder = table.path.parent
    file = folder / given
    if not file.resolve().is_relative_to(folder.resolve()):
        raise table.error(f"{given!r} lies outside the corpus folder: copy the file into it", "file")
    return file


def _tidy(text: str) -> str:
    """`text` on one line, in Unicode's composed form."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _words(place: Place) -> tuple[str, ...]:
    """The names of the tables on a place's way."""
    return tuple(part for part in place if isinstance(part, str))


def _lines(text: str) -> list[str]:
    """The lines of `text` with their ends, as TOML counts them."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _line_of(text: str, place: Place) -> int:
    """The line (from 1) of valid TOML where the statement begins that first holds `place`.

    The parser itself finds it: the shortest head of the text that is TOML and has the place ends with that statement.
    """
    lines = _lines(text)

    def reached(count: int) -> bool:
        for end in range(count, len(lines)):
            with suppress(ValueError):
                return _holds(tomllib.loads("".join(lines[:end])), place)
        return True

    return bisect_left(range(1, len(lines) + 1), True, key=reached) + 1


def _holds(node: Any, place: Place) -> bool:
    """Whether parsed TOML has something at `place`."""
    for part in place:
        known = part in node if isinstance(node, dict) else isinstance(part, int) and part < len(node)
        if not known:
            return False
        node = node[part]
    return True


def _block_start(text: str, lines: list[str], number: int) -> int:
    """The place among `lines` where the block of a work begins, the comment right above it included."""
    start = _line_of(text, ("work", number)) - 1
    while start and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    return start


def _works_if_whole(text: str, path: Path) -> tuple[Work, ...] | None:
    """The works of `text`, None where it is no manifest."""
    with suppress(CorpusError):
        return _parse(text, path).works
    return None


def _read(path: Path) -> str:
    """The text of a manifest."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CorpusError(f"cannot be read ({error.strerror}); name the corpus folder, or its {NAME}", path) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise CorpusError("is not UTF-8 text: save it as UTF-8", path, line) from None


def _write(path: Path, text: str) -> None:
    """Put `text` in the place of a manifest, whole or not at all."""
    target = path.resolve()
    aside = target.with_name(f".{target.name}.new")
    try:
        with aside.open("wb") as file:
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, aside)
        aside.replace(target)
    except OSError as error:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise CorpusError(f"cannot be written: {error.strerror}", path) from None
