"""Small parts of a large index made one, beside those who build and ask: `python -m index.merging FOLDER`.

A document that is added lies in a part of its own. Parts are merged when they are not much larger than those below them
together, so that there are few, and each passage is copied a few times in all, however many documents are added.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from index.disk import publish, sweep, writing
from index.engine import SettingsError, StaleIndexError
from index.generation import Generation
from index.local import LocalEngine, current_number, open_store
from index.part import PARTS, Origin, forms_of, write_part
from index.processes import ours
from index.writer import FULL, put_in_force

MERGING, LOCK = "merging", "merging.lock"

RATIO = 2
"""A part is merged with all that are smaller where it is no larger than so many times them together."""

PATIENCE = 600.0
"""Seconds to wait for a build that has the turn to write."""


def to_merge(sizes: Mapping[str, int]) -> tuple[str, ...]:
    """The names of the parts to merge, of parts that have so many passages in force; none where it is not worth it."""
    rising = sorted((size, name) for name, size in sizes.items())
    chosen: tuple[str, ...] = ()
    below = 0
    for taken, (size, _) in enumerate(rising, 1):
        if below + size > FULL or (taken > 1 and size > RATIO * below):
            break
        below += size
        chosen = tuple(name for _, name in rising[:taken])
    return chosen if len(chosen) > 1 else ()


def merge(folder: Path) -> bool:
    """Merge some parts of the index in `folder`, if that is worth it; False where nothing was done.

    The index may be asked and built meanwhile: what a build has put in force since is kept.
    """
    try:
        with FileLock(folder / LOCK, timeout=0):
            return _merge_once(folder)
    except Timeout:  # another merges
        return False


def _merge_once(folder: Path) -> bool:
    sweep(folder / MERGING, ())
    engine = open_store(folder)
    chosen = to_merge(sizes_of(engine))
    if not chosen:
        return False
    (folder / MERGING).mkdir(exist_ok=True)
    name = _write_merged(folder, engine, chosen)
    with writing(folder, PATIENCE):
        now = open_store(folder).generation
        publish(folder / MERGING / name, folder / PARTS / name)
        moved = {doc: name if part in chosen else part for doc, part in now.documents.items()}
        put_in_force(folder, (current_number(folder) or 0) + 1, replace(now, documents=moved))
    return True


def sizes_of(engine: LocalEngine) -> dict[str, int]:
    """How many passages each part has in force, by its name."""
    sizes: dict[str, int] = {}
    for doc, name in engine.generation.documents.items():
        sizes[name] = sizes.get(name, 0) + engine.part_of(doc).shelved[doc].size
    return sizes


def _write_merged(folder: Path, engine: LocalEngine, chosen: tuple[str, ...]) -> str:
    """The name of the part made of the documents in force of the parts chosen, in the manifest's order."""
    generation: Generation = engine.generation
    lying = {doc: engine.part_of(doc) for doc, name in generation.documents.items() if name in chosen}
    origin = Origin(generation.made.model, {doc: generation.made.sources.get(doc, "") for doc in lying})
    blocks = (part.block(doc) for doc, part in lying.items())
    return write_part(folder / MERGING, folder, blocks, origin, generation.sizes, forms_of(lying), centred=True)


def merge_beside(folder: Path) -> None:
    """Merge in a process of its own, which goes on when this one ends."""
    command, environment = ours("index.merging", str(folder))
    beside = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )
    threading.Thread(target=beside.wait, daemon=True).start()


def main() -> None:
    """Merge until it is worth nothing more; what cannot be done now is left to the next build."""
    folder = Path(sys.argv[1])
    try:
        while merge(folder):
            pass
    except (StaleIndexError, SettingsError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
