"""Serving the app to this machine alone."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
import webbrowser
from pathlib import Path

from index.engine import SettingsError
from ipsqa.library import CORPUS_VARIABLE, INDEX_VARIABLE, Places

LOOPBACK = "127.0.0.1"
APP = Path(__file__).resolve().parent.parent / "app.py"
READ_ONLY_VARIABLE = "IPSQA_READ_ONLY"
PATIENCE = 60.0
"""Seconds to wait for the server before giving up on showing it in a browser."""


def serve(found: Places, port: int, browser: bool, read_only: bool = False) -> None:
    """Serve the app until it is interrupted; SettingsError where the port is taken.

    With `read_only`, no reader can add texts or take them off.
    """
    if not port_free(port):
        raise SettingsError(f"port {port} is taken: stop what uses it, or choose another: ipsqa app --port {port + 1}")
    os.environ[CORPUS_VARIABLE] = str(found.manifest.resolve())
    os.environ[INDEX_VARIABLE] = str(found.folder.resolve())
    if read_only:
        os.environ[READ_ONLY_VARIABLE] = "1"
    # Streamlit looks for its settings in the working directory.
    os.chdir(APP.parent)
    if browser and has_screen():
        threading.Thread(target=show_when_ready, args=(port,), daemon=True).start()
    from streamlit.web.cli import main

    main(_arguments(port), standalone_mode=False)


def is_read_only() -> bool:
    """Whether readers of the app must leave the corpus as it is."""
    return bool(os.environ.get(READ_ONLY_VARIABLE))


def port_free(port: int) -> bool:
    """Whether a server could listen on the port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def has_screen() -> bool:
    """Whether a browser with windows can open here."""
    return sys.platform in ("darwin", "win32") or any(name in os.environ for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def show_when_ready(port: int, patience: float = PATIENCE) -> bool:
    """Open the app in the browser as soon as it answers; whether it did."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        try:
            socket.create_connection((LOOPBACK, port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
            continue
        return webbrowser.open(f"http://localhost:{port}")
    return False


def _arguments(port: int) -> list[str]:
    """Always headless: otherwise Streamlit stops at its first start and asks for an e-mail address."""
    return [
        *("run", str(APP), "--server.port", str(port), "--server.address", LOOPBACK, "--server.headless", "true"),
        *("--browser.gatherUsageStats", "false", "--browser.serverAddress", "localhost"),
    ]
