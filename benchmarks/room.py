"""How fast the app starts and answers, alone and in company: `PYTHONPATH=. python benchmarks/room.py`."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Sequence
from urllib.parse import urlencode

import psutil
from playwright.sync_api import Page
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from tests.browsing import ROOT, chromium, opened, served
from tests.built import MANIFEST, shipped_index

QUESTIONS = 30
SESSIONS, SECONDS = 20, 60.0

_ANSWERED = """question => new URL(location).searchParams.get('q') === question
  && document.querySelector('[data-testid="stApp"]').dataset.testScriptState === 'notRunning'
  && document.querySelector('.answer, .plain') !== null"""


def main() -> None:
    """Print a line a measure."""
    judged = (ROOT / "evaluation" / "questions.jsonl").read_text("utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in judged[:QUESTIONS]]
    began = time.perf_counter()
    with served(MANIFEST, shipped_index()) as address:
        with chromium() as browser:
            page = opened(browser, address)
            print(f"from start to a usable page   {time.perf_counter() - began:.2f} s")
            _ask(page, "warming up")
            _tell("from Enter to the answer", [_ask(page, question) for question in questions])
        times, crossed = asyncio.run(_company(address, questions))
        _tell(f"{SESSIONS} sessions for {SECONDS:.0f} s", times)
        print(f"answers of another session    {crossed}")
        print(f"memory of the server          {_memory(address) / 1e6:.0f} MB")


def _tell(what: str, times: Sequence[float]) -> None:
    p95 = sorted(times)[int(0.95 * len(times))]
    print(f"{what:<29} p50 {statistics.median(times) * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms ({len(times)} questions)")


def _ask(page: Page, question: str) -> float:
    """Seconds from Enter until the answer stands and the app has come to rest."""
    box = page.get_by_role("searchbox", name="Your question")
    box.fill(question)
    began = time.perf_counter()
    box.press("Enter")
    page.wait_for_function(_ANSWERED, arg=question, polling=10)
    return time.perf_counter() - began


async def _company(address: str, questions: Sequence[str]) -> tuple[list[float], int]:
    """How long each answer took while all sessions ask without a pause, and how many got another's answer."""
    stream = f"{address.replace('http', 'ws')}/_stcore/stream"
    async with _connection(stream, address) as alone:
        right = {question: await _answer(alone, question) for question in questions}
    until = time.monotonic() + SECONDS
    results = await asyncio.gather(*(_session(stream, address, questions, n, until) for n in range(SESSIONS)))
    asked = [one for session in results for one in session]
    return [seconds for _, _, seconds in asked], sum(answer != right[question] for question, answer, _ in asked)


async def _session(
    stream: str, address: str, questions: Sequence[str], n: int, until: float
) -> list[tuple[str, str, float]]:
    """What one session asked, what it was answered, and how long that took."""
    asked: list[tuple[str, str, float]] = []
    async with _connection(stream, address) as connection:
        while time.monotonic() < until:
            question = questions[(n + len(asked)) % len(questions)]
            began = time.perf_counter()
            answer = await _answer(connection, question)
            asked.append((question, answer, time.perf_counter() - began))
    return asked


def _connection(stream: str, address: str) -> connect:
    """A session, as a browser opens it."""
    return connect(stream, subprotocols=[Subprotocol("streamlit")], origin=Origin(address), max_size=None)


async def _answer(connection: ClientConnection, question: str) -> str:
    """The HTML of the answer to a question, as the app sends it to a browser."""
    message = BackMsg()
    message.rerun_script.query_string = urlencode({"q": question})
    await connection.send(message.SerializeToString())
    answer = ""
    while True:
        told = ForwardMsg()
        told.ParseFromString(await connection.recv(decode=False))
        body = told.delta.new_element.html.body
        if 'class="answer"' in body or 'class="plain"' in body:
            answer = body
        if told.WhichOneof("type") == "script_finished":
            return answer


def _memory(address: str) -> int:
    port = address.rpartition(":")[2]
    for process in psutil.process_iter(["cmdline", "memory_info"]):
        if port in (process.info["cmdline"] or ()):
            return int(process.info["memory_info"].rss)
    return 0


if __name__ == "__main__":
    main()
