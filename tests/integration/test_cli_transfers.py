"""``transfers`` and ``inbox`` on the command line, against a real server; no agent here."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from tests.support.rest_server import (
    GROUP,
    RestServer,
    manifest,
    notification_rounds,
    server,
    submitted,
)
from transferapp.cli import following, signed_in
from transferapp.cli.main import app
from transferapp.cli.output import ExitCode
from transferapp.client.server import ServerClient
from transferapp.ledger.port import NewTransfer
from transferapp.model.containers import Container, ContainerKind
from transferapp.model.identity import GroupPermissions
from transferapp.model.transfers import TransferKind
from transferapp.repositories.local.accounts.administration import Administration

__all__ = ["server"]

GOES = "goes with the next release"


async def run(*arguments: str) -> Result:
    return await asyncio.to_thread(lambda: CliRunner().invoke(app, [*arguments]))


@pytest.fixture
async def ada(
    server: RestServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ServerClient:
    monkeypatch.setenv("TRANSFERAPP_HOME", str(tmp_path / "home"))
    client = await server.signed_in()
    token = SecretStr(str(client.token))
    await signed_in.remember(server.url, "ada", token, in_file=True)
    return client


async def test_transfers_are_listed_shown_and_cancelled(ada: ServerClient) -> None:
    first = (await submitted(ada, 5)).details.transfer
    second = (await submitted(ada, 7)).details.transfer
    listed = json.loads((await run("transfers", "list", "--json")).stdout)
    assert [one["id"] for one in listed] == [second.id, first.id]
    one = json.loads((await run("transfers", "list", "--limit", "1", "--json")).stdout)
    assert [entry["id"] for entry in one] == [second.id]

    shown = await run("transfers", "show", first.id, "--json")
    assert json.loads(shown.stdout)["transfer"]["id"] == first.id
    assert GOES not in shown.stderr

    tried = await run(
        "transfers", "retry", first.id, "--to", "Dataset:New", "--create", "--json"
    )
    assert json.loads(tried.stdout)["transfer"]["target"] != str(first.target), tried.output
    assert "nothing is tried again" in tried.stderr
    stopped = await run("transfers", "cancel", first.id, "--item", "Cells", "--json")
    (item,) = json.loads(stopped.stdout)["items"]
    assert item["state"] == "cancelled"
    assert (await run("transfers", "cancel", second.id)).exit_code == ExitCode.DONE
    assert (await ada.transfer(second.id)).items[0].state == "cancelled"
    in_vain = await run("transfers", "cancel", second.id)
    assert "nothing is cancelled" in in_vain.stderr


async def test_a_retry_finds_its_new_target_in_a_group(ada: ServerClient) -> None:
    transfer = (await submitted(ada, 5)).details.transfer
    groups = (await ada.identity()).groups
    asked = ("transfers", "retry", transfer.id, "--to", "Dataset:Elsewhere", "--create")
    wrong = await run(*asked, "--group", "nobody's")
    assert wrong.exit_code == ExitCode.PROBLEM
    assert "You are in no group 'nobody's'" in wrong.stderr
    assert (await ada.transfer(transfer.id)).transfer.target == transfer.target
    moved = await run(*asked, "--group", groups[0].name, "--json")
    assert moved.exit_code == ExitCode.DONE, moved.output
    target = (await ada.transfer(transfer.id)).transfer.target
    assert target is not None
    found = await ada.container(target)
    assert (found.name, found.group_id) == ("Elsewhere", groups[0].id)
    pointless = await run("transfers", "retry", transfer.id, "--group", groups[0].name)
    assert pointless.exit_code == ExitCode.PROBLEM
    assert "--group says where --to is looked for" in pointless.stderr


async def named(ada: ServerClient, name: str) -> list[Container]:
    everywhere = await ada.containers(None, kind=ContainerKind.DATASET)
    return [one for one in everywhere if one.name == name]


async def test_a_retry_stays_in_the_group_of_its_import(
    server: RestServer, ada: ServerClient
) -> None:
    people = Administration(server.parts.settings.repository_folder)
    guests = await people.add_group("guests", GroupPermissions.PRIVATE)
    await people.add_member("ada", "guests")
    dataset = ContainerKind.DATASET
    kidney = await ada.create_container(dataset, "Kidney", group_id=guests)
    elsewhere = await ada.create_container(dataset, "Liver")
    transfer = (await ada.submit_import(manifest(kidney, 5))).details.transfer
    assert transfer.group_id == guests

    # Of two groups with such a name, only that of the import counts.
    retry = ("transfers", "retry", transfer.id, "--create", "--to")
    done = await run(*retry, "Dataset:Liver")
    assert done.exit_code == ExitCode.DONE, done.output
    target = (await ada.transfer(transfer.id)).transfer.target
    assert target is not None
    assert target != elsewhere.ref
    assert (await ada.container(target)).group_id == guests
    # Nothing is made for what is refused.
    refused = await run(*retry, "Dataset:Spleen", "--group", GROUP)
    assert refused.exit_code == ExitCode.PROBLEM
    assert "the group 'guests'" in refused.stderr
    assert await named(ada, "Spleen") == []
    refused = await run(*retry, str(elsewhere.ref))
    assert refused.exit_code == ExitCode.PROBLEM
    assert "'Liver', is not in the group 'guests'" in refused.stderr


async def test_nothing_is_made_for_a_retry_that_is_not_possible(
    server: RestServer, ada: ServerClient
) -> None:
    transfer = (await submitted(ada, 5)).details.transfer
    retry = ("transfers", "retry", transfer.id, "--create", "--to", "Dataset:Never")
    await ada.cancel(transfer.id)
    for asked, why in (((), "Nothing of it is left"), (("--item", "Cells"), "is cancelled")):
        refused = await run(*retry, *asked)
        assert refused.exit_code == ExitCode.PROBLEM, refused.output
        assert why in refused.stderr
    new = NewTransfer(TransferKind.EXPORT, "Export", "ada", "key", ())
    export = (await server.parts.ledger.add(new)).transfer
    refused = await run(*retry[:2], export.id, *retry[3:])
    assert refused.exit_code == ExitCode.PROBLEM
    assert "Only an import has a target" in refused.stderr
    assert await named(ada, "Never") == []


async def test_the_former_forms_do_the_same_and_name_the_new_one(ada: ServerClient) -> None:
    transfer = (await submitted(ada, 5)).details.transfer
    for former, form in (
        ((), "list"),
        (("--limit", "3"), "list"),
        ((transfer.id,), f"show {transfer.id}"),
        ((transfer.id, "--to", "Dataset:My Own", "--create"),
         f"retry {transfer.id} --to 'Dataset:My Own' --create"),
        ((transfer.id, "--retry"), f"retry {transfer.id}"),
        (("--cancel", "--item", "Cells", transfer.id), f"cancel {transfer.id} --item Cells"),
    ):  # fmt: skip
        done = await run("transfers", *former)
        assert done.exit_code == ExitCode.DONE, done.output
        assert transfer.id in done.stdout
        assert f"Write 'transferapp transfers {form}'." in done.stderr
        assert GOES in done.stderr
    assert (await ada.transfer(transfer.id)).items[0].state == "cancelled"
    assert json.loads((await run("transfers", "--json")).stdout)[0]["id"] == transfer.id
    assert "give its id" in (await run("transfers", "--cancel")).stderr


async def test_the_inbox_is_listed_and_read(ada: ServerClient, server: RestServer) -> None:
    rounds = notification_rounds(server)
    await rounds.begin()
    for size in (5, 7):
        await ada.cancel((await submitted(ada, size)).details.transfer.id)
        await rounds.round()
    listed = json.loads((await run("inbox", "list", "--unread", "--json")).stdout)["items"]
    assert len(listed) == 2
    new, old = (entry["id"] for entry in listed)
    done = await run("inbox", "read", str(new), "--unread", "--json")
    assert [entry["id"] for entry in json.loads(done.stdout)["items"]] == [old]
    assert GOES not in done.stderr

    former = await run("inbox", "--read", str(old), "--unread", "--json")
    assert json.loads(former.stdout)["items"] == []
    assert f"Write 'transferapp inbox read {old} --unread'." in former.stderr
    assert "Write 'transferapp inbox list'." in (await run("inbox")).stderr
    assert (await run("inbox", "read", "999")).exit_code == ExitCode.PROBLEM


@pytest.mark.parametrize("group", ["transfers", "inbox"])
async def test_a_mistyped_sub_command_is_reported_and_former_ones_are_not_shown(
    group: str,
) -> None:
    done = await run(group, "lsit")
    assert done.exit_code == ExitCode.USAGE
    assert "No such command" in done.stderr
    for option in ("--help", "-h"):
        assert "list" in (helped := await run(group, option)).stdout
        assert "former" not in helped.stdout


async def test_waiting_prints_a_line_for_each_change(
    ada: ServerClient, capsys: pytest.CaptureFixture[str]
) -> None:
    transfer = (await submitted(ada, 5)).details.transfer
    waiting = asyncio.create_task(following.follow(ada, transfer.id, wait=True, as_lines=True))
    shown = ""
    async with asyncio.timeout(60):
        while '"waiting"' not in shown:
            await asyncio.sleep(0.1)
            shown += capsys.readouterr().out
    await ada.cancel(transfer.id)
    details = await waiting
    lines = [json.loads(line) for line in (shown + capsys.readouterr().out).splitlines()]
    assert [one["event"] for one in lines] == [
        "transfer",
        "item",
        "waiting",
        "transfer",
        "item",
    ]
    first, item, why, *_, last = lines
    assert (first["transfer_id"], first["items_done"], first["size_bytes"]) == (
        transfer.id,
        0,
        5,
    )
    assert (item["name"], item["code"]) == ("Cells", "")
    assert "workstation service" in why["message"]
    assert last["item_id"] == details.items[0].id
    assert last["state"] == "cancelled"


@pytest.mark.usefixtures("ada")
async def test_what_ends_waiting_is_one_line_also_when_it_is_a_problem(
    tmp_path: Path,
) -> None:
    text = ("export", "Image:12", "--to", str(tmp_path), "--follow", "--json")
    (line,) = (await run(*text)).stdout.splitlines()
    assert json.loads(line)["code"]
