"""One generation of the index on disk: arrays, catalogue and manifest, written once, read by any number of readers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.catalog import Catalog, write_catalog
from index.centres import Centres, make_centres, no_centres
from index.codec import describe
from index.disk import file_hash, write_json
from index.engine import Entry, Floats, Ints, Nibbles, Pieces, Settings, SettingsError, StaleIndexError, Where
from index.late import Products, integer_products, products_graph
from index.lexical import Impacts, compile_impacts
from index.terms import index_terms, split_words
from index.vectors import Vectors, pack_vectors
from ingest.model import Document, Passage

MANIFEST, CATALOG, VECTORS, PRODUCTS, TERMS, WORDS = (
    "manifest.json",
    "catalog.sqlite",
    "vectors.faiss",
    "products.onnx",
    "terms.json",
    "words.json",
)

FILES = "files"
"""The key of the manifest under which the size and the hash of each file stand."""

MEND = "run: ipsqa build"

FORMAT = ("catalog", "centres", "codec", "encoder", "encoding", "generation", "late", "lexical", "terms", "vectors")
"""The modules that decide what the files of a generation hold."""

EXHAUSTIVE = 2_000
"""Passages up to which every one is scored in full, and the index has no centres."""

MAPPED = 1 << 24
"""Bytes from which an array stays on disk and is mapped; smaller ones are read at once."""


@dataclass(frozen=True, slots=True)
class Arrays:
    """The arrays of a generation: `n` passages, `s` sentences, `t` tokens, `c` terms, a vocabulary of `v` pieces.

    `sentences` `(s, d)` float16; passage `i` has the sentences `sentence_bounds[i]:sentence_bounds[i + 1]` and the
    tokens `token_bounds[i]:token_bounds[i + 1]`, of which `token_starts` `(n + s,)` tells the first of its context and
    of each sentence. `tokens` `(t, token_dims / 2)`, `pieces` `(t,)`, `piece_counts` `(v,)` passages that hold each
    piece in their text. The rest is `Impacts` and `Centres`.
    """

    sentences: NDArray[np.float16]
    sentence_bounds: Ints
    token_bounds: Ints
    token_starts: Ints
    tokens: Nibbles
    pieces: Pieces
    piece_counts: Ints
    impact_starts: Ints
    impact_rows: Pieces
    impact_data: Floats
    impact_base: Floats
    centres: NDArray[np.float16]
    centre_starts: Ints
    centre_rows: Pieces


class Sizes(NamedTuple):
    """The length of a vector, and how many pieces the encoder's vocabulary has."""

    vector: int
    vocabulary: int


ARRAYS = tuple(field.name for field in fields(Arrays))


@dataclass(frozen=True, slots=True)
class Made:
    """What a generation was made of: settings, digest of the model, and by work the digest of its source.

    `failures` says, by work, why it could not be read.
    """

    settings: Settings
    model: str
    sources: Mapping[str, str]
    failures: Mapping[str, str]

    def same(self, settings: Settings, model: str, sources: Mapping[str, str]) -> bool:
        """Whether these settings, model and sources, in this order, would make the same generation."""
        return (self.settings, self.model, [*self.sources.items()]) == (settings, model, [*sources.items()])


class Generation:
    """The generation in `folder`, every file of it opened or read: it goes on serving when the folder is removed.

    StaleIndexError where a file is missing, of the wrong size, or of another schema.
    """

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder = folder
        manifest = read_manifest(folder)
        self.made = _made(manifest)
        for name, file in manifest[FILES].items():
            path = folder / name
            if not path.is_file() or path.stat().st_size != file["bytes"]:
                raise StaleIndexError(f"{path}: missing or damaged; {MEND}")
        self.arrays = Arrays(**{name: _load(folder, name) for name in ARRAYS})
        self.catalog = Catalog(folder / CATALOG, root)
        self.vectors = Vectors(np.fromfile(folder / VECTORS, np.uint8))
        self._products, self._terms, self._words = ((folder / name).read_bytes() for name in (PRODUCTS, TERMS, WORDS))

    @property
    def size(self) -> int:
        """How many passages there are."""
        return len(self.arrays.token_bounds) - 1

    @property
    def sizes(self) -> Sizes:
        """The sizes that the encoder set."""
        return Sizes(self.arrays.sentences.shape[1], len(self.arrays.piece_counts))

    @cached_property
    def impacts(self) -> Impacts:
        """BM25's matrix."""
        arrays = self.arrays
        columns = {term: column for column, term in enumerate(json.loads(self._terms))}
        parts = (arrays.impact_starts, arrays.impact_rows, arrays.impact_data, arrays.impact_base)
        return Impacts(columns, *parts, self.size)

    @cached_property
    def centres(self) -> Centres:
        """Where the pieces of the encoder's vocabulary stand."""
        arrays = self.arrays
        return Centres(arrays.centres.astype(np.float32), arrays.centre_starts, arrays.centre_rows, self.size)

    @cached_property
    def products(self) -> Products:
        """The products that late interaction is made of."""
        return integer_products(self._products)

    @cached_property
    def words(self) -> Mapping[str, int]:
        """The words of the passages with how many passages hold each."""
        words: dict[str, int] = json.loads(self._words)
        return words

    def read(self, doc: str) -> tuple[Document, tuple[Passage, ...]]:
        """A document and its passages, as they were read."""
        places = self.catalog.allowed(Where(docs=(doc,)))
        return self.catalog.documents[doc], self.catalog.passages(places)

    def entry(self, place: int, passage: Passage) -> Entry:
        """The vectors of the passage at `place` as the entry of `passage`, which has the same key."""
        arrays = self.arrays
        tokens = slice(*arrays.token_bounds[place : place + 2])
        sentences = slice(*arrays.sentence_bounds[place : place + 2])
        return Entry(
            passage=passage,
            key=self.catalog.keys[place],
            vector=self.vectors.at(np.array([place]))[0],
            sentences=arrays.sentences[sentences].astype(np.float32),
            tokens=arrays.tokens[tokens],
            pieces=arrays.pieces[tokens],
            starts=arrays.token_starts[sentences.start + place : sentences.stop + place + 1] - tokens.start,
        )


def write_generation(
    folder: Path, root: Path, documents: Sequence[Document], entries: Sequence[Entry], made: Made, sizes: Sizes
) -> None:
    """Fill `folder` with a generation, the entries in reading order."""
    passages = [entry.passage for entry in entries]
    impacts = compile_impacts([index_terms(passage.text) for passage in passages], made.settings)
    _write_arrays(folder, entries, impacts, made.settings.token_dims, sizes)
    stacked = np.stack([entry.vector for entry in entries]) if entries else np.zeros((0, sizes.vector), np.float32)
    pack_vectors(stacked).tofile(folder / VECTORS)
    (folder / PRODUCTS).write_bytes(products_graph())
    write_catalog(folder / CATALOG, root, documents, passages, [entry.key for entry in entries])
    write_json(folder / TERMS, list(impacts.columns))
    write_json(folder / WORDS, _count_words(passage.text for passage in passages))
    files = {path.name: {"bytes": path.stat().st_size, "sha256": file_hash(path)} for path in sorted(folder.iterdir())}
    write_json(folder / MANIFEST, _manifest(made) | {FILES: files})


@cache
def current_schema() -> str:
    """The digest of the code and of the types that generations are made of: there is no number to remember."""
    code = "".join(file_hash(Path(__file__).with_name(f"{name}.py")) for name in FORMAT)
    return sha256((code + describe(Document, Passage, Settings)).encode()).hexdigest()[:16]


def read_manifest(folder: Path) -> dict[str, Any]:
    """What the manifest of a generation says; StaleIndexError where it cannot be read or is of another schema."""
    path = folder / MANIFEST
    try:
        manifest: dict[str, Any] = json.loads(path.read_text("utf-8"))
        schema = manifest["schema"]
    except (OSError, ValueError, KeyError, TypeError):
        raise StaleIndexError(f"{path}: missing or damaged; {MEND}") from None
    if schema != current_schema() or not _is_complete(manifest):
        raise StaleIndexError(f"{path}: made by another version of the program; {MEND}")
    return manifest


def _is_complete(manifest: Mapping[str, Any]) -> bool:
    """Whether a manifest has the keys, and its settings the keys and kinds of values, that this version writes."""
    expected = _manifest(Made(Settings(), "", {}, {}))
    if manifest.keys() != {*expected, FILES} or not isinstance(manifest["settings"], dict):
        return False
    try:
        return Settings.from_json(manifest["settings"]).to_json().keys() == manifest["settings"].keys()
    except SettingsError:
        return False


def damaged_files(folder: Path) -> tuple[str, ...]:
    """The files of a generation that are not as they were written, by their hashes."""
    files = read_manifest(folder)[FILES]
    return tuple(name for name in files if not _is_sound(folder / name, files[name]["sha256"]))


def _is_sound(path: Path, made: str) -> bool:
    return path.is_file() and file_hash(path) == made


def _manifest(made: Made) -> dict[str, Any]:
    return {
        "schema": current_schema(),
        "settings": made.settings.to_json(),
        "model": made.model,
        "sources": dict(made.sources),
        "failures": dict(made.failures),
    }


def _made(manifest: Mapping[str, Any]) -> Made:
    settings = Settings.from_json(manifest["settings"])
    return Made(settings, manifest["model"], manifest["sources"], manifest["failures"])


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.npy"


def _load(folder: Path, name: str) -> NDArray[Any]:
    path = _file(folder, name)
    mapped = path.stat().st_size >= MAPPED
    # As a plain array: a `memmap` is slow to take parts of.
    return np.asarray(np.load(path, mmap_mode="r" if mapped else None, allow_pickle=False))


def _write_arrays(folder: Path, entries: Sequence[Entry], impacts: Impacts, token_dims: int, sizes: Sizes) -> None:
    """Write the arrays of a generation, the large ones part by part: they are never all in memory a second time."""
    _write_joined(folder, "sentences", [entry.sentences for entry in entries], (sizes.vector,), np.float16)
    _write_joined(folder, "tokens", [entry.tokens for entry in entries], (token_dims // 2,), np.uint8)
    _write_joined(folder, "pieces", [entry.pieces for entry in entries], (), np.int32)
    token_bounds = _bounds([len(entry.tokens) for entry in entries])
    starts = [entry.starts + first for entry, first in zip(entries, token_bounds[:-1], strict=True)]
    _write_joined(folder, "token_starts", starts, (), np.int64)
    counts = np.zeros(sizes.vocabulary, np.int64)
    for entry in entries:
        counts[np.unique(entry.pieces[entry.starts[1] :])] += 1
    centres = no_centres(token_dims)
    if len(entries) > EXHAUSTIVE:
        centres = make_centres(_load(folder, "tokens"), _load(folder, "pieces"), token_bounds)
    small: dict[str, NDArray[Any]] = {
        "sentence_bounds": _bounds([len(entry.sentences) for entry in entries]),
        "token_bounds": token_bounds,
        "piece_counts": counts,
        "impact_starts": impacts.starts,
        "impact_rows": impacts.rows,
        "impact_data": impacts.data,
        "impact_base": impacts.base,
        "centres": centres.vectors.astype(np.float16),
        "centre_starts": centres.starts,
        "centre_rows": centres.rows,
    }
    for name, array in small.items():
        np.save(_file(folder, name), array, allow_pickle=False)


def _write_joined(
    folder: Path, name: str, parts: Sequence[NDArray[Any]], shape: tuple[int, ...], kind: type[Any]
) -> None:
    """Write the parts one after the other as one array; `shape` is that of a row."""
    layout = np.lib.format.dtype_to_descr(np.dtype(kind))
    header = {"descr": layout, "fortran_order": False, "shape": (sum(map(len, parts)), *shape)}
    with _file(folder, name).open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for part in parts:
            file.write(np.ascontiguousarray(part, kind).data)


def _bounds(lengths: Sequence[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _count_words(texts: Iterable[str]) -> dict[str, int]:
    """How many of the texts hold each word, whatever its case, by the form in which most texts write it."""
    forms: dict[str, Counter[str]] = {}
    for text in texts:
        for word in sorted(set(split_words(text))):
            forms.setdefault(word.lower(), Counter())[word] += 1
    return {counts.most_common(1)[0][0]: counts.total() for counts in forms.values()}
