"""Passages as rows of Milvus and back: what is kept of each, and filters as expressions over it."""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b, sha256

import numpy as np

from index.codec import pack, unpack
from index.engine import Entry, Settings, StaleIndexError, Where, fold
from index.milvus_link import NO_VECTOR, PIECES, Link, Row, any_of, both
from index.part import MEND
from index.scoring import Kept
from index.terms import index_terms
from ingest.model import Passage

FOREVER = 1 << 62
"""The generation in which a passage dies that has not died yet."""

BODY = ("pk", "doc", "place", "body")
CANDIDATE = (*BODY, "vector", "terms")
WHOLE = (*CANDIDATE, "id", "key", "kind", "country", "path", "authors", "born", "died")

PIECE = 60_000
"""Letters of base64 in one row; what is longer goes on in the next."""

_PLAIN = re.compile(r"[\w -]*")
_ODD = re.compile(r"[^a-z0-9 ]+")


def row_key(passage: Passage, key: str, place: int, held: str) -> str:
    """The hash of all that a passage's row says; `held` names what impacts were made with."""
    parts = json.dumps([pack(passage), key, place, held], ensure_ascii=False)
    return sha256(parts.encode()).hexdigest()[:40]


def passage_row(pk: str, entry: Entry, place: int, born: int, impacts: Mapping[int, float]) -> Row:
    """The row of a passage in its document's `place`, visible from the generation `born` on."""
    passage = entry.passage
    body = json.dumps(pack(passage), ensure_ascii=False, separators=(",", ":"))
    return {
        "pk": pk,
        "id": passage.id,
        "key": entry.key,
        **_filtered(passage),
        "body": body,
        "born": born,
        "died": FOREVER,
        "place": place,
        "vector": entry.vector.tolist(),
        "terms": dict(impacts),
    }


def sentence_rows(pk: str, entry: Entry, born: int) -> list[Row]:
    """The rows of a passage's sentences, which name the passage's as their owner."""
    shared = {"owner": pk, **_filtered(entry.passage), "born": born}
    return [
        {"pk": f"{pk}:{number}", **shared, "vector": vector.tolist()} for number, vector in enumerate(entry.sentences)
    ]


def read_passage(row: Row) -> Passage:
    """The passage that a row holds."""
    passage: Passage = unpack(Passage, json.loads(row["body"]))
    return passage


def pack_kept(entry: Entry) -> bytes:
    """The token vectors and sentence vectors of an entry, one after the other."""
    sizes = np.array([*entry.tokens.shape, *entry.sentences.shape], "<i4")
    parts = (
        sizes,
        entry.tokens,
        entry.pieces.astype("<i4"),
        entry.starts.astype("<i4"),
        entry.sentences.astype("<f2"),
    )
    return b"".join(part.tobytes() for part in parts)


def unpack_kept(packed: bytes) -> Kept:
    """What `pack_kept` packed."""
    tokens, half, sentences, length = np.frombuffer(packed, "<i4", 4).tolist()
    ends = np.cumsum([16, tokens * half, 4 * tokens, 4 * (sentences + 1), 2 * sentences * length]).tolist()
    if len(packed) != ends[-1]:
        raise StaleIndexError(f"the token vectors of a passage are damaged; {MEND}")
    return Kept(
        tokens=np.frombuffer(packed, np.uint8, tokens * half, ends[0]).reshape(tokens, half),
        pieces=np.frombuffer(packed, "<i4", tokens, ends[1]),
        starts=np.frombuffer(packed, "<i4", sentences + 1, ends[2]).astype(np.int64),
        sentences=np.frombuffer(packed, "<f2", sentences * length, ends[3])
        .reshape(sentences, length)
        .astype(np.float32),
    )


def piece_rows(owner: str, content: bytes) -> list[Row]:
    """Bytes of any length as rows of text that name their owner."""
    text = b64encode(content).decode()
    cut = [text[start : start + PIECE] for start in range(0, max(1, len(text)), PIECE)]
    shared = {"owner": owner, "count": len(cut), "vector": list(NO_VECTOR)}
    return [{"pk": f"{owner}:{place}", "place": place, "text": part, **shared} for place, part in enumerate(cut)]


def put_pieces(link: Link, contents: Mapping[str, bytes]) -> None:
    """Keep bytes under the names of their owners."""
    link.upsert(PIECES, [row for owner, content in contents.items() for row in piece_rows(owner, content)])


def fetch_pieces(link: Link, owners: Sequence[str]) -> dict[str, bytes]:
    """The bytes that are kept for each of the owners; StaleIndexError where one has none, or not all."""
    parts: dict[str, dict[int, str]] = {}
    counts: dict[str, int] = {}
    for row in link.among(PIECES, "owner", owners, ("owner", "place", "count", "text")):
        parts.setdefault(row["owner"], {})[row["place"]] = row["text"]
        counts[row["owner"]] = row["count"]
    for owner in owners:
        if len(parts.get(owner, ())) != counts.get(owner, -1):
            raise StaleIndexError(
                f"{link.address.uri}: the index is damaged or was replaced twice; open it again, or {MEND}"
            )
    return {owner: b64decode("".join(parts[owner][place] for place in range(counts[owner]))) for owner in owners}


def term_place(term: str) -> int:
    """The place of a term in sparse vectors: a hash, so that no list of terms need be kept.

    Milvus takes places below 2**32 - 1. Of half a million terms, some thirty pairs fall together.
    """
    return int.from_bytes(blake2b(term.encode(), digest_size=8).digest()) % ((1 << 32) - 1)


def term_impacts(text: str, settings: Settings, mean: float) -> dict[int, float]:
    """What each term of a passage's text adds to its score, before the term's IDF: BM25's term part.

    `mean` is the length of a passage in terms that others are long or short against.
    """
    counts: dict[str, int] = {}
    for term in index_terms(text):
        counts[term] = counts.get(term, 0) + 1
    length = sum(counts.values())
    norm = settings.k1 * (1 - settings.b + settings.b * length / mean)
    return {term_place(term): count * (settings.k1 + 1) / (norm + count) for term, count in counts.items()}


def visible(generation: int) -> str:
    """The expression that is true of the rows that a generation holds."""
    return f"born <= {generation} and died > {generation}"


def lets_through(where: Where) -> str:
    """An expression that is true of the rows that `where` lets through.

    It may be true of others too, whose names differ in marks or letters that expressions treat in their own way:
    `where.matches` has the last word.
    """
    alternatives = (
        [_equal("doc", doc) for doc in where.docs],
        [_equal("kind", kind) for kind in where.kinds],
        [_equal("country", fold(country)) for country in where.countries],
        [_like("path", fold(section)) for section in where.sections],
        [_like("authors", fold(author)) for author in where.authors],
    )
    expression = ""
    for some in alternatives:
        expression = both(expression, " or ".join(some))
    return expression


def _equal(field: str, value: str) -> str:
    return any_of(field, [value]) if _PLAIN.fullmatch(value) else _like(field, value)


def _like(field: str, part: str) -> str:
    """True of rows whose field holds `part`, where only plain letters are compared."""
    plain = _ODD.sub("%", f"%{part}%")
    return f'{field} like "{plain}"'


def _filtered(passage: Passage) -> Row:
    return {
        "doc": passage.span.doc,
        "kind": passage.kind,
        "country": fold(passage.country or ""),
        "path": _joined(passage.path),
        "authors": _joined(passage.authors),
    }


def _joined(names: Iterable[str]) -> str:
    return "\n".join(map(fold, names))
