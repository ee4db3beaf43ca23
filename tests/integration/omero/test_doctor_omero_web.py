"""``transferapp doctor`` asks OMERO.web's address whether OMERO.web is there."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner
from typing_extensions import override

from tests.support.logging_as_before import logging_as_before
from transferapp.cli.main import app
from transferapp.repositories.omero import web_check
from transferapp.repositories.omero.web_check import web_fault

API = json.dumps({"data": [{"version": "0", "url:base": "http://x/omero/api/v0/"}]})


@contextmanager
def answering(pages: dict[str, tuple[int, str]]) -> Iterator[str]:
    """Serve these pages (a status and a body, or where to); yields the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = pages.get(self.path, (404, "<html>no</html>"))
            self.send_response(status)
            if status == 301:
                self.send_header("Location", body)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        @override
        def log_message(self, format: str, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("path", ["", "/omero", "/omero/"])
def test_omero_web_is_found(path: str) -> None:
    with answering({"/omero/api/": (200, API), "/api/": (301, "/omero/api/")}) as url:
        assert web_fault(url + path) == ""


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (404, "<html>", "Something else than OMERO.web answers at"),
        (200, "<html>Welcome</html>", "Something else"),
        (200, "[]", "Something else"),
        (200, '{"data": [1, {}]}', "Something else"),
        (200, "x" * 200_000, "Something else"),
        (502, "bad gateway", "answers 502: look at the log of OMERO.web"),
    ],
)
def test_what_is_no_omero_web_is_told(status: int, body: str, text: str) -> None:
    with answering({"/api/": (status, body)}) as url:
        assert text in web_fault(url)


def test_who_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering({}) as url:
        pass
    assert "does not answer this computer" in web_fault(url)
    assert "does not answer this computer" in web_fault("http://name.invalid")
    monkeypatch.setattr(web_check, "_PATIENCE_S", 0.2)
    # From a network that leads nowhere (RFC 5737), or nothing at all.
    assert "does not answer this computer" in web_fault("http://192.0.2.1")


@pytest.mark.parametrize("answers", [True, False])
def test_doctor_has_a_line_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, answers: bool
) -> None:
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path / "home"))
    # Nothing answers there; this line is told all the same.
    monkeypatch.setenv("TRANSFERAPP_OMERO_HOST", "127.0.0.1")
    monkeypatch.setenv("TRANSFERAPP_OMERO_PORT", "1")
    with answering({"/omero/api/": (200, API)}) as url:
        monkeypatch.setenv("TRANSFERAPP_OMERO_WEB", url + ("/omero" if answers else "/other"))
        with logging_as_before():
            found = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)
    [line] = [one for one in found if one["what"].startswith("OMERO.web at ")]
    assert line["ok"] is answers
    assert ("Something else than OMERO.web" in line["remedy"]) is not answers


def test_an_address_that_is_none_is_a_wrong_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TRANSFERAPP_OMERO_HOST", "127.0.0.1")
    monkeypatch.setenv("TRANSFERAPP_OMERO_WEB", "omero.example.org")
    with logging_as_before():
        found = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).stdout)
    [line] = [one for one in found if one["what"] == "OMERO settings"]
    assert not line["ok"]
    assert "TRANSFERAPP_OMERO_WEB is no address of OMERO.web" in line["remedy"]
