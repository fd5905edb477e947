"""Building and checking a corpus in Milvus: only documents that changed are read, written and taken out.

A build writes the rows of the next generation, which no reader sees, and last the one row that names the state in
force. Killed at any point it is taken up by the next one: rows that are there already are neither encoded nor written
again. Vectors that the local index holds are taken from there.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import TypeVar

import numpy as np

from index.codec import pack
from index.disk import writing
from index.encoder import Encoder
from index.encoding import entry_key
from index.engine import Entry, Settings, SettingsError, StaleIndexError
from index.generation import Made
from index.hands import Threads
from index.late import products_graph
from index.milvus import CURRENT, Shelved, State, open_milvus, pack_state, read_current, schema, unpack_state
from index.milvus_lease import Lease, turn
from index.milvus_link import (
    AT_ONCE,
    NO_VECTOR,
    PASSAGES,
    PIECES,
    SENTENCES,
    WRITING,
    Link,
    Row,
    any_of,
    both,
    open_link,
    parse_address,
)
from index.milvus_rows import (
    FOREVER,
    WHOLE,
    fetch_pieces,
    pack_kept,
    passage_row,
    put_pieces,
    read_passage,
    row_key,
    sentence_rows,
    term_impacts,
    unpack_kept,
    visible,
)
from index.models import is_whole, model_digest
from index.part import MEND
from index.store import (
    DEFAULT,
    BuildReport,
    Held,
    Progress,
    Read,
    encode,
    exported_encoder,
    held_in,
    in_silence,
    source_digests,
)
from index.tally import Tally, unpack_tally
from index.terms import index_terms
from ingest import read as read_work
from ingest.manifest import Manifest
from ingest.model import CorpusError, Document, Passage, Work

_Item = TypeVar("_Item")

SAMPLE = 2_000
"""Passages of which the mean length is taken, at the first build; all of a corpus up to that size."""


def build_milvus(
    manifest: Manifest, folder: Path, uri: str, settings: Settings = DEFAULT, progress: Progress = in_silence
) -> BuildReport:
    """Bring the corpus at `uri` up to date with the manifest; whatever stops it, what was there still serves.

    SettingsError where the model cannot be had, the server is away or another process writes the corpus.
    """
    began = time.perf_counter()
    address = parse_address(uri)
    if address.file:
        address.file.parent.mkdir(parents=True, exist_ok=True)
    with writing(folder):
        encoder = exported_encoder(settings, model_digest(settings), folder, progress)
    with closing(open_link(address, WRITING)) as link:
        link.prepare(len(encoder.projection))
        with turn(link) as lease:
            made = _Build(link, lease, encoder, folder, settings, progress)
            state = made.bring_up_to_date(manifest.works)
    size = sum(shelved.passages for shelved in state.documents)
    seconds = time.perf_counter() - began
    counts = (len(state.documents), size, made.encoded, size - made.encoded)
    return BuildReport(*counts, seconds, made.changed, state.made.failures)


def verify_milvus(folder: Path, uri: str) -> tuple[str, ...]:
    """What is wrong with the corpus at `uri`, a line each with the command that mends it."""
    try:
        engine = open_milvus(folder, uri)
        engine.passages()
        engine.documents()
        engine.words()
    except (StaleIndexError, SettingsError) as error:
        return (str(error),)
    if not is_whole(engine.encoder_folder):
        return (f"{engine.encoder_folder}: the encoder is missing or damaged; {MEND}",)
    return ()


def outdated_milvus(manifest: Manifest, folder: Path, uri: str) -> tuple[str, ...]:
    """The ids of the works that are new, changed or gone since the build; StaleIndexError where there was none."""
    made = open_milvus(folder, uri).state.made.sources
    now = source_digests(manifest.works)
    return tuple(work for work in {**now, **made} if now.get(work) != made.get(work))


@dataclass(slots=True)
class _Build:
    """A build under way: what it has encoded, counted, and found to be taken out."""

    link: Link
    lease: Lease
    encoder: Encoder
    folder: Path
    settings: Settings
    progress: Progress
    encoded: int = 0
    changed: bool = False
    old: State | None = None
    number: int = 0
    mean: float = 1.0
    tally: Tally = field(default_factory=lambda: Tally(0))
    dead: list[str] = field(default_factory=list)
    local: Held = field(default_factory=lambda: Held(None, ()))

    def bring_up_to_date(self, works: Sequence[Work]) -> State:
        """The state in force when it is done."""
        before, owner = read_current(self.link)
        self.old = unpack_state(fetch_pieces(self.link, [owner])[owner]) if owner else None
        sources = source_digests(works)
        if self.old and self.old.length != len(self.encoder.projection):
            raise SettingsError(
                f"{self.link.address.uri}: holds vectors of {self.old.length} numbers and this model makes "
                f"{len(self.encoder.projection)}; build it under another name (--uri {self.link.address.uri}#NAME)"
            )
        if self.old and self.old.made.same(self.settings, self.encoder.folder.name, sources):
            return self.old
        self.changed, self.number = True, before + 1
        same = self._same_rows()
        self.local = held_in(self.folder, self.encoder.folder.name)
        kept = {
            work.id for work in works if same and self.old and self.old.made.sources.get(work.id) == sources[work.id]
        }
        self._clear(kept)
        self.mean, self.tally = self._start()
        shelved, failures = self._take_in(works, kept)
        return self._commit(shelved, failures, sources)

    def _same_rows(self) -> bool:
        """Whether the settings leave the rows of documents that did not change as they are."""
        made = self.old.made if self.old else None
        return made is not None and (made.settings, made.model) == (self.settings, self.encoder.folder.name)

    def _start(self) -> tuple[float, Tally]:
        """The mean length that is held, 0 where it must be measured, and the counts of the generation in force."""
        vocabulary = self.encoder.tokenizer.get_vocab_size()
        if self.old is None:
            return 0.0, Tally(vocabulary)
        tally = unpack_tally(fetch_pieces(self.link, [self.old.tally])[self.old.tally])
        return self.old.mean, tally if len(tally.pieces) == vocabulary else Tally(vocabulary)

    def _clear(self, kept: set[str]) -> None:
        """Take out what no generation from the one in force on needs, and undo what a killed build began."""
        gone = [row["pk"] for row in self.link.walk(PASSAGES, f"died < {self.number}", ("pk",))]
        left = self.link.walk(PASSAGES, f"born == {self.number}", ("pk", "doc"))
        self._delete([*gone, *(row["pk"] for row in left if row["doc"] in kept)])
        marked = [row["pk"] for row in self.link.walk(PASSAGES, f"died == {self.number}", ("pk",))]
        self._mark(marked, FOREVER)
        if self.old and self.old.dropped:
            self.link.delete(PIECES, "owner", self.old.dropped)

    def _take_in(self, works: Sequence[Work], kept: set[str]) -> tuple[list[Shelved], dict[str, str]]:
        """Every document as the state names it, and why a work could not be read; what changed is written."""
        known = {shelved.id: shelved for shelved in self.old.documents} if self.old else {}
        failures: dict[str, str] = {}
        shelved: dict[str, Shelved] = {}
        for document, passages in self._measured(self._read(works, kept, failures)):
            shelved[document.id] = self._shelve(document, passages)
        for work in works:
            if work.id in kept and work.id in known:
                shelved[work.id] = known[work.id]
            elif work.id in kept and self.old:
                failures[work.id] = self.old.made.failures[work.id]
        self.dead += self._keys_in_force([doc for doc in known if doc not in shelved])
        if self.old is None:  # of another version: none of its rows is needed
            ours = set(shelved)
            rows = self.link.walk(PASSAGES, visible(self.number - 1), ("pk", "doc"))
            self.dead += [row["pk"] for row in rows if row["doc"] not in ours]
        return [shelved[work.id] for work in works if work.id in shelved], failures

    def _read(self, works: Sequence[Work], kept: set[str], failures: dict[str, str]) -> Iterator[Read]:
        for done, work in enumerate(works):
            self.progress("read", done, len(works))
            if work.id not in kept:
                try:
                    yield read_work(work)
                except CorpusError as error:
                    failures[work.id] = str(error)
        self.progress("read", len(works), len(works))

    def _measured(self, documents: Iterator[Read]) -> Iterator[Read]:
        """The documents, once the mean length is known: at the first build a SAMPLE is read ahead."""
        ahead: list[Read] = []
        lengths: list[int] = []
        while not self.mean and len(lengths) < SAMPLE and (document := next(documents, None)):
            ahead.append(document)
            lengths += [len(index_terms(passage.text)) for passage in document[1]]
        if not self.mean:
            self.mean = float(np.mean(lengths)) if sum(lengths) else 1.0
        return chain(ahead, documents)

    def _shelve(self, document: Document, passages: Sequence[Passage]) -> Shelved:
        """Write a document and its passages, but for what is there already."""
        keys = [entry_key(passage, self.encoder.folder.name) for passage in passages]
        held = json.dumps([schema(), self.settings.k1, self.settings.b, self.mean])
        names = [
            row_key(passage, key, place, held) for place, (passage, key) in enumerate(zip(passages, keys, strict=True))
        ]
        now = set(self._keys_in_force([document.id]))
        there = self.link.among(PASSAGES, "pk", names, ("pk",), f"born == {self.number}")
        written = now | {row["pk"] for row in there}
        begun = self.link.walk(PASSAGES, both(any_of("doc", [document.id]), f"born == {self.number}"), ("pk",))
        self._delete([row["pk"] for row in begun if row["pk"] not in names])
        places = [place for place, name in enumerate(names) if name not in now]
        for some in _in_parts(places):
            entries = self._entries([passages[place] for place in some], [keys[place] for place in some])
            fresh = [(names[place], place, entry) for place, entry in zip(some, entries, strict=True)]
            for _, _, entry in fresh:
                self.tally.add(entry.passage.text, entry.pieces[entry.starts[1] :])
            self._write([each for each in fresh if each[0] not in written])
        self.dead += sorted(now - set(names))
        packed = json.dumps(pack(_relative(document, self.folder)), ensure_ascii=False).encode()
        return Shelved(document.id, self._put(packed), len(passages))

    def _entries(self, passages: Sequence[Passage], keys: Sequence[str]) -> list[Entry]:
        """The entry of each passage: its vectors are those of the local index, of any row with its key, or made now."""
        known = self.local.entries(passages, keys)
        rows = {}
        wanted = [_of_schema(key) for key in keys if key not in known]
        for row in self.link.among(PASSAGES, "key", wanted, ("pk", "key", "vector")):
            rows[row["key"].partition(":")[0]] = row
        kept = fetch_pieces(self.link, [row["pk"] for row in rows.values()])
        known |= {
            key: _entry(passage, key, rows[key], kept[rows[key]["pk"]])
            for passage, key in zip(passages, keys, strict=True)
            if key in rows
        }
        missing = [place for place, key in enumerate(keys) if key not in known]
        made = encode([(passages[place], keys[place]) for place in missing], self.encoder.folder, Threads())
        self.encoded += len(missing)
        return [
            replace(known[key], passage=passage) if key in known else next(made)
            for passage, key in zip(passages, keys, strict=True)
        ]

    def _write(self, fresh: Sequence[tuple[str, int, Entry]]) -> None:
        """Write the rows of passages, and the passage's own last: where it is, the others are."""
        put_pieces(self.link, {name: pack_kept(entry) for name, _, entry in fresh})
        sentences = (sentence_rows(name, entry, self.number) for name, _, entry in fresh)
        self.link.upsert(SENTENCES, list(chain.from_iterable(sentences)))
        rows: list[Row] = []
        for name, place, entry in fresh:
            impacts = term_impacts(entry.passage.text, self.settings, self.mean)
            row = passage_row(name, entry, place, self.number, impacts)
            rows.append({**row, "key": _of_schema(entry.key)})
        self.link.upsert(PASSAGES, rows)

    def _commit(self, shelved: Sequence[Shelved], failures: Mapping[str, str], sources: Mapping[str, str]) -> State:
        self.progress("write", 0, 1)
        for some in _in_parts(self.dead):
            rows = self.link.among(PASSAGES, "pk", some, ("pk", "body"))
            kept = fetch_pieces(self.link, [row["pk"] for row in rows]) if self.old else {}
            for row in rows if self.old else ():
                taken = unpack_kept(kept[row["pk"]])
                self.tally.add(read_passage(row).text, taken.pieces[taken.starts[1] :], times=-1)
        self._mark(self.dead, self.number)
        state = State(
            number=self.number,
            made=Made(self.settings, self.encoder.folder.name, sources, failures),
            documents=tuple(shelved),
            tally=self._put(self.tally.pack()),
            products=self._put(products_graph()),
            mean=self.mean,
            length=len(self.encoder.projection),
            dropped=(),
        )
        needed = {state.tally, state.products, *(each.owner for each in state.documents)}
        state = replace(state, dropped=tuple(sorted(self._needed_before() - needed)))
        self.lease.check()
        current = {"number": self.number, "schema": schema(), "state": self._put(pack_state(state))}
        row = {"pk": CURRENT, "owner": CURRENT, "text": json.dumps(current), "place": 0, "count": 1}
        self.link.upsert(PIECES, [{**row, "vector": list(NO_VECTOR)}])
        self.progress("write", 1, 1)
        return state

    def _needed_before(self) -> set[str]:
        if self.old is None:
            return set()
        named = {self.old.tally, self.old.products, *(each.owner for each in self.old.documents)}
        return {*named, _owner(pack_state(self.old))}

    def _keys_in_force(self, docs: Sequence[str]) -> list[str]:
        """The rows of those documents that the generation in force holds."""
        return [row["pk"] for row in self.link.among(PASSAGES, "doc", docs, ("pk",), visible(self.number - 1))]

    def _mark(self, names: Sequence[str], died: int) -> None:
        """Let rows die in a generation."""
        for some in _in_parts(names):
            rows = self.link.among(PASSAGES, "pk", some, WHOLE)
            self.link.upsert(PASSAGES, [{**row, "died": died} for row in rows])

    def _delete(self, names: Sequence[str]) -> None:
        """Take out passages with all that is theirs, and the passage's own row last."""
        self.link.delete(PIECES, "owner", names)
        self.link.delete(SENTENCES, "owner", names)
        self.link.delete(PASSAGES, "pk", names)

    def _put(self, content: bytes) -> str:
        """Keep bytes under the name that their hash gives them."""
        owner = _owner(content)
        put_pieces(self.link, {owner: content})
        return owner


def _entry(passage: Passage, key: str, row: Row, packed: bytes) -> Entry:
    """The entry of a passage with the vectors of a row that has its key."""
    kept = unpack_kept(packed)
    vector = np.array(row["vector"], np.float32)
    return Entry(passage, key, vector, kept.sentences, kept.tokens, kept.pieces, kept.starts)


def _of_schema(key: str) -> str:
    """The key of an entry as rows of this version hold it."""
    return f"{key}:{schema()}"


def _owner(content: bytes) -> str:
    return sha256(content).hexdigest()[:40]


def _relative(document: Document, root: Path) -> Document:
    file = Path(os.path.relpath(document.work.file, root))
    return replace(document, work=replace(document.work, file=file))


def _in_parts(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    return (items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE))
