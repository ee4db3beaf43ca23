"""A headless Chromium, driven by chromedriver's own HTTP interface (W3C WebDriver)."""

from __future__ import annotations

import base64
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
    "--window-size=1400,900", "--no-proxy-server",
]  # fmt: skip
_START_S, _CALL_S = 30.0, 60.0


class BrowserRefused(AssertionError):
    """What chromedriver refused, in its words."""


class Browser:
    """One window."""

    def __init__(self, http: httpx.Client, session: str) -> None:
        """Speak to a session of chromedriver."""
        self._http, self._session = http, session

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        url = f"/session/{self._session}/{path}"
        answer = self._http.request(method, url, json=body).json()["value"]
        if isinstance(answer, dict) and "error" in answer:
            raise BrowserRefused(f"{answer['error']}: {answer['message'][:300]}")
        return answer

    def open(self, url: str) -> None:
        """Open an address."""
        self._ask("POST", "url", {"url": url})

    def js(self, code: str, *arguments: Any) -> Any:
        """Run the body of a function in the page; return what it returns."""
        return self._ask("POST", "execute/sync", {"script": code, "args": list(arguments)})

    def _find(self, css: str) -> str:
        found = self._ask("POST", "element", {"using": "css selector", "value": css})
        return str(found[_ELEMENT])

    def click(self, css: str) -> None:
        """Click where a person would."""
        self._ask("POST", f"element/{self._find(css)}/click", {})

    def write(self, css: str, text: str) -> None:
        """Type into a field."""
        self._ask("POST", f"element/{self._find(css)}/value", {"text": text})

    def frame(self, css: str | None) -> None:
        """Look into a frame; ``None`` is the whole page again."""
        held = None if css is None else {_ELEMENT: self._find(css)}
        self._ask("POST", "frame", {"id": held})

    def until(self, code: str, what: str, seconds: float = 30.0) -> Any:
        """Wait until a function's body returns something true; return that."""
        ends, last = time.monotonic() + seconds, None
        while time.monotonic() < ends:
            try:
                if last := self.js(code):
                    return last
            except BrowserRefused as error:
                last = error
            time.sleep(0.1)
        raise AssertionError(f"{what}: not within {seconds:.0f} s ({last})")

    def alert(self) -> str:
        """Take a question that the page asks; return its words."""
        text = str(self._ask("GET", "alert/text"))
        self._ask("POST", "alert/accept", {})
        return text

    def picture(self, path: Path) -> Path:
        """Save what the window shows as PNG."""
        path.write_bytes(base64.b64decode(self._ask("GET", "screenshot")))
        return path

    def complaints(self) -> list[str]:
        """Return the errors of the page's console since the last time."""
        entries = self._ask("POST", "se/log", {"type": "browser"})
        return [str(e["message"]) for e in entries if e["level"] == "SEVERE"]


@contextmanager
def chromium(downloads: Path) -> Iterator[Browser]:
    """Start a browser that saves downloads there; skip where none is installed."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("chromium and chromedriver are not installed here")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [driver, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", timeout=_CALL_S, trust_env=False
        ) as http:
            _wait(http)
            session = _session(http, program, downloads)
            try:
                yield Browser(http, session)
            finally:
                http.delete(f"/session/{session}")
    finally:
        process.terminate()
        process.wait()


def _wait(http: httpx.Client) -> None:
    ends = time.monotonic() + _START_S
    while True:
        try:
            if http.get("/status").json()["value"]["ready"]:
                return
        except httpx.TransportError:
            if time.monotonic() > ends:
                raise
        time.sleep(0.1)


def _session(http: httpx.Client, program: str, downloads: Path) -> str:
    options = {
        "binary": program,
        "args": _FLAGS,
        "prefs": {"download.default_directory": str(downloads)},
    }
    wanted = {
        "browserName": "chrome",
        "goog:chromeOptions": options,
        "goog:loggingPrefs": {"browser": "ALL"},
        "unhandledPromptBehavior": "ignore",
    }
    answer = http.post("/session", json={"capabilities": {"alwaysMatch": wanted}}).json()
    if "sessionId" not in answer["value"]:
        raise BrowserRefused(str(answer["value"])[:500])
    return str(answer["value"]["sessionId"])
