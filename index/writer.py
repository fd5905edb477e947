"""Writing the local index: documents are staged, laid out in parts, and put in force at once."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from index.blocks import Block, make_block
from index.disk import sweep, write_json
from index.engine import Entry
from index.generation import GENERATIONS, Generation, Made, write_generation
from index.local import CURRENT, EXHAUSTIVE, current_number
from index.part import PARTS, Origin, Part, Sizes, forms_of, write_part
from ingest.model import Document

FULL = 1 << 17
"""Passages of the largest part that is made of others."""

WASTED = 0.5
"""The share of a part out of force from which what is left of it is laid out anew."""

SAVED, MOST = 5.0, 4_096
"""Seconds of work, and passages, after which what is done is saved: a killed build goes on from there."""

Staged = Block | Part
"""Where a document lies that is to come in force: in memory, or in a part."""


class LocalWriter:
    """The next generation in the making: documents with their entries, in the order in which they were put.

    What `made` names as sources comes in that order, the rest behind it.
    """

    def __init__(self, folder: Path, made: Made, sizes: Sizes) -> None:
        self.folder, self.made, self.sizes = folder, made, sizes
        self._staged: dict[str, Staged] = {}
        self._settled: set[str] = set()
        self._saved, self._waiting = time.monotonic(), 0
        (folder / PARTS).mkdir(parents=True, exist_ok=True)

    def put(self, document: Document, entries: Sequence[Entry]) -> None:
        """Stage a document and its passages, after the others, in place of what was there under its id."""
        self._staged.pop(document.id, None)
        self._staged[document.id] = make_block(document, entries, self.sizes.vector, self.sizes.token)
        self._waiting += len(entries)
        if self._waiting >= MOST or time.monotonic() - self._saved > SAVED:
            self._save()

    def keep(self, doc: str, part: Part, *, settled: bool) -> None:
        """Stage a document as it lies in a part; in a part that is `settled` it may stay."""
        self._staged[doc] = part
        if settled:
            self._settled.add(part.name)

    def remove(self, doc: str) -> None:
        """Stage the removal of a document; KeyError where there is none."""
        del self._staged[doc]

    def commit(self) -> Generation:
        """Lay the documents out, let readers open them, and remove what is out of force.

        A corpus of which every passage is scored is one part. In a larger one what has settled stays where it is.
        """
        number = (current_number(self.folder) or 0) + 1
        order = self._order()
        centred = sum(map(self._size, order)) > EXHAUSTIVE
        staying = self._staying() if centred else {}
        where = {doc: part.name for doc, part in staying.items()}
        for docs in self._groups([doc for doc in order if doc not in staying]):
            name = self._unchanged(docs, centred=centred) or self._write(docs, centred=centred)
            where.update(dict.fromkeys(docs, name))
        generation = Generation(self.made, self.sizes, {doc: where[doc] for doc in order})
        put_in_force(self.folder, number, generation)
        return generation

    def _order(self) -> list[str]:
        named = [doc for doc in self.made.sources if doc in self._staged]
        return [*named, *(doc for doc in self._staged if doc not in self.made.sources)]

    def _size(self, doc: str) -> int:
        staged = self._staged[doc]
        return staged.shelved[doc].size if isinstance(staged, Part) else len(staged.passages)

    def _in_memory(self) -> dict[str, Block]:
        return {doc: staged for doc, staged in self._staged.items() if isinstance(staged, Block)}

    def _save(self) -> None:
        """Write what is in memory as a part of its own, which a build after a killed one finds."""
        docs = list(self._in_memory())
        if docs:
            part = Part(self.folder / PARTS / self._write(docs, centred=False), self.folder)
            self._staged.update(dict.fromkeys(docs, part))
            self._gather()
        self._saved, self._waiting = time.monotonic(), 0

    def _gather(self) -> None:
        """Make large parts of what was saved as soon as it fills them, so that it does not lie there twice."""
        in_parts = {doc: staged for doc in self._order() if isinstance(staged := self._staged[doc], Part)}
        loose = {doc: part.name for doc, part in in_parts.items() if part.name not in self._settled}
        for docs in [*self._groups([*loose])][:-1]:
            name = self._unchanged(docs, centred=True) or self._write(docs, centred=True)
            part = Part(self.folder / PARTS / name, self.folder)
            self._staged.update(dict.fromkeys(docs, part))
            self._settled.add(name)
            in_parts.update(dict.fromkeys(docs, part))
        for name in {*loose.values()} - {part.name for part in in_parts.values()}:
            shutil.rmtree(self.folder / PARTS / name, ignore_errors=True)

    def _staying(self) -> dict[str, Part]:
        """The documents that stay in their settled parts, as long as enough of those is in force."""
        settled = {
            doc: staged
            for doc, staged in self._staged.items()
            if isinstance(staged, Part) and staged.name in self._settled and staged.centred
        }
        held: Counter[Part] = Counter()
        for doc, part in settled.items():
            held[part] += self._size(doc)
        return {doc: part for doc, part in settled.items() if held[part] > (1 - WASTED) * part.size}

    def _groups(self, docs: Sequence[str]) -> Iterator[list[str]]:
        """The documents, as many together as make a part."""
        group: list[str] = []
        held = 0
        for doc in docs:
            if group and held + self._size(doc) > FULL:
                yield group
                group, held = [], 0
            group.append(doc)
            held += self._size(doc)
        if group:
            yield group

    def _unchanged(self, docs: Sequence[str], *, centred: bool) -> str | None:
        """The name of the part that holds just these documents already, None where none does."""
        part = self._staged[docs[0]]
        if not isinstance(part, Part) or part.centred != centred or [*part.shelved] != list(docs):
            return None
        return part.name if all(self._staged[doc] is part for doc in docs) else None

    def _write(self, docs: Sequence[str], *, centred: bool) -> str:
        blocks = (_block(doc, self._staged[doc]) for doc in docs)
        lying: dict[str, Part] = {}
        forms: Counter[str] = Counter()
        for doc in docs:
            staged = self._staged[doc]
            if isinstance(staged, Part):
                lying[doc] = staged
            else:
                forms += staged.forms or Counter()
        origin = Origin(self.made.model, {doc: self.made.sources.get(doc, "") for doc in docs})
        forms += forms_of(lying)
        return write_part(self.folder / PARTS, self.folder, blocks, origin, self.sizes, forms, centred=centred)


def put_in_force(folder: Path, number: int, generation: Generation) -> None:
    """Let readers open a generation, whose parts are there, and remove what is in force no more."""
    write_generation(folder / GENERATIONS / str(number), generation)
    write_json(folder / CURRENT, number)
    sweep(folder / GENERATIONS, {str(number)})
    sweep(folder / PARTS, set(generation.parts))


def _block(doc: str, staged: Staged) -> Block:
    return staged.block(doc) if isinstance(staged, Part) else staged
