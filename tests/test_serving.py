"""Serving on the loopback address: a taken port is told, a screen is looked for, and the real server answers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.engine import SettingsError
from ipsqa.library import Places
from ipsqa.serving import LOOPBACK, has_screen, is_read_only, port_free, serve, show_when_ready
from tests.browsing import ROOT
from tests.built import MANIFEST, shipped_index


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that something listens on."""
    with socket.create_server((LOOPBACK, 0)) as listening:
        yield listening.getsockname()[1]


def free() -> int:
    with socket.socket() as tried:
        tried.bind((LOOPBACK, 0))
        port: int = tried.getsockname()[1]
    return port


def test_a_taken_port_is_told_before_anything_starts(taken: int) -> None:
    assert not port_free(taken)
    assert port_free(free())
    with pytest.raises(SettingsError, match=f"port {taken} is taken"):
        serve(Places(MANIFEST, Path()), taken, browser=False)


def test_the_browser_is_shown_what_answers(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    def show(address: str) -> bool:
        shown.append(address)
        return True

    monkeypatch.setattr(webbrowser, "open", show)
    assert show_when_ready(taken)
    assert shown == [f"http://localhost:{taken}"]
    assert not show_when_ready(free(), patience=0.3)


def test_a_screen_is_known_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    assert not has_screen()
    monkeypatch.setenv("DISPLAY", ":0")
    assert has_screen()


def test_what_streamlit_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[list[str]] = []
    monkeypatch.setattr("streamlit.web.cli.main", lambda arguments, standalone_mode: told.append(arguments))
    monkeypatch.chdir(ROOT)
    for name in ("IPSQA_CORPUS", "IPSQA_INDEX", "IPSQA_READ_ONLY"):
        monkeypatch.setenv(name, "")
    assert not is_read_only()
    serve(Places(MANIFEST, shipped_index()), free(), browser=False, read_only=True)
    assert is_read_only()
    assert os.environ["IPSQA_CORPUS"] == str(MANIFEST.resolve())
    (arguments,) = told
    assert arguments[arguments.index("--server.address") + 1] == LOOPBACK
    assert arguments[arguments.index("--browser.gatherUsageStats") + 1] == "false"


def test_the_app_answers_on_the_loopback_address(tmp_path: Path) -> None:
    port = free()
    command = [sys.executable, "-m", "ipsqa", "app", "--port", str(port), "--no-browser"]
    known = os.environ | {"IPSQA_CORPUS": str(MANIFEST), "IPSQA_INDEX": str(shipped_index())}
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, cwd=ROOT, env=known, stderr=log) as server:
        try:
            assert _answers(f"http://{LOOPBACK}:{port}/_stcore/health")
            second = subprocess.run(command, cwd=ROOT, env=known, capture_output=True, text=True, check=False)
            assert second.returncode == 1
            assert f"port {port} is taken" in second.stderr
        finally:
            server.terminate()
            server.wait(timeout=20)


def _answers(address: str, patience: float = 60.0) -> bool:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=2) as response:  # noqa: S310 - the address is our own
                return bool(response.status == 200)
        except OSError:
            time.sleep(0.2)
    return False
