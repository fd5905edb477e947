"""Text to token vectors and pooled vectors, by an exported ONNX model: onnxruntime and tokenizers, and no torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.engine import Floats, Ints, Pieces, unit

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

GRAPH, TOKENIZER, CONFIG, PROJECTION = "model.onnx", "tokenizer.json", "model.json", "projection.npy"
"""The files of an exported model."""

THREADS = 2
"""Texts encoded at the same time, each by one thread: 65 passages a second on two cores, 42 to 56 in batches."""

PROCESSOR = Path("/proc/cpuinfo")
"""Where Linux tells what the processor can do; elsewhere the worst is taken for granted."""

LONGEST_CONTEXT = 64
"""Word pieces of context that go before a passage; of a longer context the end is kept."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The word pieces of a text and their vectors: ids `(t,)`, vectors `(t, d)` unit length.

    The first `context` pieces are those of the context before the text; the others stand at the code points `offsets`
    `(t - context, 2)` of the text. `pooled` `(d,)` is the text's own vector, unit length.
    """

    pieces: Pieces
    vectors: Floats
    context: int
    offsets: Ints
    pooled: Floats


class Encoder:
    """The exported model in `folder`, loaded when it is first used.

    A text is always run by itself and not in a batch: int8 scales are taken over all that is run together, and so a
    text's vectors would depend on its neighbours. Threads may share it.
    """

    def __init__(self, folder: Path, threads: int = THREADS) -> None:
        self.folder, self.threads = folder, threads
        config = json.loads((folder / CONFIG).read_text("utf-8"))
        self.limit: int = config["limit"]
        self.pooling: str = config["pooling"]
        self.query_prompt: str = config["query_prompt"]
        self.passage_prompt: str = config["passage_prompt"]

    @cached_property
    def projection(self) -> Floats:
        """The matrix `(d, token_dims)` that shortens token vectors."""
        matrix: Floats = np.load(self.folder / PROJECTION, allow_pickle=False)
        return matrix

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer, which neither pads nor cuts."""
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self.folder / TOKENIZER))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer

    @cached_property
    def _session(self) -> InferenceSession:
        from onnxruntime import InferenceSession, SessionOptions

        options = SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        if sums_overflow():
            # Products whose sums are exact take half as long again.
            options.add_session_config_entry("session.x64quantprecision", "1")
        return InferenceSession(str(self.folder / GRAPH), options, providers=["CPUExecutionProvider"])

    def encode_query(self, text: str) -> Tokens:
        """The tokens of a question, pooled as the model's authors do; what is beyond the model's limit is left out."""
        prompt = self._pieces(self.query_prompt)
        encoding = self.tokenizer.encode(text, add_special_tokens=False)
        room = self._room(prompt)
        (vectors,) = self._read(prompt, encoding.ids[:room])
        own = self._own(prompt, vectors)
        return _tokens(encoding.ids[:room], encoding.offsets[:room], 0, own, self._pooled([vectors]))

    def encode_passage(self, context: str, text: str) -> Tokens:
        """The tokens of a passage, the context read before the text; pooled is the mean of the text's own.

        A text beyond the model's limit is read in parts, each with the context before it.
        """
        prompt, before = self._pieces(self.passage_prompt), self._pieces(context)[-LONGEST_CONTEXT:]
        encoding = self.tokenizer.encode(text, add_special_tokens=False)
        parts = self._read([*prompt, *before], encoding.ids)
        own = np.concatenate([self._own([*prompt, *before], part) for part in parts])
        vectors = np.concatenate([self._own(prompt, parts[0])[: len(before)], own])
        pooled = unit((own if len(own) else parts[0]).mean(axis=0))
        return _tokens([*before, *encoding.ids], encoding.offsets, len(before), vectors, pooled)

    def encode_alone(self, text: str) -> Floats:
        """The vector `(d,)` of a text without any context, pooled as the model's authors do, unit length."""
        return self._pooled(self._read(self._pieces(self.passage_prompt), self._pieces(text)))

    def run(self, pieces: Sequence[int]) -> Floats:
        """The raw token vectors `(t, d)` of a sequence of word pieces, special ones included."""
        ids = np.array([pieces], np.int64)
        vectors: Floats = self._session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]
        return vectors

    def _read(self, lead: Sequence[int], pieces: Sequence[int]) -> list[Floats]:
        """The raw vectors of `pieces` in as many parts as the limit wants, each with `lead` before it; at least one."""
        opening, closing = self._special
        room = self._room(lead)
        starts = range(0, max(1, len(pieces)), room)
        return [self.run([*opening, *lead, *pieces[start : start + room], *closing]) for start in starts]

    def _own(self, lead: Sequence[int], vectors: Floats) -> Floats:
        """Of the vectors of a part those of its own pieces."""
        opening, closing = self._special
        return vectors[len(opening) + len(lead) : len(vectors) - len(closing)]

    def _room(self, lead: Sequence[int]) -> int:
        opening, closing = self._special
        return self.limit - len(opening) - len(lead) - len(closing)

    def _pooled(self, parts: Sequence[Floats]) -> Floats:
        raw = np.concatenate([part[:1] if self.pooling == "cls" else part for part in parts])
        return unit(raw.mean(axis=0))

    def _pieces(self, text: str) -> list[int]:
        return list(self.tokenizer.encode(text, add_special_tokens=False).ids)

    @cached_property
    def _special(self) -> tuple[list[int], list[int]]:
        """The special pieces that the model wants before and after a text."""
        probe = self.tokenizer.encode("a")
        text = [place for place, special in enumerate(probe.special_tokens_mask) if not special]
        return probe.ids[: text[0]], probe.ids[text[-1] + 1 :]


def sums_overflow(processor: Path = PROCESSOR) -> bool:
    """Whether sums of 8-bit products may overflow on this processor; its VNNI instructions, if any, hold them whole."""
    try:
        return "vnni" not in processor.read_text("utf-8")
    except OSError:
        return True


def _tokens(
    pieces: Sequence[int], offsets: Sequence[tuple[int, int]], context: int, vectors: Floats, pooled: Floats
) -> Tokens:
    places = np.array(offsets, np.int64).reshape(-1, 2)
    return Tokens(np.array(pieces, np.int32), unit(vectors), context, places, pooled)
