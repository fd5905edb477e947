"""A Milvus server of this machine, to build into, to kill and to start again."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

HOST = "127.0.0.1"
START = "from milvus_lite.cmdline import main; main()"


class MilvusServer:
    """milvus-lite, serving the data in a folder on a free port by the protocol that servers and clusters speak."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        where = ["server", "--data-dir", str(self.folder), "--host", HOST, "--port", str(self.port)]
        command = [sys.executable, "-c", START, *where]
        self._running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                socket.create_connection((HOST, self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise TimeoutError("the server did not start")

    def kill(self) -> None:
        """As when the machine loses power."""
        if self._running:
            self._running.kill()
            self._running.wait()


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind((HOST, 0))
        port: int = tried.getsockname()[1]
        return port
