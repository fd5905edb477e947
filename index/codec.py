"""Frozen dataclasses to JSON lists and back, by their own type hints."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

Decode = Callable[[Any], Any]


def pack(value: object) -> Any:
    """`value` as JSON holds it: a dataclass is the list of its fields, a tuple a list, a path a string."""
    if is_dataclass(value) and not isinstance(value, type):
        return [pack(getattr(value, name)) for name, _ in _hints(type(value))]
    if isinstance(value, tuple):
        return [pack(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def unpack(kind: Any, packed: Any) -> Any:
    """The value of type `kind` that `pack` made `packed` of."""
    return _decoder(kind)(packed)


def describe(*kinds: type) -> str:
    """The fields of dataclasses and of all they hold: it changes when what `pack` makes of them does."""
    seen: dict[type, str] = {}
    waiting = list(kinds)
    while waiting:
        kind = waiting.pop()
        if is_dataclass(kind) and kind not in seen:
            hints = _hints(kind)
            seen[kind] = f"{kind.__name__}({', '.join(f'{name}: {hint}' for name, hint in hints)})"
            waiting.extend(hint for _, hint in hints)
        else:
            waiting.extend(part for part in get_args(kind) if isinstance(part, type))
    return "; ".join(sorted(seen.values()))


@cache
def _hints(kind: type) -> tuple[tuple[str, Any], ...]:
    """The names and types of the fields that a dataclass is made of."""
    hints = get_type_hints(kind)
    return tuple((field.name, hints[field.name]) for field in fields(kind) if field.init)


@cache
def _decoder(kind: Any) -> Decode:
    if is_dataclass(kind) and isinstance(kind, type):
        decoders = tuple(_decoder(hint) for _, hint in _hints(kind))
        if all(decode is _same for decode in decoders):
            return lambda packed: kind(*packed)
        return lambda packed: kind(*(decode(item) for decode, item in zip(decoders, packed, strict=True)))
    if get_origin(kind) is tuple:
        item = _decoder(get_args(kind)[0])
        return tuple if item is _same else lambda packed: tuple(map(item, packed))
    if get_origin(kind) in (Union, types.UnionType):
        (given,) = (part for part in get_args(kind) if part is not type(None))
        decode = _decoder(given)
        return _same if decode is _same else lambda packed: None if packed is None else decode(packed)
    if kind is Path:
        return Path
    if kind in (str, int, float, bool) or get_origin(kind) is Literal:
        return _same
    raise TypeError(f"{kind}: no such type can be kept")


def _same(packed: Any) -> Any:
    return packed
