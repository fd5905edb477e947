"""Documents into the next generation of a corpus in Milvus, each by whichever hand takes it.

A document's rows are named by what they hold: written twice, by a hand that died and by the one that went on, they are
the same rows.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import TypeVar

import numpy as np

from index.codec import pack
from index.encoding import entry_key
from index.engine import Entry, Settings
from index.hands import Threads
from index.local import MODELS
from index.milvus import Shelved, schema
from index.milvus_link import AT_ONCE, PASSAGES, PIECES, SENTENCES, WRITING, Address, Link, Row, any_of, both, open_link
from index.milvus_rows import (
    fetch_pieces,
    pack_kept,
    passage_row,
    put_pieces,
    row_key,
    sentence_rows,
    term_impacts,
    unpack_kept,
    visible,
)
from index.store import Held, encode, encoder_in, held_in, read_or_why_not
from index.tally import Tally
from ingest.model import Document, Passage, Work

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Done:
    """What shelving a document came to: how the state names it, what was counted and encoded, which rows are dead."""

    shelved: Shelved
    tally: Tally
    dead: tuple[str, ...]
    encoded: int


@dataclass(frozen=True, slots=True)
class Shelver:
    """What a hand must know to write documents into generation `number`; it may be sent to another machine.

    `mean` is the length that passages are long or short against; `threads` encode at the same time.
    """

    address: Address
    folder: Path
    model: str
    settings: Settings
    number: int
    mean: float
    threads: int = 1

    def shelve(self, work: Work, link: Link | None = None, local: Held | None = None) -> Done | str:
        """Read a work and write its document, but for what is there already; or why it cannot be read.

        Without a link, and what the local index holds, those of this process are taken.
        """
        read = read_or_why_not(work)
        if isinstance(read, str):
            return read
        link = link or _link_to(self.address)
        return _Shelving(self, link, local or _held_once(self.folder, self.model)).write(*read)


@cache
def _link_to(address: Address) -> Link:
    """The way of this process to a corpus."""
    return open_link(address, WRITING)


@cache
def _held_once(folder: Path, model: str) -> Held:
    """What the local index in a folder holds."""
    return held_in(folder, model)


@dataclass(slots=True)
class _Shelving:
    """A document being written."""

    by: Shelver
    link: Link
    local: Held
    tally: Tally = field(init=False)
    encoded: int = 0

    def __post_init__(self) -> None:
        self.tally = Tally(encoder_in(self.by.folder / MODELS / self.by.model).tokenizer.get_vocab_size())

    def write(self, document: Document, passages: Sequence[Passage]) -> Done:
        """Write a document and its passages, but for what is there already."""
        keys = [entry_key(passage, self.by.model) for passage in passages]
        made_with = json.dumps([schema(), self.by.settings.k1, self.by.settings.b, self.by.mean])
        names = [
            row_key(passage, key, place, made_with)
            for place, (passage, key) in enumerate(zip(passages, keys, strict=True))
        ]
        now = set(keys_in_force(self.link, [document.id], self.by.number))
        there = self.link.among(PASSAGES, "pk", names, ("pk",), f"born == {self.by.number}")
        written = now | {row["pk"] for row in there}
        begun = self.link.walk(PASSAGES, both(any_of("doc", [document.id]), f"born == {self.by.number}"), ("pk",))
        delete_passages(self.link, [row["pk"] for row in begun if row["pk"] not in names])
        for some in in_parts([place for place, name in enumerate(names) if name not in now]):
            entries = self._entries([passages[place] for place in some], [keys[place] for place in some])
            fresh = [(names[place], place, entry) for place, entry in zip(some, entries, strict=True)]
            for _, _, entry in fresh:
                self.tally.add(entry.passage.text, entry.pieces[entry.starts[1] :])
            self._write([each for each in fresh if each[0] not in written])
        packed = json.dumps(pack(_relative(document, self.by.folder)), ensure_ascii=False).encode()
        shelved = Shelved(document.id, put_bytes(self.link, packed), len(passages))
        return Done(shelved, self.tally, tuple(sorted(now - set(names))), self.encoded)

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
        missing = [(passage, key) for passage, key in zip(passages, keys, strict=True) if key not in known]
        made = encode(missing, self.by.folder / MODELS / self.by.model, Threads(self.by.threads))
        self.encoded += len(missing)
        return [
            replace(known[key], passage=passage) if key in known else next(made)
            for passage, key in zip(passages, keys, strict=True)
        ]

    def _write(self, fresh: Sequence[tuple[str, int, Entry]]) -> None:
        """Write the rows of passages, and the passage's own last: where it is, the others are."""
        put_pieces(self.link, {name: pack_kept(entry) for name, _, entry in fresh})
        sentences = (sentence_rows(name, entry, self.by.number) for name, _, entry in fresh)
        self.link.upsert(SENTENCES, list(chain.from_iterable(sentences)))
        rows: list[Row] = []
        for name, place, entry in fresh:
            impacts = term_impacts(entry.passage.text, self.by.settings, self.by.mean)
            row = passage_row(name, entry, place, self.by.number, impacts)
            rows.append({**row, "key": _of_schema(entry.key)})
        self.link.upsert(PASSAGES, rows)


def keys_in_force(link: Link, docs: Sequence[str], number: int) -> list[str]:
    """The rows of those documents that the generation before `number` holds."""
    return [row["pk"] for row in link.among(PASSAGES, "doc", docs, ("pk",), visible(number - 1))]


def delete_passages(link: Link, names: Sequence[str]) -> None:
    """Take out passages with all that is theirs, and the passage's own row last."""
    link.delete(PIECES, "owner", names)
    link.delete(SENTENCES, "owner", names)
    link.delete(PASSAGES, "pk", names)


def put_bytes(link: Link, content: bytes) -> str:
    """Keep bytes under the name that their hash gives them."""
    owner = owner_of(content)
    put_pieces(link, {owner: content})
    return owner


def owner_of(content: bytes) -> str:
    """The name under which bytes are kept."""
    return sha256(content).hexdigest()[:40]


def in_parts(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    """The items, as many together as are asked for or written in one call."""
    return (items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE))


def _entry(passage: Passage, key: str, row: Mapping[str, object], packed: bytes) -> Entry:
    """The entry of a passage with the vectors of a row that has its key."""
    kept = unpack_kept(packed)
    vector = np.array(row["vector"], np.float32)
    return Entry(passage, key, vector, kept.sentences, kept.tokens, kept.pieces, kept.starts)


def _of_schema(key: str) -> str:
    """The key of an entry as rows of this version hold it."""
    return f"{key}:{schema()}"


def _relative(document: Document, root: Path) -> Document:
    file = Path(os.path.relpath(document.work.file, root))
    return replace(document, work=replace(document.work, file=file))
