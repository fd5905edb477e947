"""Works put on the shelf and taken off: the file in the corpus folder, its entry in the manifest."""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ingest import read
from ingest.manifest import add_work, load, remove_work
from ingest.model import CorpusError, Work

TEXTS = "texts"
_LONGEST = 60


def slug(name: str) -> str:
    """`name` in small letters, digits and hyphens, which every file system and the manifest take."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:_LONGEST].strip("-") or "work"


def add_source(manifest: Path, file: Path, entry: Mapping[str, object]) -> Work:
    """The work that a copy of `file` becomes, with `entry`'s bibliography; an unreadable file leaves no trace."""
    if not file.is_file():
        raise CorpusError("is a folder: add its files one by one" if file.is_dir() else "no such file", file)
    taken = {work.id for work in load(manifest).works} if manifest.exists() else set()
    copy = _free(manifest.parent / TEXTS, f"{slug(file.stem)}{file.suffix.lower()}")
    copy.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(file, copy)
    except OSError:
        copy.unlink(missing_ok=True)
        raise
    given = {"id": _free_id(slug(file.stem), taken), "file": f"{TEXTS}/{copy.name}", "type": "document", **entry}
    given.setdefault("title", file.stem)
    work = None
    try:
        work = add_work(manifest, given)
        read(work)
    except CorpusError as error:
        copy.unlink()
        if work is None:
            raise
        with suppress(CorpusError):
            remove_work(manifest, work.id)
        raise CorpusError(error.reason, file, error.line) from None
    return work


def remove_source(manifest: Path, work_id: str, delete: bool = False) -> Work:
    """The work taken out of the manifest; its file stays where it is, unless `delete`."""
    work = remove_work(manifest, work_id)
    if delete:
        work.file.unlink(missing_ok=True)
    return work


def _free(folder: Path, name: str) -> Path:
    stem, suffix = Path(name).stem, Path(name).suffix
    names = (name, *(f"{stem}-{number}{suffix}" for number in range(2, 1000)))
    return next(folder / free for free in names if not (folder / free).exists())


def _free_id(wanted: str, taken: set[str]) -> str:
    return next(free for free in (wanted, *(f"{wanted}-{n}" for n in range(2, 1000))) if free not in taken)
