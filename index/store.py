"""Building and checking the local index: works in, a new generation out, and only what changed made again."""

from __future__ import annotations

import inspect
import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from index.codec import pack
from index.disk import ASIDE, file_hash, sweep, writing
from index.encoder import Encoder
from index.encoding import entry_key, make_entries
from index.engine import Entry, Settings, SettingsError, StaleIndexError
from index.generation import MEND, Generation, Made, Sizes, damaged_files
from index.local import CURRENT, GENERATIONS, MODELS, LocalEngine, LocalWriter, current_number, open_store
from index.models import export_once, is_whole, model_digest
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


def build(
    manifest: Manifest, folder: Path, settings: Settings = DEFAULT, progress: Progress = in_silence
) -> BuildReport:
    """Bring the index in `folder` up to date with the manifest; whatever stops it, the one that was there still serves.

    SettingsError where the model cannot be had, another process writes the index, or the disk does not take it.
    """
    began = time.perf_counter()
    try:
        with writing(folder):
            _sweep(folder)
            changed, encoded = _bring_up_to_date(manifest, folder, settings, progress)
            now = open_store(folder)
    except (OSError, sqlite3.Error) as error:
        raise SettingsError(
            f"{folder}: the index could not be written ({error}); what was there is unchanged"
        ) from None
    seconds = time.perf_counter() - began
    counts = (len(now.documents()), now.size, encoded, now.size - encoded)
    return BuildReport(*counts, seconds, changed, now.failures)


def verify(folder: Path) -> tuple[str, ...]:
    """What is wrong with the index, a line each with the command that mends it; every file is hashed."""
    number = current_number(folder)
    if number is None:
        return (f"{folder}: no index here; {MEND}",)
    generation = folder / GENERATIONS / str(number)
    try:
        faults = [f"{generation / name}: missing or damaged; {MEND}" for name in damaged_files(generation)]
        encoder = open_store(folder).encoder_folder if not faults else None
    except StaleIndexError as error:
        return (str(error),)
    if encoder and not is_whole(encoder):
        faults.append(f"{encoder}: the encoder is missing or damaged; {MEND}")
    return tuple(faults)


def outdated(manifest: Manifest, folder: Path) -> tuple[str, ...]:
    """The ids of the works that are new, changed or gone since the index was built; StaleIndexError without one."""
    open_store(folder)
    made = Generation(folder / GENERATIONS / str(current_number(folder)), folder).made.sources
    code = code_digest()
    now = {work.id: source_digest(work, code) for work in manifest.works}
    return tuple(work for work in {**now, **made} if now.get(work) != made.get(work))


def _bring_up_to_date(manifest: Manifest, folder: Path, settings: Settings, progress: Progress) -> tuple[bool, int]:
    """Whether a generation was written, and how many passages were encoded for it."""
    old = None if verify(folder) else Generation(folder / GENERATIONS / str(current_number(folder)), folder)
    model = model_digest(settings)
    code = code_digest()
    sources = {work.id: source_digest(work, code) for work in manifest.works}
    if old and old.made.same(settings, model, sources):
        return False, 0
    read, failures = _read_works(manifest.works, sources, old, progress)
    encoder = exported_encoder(settings, model, folder, progress)
    sizes = Sizes(len(encoder.projection), encoder.tokenizer.get_vocab_size())
    writer = LocalWriter(folder, Made(settings, model, sources, failures), sizes)
    encoded = 0
    for document, entries, new in _entries(read, old, encoder, progress):
        writer.put(document, entries)
        encoded += new
    progress("write", 0, 1)
    writer.commit()
    sweep(folder / MODELS, {model, *([old.made.model] if old else [])})
    progress("write", 1, 1)
    return True, encoded


def _read_works(
    works: Sequence[Work], sources: Mapping[str, str], old: Generation | None, progress: Progress
) -> tuple[list[Read], dict[str, str]]:
    """The documents and passages of the works that can be read, and for each of the others why not."""
    read: list[Read] = []
    failures: dict[str, str] = {}
    for done, work in enumerate(works):
        progress("read", done, len(works))
        if old and old.made.sources.get(work.id) == sources[work.id]:
            if work.id in old.catalog.documents:
                read.append(old.read(work.id))
            else:
                failures[work.id] = old.made.failures[work.id]
            continue
        try:
            read.append(read_work(work))
        except CorpusError as error:
            failures[work.id] = str(error)
    progress("read", len(works), len(works))
    return read, failures


def _entries(
    read: Sequence[Read], old: Generation | None, encoder: Encoder, progress: Progress
) -> Iterator[tuple[Document, list[Entry], int]]:
    """Each document's entries, and how many of them are new; the others are those of the old generation."""
    model = encoder.folder.name
    keys = [[entry_key(passage, model) for passage in passages] for _, passages in read]
    places = {key: place for place, key in enumerate(old.catalog.keys)} if old else {}
    total = sum(key not in places for some in keys for key in some)
    done = 0
    progress("encode", 0, total)
    for (document, passages), some in zip(read, keys, strict=True):
        missing = [place for place, key in enumerate(some) if key not in places]
        fresh = make_entries([passages[place] for place in missing], [some[place] for place in missing], encoder)
        entries: list[Entry] = []
        for passage, key in zip(passages, some, strict=True):
            if old and key in places:
                entries.append(old.entry(places[key], passage))
                continue
            entries.append(next(fresh))
            done += 1
            progress("encode", done, total)
        yield document, entries, len(missing)


def exported_encoder(settings: Settings, model: str, folder: Path, progress: Progress) -> Encoder:
    """The encoder, exported first where that was not done before."""
    exported = folder / MODELS / model
    if not is_whole(exported):
        progress("export", 0, 1)
        export_once(settings, exported)
        progress("export", 1, 1)
    return Encoder(exported)


def source_digest(work: Work, code: str) -> str:
    """The digest of all that reading a work depends on: its file, its entry, the code that reads."""
    try:
        file = file_hash(work.file)
    except OSError as error:
        file = f"unreadable: {error.strerror}"
    entry = json.dumps(pack(work)).replace(json.dumps(str(work.file)), work.file.name)
    return sha256(f"{code}\n{file}\n{entry}".encode()).hexdigest()


def code_digest() -> str:
    """The digest of the code that reads works: with another version they are read again."""
    folder = Path(inspect.getfile(Work)).parent
    return sha256("".join(file_hash(path) for path in sorted(folder.rglob("*.py"))).encode()).hexdigest()


def _sweep(folder: Path) -> None:
    """Remove what killed writers left."""
    (folder / f"{CURRENT}{ASIDE}").unlink(missing_ok=True)
    sweep(folder / GENERATIONS, {str(current_number(folder))})
    sweep(folder / MODELS, {path.name for path in (folder / MODELS).glob("*") if path.suffix != ASIDE})
