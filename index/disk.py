"""Files that are there whole or not at all, and the lock that lets one writer in."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path
from typing import Any

from index.engine import SettingsError

LOCK = "lock"
PATIENCE = 30.0
"""Seconds to wait for another writer."""

ASIDE = ".partial"
"""Ends the name of what is being written; what a killed writer left can be told by it."""


def file_hash(path: Path) -> str:
    """The file's sha256, in hex."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def write_json(path: Path, value: Any) -> None:
    """Put `value` at `path`, in place of what was there: readers see the old file or the new one, both whole."""
    aside = path.with_name(path.name + ASIDE)
    with aside.open("w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    _sync(path.parent)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A folder to fill, which takes the place of `path` when the block ends, and with an error is removed."""
    aside = path.with_name(path.name + ASIDE)
    aside.mkdir(parents=True)
    try:
        yield aside
        publish(aside, path)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def publish(aside: Path, path: Path) -> None:
    """Let the folder `aside`, safe on the disk, take the place of `path`."""
    for file in aside.iterdir():
        _sync(file)
    _sync(aside)
    shutil.rmtree(path, ignore_errors=True)
    aside.replace(path)
    _sync(path.parent)


def sweep(folder: Path, keep: Collection[str]) -> None:
    """Remove what `folder` holds but for `keep`; a reader that has a file of it open keeps the file."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in keep:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def writing(folder: Path, patience: float | None = None) -> Iterator[None]:
    """The one writer's turn; SettingsError when another process does not end within `patience`, else PATIENCE."""
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / LOCK, timeout=PATIENCE if patience is None else patience):
            yield
    except Timeout:
        raise SettingsError(f"{folder}: another process is writing this index; try again when it is done") from None


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
