"""The way to one corpus in a Milvus server, cluster or file: its address, its collections, and calls tried again."""

from __future__ import annotations

import json
import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from index.engine import EngineAwayError, SettingsError

if TYPE_CHECKING:
    from pymilvus import MilvusClient

TOKEN_VARIABLE = "IPSQA_MILVUS_TOKEN"  # noqa: S105 - the name of the variable, not what it holds
"""The one place from which credentials are taken: `user:password`, or an API key."""

INSTALL = 'run: pip install "pymilvus>=3.0,<4" "milvus-lite>=3.2,<4"'
DEFAULT_NAME = "corpus"
_NAME = re.compile(r"[a-z0-9_]{1,64}")

READING, WRITING = 10.0, 60.0
"""Seconds for which a call is tried again, by one who asks and by one who builds, before the server counts as away."""

PAUSE = 0.5
"""Seconds between two tries to connect."""

_CANNOT_CONNECT = "Fail connecting to server"
_NOT_LOADED = ("load() before search", "collection not loaded")

AT_ONCE = 200
"""Rows asked for or written in one call: about 5 MB, far below the 64 MB that a server takes."""

PASSAGES, SENTENCES, PIECES = "passages", "sentences", "pieces"
KINDS = (PASSAGES, SENTENCES, PIECES)

LONGEST = 65_535
"""Bytes that Milvus takes in one text field."""

Row = dict[str, Any]
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a corpus lies: the server or file, and the corpus' name there."""

    uri: str
    name: str

    @property
    def file(self) -> Path | None:
        """The file of an embedded database; None for a server."""
        return None if "://" in self.uri else Path(self.uri)


def parse_address(given: str) -> Address:
    """The address that `http://host:19530#name` or `./file.db#name` stands for; SettingsError for any other form."""
    uri, _, name = given.partition("#")
    parts = urlsplit(uri)
    if parts.username is not None or parts.password is not None:
        raise SettingsError(f"--uri: give no credentials here, they would be seen; put them into {TOKEN_VARIABLE}")
    if not (parts.scheme in ("http", "https") and parts.hostname) and not ("://" not in uri and uri.endswith(".db")):
        raise SettingsError(f"{uri}: must be http://HOST:PORT, https://HOST:PORT or a file that ends in .db")
    if not _NAME.fullmatch(name or DEFAULT_NAME):
        raise SettingsError(f"{name}: the name of a corpus is 1 to 64 small letters, digits and underscores")
    return Address(uri, name or DEFAULT_NAME)


class Link:
    """An open way to a corpus. EngineAwayError, one line, where the server does not answer or refuses.

    A call that fails on its way is tried again for `patience` seconds; all writes may be done twice.
    """

    def __init__(self, address: Address, patience: float = READING) -> None:
        self.address, self.patience = address, patience
        self._client = self._told(lambda: _connect(address, patience))
        self._loaded: set[str] = set()

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()

    def prepare(self, length: int) -> None:
        """Make the collections that are missing, for vectors of `length` numbers."""
        for kind in KINDS:
            if not self._has(kind):
                self._told(partial(_create, self._client, self._named(kind), kind, length))

    def query(self, kind: str, expression: str, fields: Sequence[str]) -> list[Row]:
        """Those fields of the rows of which the expression is true; the caller sees to it that they are few."""
        if not self._ready(kind):
            return []
        found = self._told(
            lambda: self._client.query(
                self._named(kind), filter=expression, output_fields=list(fields), timeout=self.patience
            )
        )
        return [dict(row) for row in found]

    def among(self, kind: str, field: str, values: Sequence[str], fields: Sequence[str], also: str = "") -> list[Row]:
        """Those fields of the rows whose `field` is one of the values."""
        rows: list[Row] = []
        for start in range(0, len(values), AT_ONCE):
            some = any_of(field, values[start : start + AT_ONCE])
            rows += self.query(kind, both(some, also), fields)
        return rows

    def walk(self, kind: str, expression: str, fields: Sequence[str]) -> Iterator[Row]:
        """Those fields of all rows of which the expression is true, however many, in no order."""
        if not self._ready(kind):
            return
        rows = self._told(
            lambda: self._client.query_iterator(
                self._named(kind),
                batch_size=AT_ONCE,
                filter=expression,
                output_fields=list(fields),
                timeout=self.patience,
            )
        )
        while some := self._told(rows.next):
            yield from map(dict, some)
        rows.close()

    def nearest(
        self,
        kind: str,
        field: str,
        vector: Sequence[float] | Mapping[int, float],
        limit: int,
        expression: str,
        out: str,
    ) -> list[str]:
        """The field `out` of the `limit` rows with the greatest inner product, greatest first."""
        found = self._told(
            lambda: self._client.search(
                self._named(kind),
                data=[vector],
                anns_field=field,
                limit=limit,
                filter=expression,
                output_fields=[out],
                search_params={"metric_type": "IP"},
                timeout=self.patience,
            )
        )
        return [hit["entity"][out] for hit in found[0]]

    def upsert(self, kind: str, rows: Sequence[Row]) -> None:
        """Put rows, each in place of the one with its key."""
        self._ready(kind)
        for start in range(0, len(rows), AT_ONCE):
            some = list(rows[start : start + AT_ONCE])
            self._told(partial(self._client.upsert, self._named(kind), some, timeout=self.patience))

    def delete(self, kind: str, field: str, values: Sequence[str], also: str = "") -> None:
        """Take out the rows whose `field` is one of the values."""
        for start in range(0, len(values), AT_ONCE):
            some = both(any_of(field, values[start : start + AT_ONCE]), also)
            self._told(partial(self._client.delete, self._named(kind), filter=some, timeout=self.patience))

    def _ready(self, kind: str) -> bool:
        """Whether the collection is there; it is loaded when it is first used."""
        if kind not in self._loaded and self._has(kind):
            self._told(lambda: self._client.load_collection(self._named(kind), timeout=self.patience))
            self._loaded.add(kind)
        return kind in self._loaded

    def _load_again(self) -> None:
        """Load what was loaded: milvus-lite does not, when it starts again."""
        loaded, self._loaded = self._loaded, set()
        for kind in loaded:
            self._ready(kind)

    def _has(self, kind: str) -> bool:
        return self._told(lambda: bool(self._client.has_collection(self._named(kind), timeout=self.patience)))

    def _named(self, kind: str) -> str:
        return f"ipsqa_{self.address.name}_{kind}"

    def _told(self, call: Callable[[], _Result]) -> _Result:
        """What the call gives; what goes wrong in it is told in one line."""
        from grpc import RpcError
        from pymilvus import MilvusException

        last = time.monotonic() + self.patience
        while True:
            try:
                return call()
            except (MilvusException, RpcError) as error:
                said = str(getattr(error, "message", "") or error)
                # pymilvus waits for calls on their way, but gives up at once where it cannot connect anew.
                unloaded = any(words in said for words in _NOT_LOADED)
                if not (unloaded or _CANNOT_CONNECT in said) or time.monotonic() > last:
                    reason = " ".join(said.split())[:200]
                    raise EngineAwayError(f"{self.address.uri}: Milvus does not answer or refuses ({reason})") from None
            time.sleep(PAUSE)
            if unloaded:
                self._load_again()


def open_link(address: Address, patience: float = READING) -> Link:
    """A link; SettingsError where the package that makes it is not installed."""
    try:
        for package in ("pymilvus", "milvus_lite", "grpc._server") if address.file else ("pymilvus",):
            import_module(package)
            # They print the traceback of what is told here in one line.
            logging.getLogger(package).setLevel(logging.CRITICAL + 1)
    except ImportError as error:
        raise SettingsError(f"the engine milvus needs the package {error.name}; {INSTALL}") from None
    return Link(address, patience)


def any_of(field: str, values: Sequence[str]) -> str:
    """The expression that is true of rows whose `field` is one of the values."""
    return f"{field} in {json.dumps(list(values))}"


def both(one: str, other: str) -> str:
    """The expression that is true where both are; an empty one is true everywhere."""
    return f"({one}) and ({other})" if one and other else one or other


def _connect(address: Address, patience: float) -> MilvusClient:
    from pymilvus import MilvusClient

    return MilvusClient(uri=address.uri, token=os.environ.get(TOKEN_VARIABLE, ""), timeout=patience)


def _create(client: MilvusClient, name: str, kind: str, length: int) -> None:
    """Make a collection: scalar fields with an index each, and vectors compared by inner product."""
    from pymilvus import DataType, MilvusClient

    texts, numbers = _FIELDS[kind]
    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("pk", DataType.VARCHAR, is_primary=True, max_length=128)
    for field in texts:
        schema.add_field(field, DataType.VARCHAR, max_length=LONGEST if field in _LONG else 1_024)
    for field in numbers:
        schema.add_field(field, DataType.INT64)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=length if kind != PIECES else len(NO_VECTOR))
    indexes = MilvusClient.prepare_index_params()
    indexes.add_index("vector", index_type="AUTOINDEX", metric_type="IP")
    if kind == PASSAGES:
        schema.add_field("terms", DataType.SPARSE_FLOAT_VECTOR)
        indexes.add_index("terms", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
    for field in (*(text for text in texts if text not in _LONG), *numbers):
        indexes.add_index(field, index_type="INVERTED")
    client.create_collection(name, schema=schema, consistency_level="Strong")
    # Nothing to wait for, the collection is empty: waiting for each by turns takes ten seconds.
    client.create_index(name, indexes, sync=False)


NO_VECTOR = (0.0, 0.0)
"""Milvus takes no collection without a vector."""

_LONG = ("path", "authors", "body", "text")
FILTERED = ("doc", "kind", "country", "path", "authors")
"""The fields that filters are about; passages and sentences both have them."""

_FIELDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    PASSAGES: (("id", "key", *FILTERED, "body"), ("born", "died", "place")),
    SENTENCES: (("owner", *FILTERED), ("born",)),
    PIECES: (("owner", "text"), ("place", "count")),
}
"""The text fields and the whole-number fields of each collection."""
