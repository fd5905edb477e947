"""Hands that do the work of a build: threads of this process, processes of this machine, or the workers of a cluster.

Each does a function for many items and gives the results in the order of the items. Only so many are begun ahead that
what waits to be taken stays small. What a hand had begun when it died is done again by another.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import connection
from typing import TYPE_CHECKING, Protocol, TypeVar

from index.engine import SettingsError

if TYPE_CHECKING:
    from distributed import Client

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")
_Given = TypeVar("_Given", covariant=True)

THREADS = 2
"""Texts encoded at the same time, each by one thread: 65 passages a second on two cores, 42 to 56 in batches."""

AHEAD = 4
"""Items begun ahead for each hand."""

DEATHS = 5
"""Times in a row that hands may die before anything is done; then it is not chance."""

CONNECT = 20
"""Seconds to wait for a scheduler."""


class Hands(Protocol):
    """What does a function for many items at the same time."""

    @property
    def count(self) -> int:
        """How many items are done at the same time."""

    def each(self, function: Callable[[_Item], _Made], items: Iterable[_Item]) -> Iterator[_Made]:
        """What the function gives for each item, in the order of the items."""


class Threads:
    """Threads of this process: enough where the work is done by libraries that let other threads run."""

    def __init__(self, count: int = THREADS) -> None:
        self.count = count

    def each(self, function: Callable[[_Item], _Made], items: Iterable[_Item]) -> Iterator[_Made]:
        """What the function gives for each item, in the order of the items."""
        with ThreadPoolExecutor(self.count) as pool:
            yield from _ahead(lambda item: pool.submit(function, item), items, self.count)


class Processes:
    """Processes of this machine, each of which does one thing at a time."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = self._start()

    def each(self, function: Callable[[_Item], _Made], items: Iterable[_Item]) -> Iterator[_Made]:
        """What the function gives for each item, in the order of the items."""
        waiting: deque[tuple[_Item, Future[_Made]]] = deque()
        coming, deaths = iter(items), 0
        while True:
            try:
                for item in coming:
                    waiting.append((item, self._pool.submit(function, item)))
                    if len(waiting) >= AHEAD * self.count:
                        break
                if not waiting:
                    return
                made = waiting[0][1].result()
            except BrokenProcessPool:
                deaths += 1
                if deaths > DEATHS:
                    raise SettingsError(f"processes died {deaths} times: try fewer with --workers") from None
                self.close()
                self._pool = self._start()
                waiting = deque((item, self._pool.submit(function, item)) for item, _ in waiting)
                continue
            waiting.popleft()
            deaths = 0
            yield made

    def close(self) -> None:
        """Let the processes go."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _start(self) -> Executor:
        # Not forked: this process may hold threads and locks of other libraries.
        spawn = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self.count, mp_context=spawn, initializer=_leave_with_parent)


def _leave_with_parent() -> None:
    """End this process when the one that started it does, even if that is killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)


class Cluster:
    """The workers of a dask cluster, which see the corpus and the encoder under the same paths."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def count(self) -> int:
        """How many items are done at the same time."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def each(self, function: Callable[[_Item], _Made], items: Iterable[_Item]) -> Iterator[_Made]:
        """What the function gives for each item, in the order of the items."""
        yield from _ahead(lambda item: self._client.submit(function, item, pure=False), items, self.count)


class _Promise(Protocol[_Given]):
    def result(self) -> _Given: ...


def _ahead(begin: Callable[[_Item], _Promise[_Made]], items: Iterable[_Item], count: int) -> Iterator[_Made]:
    waiting: deque[_Promise[_Made]] = deque()
    for item in items:
        waiting.append(begin(item))
        if len(waiting) >= AHEAD * count:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@contextmanager
def hired(workers: int = 0, scheduler: str = "") -> Iterator[Hands]:
    """The workers of the cluster at `scheduler`, or so many processes, or, of neither any, threads of this process.

    SettingsError where there is no scheduler, or dask is not installed.
    """
    if scheduler:
        with _connected(scheduler) as client:
            yield Cluster(client)
    elif workers > 1:
        processes = Processes(workers)
        try:
            yield processes
        finally:
            processes.close()
    else:
        yield Threads()


@contextmanager
def _connected(scheduler: str) -> Iterator[Client]:
    try:
        from distributed import Client
    except ImportError:
        raise SettingsError('--dask needs the package distributed; run: pip install "distributed>=2026.3"') from None
    try:
        client = Client(scheduler, timeout=CONNECT)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{scheduler}: no dask scheduler answers there ({type(error).__name__})") from None
    with client:
        yield client
