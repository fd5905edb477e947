"""The library: a corpus and its index, opened once, asked many times."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from index.engine import Engine, Hit, Ranking, SettingsError, Where
from index.fusion import WEIGHTS
from index.opening import open_engine
from index.search import Searcher
from ingest.model import HEADED, Document, Passage, Section, Span, Work
from ipsqa.answer import Answer, answer_question
from ipsqa.findings import Findings, Recall, collect
from ipsqa.judging import Judge
from ipsqa.query import Request, legible, parse, resolve
from ipsqa.reading import Reading

if TYPE_CHECKING:
    # What checks and cites is loaded when it is first used: a search need not wait for it.
    from ipsqa.check import Checker, Report
    from ipsqa.citing import Citer, QuoteMatch
    from ipsqa.references import Reference
    from ipsqa.writing import Seen

MANIFEST = "corpus.toml"
INDEX_FOLDER = ".ipsqa"
CORPUS_VARIABLE = "IPSQA_CORPUS"
INDEX_VARIABLE = "IPSQA_INDEX"
ENGINE_VARIABLE = "IPSQA_ENGINE"
URI_VARIABLE = "IPSQA_URI"
ENGINES = ("local", "milvus")


@dataclass(frozen=True, slots=True)
class Results:
    """The passages found for a query, best first; `also` are words searched beside misspelt ones."""

    request: Request
    hits: tuple[Hit, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Places:
    """Where a corpus is described and where its index lies: in the folder, or where there is a `uri`, in Milvus.

    The exported encoder lies in the folder either way.
    """

    manifest: Path
    folder: Path
    uri: str = ""


def places(path: Path | str | None = None, folder: Path | str | None = None) -> Places:
    """Where the corpus at `path` (a folder or a corpus.toml) and its index lie.

    Without a path it is the environment's IPSQA_CORPUS, or the folder `corpus` of the working directory, or else the
    one shipped beside this package.
    The index is `folder`, or the environment's IPSQA_INDEX, or `.ipsqa` beside the manifest; IPSQA_URI says that it
    lies in Milvus, and where.
    """
    chosen = path or os.environ.get(CORPUS_VARIABLE)
    manifest = _manifest(Path(chosen)) if chosen else _nearest_manifest()
    given = folder or os.environ.get(INDEX_VARIABLE) or manifest.parent / INDEX_FOLDER
    return Places(manifest, Path(given), engine_uri())


def engine_uri(engine: str | None = None, uri: str | None = None) -> str:
    """Where in Milvus the index lies; empty for the local engine. What is not given is taken from the environment."""
    chosen = engine or os.environ.get(ENGINE_VARIABLE) or ""
    place = uri or os.environ.get(URI_VARIABLE) or ""
    if chosen and chosen not in ENGINES:
        raise SettingsError(f"{chosen}: no such engine; there are {', '.join(ENGINES)}")
    if chosen == "milvus" and not place:
        raise SettingsError(f"milvus: say where it is: --uri http://HOST:19530 or --uri FILE.db, or set {URI_VARIABLE}")
    return "" if chosen == "local" else place


def _manifest(path: Path) -> Path:
    found = path / MANIFEST if path.is_dir() else path
    if not found.is_file() or found.suffix != Path(MANIFEST).suffix:
        raise SettingsError(f"{found}: no such corpus: give a folder that holds a {MANIFEST}")
    return found


def _nearest_manifest() -> Path:
    here = Path("corpus") / MANIFEST
    return here if here.is_file() else Path(__file__).resolve().parent.parent / here


def open_library(path: Path | str | None = None, folder: Path | str | None = None) -> Library:
    """The library of the corpus at `path`; StaleIndexError where it has no index that can be used."""
    found = places(path, folder)
    return Library(open_engine(found.folder, found.uri), found)


class Library:
    """Search, find, ask, cite, outline and read over one generation of an index; never changed, shared by threads."""

    def __init__(self, engine: Engine, found: Places, weights: Mapping[Ranking, float] = WEIGHTS) -> None:
        self.engine, self.places = engine, found
        self._searcher = Searcher(engine, weights)

    def without(self, *rankings: Ranking) -> Library:
        """The same library with some rankings left out of its search, to measure what they are worth."""
        kept = {ranking: weight for ranking, weight in self._searcher.weights.items() if ranking not in rankings}
        return Library(self.engine, self.places, kept)

    @property
    def documents(self) -> tuple[Document, ...]:
        """The documents, in the manifest's order."""
        return self.engine.documents()

    @property
    def works(self) -> tuple[Work, ...]:
        """The works that the documents are the texts of."""
        return self.engine.works()

    def document(self, doc: str) -> Document:
        """The document of that id; SettingsError that names those there are."""
        try:
            return self.engine.document(doc)
        except KeyError:
            known = ", ".join(work.id for work in self.works)
            raise SettingsError(f"{doc}: no such document; there are {known}") from None

    def passages(self, where: Where | None = None) -> tuple[Passage, ...]:
        """The passages that `where` lets through, in reading order."""
        return self.engine.passages(where or Where())

    def request(self, text: str, where: Where | None = None) -> Request:
        """What a query asks of this library, in the names of its own documents, countries, sections and authors."""
        request = parse(text, where)
        if not (request.where or request.without):
            return request
        return resolve(request, self.works, self.engine.facets())

    def search(self, text: str, k: int = 10, where: Where | None = None) -> Results:
        """The `k` passages that fit the query best."""
        request = self.request(text, where)
        if not request.text:
            return Results(request)
        if not (request.phrases or request.excluded or request.without):
            return Results(request, self._searcher.search(request.text, k, request.where), self._also(request))
        return self._chosen(request, k)

    def find(self, text: str, recall: Recall = "balanced", where: Where | None = None) -> Findings:
        """Every passage about a topic, most relevant first."""
        request = self.request(text, where)
        return collect(self._searcher, request, recall) if request.text else Findings(request, recall=recall)

    def ask(self, text: str, where: Where | None = None, after: str = "") -> Answer:
        """The sentences that answer a question, each cited, or the reason why there are none.

        A question that goes on from another ("and in Sweden?") is understood with that one as `after`.
        """
        request = self.request(text, where)
        if not request.text:
            return Answer(request, reason=request.notes[-1])
        return answer_question(self._searcher, self.judge, request, after)

    def ask_model(self, text: str, where: Where | None = None, after: str = "", seen: Seen | None = None) -> Answer:
        """As `ask`, in the words of the language model that the environment names, as far as the sources bear them out.

        `seen` is told each sentence that passes. Without a model, or where it fails, the answer is that of `ask`.
        """
        from ipsqa.writing import write_answer

        return write_answer(self.ask(text, where, after), self.engine, self.judge, after, seen)

    def cite(self, text: str, where: Where | None = None) -> QuoteMatch:
        """Where a sentence stands, word for word, altered or in other words; SettingsError where it is too long."""
        return self.citer.match(legible(text), where)

    def check(self, draft: Path | str, strict: bool = False) -> Report:
        """What is wrong with the quotations, citations and reference list of a draft; CorpusError if it cannot be read.

        With `strict`, quotations that are not of these texts are faults too, whoever they are from.
        """
        return self.checker.check(Path(draft), strict)

    def references(self, spans: Sequence[Span], style: str = "apa") -> tuple[Reference, ...]:
        """How to cite the words at each of the spans; SettingsError where there is no such style."""
        from ipsqa.references import cite

        return cite([self.checker.atlas.source_at(span) for span in spans], style, self.works)

    @cached_property
    def judge(self) -> Judge:
        """What weighs whether passages answer a question."""
        return Judge(self._searcher)

    @cached_property
    def checker(self) -> Checker:
        """What finds quotations in these texts and checks drafts against them."""
        from ipsqa.check import Checker

        return Checker(self.documents, self.engine.passages())

    @cached_property
    def citer(self) -> Citer:
        """What finds where sentences stand."""
        from ipsqa.citing import Citer

        return Citer(self.checker.atlas, self.checker.finder, self._searcher)

    def outline(self, doc: str) -> tuple[Section, ...]:
        """The headed sections of a document, in reading order, a section before those within it."""
        return tuple(section for section in self.document(doc).sections if section.kind in HEADED)

    def read(self, span: Span) -> Reading:
        """The words at a span, in their place."""
        document = self.document(span.doc)
        within = Span(span.doc, max(0, span.start), min(len(document.text), span.end))
        inside = (passage for passage in self.engine.passages(Where(docs=(span.doc,))) if passage.span.overlaps(within))
        return Reading(document, within, tuple(inside))

    def _chosen(self, request: Request, k: int) -> Results:
        """The best hits that hold the exact phrases and nothing excluded; a question only prefers its phrases."""
        hits = self._searcher.search(request.text, self.engine.count(request.where), request.where)
        admitted = [hit for hit in hits if request.admits(hit.passage)]
        quoted = [hit for hit in admitted if request.quoted_in(hit.passage)]
        if request.phrases and not quoted:
            return Results(request.unquoted(), tuple(admitted[:k]), self._also(request))
        chosen = sorted(admitted, key=lambda hit: hit not in quoted) if request.question else quoted
        return Results(request, tuple(chosen[:k]), self._also(request))

    def _also(self, request: Request) -> tuple[str, ...]:
        return self._searcher.prepare(request.text).also
