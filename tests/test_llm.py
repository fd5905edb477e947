"""The endpoint of a language model: what names it, and every way in which it can fail."""

from __future__ import annotations

import socket
import subprocess
import sys
from dataclasses import replace
from time import monotonic

import pytest

from ipsqa.doctor import examine
from ipsqa.library import places
from ipsqa.llm import LONGEST, SECONDS, Endpoint, ModelError, Role, endpoint_of
from tests.built import MANIFEST, shipped_index
from tests.endpoints import Asked, Reply, dripping, endpoint, failing, hanging, saying, sending

KEY = "sk-not-to-be-seen"
ASKED: tuple[tuple[Role, str], ...] = (("system", "Be brief."), ("user", "Who?"))


def answer_of(reply: Reply, seconds: float = 10.0) -> str:
    with endpoint(reply) as server:
        return "".join(Endpoint(server.url, "small", KEY, seconds).stream(ASKED))


def test_no_address_is_no_endpoint() -> None:
    assert endpoint_of({}) is None
    assert endpoint_of({"IPSQA_LLM_URL": " ", "IPSQA_LLM_MODEL": "small"}) is None


def test_the_environment_names_the_endpoint() -> None:
    named = {"IPSQA_LLM_URL": "http://localhost:11434/v1/", "IPSQA_LLM_MODEL": "small", "IPSQA_LLM_KEY": f" {KEY}\n"}
    found = endpoint_of(named)
    assert found == Endpoint("http://localhost:11434/v1", "small", KEY, SECONDS)
    assert endpoint_of({**named, "IPSQA_LLM_SECONDS": "5"}) == replace(found, seconds=5.0)
    assert KEY not in repr(found)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"IPSQA_LLM_URL": "localhost:11434"}, "IPSQA_LLM_URL is no address"),
        ({"IPSQA_LLM_URL": "file:///etc/passwd"}, "IPSQA_LLM_URL is no address"),
        ({"IPSQA_LLM_URL": "http://"}, "IPSQA_LLM_URL is no address"),
        ({"IPSQA_LLM_URL": "http://host:99999/v1"}, "IPSQA_LLM_URL is no address"),
        ({"IPSQA_LLM_URL": f"https://me:{KEY}@host/v1"}, "IPSQA_LLM_URL is no address"),
        ({"IPSQA_LLM_URL": f"https://host/v1?key={KEY}"}, "IPSQA_LLM_URL is no address"),
        ({"IPSQA_LLM_URL": "http://[::1/v1"}, "IPSQA_LLM_URL is no address"),
        ({"IPSQA_LLM_MODEL": ""}, "IPSQA_LLM_MODEL is not set"),
        ({"IPSQA_LLM_KEY": f"{KEY}ß"}, "IPSQA_LLM_KEY holds letters"),
        ({"IPSQA_LLM_KEY": f"{KEY}\n{KEY}"}, "IPSQA_LLM_KEY holds letters"),
        ({"IPSQA_LLM_SECONDS": "soon"}, "IPSQA_LLM_SECONDS is no number"),
        ({"IPSQA_LLM_SECONDS": "0"}, "IPSQA_LLM_SECONDS is no number"),
    ],
)
def test_what_is_wrong_with_an_endpoint_is_told_without_the_key(changed: dict[str, str], told: str) -> None:
    named = {"IPSQA_LLM_URL": "http://localhost/v1", "IPSQA_LLM_MODEL": "small", **changed}
    with pytest.raises(ModelError, match=told) as failed:
        endpoint_of(named)
    assert KEY not in str(failed.value)


def test_an_answer_comes_piece_by_piece() -> None:
    with endpoint(saying("Street ", "", "coaches [1].")) as server:
        pieces = list(Endpoint(server.url, "small", KEY).stream(ASKED))
    assert pieces == ["Street ", "coaches [1]."]
    ((headers, body),) = server.asked
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert body["model"] == "small"
    assert body["stream"] is True
    assert body["temperature"] == 0
    assert body["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who?"}]


def test_a_model_that_takes_no_temperature_is_asked_without() -> None:
    def reply(asked: Asked) -> None:
        _, body = asked.server.asked[-1]
        (failing(400) if "temperature" in body else saying("Yes."))(asked)

    with endpoint(reply) as server:
        assert list(Endpoint(server.url, "small").stream(ASKED)) == ["Yes."]
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (failing(500, '{"error": {"message": "Bearer sk-not-to-be-seen"}}'), r"failed \(500\)"),
        (failing(400), r"failed \(400\)"),
        (failing(401, KEY), r"refused the key in IPSQA_LLM_KEY \(401\)"),
        (failing(404), r"no such model or address \(404\)"),
        (failing(429), r"failed \(429\)"),
        (failing(302), r"failed \(302\)"),
        (saying(), "answered nothing"),
        (saying("Half an", ended="length"), "broke off"),
        (saying("Half an", ended=None), "broke off"),
        (saying(*["word "] * LONGEST), "did not come to an end"),
        (sending(), "broke off"),
        (sending("{not json"), "does not speak"),
        (sending("[1, 2]"), "does not speak"),
        (sending('"words"'), "does not speak"),
        (sending('{"choices": [{"delta": null}]}'), "does not speak"),
        (sending('{"choices": 7}'), "does not speak"),
        (sending("{}"), "broke off"),
        (sending('{"error": {"message": "sk-not-to-be-seen"}}'), "broke off"),
        (sending("<html>", kind="text/html"), "does not speak"),
    ],
)
def test_a_bad_answer_is_told_in_our_words(reply: Reply, told: str) -> None:
    with pytest.raises(ModelError, match=told) as failed:
        answer_of(reply)
    assert KEY not in str(failed.value)


@pytest.mark.parametrize("reply", [hanging(), hanging(["One "]), dripping])
def test_an_endpoint_that_takes_too_long_is_given_up(reply: Reply) -> None:
    began = monotonic()
    with pytest.raises(ModelError, match="took too long"):
        answer_of(reply, seconds=0.5)
    assert monotonic() - began < 5


def test_an_endpoint_that_is_not_there_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        with pytest.raises(ModelError, match="cannot be reached"):
            list(Endpoint(f"http://127.0.0.1:{port}/v1", "small").stream(ASKED))


def test_an_answer_that_is_cut_off_in_the_middle_of_a_line_is_told() -> None:
    def reply(asked: Asked) -> None:
        asked.send_response(200)
        asked.send_header("content-length", "5000")
        asked.end_headers()
        asked.says("Half")

    with pytest.raises(ModelError, match="broke off"):
        answer_of(reply)


def test_the_client_is_loaded_only_when_a_model_is_asked() -> None:
    script = (
        "import sys, ipsqa.llm, ipsqa.writing; print([name for name in ('openai', 'httpx2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("url", "state", "mend"),
    [
        ("", "none is named: answers are quoted", ""),
        ("http://localhost:1/v1", "small at http://localhost:1/v1", ""),
        ("localhost", "IPSQA_LLM_URL is no address", "unset IPSQA_LLM_URL"),
    ],
)
def test_doctor_names_the_model_and_not_the_key(
    url: str, state: str, mend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"URL": url, "MODEL": "small", "KEY": KEY}.items():
        monkeypatch.setenv(f"IPSQA_LLM_{name}", value)
    findings = examine(places(MANIFEST, shipped_index()))
    (found,) = (finding for finding in findings if finding.what == "language model")
    assert found.state.startswith(state)
    assert found.mend.startswith(mend)
    assert found.sound is not bool(mend)
    assert KEY not in str(findings)
