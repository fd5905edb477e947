"""The language model that a user may have: an OpenAI-compatible endpoint, named in the environment alone."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import urlsplit

if TYPE_CHECKING:
    # Loading the client takes longer than an answer, and most have no use for it.
    from openai import APIError, OpenAI

URL_VARIABLE = "IPSQA_LLM_URL"
MODEL_VARIABLE = "IPSQA_LLM_MODEL"
KEY_VARIABLE = "IPSQA_LLM_KEY"
SECONDS_VARIABLE = "IPSQA_LLM_SECONDS"

SECONDS = 60.0
"""How long a text may take, from the request to its last word: a small model on two cores needs half of it."""

CONNECTING = 5.0
"""Seconds after which nobody is there."""

LONGEST = 6_000
"""Letters after which a text is no answer any more; the longest answer quoted from the sources has a third of it."""

Role = Literal["system", "user"]


class ModelError(Exception):
    """Why a language model gave no text that can be used: half a sentence, never with a key in it."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a language model answers, which one it is, and how many seconds it may take."""

    url: str
    model: str
    key: str = field(default="", repr=False)
    seconds: float = SECONDS

    def stream(self, messages: Sequence[tuple[Role, str]]) -> Iterator[str]:
        """The model's answer to the messages, piece by piece; ModelError where it does not come or is not whole."""
        yield from _whole(_pieces(self, messages))


def endpoint_of(environment: Mapping[str, str] = os.environ) -> Endpoint | None:
    """The endpoint that the environment names, None where it names none; ModelError that says what is wrong with it."""
    url = environment.get(URL_VARIABLE, "").strip()
    if not url:
        return None
    if _is_wrong(url):
        raise ModelError(f"{URL_VARIABLE} is no address of a model: give one like http://localhost:11434/v1")
    model = environment.get(MODEL_VARIABLE, "").strip()
    if not model:
        raise ModelError(f"{MODEL_VARIABLE} is not set: name the model that {URL_VARIABLE} serves")
    key = environment.get(KEY_VARIABLE, "").strip()
    if not (key.isascii() and key.isprintable()):
        raise ModelError(f"{KEY_VARIABLE} holds letters that no key has")
    return Endpoint(url.rstrip("/"), model, key, _seconds(environment.get(SECONDS_VARIABLE, "").strip()))


def _is_wrong(url: str) -> bool:
    try:
        parts = urlsplit(url)
        # A key in the address would end up wherever the address does.
        secret = "@" in parts.netloc or parts.query or parts.fragment
        return bool(parts.scheme not in {"http", "https"} or not parts.hostname or secret or parts.port == 0)
    except ValueError:
        return True


def _seconds(given: str) -> float:
    if not given:
        return SECONDS
    if given.isascii() and given.isdigit() and int(given):
        return float(given)
    raise ModelError(f"{SECONDS_VARIABLE} is no number of seconds")


def _whole(pieces: Iterator[tuple[str, str | None]]) -> Iterator[str]:
    """The texts of pieces, as long as they are neither too many nor break off."""
    length, reason = 0, None
    for text, ended in pieces:
        reason = ended or reason
        length += len(text)
        if length > LONGEST:
            raise ModelError("the language model did not come to an end")
        if text:
            yield text
    if reason != "stop":
        raise ModelError("the language model's answer broke off")
    if not length:
        raise ModelError("the language model answered nothing")


def _pieces(endpoint: Endpoint, messages: Sequence[tuple[Role, str]]) -> Iterator[tuple[str, str | None]]:
    """The pieces of an answer as they come, the last with the reason why it ended."""
    from openai import APIError

    until = monotonic() + endpoint.seconds
    try:
        with _client(endpoint, until) as client, _asked(client, endpoint.model, messages) as stream:
            for chunk in stream:
                for choice in chunk.choices or ():
                    yield choice.delta.content or "", choice.finish_reason
    except APIError as error:
        late = monotonic() >= until
        raise ModelError("the language model took too long" if late else _told(error)) from None
    except (ValueError, AttributeError, TypeError):
        # What is no stream of completions fails wherever the client happens to look into it.
        raise ModelError("the endpoint does not speak as an OpenAI-compatible one does") from None


def _asked(client: OpenAI, model: str, messages: Sequence[tuple[Role, str]]) -> Any:
    """The stream of an answer, the same each time where the model can do that."""
    from openai import BadRequestError

    said = cast("Any", [{"role": role, "content": text} for role, text in messages])
    try:
        return client.chat.completions.create(model=model, messages=said, stream=True, temperature=0, seed=0)
    except BadRequestError:
        # Some hosted models take no temperature.
        return client.chat.completions.create(model=model, messages=said, stream=True)


def _client(endpoint: Endpoint, until: float) -> OpenAI:
    from openai import DefaultHttpxClient, OpenAI, Timeout

    from ipsqa.patience import PatientTransport

    timeout = Timeout(endpoint.seconds, connect=min(CONNECTING, endpoint.seconds))
    return OpenAI(
        base_url=endpoint.url,
        api_key=endpoint.key or "none",
        max_retries=0,
        timeout=timeout,
        # Passages go to the address that was named, and not to where that one points.
        http_client=DefaultHttpxClient(transport=PatientTransport(until), timeout=timeout, follow_redirects=False),
    )


def _told(error: APIError) -> str:
    """What went wrong, in our words: those of the endpoint may hold anything, a key too."""
    match getattr(error, "status_code", None):
        case None:
            return "the endpoint of the language model cannot be reached, or broke off"
        case 401 | 403 as status:
            return f"the endpoint of the language model refused the key in {KEY_VARIABLE} ({status})"
        case 404:
            return f"the endpoint knows no such model or address (404): see {MODEL_VARIABLE} and {URL_VARIABLE}"
        case status:
            return f"the endpoint of the language model failed ({status})"
