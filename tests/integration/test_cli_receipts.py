"""``receipt ...`` on the command line, against a real server; no agent here."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from tests.support.receipt_env import FIELDS, ImportedFields, imported_fields
from tests.support.receipt_files import change_one_byte
from tests.support.rest_server import PASSWORD, RestServer, server
from transferapp.cli import signed_in
from transferapp.cli.main import app
from transferapp.cli.output import ExitCode

__all__ = ["server"]


async def run(*arguments: str, text: str = "") -> Result:
    return await asyncio.to_thread(
        lambda: CliRunner().invoke(app, ["receipt", *arguments], input=text)
    )


@pytest.fixture
async def done(
    server: RestServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ImportedFields:
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TRANSFERAPP_DATA", str(server.parts.settings.data))
    monkeypatch.chdir(tmp_path)
    found = await imported_fields(server)
    token = SecretStr(str(found.ada.token))
    await signed_in.remember(server.url, "ada", token, in_file=True)
    for path, content in found.contents.items():
        place = tmp_path / "source" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return found


async def saved(done: ImportedFields) -> Path:
    answer = await run("save", done.transfer_id, "--json")
    assert answer.exit_code == ExitCode.DONE, answer.output
    return Path(json.loads(answer.stdout)["receipt"])


async def test_saving_and_verifying(done: ImportedFields, tmp_path: Path) -> None:
    path = await saved(done)
    assert path == tmp_path / f"receipt-{done.transfer_id}.jws"
    again = await run("save", done.transfer_id)
    assert again.exit_code == ExitCode.DONE
    path.write_bytes(b"mine")
    refused = await run("save", done.transfer_id)
    assert (refused.exit_code, "is another receipt" in refused.stderr) == (1, True)
    other = tmp_path / "other.jws"
    await run("save", done.transfer_id, "--to", str(other))
    shown = await run("verify", str(other), "--files", str(tmp_path / "source"))
    assert shown.exit_code == ExitCode.DONE, shown.output
    assert f"of {done.server.url}" in shown.stdout
    assert "All 2 files on this computer are as the receipt says." in shown.stderr
    missing = await run("verify", str(other), "--files", str(tmp_path / "none"))
    assert (missing.exit_code, "is no folder" in missing.stderr) == (1, True)


async def test_nothing_is_known_before_the_first_sign_in(
    done: ImportedFields, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And ``login`` is enough: then no server is needed."""
    path = await saved(done)
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path / "other home"))
    unknown = await run("verify", str(path))
    assert (unknown.exit_code, "Nothing is proven" in unknown.stderr) == (1, True)
    login = await asyncio.to_thread(
        lambda: CliRunner().invoke(
            app,
            ["login", done.server.url, "-u", "ada", "--password-stdin", "--in-file"],
            input=PASSWORD + "\n",
        )
    )
    assert login.exit_code == 0, login.output
    await done.server.stop()
    known = await run("verify", str(path), "--json")
    assert known.exit_code == ExitCode.DONE, known.output
    assert json.loads(known.stdout)["key"]["whose"] == done.server.url


async def test_checking(done: ImportedFields) -> None:
    path = await saved(done)
    good = await run("check", str(path), "--deep")
    assert good.exit_code == ExitCode.DONE, good.output
    assert "The repository holds all 2 files. Every byte was read." in good.stderr
    change_one_byte(done.original(FIELDS[0]))
    bad = await run("check", str(path), "--deep")
    assert bad.exit_code == ExitCode.SOME_FAILED
    assert f"'{FIELDS[0]}' has other bytes in the repository" in bad.stderr
    assert "Of 2 files: 1 held, 1 different. Every byte was read." in bad.stderr
    path.write_bytes(b"no receipt")
    none = await run("check", str(path), "--json")
    assert json.loads(none.stdout)["code"] == "damaged-receipt"


async def test_covered_folders(done: ImportedFields, tmp_path: Path) -> None:
    """By receipts that were saved somewhere; a bad one is named and does not count."""
    kept, source = tmp_path / "kept", tmp_path / "source"
    kept.mkdir()
    nothing = await run("covered", str(source), "--json")
    assert nothing.exit_code == ExitCode.SOME_FAILED
    (await saved(done)).rename(kept / "a.jws")
    (kept / "bad.jws").write_bytes(b"x")
    good = await run("covered", str(source), "--receipts", str(kept), "--deep")
    assert good.exit_code == ExitCode.DONE, good.output
    assert f"{source}: covered. The repository holds all 2 files" in good.stdout
    assert "bad.jws" in good.stderr
    (source / "notes.txt").write_text("stained twice")
    bad = await run("covered", str(source), "--receipts", str(kept))
    assert bad.exit_code == ExitCode.SOME_FAILED
    assert "notes.txt: No receipt has a file of its size." in bad.stdout
    assert f"Covered in it: {source / 'day 3'}" in bad.stdout


async def test_a_receipt_of_another_server_is_not_shown_to_this_one(
    done: ImportedFields, tmp_path: Path
) -> None:
    """Here: of one that has other keys now."""
    (await saved(done)).rename(tmp_path / "a.jws")
    done.server.parts.settings.receipt_keys_file.unlink()
    found = await run(
        "covered", str(tmp_path / "source"), "--receipts", str(tmp_path), "--json"
    )
    assert found.exit_code == ExitCode.SOME_FAILED, found.output
    (folder,) = json.loads(found.stdout)["folders"]
    assert "It is of another server" in folder["uncovered"][0]["sentence"]


async def test_a_new_key(done: ImportedFields, monkeypatch: pytest.MonkeyPatch) -> None:
    path = await saved(done)
    changed = await run("new-key", "--json")
    assert changed.exit_code == ExitCode.DONE, changed.output
    assert (await run("check", str(path))).exit_code == ExitCode.DONE
    path.unlink()
    await saved(done)
    shown = json.loads((await run("verify", str(path), "--json")).stdout)
    assert shown["key"]["id"] == json.loads(changed.stdout)["key"]
    monkeypatch.setenv("TRANSFERAPP_DATA", str(path.parent / "none"))
    nowhere = await run("new-key")
    assert (nowhere.exit_code, "keeps its data" in nowhere.stderr) == (1, True)
