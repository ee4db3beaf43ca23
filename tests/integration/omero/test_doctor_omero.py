"""``transferapp doctor`` on a computer that is to talk to OMERO: what is wrong, what to do."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.logging_as_before import logging_as_before
from tests.support.omero_env import settings_for, start_sandbox
from transferapp.cli.main import app
from transferapp.repositories.omero.diagnosis import AS_EXPECTED
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox
from transferapp.testing.repository_env import ALICE, PASSWORD

Doctor = Callable[..., dict[str, tuple[bool, str]]]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with start_sandbox(tmp_path_factory.mktemp("sandbox"), ("tcp", "ssl")) as started:
        yield started


@pytest.fixture
def doctor(sandbox: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """Run the command with right settings but for what is given; answers by "what"."""

    def run(**changes: str | None) -> dict[str, tuple[bool, str]]:
        right = settings_for(sandbox, tmp_path, "ssl")
        stated = {
            "HOST": right.host,
            "PORT": str(right.port),
            "CA_FILE": str(right.ca_file),
            "IMPORTER": right.importer,
            "IMPORTER_PASSWORD_FILE": str(right.importer_password_file),
        } | changes
        for name, value in stated.items():
            if value is None:
                monkeypatch.delenv(f"TRANSFERAPP_OMERO_{name}", raising=False)
            else:
                monkeypatch.setenv(f"TRANSFERAPP_OMERO_{name}", value)
        monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path / "home"))
        with logging_as_before():
            answer = CliRunner().invoke(app, ["doctor", "--json"])
        found = json.loads(answer.stdout)
        return {
            one["what"]: (one["ok"], one["remedy"])
            for one in found
            if one["what"].startswith("OMERO")
        }

    return run


def wrong(found: dict[str, tuple[bool, str]]) -> dict[str, str]:
    return {what: remedy for what, (ok, remedy) in found.items() if not ok}


def test_all_is_well(doctor: Doctor, sandbox: RunningSandbox) -> None:
    found = doctor()
    assert found == {
        "OMERO client library": (True, ""),
        "OMERO settings": (True, ""),
        "OMERO importer's password": (True, ""),
        f"OMERO at 127.0.0.1:{sandbox.port('ssl')} (ssl)": (True, ""),
        "OMERO importer 'importer'": (True, ""),
        AS_EXPECTED: (True, ""),
    }
    assert sandbox.control("sessions")["users"] == [], "no session is left behind"


def test_nothing_is_stated_where_omero_is_not_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path))
    monkeypatch.delenv("TRANSFERAPP_REPOSITORY", raising=False)
    with logging_as_before():
        answer = CliRunner().invoke(app, ["doctor", "--json"])
    assert not [o for o in json.loads(answer.stdout) if o["what"].startswith("OMERO")]


@pytest.mark.parametrize(("module", "package"), [("omero", "omero-py"), ("Ice", "zeroc-ice")])
def test_missing_library_names_the_places_of_wheels(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, module: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    found = doctor()
    reported = wrong(found)["OMERO client library"]
    assert reported.startswith(f"{package} is not installed.")
    for place in ("Glencoe Software", "conda-forge", "installers/ice_wheel.py"):
        assert place in reported
    assert found["OMERO settings"][0], "the rest is looked at as far as it can be"
    assert not any("OMERO at" in what for what in found)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"HOST": None}, "TRANSFERAPP_OMERO_HOST is not set"),
        ({"PORT": "many"}, "TRANSFERAPP_OMERO_PORT"),
        ({"TRANSPORT": "tcp"}, "TRANSFERAPP_OMERO_CA_FILE needs the transport"),
    ],
)
def test_incomplete_settings(doctor: Doctor, changes: dict[str, str | None], text: str) -> None:
    reported = wrong(doctor(**changes))
    assert list(reported) == ["OMERO settings"]
    assert text in reported["OMERO settings"]


def test_no_importer(doctor: Doctor) -> None:
    reported = wrong(doctor(IMPORTER=None))
    assert "grant-importer" in reported["OMERO importer"]


def test_missing_password(doctor: Doctor, tmp_path: Path) -> None:
    reported = wrong(doctor(IMPORTER_PASSWORD_FILE=str(tmp_path / "none")))
    assert "cannot be read" in reported["OMERO importer's password"]


def test_nobody_answers(doctor: Doctor) -> None:
    [reported] = wrong(doctor(PORT="1")).values()
    assert "does not answer" in reported
    assert "TRANSFERAPP_OMERO_HOST" in reported


def test_certificate_is_not_trusted(doctor: Doctor) -> None:
    [reported] = wrong(doctor(CA_FILE=None)).values()
    assert "certificate is not trusted" in reported
    assert "TRANSFERAPP_OMERO_CA_FILE" in reported


def test_unchecked_certificate_is_worth_a_text(doctor: Doctor) -> None:
    found = doctor(CA_FILE=None, VERIFY_TLS="false")
    assert wrong(found) == {}
    assert "not checked" in found["OMERO settings"][1]


def test_importer_without_sudo(doctor: Doctor) -> None:
    [reported] = wrong(doctor(IMPORTER=ALICE)).values()
    assert "has not the privilege Sudo" in reported
    assert "grant-importer" in reported


def test_importer_that_may_do_too_much(doctor: Doctor, sandbox: RunningSandbox) -> None:
    sandbox.control("add_user", name="mighty", password=PASSWORD, groups=["system"])
    found = doctor(IMPORTER="mighty")
    ok, remedy = found["OMERO importer 'mighty'"]
    assert ok
    assert "take away" in remedy
    assert "DeleteOwned" in remedy


def test_wrong_password_of_the_importer(doctor: Doctor, tmp_path: Path) -> None:
    secret = tmp_path / "wrong"
    secret.write_text("not this", encoding="utf-8")
    secret.chmod(0o600)
    [reported] = wrong(doctor(IMPORTER_PASSWORD_FILE=str(secret))).values()
    assert "refuses the importer" in reported


#: Setting -> another value, which check tells it, and whether TransferApp cannot work so.
OTHERS = {
    "omero.version": ("5.7.0", "version", False),
    "omero.fs.repo.path_rules": ("UNIX required, UNIX optional", "path rules", True),
    "omero.checksum.supported": ("MD5-128", "checksum algorithms", False),
    "omero.sessions.timeout": ("60000", "session limits", True),
    "omero.policy.binary_access": ("-read,+write,+image", "download policy", False),
    "omero.cluster.read_only.runtime.db": ("true", "read-only", True),
}


@pytest.fixture
def other(sandbox: RunningSandbox) -> Iterator[RunningSandbox]:
    """A sandbox to change; afterwards it has its usual settings again."""
    yield sandbox
    sandbox.restart()


def test_a_server_that_is_set_up_otherwise_is_told_in_every_way(
    doctor: Doctor, other: RunningSandbox
) -> None:
    for key, (value, _, _) in OTHERS.items():
        other.control("set", key=key, value=value)
    other.control("leave_group", name="guest", group="guest")
    try:
        found = doctor()
    finally:
        other.control("join_group", name="guest", group="guest")
    server = {what: one for what, one in found.items() if what.startswith("OMERO server")}
    expected = {f"OMERO server: {fact}": not bad for _, fact, bad in OTHERS.values()}
    assert {what: ok for what, (ok, _) in server.items()} == {
        **expected,
        "OMERO server: guest": True,
    }
    for value, fact, _ in OTHERS.values():
        stated = server[f"OMERO server: {fact}"][1]
        assert value in stated or "1 min" in stated or "nothing can be imported" in stated
    assert ".zattrs" in server["OMERO server: path rules"][1]


@pytest.mark.parametrize(
    ("key", "value", "ok", "text"),
    [
        (
            "omero.sessions.maximum",
            "5000",
            False,
            "in any case after 5 s; expected is no limit.",
        ),
        ("omero.sessions.maximum", "3500000", False, "in any case after 58.3 min;"),
        ("omero.sessions.maximum", "86400000", True, "in any case after 1440 min;"),
        (
            "omero.sessions.timeout",
            "5000",
            False,
            "without a call after 5 s; expected is 10 min.",
        ),
        ("omero.sessions.timeout", "100001", False, "without a call after 1.7 min;"),
        ("omero.sessions.timeout", "300000", True, "without a call after 5 min;"),
        ("omero.sessions.max_user_time_to_idle", "70", False, "sessions of 0.07 s;"),
        ("omero.sessions.max_user_time_to_live", "60000", False, "that last 1 min;"),
    ],
)
def test_sessions_that_are_too_short_for_imports(
    doctor: Doctor, other: RunningSandbox, key: str, value: str, text: str, *, ok: bool
) -> None:
    other.control("set", key=key, value=value)
    stated = doctor()["OMERO server: session limits"]
    assert stated[0] is ok
    assert f"{key}: " in stated[1]
    assert text in stated[1]
    assert ("too short" in stated[1]) is not ok


def test_groups_with_a_policy_of_their_own_are_named(
    doctor: Doctor, other: RunningSandbox
) -> None:
    key = "omero.policy.binary_access"
    other.control("set_group", name="lab", key=key, value="-image")
    try:
        found = doctor()
    finally:
        other.control("set_group", name="lab", key=key, value="")
    ok, reported = found["OMERO server: download policy"]
    assert ok
    assert "Groups with a policy of their own: lab (-image)." in reported


def test_settings_that_omero_does_not_tell_are_named(
    doctor: Doctor, other: RunningSandbox
) -> None:
    other.control("hide", key="omero.fs.repo.path_rules")
    found = doctor()
    assert found["OMERO server: settings"] == (
        True,
        "OMERO does not tell the importer: omero.fs.repo.path_rules.",
    )
    assert wrong(found) == {}


def test_nothing_is_written(doctor: Doctor, sandbox: RunningSandbox) -> None:
    before = sandbox.control("status")
    sandbox.control("calls")
    doctor()
    asked = {call.rpartition(".")[2] for call in sandbox.control("calls")["calls"]}
    signing = {"keepAlive", "detachOnDestroy", "closeOnDestroy", "setAgent", "setCallback"}
    signing |= {"closeSession", "destroy"}
    asking = {name for name in asked if name.startswith(("get", "list", "ice_", "acquire"))}
    asking |= {"sharedResources", "repositories", "projection"}
    assert asked - asking <= signing
    assert sandbox.control("status") == before
