"""Building and checking a corpus in Milvus: only documents that changed are read, written and taken out.

A build writes the rows of the next generation, which no reader sees, and last the one row that names the state in
force. Killed at any point it is taken up by the next one: rows that are there already are neither encoded nor written
again. Vectors that the local index holds are taken from there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from index.disk import writing
from index.encoder import Encoder
from index.engine import Settings, SettingsError, StaleIndexError
from index.generation import Made
from index.hands import Hands, Threads
from index.late import products_graph
from index.milvus import CURRENT, Shelved, State, open_milvus, pack_state, read_current, schema, unpack_state
from index.milvus_lease import Lease, turn
from index.milvus_link import (
    NO_VECTOR,
    PASSAGES,
    PIECES,
    WRITING,
    Link,
    open_link,
    parse_address,
)
from index.milvus_rows import (
    FOREVER,
    WHOLE,
    fetch_pieces,
    read_passage,
    unpack_kept,
    visible,
)
from index.milvus_shelving import Done, Shelver, delete_passages, in_parts, keys_in_force, owner_of, put_bytes
from index.models import is_whole, model_digest
from index.part import MEND
from index.store import (
    DEFAULT,
    BuildReport,
    Progress,
    exported_encoder,
    held_in,
    in_silence,
    read_or_why_not,
    source_digests,
)
from index.tally import Tally, unpack_tally
from index.terms import index_terms
from ingest.manifest import Manifest
from ingest.model import Work

SAMPLE = 2_000
"""Passages of which the mean length is taken, at the first build; all of a corpus up to that size."""


def build_milvus(
    manifest: Manifest,
    folder: Path,
    uri: str,
    settings: Settings = DEFAULT,
    progress: Progress = in_silence,
    hands: Hands | None = None,
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
            made = _Build(link, lease, encoder, folder, settings, progress, hands or Threads())
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
    hands: Hands
    encoded: int = 0
    changed: bool = False
    old: State | None = None
    number: int = 0
    mean: float = 1.0
    tally: Tally = field(default_factory=lambda: Tally(0))
    dead: list[str] = field(default_factory=list)

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
        delete_passages(self.link, [*gone, *(row["pk"] for row in left if row["doc"] in kept)])
        marked = [row["pk"] for row in self.link.walk(PASSAGES, f"died == {self.number}", ("pk",))]
        self._mark(marked, FOREVER)
        if self.old and self.old.dropped:
            self.link.delete(PIECES, "owner", self.old.dropped)

    def _take_in(self, works: Sequence[Work], kept: set[str]) -> tuple[list[Shelved], dict[str, str]]:
        """Every document as the state names it, and why a work could not be read; what changed is written."""
        known = {shelved.id: shelved for shelved in self.old.documents} if self.old else {}
        failures: dict[str, str] = {}
        shelved: dict[str, Shelved] = {}
        fresh = [work for work in works if work.id not in kept]
        self.mean = self.mean or _mean_length(fresh)
        self.progress("read", 0, len(fresh))
        for done, (work, found) in enumerate(zip(fresh, self._shelve(fresh), strict=True), 1):
            if isinstance(found, str):
                failures[work.id] = found
            else:
                shelved[work.id] = found.shelved
                self.tally.join(found.tally)
                self.dead += found.dead
                self.encoded += found.encoded
            self.progress("read", done, len(fresh))
        for work in works:
            if work.id in kept and work.id in known:
                shelved[work.id] = known[work.id]
            elif work.id in kept and self.old:
                failures[work.id] = self.old.made.failures[work.id]
        self.dead += keys_in_force(self.link, [doc for doc in known if doc not in shelved], self.number)
        if self.old is None:  # of another version: none of its rows is needed
            ours = set(shelved)
            rows = self.link.walk(PASSAGES, visible(self.number - 1), ("pk", "doc"))
            self.dead += [row["pk"] for row in rows if row["doc"] not in ours]
        return [shelved[work.id] for work in works if work.id in shelved], failures

    def _shelve(self, works: Sequence[Work]) -> Iterator[Done | str]:
        """What shelving each of the works comes to. A file serves one process: there it is done here."""
        address, model = self.link.address, self.encoder.folder.name
        by = Shelver(address, self.folder.absolute(), model, self.settings, self.number, self.mean)
        if address.file or isinstance(self.hands, Threads):
            here, local = replace(by, threads=self.hands.count), held_in(by.folder, model)
            return (here.shelve(work, self.link, local) for work in works)
        return self.hands.each(by.shelve, works)

    def _commit(self, shelved: Sequence[Shelved], failures: Mapping[str, str], sources: Mapping[str, str]) -> State:
        self.progress("write", 0, 1)
        for some in in_parts(self.dead):
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
            tally=put_bytes(self.link, self.tally.pack()),
            products=put_bytes(self.link, products_graph()),
            mean=self.mean,
            length=len(self.encoder.projection),
            dropped=(),
        )
        needed = {state.tally, state.products, *(each.owner for each in state.documents)}
        state = replace(state, dropped=tuple(sorted(self._needed_before() - needed)))
        self.lease.check()
        current = {"number": self.number, "schema": schema(), "state": put_bytes(self.link, pack_state(state))}
        row = {"pk": CURRENT, "owner": CURRENT, "text": json.dumps(current), "place": 0, "count": 1}
        self.link.upsert(PIECES, [{**row, "vector": list(NO_VECTOR)}])
        self.progress("write", 1, 1)
        return state

    def _needed_before(self) -> set[str]:
        if self.old is None:
            return set()
        named = {self.old.tally, self.old.products, *(each.owner for each in self.old.documents)}
        return {*named, owner_of(pack_state(self.old))}

    def _mark(self, names: Sequence[str], died: int) -> None:
        """Let rows die in a generation."""
        for some in in_parts(names):
            rows = self.link.among(PASSAGES, "pk", some, WHOLE)
            self.link.upsert(PASSAGES, [{**row, "died": died} for row in rows])


def _mean_length(works: Sequence[Work]) -> float:
    """How many terms the passages of the first works have in the mean: a SAMPLE, and of a small corpus all."""
    lengths: list[int] = []
    for work in works:
        if len(lengths) >= SAMPLE:
            break
        read = read_or_why_not(work)
        lengths += [] if isinstance(read, str) else [len(index_terms(passage.text)) for passage in read[1]]
    return float(np.mean(lengths)) if sum(lengths) else 1.0
