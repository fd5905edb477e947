"""A part of the index on disk: documents with their passages, written once, read by any number of readers.

A small corpus lies in one part. A large one lies in several, so that a document is added in a part of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import weakref
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from index.blocks import Block, Terms, count_forms, joined
from index.catalog import Catalog, Shelved, write_catalog
from index.centres import Centres, make_centres, no_centres
from index.codec import describe
from index.disk import ASIDE, file_hash, publish, write_json
from index.engine import Entry, Ints, Pieces, Settings, StaleIndexError
from index.lexical import Counts, Lengths, Postings, by_column
from index.scoring import Compared, Kept, flat
from index.vectors import EXACT, Vectors, write_vectors
from ingest.model import Document, Passage

PARTS = "parts"
MANIFEST, CATALOG, VECTORS, TERMS, FORMS = (
    "manifest.json",
    "catalog.sqlite",
    "vectors.faiss",
    "terms.json",
    "forms.json",
)

MEND = "run: ipsqa build"

FORMAT = ("blocks", "catalog", "centres", "codec", "encoder", "encoding", "late", "lexical", "part", "terms", "vectors")
"""The modules that decide what the files of a part hold."""

MAPPED = 1 << 24
"""Bytes from which an array stays on disk; smaller ones are read at once."""


class Rows(Protocol):
    """An array of which only stretches of rows are taken, wherever it lies."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: slice, /) -> NDArray[Any]: ...


@dataclass(frozen=True, slots=True)
class Arrays:
    """The arrays of a part: `n` passages, `s` sentences, `t` tokens, `c` terms, a vocabulary of `v` pieces.

    `vectors` `(n, d)` is empty where the FAISS index holds them whole. `sentences` `(s, d)` float16; passage `i` has
    the sentences `sentence_bounds[i]:sentence_bounds[i + 1]` and the tokens `token_bounds[i]:token_bounds[i + 1]`, of
    which `token_starts` `(n + s,)` tells the first of its context and of each sentence. `tokens` `(t, token_dims / 2)`,
    `pieces` `(t,)`, `piece_counts` `(v,)` passages that hold each piece in their text. The rest is `Postings` and
    `Centres`.
    """

    vectors: NDArray[np.float32]
    sentences: Rows
    sentence_bounds: Ints
    token_bounds: Ints
    token_starts: Ints
    tokens: Rows
    pieces: Rows
    piece_counts: Ints
    posting_starts: Ints
    posting_rows: Pieces
    posting_counts: Counts
    lengths: Lengths
    centres: NDArray[np.float16]
    centre_starts: Ints
    centre_rows: Pieces


ARRAYS = tuple(field.name for field in fields(Arrays))

IN_STRETCHES = frozenset(("sentences", "tokens", "pieces"))
"""Arrays that are read from their files where they are large: mapped, what a search touches would pile up in memory."""


class Sizes(NamedTuple):
    """The length of a vector and of a stored token vector, and how many pieces the encoder's vocabulary has."""

    vector: int
    token: int
    vocabulary: int


@dataclass(frozen=True, slots=True)
class Origin:
    """What a part was made of: the digest of the model, and by document that of its source."""

    model: str
    sources: Mapping[str, str]


class Part:
    """The part in `folder`, every file of it opened or read: it goes on serving when the folder is removed.

    StaleIndexError where a file is missing, of the wrong size, or of another schema.
    """

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder, self.name = folder, folder.name
        manifest = read_manifest(folder)
        self.origin = Origin(manifest["model"], manifest["sources"])
        check_sizes(folder, manifest)
        self.arrays = Arrays(**{name: _open(folder, name) for name in ARRAYS})
        self.catalog = Catalog(folder / CATALOG, root)
        whole = self.arrays.vectors if len(self.arrays.vectors) else None
        self.vectors = Vectors(folder / VECTORS, whole)
        self._terms, self._forms = ((folder / name).read_bytes() for name in (TERMS, FORMS))

    @property
    def size(self) -> int:
        """How many passages there are."""
        return self.catalog.size

    @cached_property
    def shelved(self) -> Mapping[str, Shelved]:
        """Where each document lies, by its id."""
        return {each.id: each for each in self.catalog.shelved}

    @cached_property
    def postings(self) -> Postings:
        """How often each term stands in each passage."""
        arrays = self.arrays
        columns = {term: column for column, term in enumerate(json.loads(self._terms))}
        return Postings(columns, arrays.posting_starts, arrays.posting_rows, arrays.posting_counts, arrays.lengths)

    @property
    def centred(self) -> bool:
        """Whether late interaction can be guessed, which is needed where not every passage is scored."""
        return len(self.arrays.centres) > 0 or not len(self.arrays.tokens)

    @cached_property
    def centres(self) -> Centres:
        """Where the pieces of the encoder's vocabulary stand."""
        arrays = self.arrays
        return Centres(arrays.centres.astype(np.float32), arrays.centre_starts, arrays.centre_rows, self.size)

    @cached_property
    def forms(self) -> Counter[str]:
        """How many passages hold each word, as it is written."""
        return Counter(json.loads(self._forms))

    def kept(self, place: int) -> Kept:
        """What was made of the passage at `place`, but for its own vector."""
        arrays = self.arrays
        first, last = arrays.sentence_bounds[[place, place + 1]].tolist()
        start, end = arrays.token_bounds[[place, place + 1]].tolist()
        return Kept(
            sentences=arrays.sentences[first:last],
            tokens=arrays.tokens[start:end],
            pieces=arrays.pieces[start:end],
            starts=arrays.token_starts[first + place : last + place + 1] - start,
        )

    def counts(self, places: Ints) -> Ints:
        """How many tokens and how many sentences `(2, n)` the passages at those places have."""
        bounds = (self.arrays.token_bounds, self.arrays.sentence_bounds)
        return np.stack([each[places + 1] - each[places] for each in bounds])

    def read(self, places: Ints, into: Compared, mine: Ints) -> None:
        """Put what a query is compared with of the passages at `places` where `into` has room for its `mine`."""
        arrays = self.arrays
        for rows, bounds, room, at in (
            (arrays.tokens, arrays.token_bounds, into.tokens, into.token_bounds),
            (arrays.sentences, arrays.sentence_bounds, into.sentences, into.bounds),
        ):
            spans = zip(bounds[places].tolist(), at[mine].tolist(), at[mine + 1].tolist(), strict=True)
            for first, start, end in spans:
                _read_into(room[start:end], rows, first)
        counts = np.diff(into.bounds)[mine] + 1
        theirs, ours = arrays.sentence_bounds[places] + places, into.bounds[mine] + mine
        moved = np.repeat(into.token_bounds[mine] - arrays.token_bounds[places], counts)
        into.starts[flat(ours, counts)] = arrays.token_starts[flat(theirs, counts)] + moved

    def entry(self, place: int, passage: Passage, key: str) -> Entry:
        """What was made of the passage at `place` as the entry of `passage`, which has the same key."""
        kept, (vector,) = self.kept(place), self.vectors.at(np.array([place]))
        sentences = kept.sentences.astype(np.float32)
        return Entry(passage, key, vector, sentences, kept.tokens, kept.pieces, kept.starts)

    def entries(self, doc: str) -> list[Entry]:
        """What was made of each passage of a document."""
        _, first, size = self.shelved[doc]
        places = range(first, first + size)
        passages, keys = self.catalog.passages(places), self.catalog.keys(first, size)
        return [self.entry(place, passage, key) for place, passage, key in zip(places, passages, keys, strict=True)]

    def block(self, doc: str) -> Block:
        """The passages of a document and what was made of them; nothing large is copied."""
        arrays, (_, first, size) = self.arrays, self.shelved[doc]
        rows = slice(first, first + size)
        bounds = slice(first, first + size + 1)
        sentences = slice(*arrays.sentence_bounds[[first, first + size]].tolist())
        tokens = slice(*arrays.token_bounds[[first, first + size]].tolist())
        by_passage = self._by_passage
        held = slice(*by_passage.bounds[[first, first + size]].tolist())
        return Block(
            document=self.catalog.document(doc),
            passages=self.catalog.passages(range(first, first + size)),
            keys=self.catalog.keys(first, size),
            vectors=self.vectors.at(np.arange(first, first + size)),
            sentences=arrays.sentences[sentences],
            sentence_counts=np.diff(arrays.sentence_bounds[bounds]),
            tokens=arrays.tokens[tokens],
            token_counts=np.diff(arrays.token_bounds[bounds]),
            pieces=arrays.pieces[tokens],
            starts=arrays.token_starts[sentences.start + first : sentences.stop + first + size] - tokens.start,
            terms=Terms(
                by_passage.vocabulary,
                by_passage.bounds[bounds] - held.start,
                by_passage.columns[held],
                by_passage.counts[held],
                arrays.lengths[rows],
            ),
        )

    @cached_property
    def _by_passage(self) -> Terms:
        from scipy.sparse import csc_array

        arrays = self.arrays
        shape = (self.size, len(arrays.posting_starts) - 1)
        held = csc_array((arrays.posting_counts, arrays.posting_rows, arrays.posting_starts), shape=shape).tocsr()
        vocabulary = tuple(json.loads(self._terms))
        return Terms(vocabulary, held.indptr.astype(np.int64), held.indices, held.data, arrays.lengths)


def write_part(
    parts: Path,
    root: Path,
    blocks: Iterable[Block],
    origin: Origin,
    sizes: Sizes,
    forms: Counter[str],
    *,
    centred: bool,
) -> str:
    """The name of a new part in the folder `parts`, of documents in the order given; `forms` are their words.

    The name tells what it holds: the same blocks make the same part.
    """
    aside = Path(tempfile.mkdtemp(suffix=ASIDE, dir=parts))
    try:
        _fill(aside, root, blocks, sizes, forms, centred=centred)
        files = {
            path.name: {"bytes": path.stat().st_size, "sha256": file_hash(path)} for path in sorted(aside.iterdir())
        }
        manifest = {"schema": current_schema(), "model": origin.model, "sources": dict(origin.sources), "files": files}
        name = sha256(json.dumps(manifest).encode()).hexdigest()[:16]
        write_json(aside / MANIFEST, manifest)
        publish(aside, parts / name)
        return name
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _fill(
    folder: Path, root: Path, blocks: Iterable[Block], sizes: Sizes, forms: Counter[str], *, centred: bool
) -> None:
    """Write the files of a part but for its manifest, block by block: the large arrays are never in memory."""
    gathered = _Gathered(folder, sizes)
    with gathered:
        write_catalog(folder / CATALOG, root, map(gathered.take, blocks))
    token_bounds = _bounds(gathered.token_counts)
    centres = no_centres(sizes.token)
    if centred:
        centres = make_centres(_load(folder, "tokens"), _load(folder, "pieces"), token_bounds)
    vectors = _load(folder, "vectors")
    write_vectors(folder / VECTORS, vectors)
    if len(vectors) <= EXACT:
        np.save(_file(folder, "vectors"), vectors[:0], allow_pickle=False)
    terms, postings = gathered.postings()
    small: dict[str, NDArray[Any]] = {
        "sentence_bounds": _bounds(gathered.sentence_counts),
        "token_bounds": token_bounds,
        "piece_counts": gathered.piece_counts,
        "posting_starts": postings.starts,
        "posting_rows": postings.rows,
        "posting_counts": postings.counts,
        "lengths": postings.lengths,
        "centres": centres.vectors.astype(np.float16),
        "centre_starts": centres.starts,
        "centre_rows": centres.rows,
    }
    for name, array in small.items():
        np.save(_file(folder, name), array, allow_pickle=False)
    write_json(folder / TERMS, terms)
    write_json(folder / FORMS, dict(sorted(forms.items())))


class _Gathered:
    """What blocks come to: the large arrays go to their files, of the others the pieces are kept."""

    def __init__(self, folder: Path, sizes: Sizes) -> None:
        self._rows = {
            "vectors": _RowFile(folder, "vectors", (sizes.vector,), np.float32),
            "sentences": _RowFile(folder, "sentences", (sizes.vector,), np.float16),
            "tokens": _RowFile(folder, "tokens", (sizes.token // 2,), np.uint8),
            "pieces": _RowFile(folder, "pieces", (), np.int32),
            "token_starts": _RowFile(folder, "token_starts", (), np.int64),
        }
        self.piece_counts = np.zeros(sizes.vocabulary, np.int64)
        self.sentence_counts: list[Ints] = []
        self.token_counts: list[Ints] = []
        self._columns: dict[str, int] = {}
        self._vocabulary: tuple[Sequence[str], NDArray[np.int64]] = ((), np.zeros(0, np.int64))
        self._terms: list[Terms] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._rows.values():
            file.close()

    def take(self, block: Block) -> tuple[Document, Sequence[Passage], Sequence[str]]:
        """What of a block goes to the catalogue; the rest is taken."""
        first = self._rows["tokens"].count
        for name in ("vectors", "sentences", "tokens", "pieces"):
            self._rows[name].add(getattr(block, name))
        self._rows["token_starts"].add(block.starts + first)
        self.sentence_counts.append(block.sentence_counts)
        self.token_counts.append(block.token_counts)
        self._count_pieces(block)
        self._terms.append(self._renumbered(block.terms))
        return block.document, block.passages, block.keys

    def postings(self) -> tuple[list[str], Postings]:
        """The terms of all passages, in alphabetical order, and where they stand."""
        lengths = joined([each.lengths for each in self._terms], (), np.int32)
        held = joined([np.diff(each.bounds) for each in self._terms], (), np.int64)
        columns = joined([each.columns for each in self._terms], (), np.int64)
        counts = joined([each.counts for each in self._terms], (), np.int64)
        terms = sorted(self._columns)
        order = np.empty(len(terms), np.int64)
        order[[self._columns[term] for term in terms]] = np.arange(len(terms))
        rows = np.repeat(np.arange(len(lengths)), held)
        named = {term: column for column, term in enumerate(terms)}
        return terms, by_column(named, rows, order[columns], counts, lengths)

    def _renumbered(self, terms: Terms) -> Terms:
        """The same with the columns of the whole part; blocks of one part share their vocabulary."""
        vocabulary, columns = self._vocabulary
        if vocabulary is not terms.vocabulary:
            columns = np.full(len(terms.vocabulary), -1, np.int64)
            self._vocabulary = terms.vocabulary, columns
        for column in np.unique(terms.columns[columns[terms.columns] < 0]).tolist():
            columns[column] = self._columns.setdefault(terms.vocabulary[column], len(self._columns))
        return Terms((), terms.bounds, columns[terms.columns], terms.counts, terms.lengths)

    def _count_pieces(self, block: Block) -> None:
        """Count the pieces of each passage's own text, which begins behind its context."""
        ends = np.cumsum(block.token_counts).tolist()
        texts = block.starts[_bounds([block.sentence_counts + 1])[:-1] + 1].tolist()
        for start, end in zip(texts, ends, strict=True):
            self.piece_counts[np.unique(block.pieces[start:end])] += 1


class _RowFile:
    """An array that is written row by row: `shape` is that of a row."""

    def __init__(self, folder: Path, name: str, shape: tuple[int, ...], kind: type[np.generic]) -> None:
        self._file = _file(folder, name).open("wb")
        self._shape, self._kind = shape, kind
        self.count = 0
        self._write_header()

    def add(self, rows: NDArray[Any]) -> None:
        """Write some rows behind those that are there."""
        self._file.write(np.ascontiguousarray(rows, self._kind).data)
        self.count += len(rows)

    def close(self) -> None:
        """Say how many rows there are, for which the header keeps room, and let the file go."""
        self._file.seek(0)
        self._write_header()
        self._file.close()

    def _write_header(self) -> None:
        layout = np.lib.format.dtype_to_descr(np.dtype(self._kind))
        header = {"descr": layout, "fortran_order": False, "shape": (self.count, *self._shape)}
        np.lib.format.write_array_header_1_0(self._file, header)


def forms_of(lying: Mapping[str, Part]) -> Counter[str]:
    """How many passages of documents, each with its part, hold each word, as it is written; few texts are read."""
    taken: dict[Part, set[str]] = {}
    for doc, part in lying.items():
        taken.setdefault(part, set()).add(doc)
    total: Counter[str] = Counter()
    for part, chosen in taken.items():
        left = [each for each in part.catalog.shelved if each.id not in chosen]
        mine = [each for each in part.catalog.shelved if each.id in chosen]
        if sum(each.size for each in left) <= sum(each.size for each in mine):
            total += part.forms - _forms(part, left)
        else:
            total += _forms(part, mine)
    return total


def _forms(part: Part, shelved: Iterable[Shelved]) -> Counter[str]:
    passages = (part.catalog.passages(range(each.first, each.first + each.size)) for each in shelved)
    return count_forms(passage.text for some in passages for passage in some)


@cache
def current_schema() -> str:
    """The digest of the code and of the types that parts are made of: there is no number to remember."""
    code = "".join(file_hash(Path(__file__).with_name(f"{name}.py")) for name in FORMAT)
    return sha256((code + describe(Document, Passage, Settings)).encode()).hexdigest()[:16]


def read_manifest(folder: Path) -> dict[str, Any]:
    """What the manifest of a part says; StaleIndexError where it cannot be read or is of another schema."""
    path = folder / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
        schema, keys = manifest["schema"], manifest.keys()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise StaleIndexError(f"{path}: missing or damaged; {MEND}") from None
    if schema != current_schema() or keys != {"schema", "model", "sources", "files"}:
        raise StaleIndexError(f"{path}: made by another version of the program; {MEND}")
    return manifest


def check_sizes(folder: Path, manifest: Mapping[str, Any]) -> None:
    """StaleIndexError where a file that the manifest names is missing or not as large as it was made."""
    for name, file in manifest["files"].items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != file["bytes"]:
            raise StaleIndexError(f"{path}: missing or damaged; {MEND}")


def damaged_files(folder: Path, manifest: Mapping[str, Any], largest: int | None = None) -> tuple[str, ...]:
    """The files that the manifest of `folder` names and that are not as they were written, by their hashes.

    Of files above `largest` bytes only the size is looked at.
    """
    return tuple(name for name, made in manifest["files"].items() if not _is_sound(folder / name, made, largest))


def _is_sound(path: Path, made: Mapping[str, Any], largest: int | None) -> bool:
    if not path.is_file() or path.stat().st_size != made["bytes"]:
        return False
    trusted = largest is not None and made["bytes"] > largest
    return trusted or file_hash(path) == str(made["sha256"])


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.npy"


def _load(folder: Path, name: str) -> NDArray[Any]:
    path = _file(folder, name)
    mapped = path.stat().st_size >= MAPPED
    # As a plain array: a `memmap` is slow to take parts of.
    return np.asarray(np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False))


def _open(folder: Path, name: str) -> Any:
    """An array as a part uses it."""
    array = _load(folder, name)
    if name in IN_STRETCHES and array.nbytes >= MAPPED:
        return _FromFile(_file(folder, name), array)
    return array


class _FromFile:
    """The rows of a file like those of `array`, read when they are taken; threads may share it."""

    def __init__(self, path: Path, array: NDArray[Any]) -> None:
        self._file = os.open(path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._file)
        self._offset = path.stat().st_size - array.nbytes
        self._shape, self._kind, self._row = array.shape, array.dtype, array.nbytes // len(array)

    def __len__(self) -> int:
        return int(self._shape[0])

    def __getitem__(self, rows: slice) -> NDArray[Any]:
        start, end, _ = rows.indices(len(self))
        taken = np.empty((max(0, end - start), *self._shape[1:]), self._kind)
        self.read(start, taken)
        return taken

    def read(self, first: int, into: NDArray[Any]) -> None:
        """Fill an array with the rows from `first` on: a third of the time of joining what is taken."""
        if into.nbytes and os.preadv(self._file, [into.data], self._offset + first * self._row) != into.nbytes:
            raise OSError(f"a file of the index ended early; {MEND}")


def _read_into(room: NDArray[Any], rows: Rows, first: int) -> None:
    """Fill an array with the rows from `first` on."""
    if isinstance(rows, _FromFile):
        rows.read(first, room)
    else:
        room[:] = rows[first : first + len(room)]


def _bounds(counts: Sequence[Ints]) -> Ints:
    return np.concatenate([[0], np.cumsum(joined(counts, (), np.int64))]).astype(np.int64)
