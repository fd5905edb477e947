"""Late interaction: how well each word of a query is met by some word of a passage, over compressed token vectors.

After: Khattab and Zaharia 2020, "ColBERT", https://doi.org/10.1145/3397271.3401075
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.engine import Floats, Ints, Nibbles, unit

Products = Callable[[Nibbles, NDArray[np.int8]], NDArray[np.int32]]
"""Tokens `(t, dims)` as `unpack` gives them, and a query `(dims, q)`, to their products `(t, q)`."""

REACH = 0.34
"""One step of a 4-bit component, in units of 1 / sqrt(dims): seven steps each way hold 98 of 100 components."""

MIDDLE = 8
"""The 4-bit number that stands for 0."""

AT_ONCE = 8_192
"""Tokens unpacked at a time, which stay in the processor's own memory: two thirds of the time of all at once."""

BLOCK = 8
"""Laid out tokens whose best similarity is taken at once, by wide instructions; the rest is searched part by part."""


def shorten(vectors: Floats, projection: Floats) -> Floats:
    """Token vectors `(t, d)` projected to `(t, dims)` and brought to unit length."""
    return unit(vectors @ projection)


def compress(vectors: Floats, projection: Floats) -> Nibbles:
    """Token vectors `(t, d)` as 4-bit numbers, two a byte `(t, dims / 2)`: projected, at unit length, in even steps.

    A byte holds a component of the first half and one of the second: whole rows are taken apart by wide instructions.
    """
    short = shorten(vectors, projection)
    steps = np.clip(np.rint(short / _step(short.shape[1])), -7, 7).astype(np.int8) + MIDDLE
    half = steps.shape[1] // 2
    packed: Nibbles = (steps[:, :half] << 4 | steps[:, half:]).astype(np.uint8)
    return packed


def unpack(packed: Nibbles) -> Nibbles:
    """The 4-bit numbers `(t, dims)` that `compress` packed, a byte each; MIDDLE stands for 0."""
    half = packed.shape[1]
    numbers = np.empty((len(packed), half * 2), np.uint8)
    np.right_shift(packed, 4, out=numbers[:, :half])
    np.bitwise_and(packed, 15, out=numbers[:, half:])
    return numbers


def decompress(packed: Nibbles) -> Floats:
    """The token vectors `(t, dims)` that `compress` packed, as near as 4 bits come."""
    numbers = unpack(packed)
    return (numbers.astype(np.float32) - MIDDLE) * _step(numbers.shape[1])


@dataclass(frozen=True, slots=True)
class Loose:
    """Compressed tokens in parts (contexts, sentences) as they are kept, to be compared once.

    Part `i` begins at `starts[i]` and ends where the next one begins.
    """

    packed: Nibbles
    starts: Ints

    def best(self, query: Floats, products: Products) -> Floats:
        """The best similarity `(parts, q)` in each part to each token of `query` `(q, dims)`; 0 in an empty part.

        The query is taken in 8-bit steps, so that all is whole numbers until the end.
        """
        steps, scale = _steps(query)
        ends = np.append(self.starts[1:], len(self.packed))
        filled = np.flatnonzero(ends > self.starts)
        best = np.zeros((len(self.starts), len(query)), np.float32)
        for some in np.split(filled, np.flatnonzero(np.diff(self.starts[filled] // AT_ONCE)) + 1):
            if len(some):
                tokens = self.packed[self.starts[some[0]] : ends[some[-1]]]
                near = products(unpack(tokens), steps)
                best[some] = np.maximum.reduceat(near, self.starts[some] - self.starts[some[0]], axis=0)
        return best * scale


@dataclass(frozen=True, slots=True)
class LaidOut:
    """Tokens laid out to be compared often: half the time of `Loose`, once they are.

    `blocks` `(BLOCK * n, dims)` holds each part in blocks of BLOCK tokens, the last token repeated where a block is not
    full, first tokens of all blocks first; part `filled[i]` begins with block `starts[i]`; there are `size` parts.
    """

    blocks: Nibbles
    filled: Ints
    starts: Ints
    size: int

    def best(self, query: Floats, products: Products) -> Floats:
        """The best similarity `(size, q)` in each part to each token of `query` `(q, dims)`; 0 in an empty part."""
        steps, scale = _steps(query)
        near = products(self.blocks, steps)
        near = near.reshape(BLOCK, len(self.blocks) // BLOCK, len(query)).max(axis=0)
        best = np.zeros((self.size, len(query)), np.float32)
        if len(self.filled):
            best[self.filled] = np.maximum.reduceat(near, self.starts, axis=0)
        return best * scale


def lay_out(loose: Loose) -> LaidOut:
    """The same parts, laid out."""
    packed, starts = loose.packed, loose.starts
    ends = np.append(starts[1:], len(packed))
    filled = np.flatnonzero(ends > starts)
    counts = -(-(ends - starts)[filled] // BLOCK)
    firsts = np.concatenate([[0], np.cumsum(counts)])
    part = np.repeat(filled, counts)
    begins = starts[part] + (np.arange(firsts[-1]) - np.repeat(firsts[:-1], counts)) * BLOCK
    places = np.minimum(begins + np.arange(BLOCK)[:, None], ends[part] - 1)
    return LaidOut(unpack(packed[places.ravel()]), filled, firsts[:-1], len(starts))


def _steps(query: Floats) -> tuple[NDArray[np.int8], Floats]:
    """A query `(q, dims)` in 8-bit steps, a column a token, and what a product with 4-bit steps stands for."""
    scale = np.maximum(np.abs(query).max(axis=1, initial=0), 1e-12) / 127
    steps = np.ascontiguousarray(np.rint(query / scale[:, None]).astype(np.int8).T)
    return steps, (scale * _step(query.shape[1])).astype(np.float32)


def integer_products(graph: bytes) -> Products:
    """The products of `products_graph`, by onnxruntime: on 8-bit numbers three times as fast as numpy's on floats."""
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return lambda tokens, query: session.run(None, {"tokens": tokens, "query": query})[0]


def products_graph() -> bytes:
    """An ONNX graph: tokens `(t, dims)` as `unpack` gives them times an int8 query `(dims, q)`, MIDDLE taken as 0."""
    from onnx import TensorProto, helper

    inputs = [
        helper.make_tensor_value_info("tokens", TensorProto.UINT8, ["t", "dims"]),
        helper.make_tensor_value_info("query", TensorProto.INT8, ["dims", "q"]),
    ]
    output = helper.make_tensor_value_info("products", TensorProto.INT32, ["t", "q"])
    middle = helper.make_tensor("middle", TensorProto.UINT8, [], [MIDDLE])
    node = helper.make_node("MatMulInteger", ["tokens", "query", "middle"], ["products"])
    graph = helper.make_graph([node], "late", inputs, [output], [middle])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    made: bytes = model.SerializeToString()
    return made


def best_in_parts(near: Floats, starts: Ints) -> Floats:
    """The best similarity `(q, parts)` of each query token within each part of the tokens; 0 in a part without tokens.

    Part `i` of the tokens of `near` `(q, t)` begins at `starts[i]` and ends where the next one begins.
    """
    filled = np.flatnonzero(np.diff(starts, append=near.shape[1]) > 0)
    best = np.zeros((near.shape[0], len(starts)), np.float32)
    if len(filled):
        best[:, filled] = np.maximum.reduceat(near, starts[filled], axis=1)
    return best


def _step(dims: int) -> np.float32:
    return np.float32(REACH / np.sqrt(dims))
