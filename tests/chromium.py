"""A headless Chromium, controlled through its debugging protocol."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from typing import Any

import websocket

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--remote-allow-origins=*",
)


def installed() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """A browser with one page."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        command = [installed(), *FLAGS, f"--user-data-dir={self._folder.name}", "about:blank"]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        for line in self._process.stderr:
            if found := re.search(r"ws://([\w.:]+)/", line):
                break
        self._address = found[1]
        self._socket = websocket.create_connection(self._page(), timeout=60)
        self._count = 0

    def _page(self) -> str:
        import urllib.request

        with urllib.request.urlopen(f"http://{self._address}/json/list", timeout=60) as answer:
            pages = json.load(answer)
        return next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")

    def _send(self, method: str, **parameters: Any) -> dict:
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == self._count:
                return answer.get("result", {})

    def open(self, url: str) -> None:
        self._send("Page.navigate", url=url)
        self.until(
            lambda: (
                self.run("document.readyState") == "complete"
                and self.run(f"location.href.startsWith({json.dumps(url)})")
            )
        )

    def before_every_page(self, script: str) -> None:
        """Run a script in each page that is opened from now on, before the page's own."""
        self._send("Page.enable")
        self._send("Page.addScriptToEvaluateOnNewDocument", source=script)

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression in the page; of a promise, its result."""
        found = self._send(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        return found.get("result", {}).get("value")

    def until(self, happened: Callable[[], Any], seconds: float = 90) -> Any:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := happened():
                return found
            time.sleep(0.2)
        raise AssertionError(f"it did not happen; the page says: {self.run(BODY)}")

    def close(self) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait()
        self._process.stderr.close()
        self._folder.cleanup()


BODY = "document.body.innerText.slice(0, 2000)"
