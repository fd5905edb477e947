"""Building and checking the local index: works in, a new generation out, and only what changed made again."""

from __future__ import annotations

import inspect
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

from index.codec import pack
from index.disk import ASIDE, file_hash, sweep, writing
from index.encoder import Encoder
from index.encoding import entry_key, make_entry
from index.engine import Entry, Settings, SettingsError, StaleIndexError
from index.generation import GENERATIONS, Generation, Made, read_generation
from index.hands import Hands, Threads
from index.local import CURRENT, MODELS, LocalEngine, current_number, open_store
from index.merging import merge_beside, sizes_of, to_merge
from index.models import export_once, is_whole, model_digest
from index.part import MAPPED, MEND, PARTS, Part, Sizes, damaged_files, read_manifest
from index.stamps import Stamps
from index.writer import MOST, LocalWriter
from ingest import read as read_work
from ingest.manifest import Manifest
from ingest.model import CorpusError, Document, Passage, Work

__all__ = ["BuildReport", "LocalEngine", "Progress", "build", "open_store", "outdated", "verify"]

DEFAULT = Settings()

Progress = Callable[[str, int, int], None]
"""Called with the stage (`read`, `export`, `encode`, `write`), how much of it is done, and how much there is."""

Read = tuple[Document, tuple[Passage, ...]]


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did. `failures` maps a work's id to the line that says why it could not be read."""

    documents: int
    passages: int
    encoded: int
    reused: int
    seconds: float
    changed: bool
    failures: Mapping[str, str]


def in_silence(stage: str, done: int, total: int) -> None:
    """Progress that no one sees."""


AT_ONCE = 8
"""Passages that are encoded as one piece of work."""


def build(
    manifest: Manifest,
    folder: Path,
    settings: Settings = DEFAULT,
    progress: Progress = in_silence,
    hands: Hands | None = None,
) -> BuildReport:
    """Bring the index in `folder` up to date with the manifest; whatever stops it, the one that was there still serves.

    SettingsError where the model cannot be had, another process writes the index, or the disk does not take it.
    """
    began = time.perf_counter()
    try:
        with writing(folder):
            _sweep_killed(folder)
            changed, encoded = _bring_up_to_date(manifest, folder, settings, progress, hands or Threads())
            now = open_store(folder)
        if to_merge(sizes_of(now)):
            merge_beside(folder)
    except (OSError, sqlite3.Error) as error:
        raise SettingsError(
            f"{folder}: the index could not be written ({error}); what was there is unchanged"
        ) from None
    seconds = time.perf_counter() - began
    counts = (len(now.generation.documents), now.size, encoded, now.size - encoded)
    return BuildReport(*counts, seconds, changed, now.failures)


def verify(folder: Path, largest: int | None = None) -> tuple[str, ...]:
    """What is wrong with the index, a line each with the command that mends it.

    Every file is hashed, but for those above `largest` bytes, of which only the size is looked at.
    """
    number = current_number(folder)
    if number is None:
        return (f"{folder}: no index here; {MEND}",)
    try:
        generation, manifest = read_generation(folder / GENERATIONS / str(number))
        faults = list(_damaged(folder / GENERATIONS / str(number), manifest, largest))
        for name in generation.parts:
            faults += _damaged(folder / PARTS / name, read_manifest(folder / PARTS / name), largest)
        encoder = open_store(folder).encoder_folder if not faults else None
    except StaleIndexError as error:
        return (str(error),)
    if encoder and not is_whole(encoder):
        faults.append(f"{encoder}: the encoder is missing or damaged; {MEND}")
    return tuple(faults)


def _damaged(folder: Path, manifest: Mapping[str, Any], largest: int | None) -> Iterator[str]:
    for name in damaged_files(folder, manifest, largest):
        # A build looks at large files by their size alone: what is damaged must go for it to be made again.
        large = manifest["files"][name]["bytes"] > MAPPED
        yield f"{folder / name}: missing or damaged; {f'delete {folder} and {MEND}' if large else MEND}"


def outdated(manifest: Manifest, folder: Path) -> tuple[str, ...]:
    """The ids of the works that are new, changed or gone since the index was built; StaleIndexError without one."""
    made = open_store(folder).generation.made.sources
    now = source_digests(manifest.works)
    return tuple(work for work in {**now, **made} if now.get(work) != made.get(work))


@dataclass(frozen=True, slots=True)
class Held:
    """What an earlier build left: the generation in force, if it is whole, and the parts that can be used."""

    generation: Generation | None
    parts: tuple[Part, ...]

    def lying(self, sources: Mapping[str, str]) -> dict[str, Part]:
        """The part that holds each work that has not changed; where it is in force comes first."""
        found: dict[str, Part] = {}
        for part in self.parts:
            for doc, digest in part.origin.sources.items():
                if doc in part.shelved and sources.get(doc) == digest and self._in_force(doc, part, found):
                    found[doc] = part
        return found

    def _in_force(self, doc: str, part: Part, found: Mapping[str, Part]) -> bool:
        return doc not in found or (self.generation is not None and self.generation.documents.get(doc) == part.name)

    def settled(self, part: Part) -> bool:
        """Whether a part is in force."""
        return self.generation is not None and part.name in self.generation.parts

    def failure(self, work: str, digest: str) -> str | None:
        """Why a work that has not changed could not be read."""
        made = self.generation.made if self.generation else None
        return made.failures.get(work) if made and made.sources.get(work) == digest else None

    def entries(self, passages: Sequence[Passage], keys: Sequence[str]) -> dict[str, Entry]:
        """What was made of passages of these keys before."""
        wanted, found = dict(zip(keys, passages, strict=True)), dict[str, Entry]()
        for part in self.parts:
            for key, place in part.catalog.holding([key for key in wanted if key not in found]).items():
                found[key] = part.entry(place, wanted[key], key)
        return found


def _bring_up_to_date(
    manifest: Manifest, folder: Path, settings: Settings, progress: Progress, hands: Hands
) -> tuple[bool, int]:
    """Whether a generation was written, and how many passages were encoded for it."""
    model = model_digest(settings)
    stamps = Stamps(folder)
    sources = source_digests(manifest.works, stamps)
    held = held_in(folder, model)
    if held.generation and held.generation.made.same(settings, model, sources):
        _sweep(folder, held.generation)
        return False, 0
    encoder = exported_encoder(settings, model, folder, progress)
    sizes = Sizes(len(encoder.projection), settings.token_dims, encoder.tokenizer.get_vocab_size())
    failures: dict[str, str] = {}
    writer = LocalWriter(folder, Made(settings, model, sources, failures), sizes)
    lying, missing = held.lying(sources), list[Work]()
    for work in manifest.works:
        if work.id in lying:
            writer.keep(work.id, lying[work.id], settled=held.settled(lying[work.id]))
        elif reason := held.failure(work.id, sources[work.id]):
            failures[work.id] = reason
        else:
            missing.append(work)
    encoded = 0
    for document, entries, new in _made(missing, held, encoder, hands, failures, progress):
        writer.put(document, entries)
        encoded += new
    progress("write", 0, 1)
    written = writer.commit()
    stamps.save()
    _sweep(folder, written)
    progress("write", 1, 1)
    return True, encoded


def held_in(folder: Path, model: str) -> Held:
    """What there is to go on from; files above MAPPED are looked at by their size alone."""
    generation = None
    if not verify(folder, MAPPED):
        generation, _ = read_generation(folder / GENERATIONS / str(current_number(folder)))
    names = dict.fromkeys(generation.parts if generation else ())
    names |= dict.fromkeys(path.name for path in sorted((folder / PARTS).glob("*")) if path.suffix != ASIDE)
    parts = (_usable(folder / PARTS / name, folder, model) for name in names)
    return Held(generation, tuple(part for part in parts if part))


def _usable(path: Path, root: Path, model: str) -> Part | None:
    """The part at `path`; None where it is damaged, of another version, or of another model."""
    try:
        manifest = read_manifest(path)
        if manifest["model"] != model or damaged_files(path, manifest, MAPPED):
            return None
        return Part(path, root)
    except (StaleIndexError, OSError, ValueError, sqlite3.Error):
        return None


@dataclass(frozen=True, slots=True)
class _Job:
    """A document that was read: its passages with their keys, and what of them was made before."""

    document: Document
    passages: tuple[Passage, ...]
    keys: tuple[str, ...]
    known: Mapping[str, Entry]

    def missing(self) -> Iterator[tuple[Passage, str]]:
        """The passages that must be encoded, with their keys."""
        return ((passage, key) for passage, key in zip(self.passages, self.keys, strict=True) if key not in self.known)

    def entries(self, fresh: Iterator[Entry]) -> Iterator[Entry]:
        """The entry of each passage, those that are `fresh` taken in turn."""
        for passage, key in zip(self.passages, self.keys, strict=True):
            yield replace(self.known[key], passage=passage) if key in self.known else next(fresh)


def _made(
    works: Sequence[Work], held: Held, encoder: Encoder, hands: Hands, failures: dict[str, str], progress: Progress
) -> Iterator[tuple[Document, list[Entry], int]]:
    """The documents of the works that can be read, with their entries, and how many of these are new.

    So much is read ahead as keeps hands busy, and no more; `failures` is told why a work cannot be read.
    """
    done = total = 0
    for jobs in _batches(_jobs(works, held, encoder.folder.name, hands, failures, progress)):
        missing = [one for job in jobs for one in job.missing()]
        total += len(missing)
        progress("encode", done, total)
        fresh = encode(missing, encoder.folder, hands)
        for job in jobs:
            entries: list[Entry] = []
            new = sum(1 for _ in job.missing())
            for entry in job.entries(fresh):
                entries.append(entry)
                if entry.key not in job.known:
                    done += 1
                    progress("encode", done, total)
            yield job.document, entries, new


def _batches(jobs: Iterator[_Job]) -> Iterator[list[_Job]]:
    batch: list[_Job] = []
    waiting = 0
    for job in jobs:
        batch.append(job)
        waiting += len(job.passages)
        if waiting >= MOST:
            yield batch
            batch, waiting = [], 0
    if batch:
        yield batch


def _jobs(
    works: Sequence[Work], held: Held, model: str, hands: Hands, failures: dict[str, str], progress: Progress
) -> Iterator[_Job]:
    progress("read", 0, len(works))
    for done, (work, found) in enumerate(zip(works, hands.each(read_or_why_not, works), strict=True), 1):
        progress("read", done, len(works))
        if isinstance(found, str):
            failures[work.id] = found
            continue
        document, passages = found
        keys = tuple(entry_key(passage, model) for passage in passages)
        yield _Job(document, passages, keys, held.entries(passages, keys))


def read_or_why_not(work: Work) -> Read | str:
    """A work's document and passages, or why it cannot be read."""
    try:
        return read_work(work)
    except CorpusError as error:
        return str(error)


def encode(some: Sequence[tuple[Passage, str]], folder: Path, hands: Hands) -> Iterator[Entry]:
    """The entry of each of some passages with their keys, by the encoder in `folder`."""
    pieces = (some[start : start + AT_ONCE] for start in range(0, len(some), AT_ONCE))
    return chain.from_iterable(hands.each(partial(encode_some, folder), pieces))


def encode_some(folder: Path, some: Sequence[tuple[Passage, str]]) -> list[Entry]:
    """The entries of some passages with their keys, by the encoder in `folder`."""
    return [make_entry(encoder_in(folder), passage, key) for passage, key in some]


@cache
def encoder_in(folder: Path) -> Encoder:
    """The encoder in a folder, loaded once."""
    return Encoder(folder)


def exported_encoder(settings: Settings, model: str, folder: Path, progress: Progress) -> Encoder:
    """The encoder, exported first where that was not done before."""
    exported = folder / MODELS / model
    if not is_whole(exported):
        progress("export", 0, 1)
        export_once(settings, exported)
        progress("export", 1, 1)
    return encoder_in(exported)


def source_digests(works: Sequence[Work], stamps: Stamps | None = None) -> dict[str, str]:
    """The digest of all that reading each work depends on: its file, its entry, the code that reads."""
    code = code_digest()
    hashed = stamps.hash_of if stamps else file_hash
    return {work.id: _source_digest(work, code, hashed) for work in works}


def _source_digest(work: Work, code: str, hashed: Callable[[Path], str]) -> str:
    try:
        file = hashed(work.file)
    except OSError as error:
        file = f"unreadable: {error.strerror}"
    entry = json.dumps(pack(work)).replace(json.dumps(str(work.file)), work.file.name)
    return sha256(f"{code}\n{file}\n{entry}".encode()).hexdigest()


def code_digest() -> str:
    """The digest of the code that reads works: with another version they are read again."""
    folder = Path(inspect.getfile(Work)).parent
    return sha256("".join(file_hash(path) for path in sorted(folder.rglob("*.py"))).encode()).hexdigest()


def _sweep_killed(folder: Path) -> None:
    """Remove what killed writers had begun to write."""
    (folder / f"{CURRENT}{ASIDE}").unlink(missing_ok=True)
    for place in (GENERATIONS, PARTS, MODELS):
        whole = {path.name for path in (folder / place).glob("*") if path.suffix != ASIDE}
        sweep(folder / place, whole)


def _sweep(folder: Path, now: Generation) -> None:
    """Remove what no one needs any more."""
    sweep(folder / GENERATIONS, {str(current_number(folder))})
    sweep(folder / PARTS, set(now.parts))
    sweep(folder / MODELS, {now.made.model})
