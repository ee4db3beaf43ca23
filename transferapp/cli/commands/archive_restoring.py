"""``transferapp archive restore``: an archive goes into the server that one is signed in to."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import humanize
import typer

from transferapp.cli import following, signed_in, targets, wiring
from transferapp.cli.commands.handing_over import Wait
from transferapp.cli.commands.session import AsJson
from transferapp.cli.given_paths import given_path
from transferapp.cli.output import ExitCode, command, echo, show_json, warn
from transferapp.client.agent import AgentClient
from transferapp.client.restoring.checking import check_files
from transferapp.client.restoring.containers import ContainerMaking
from transferapp.client.restoring.filesets import RestorePlan, plan_restore
from transferapp.client.restoring.handing_over import ArchiveHandOver
from transferapp.client.restoring.id_map import MappedId, id_map, id_map_text
from transferapp.client.restoring.source import ArchiveSource, read_archive
from transferapp.client.restoring.state import (
    RestoreState,
    known_state,
    load_state,
    save_state,
    state_path,
    write_whole,
)
from transferapp.client.server import ServerClient
from transferapp.errors import Invalid, PermissionDenied
from transferapp.model.containers import Container, ContainerKind, ContainerRef

Manifest = Annotated[
    Path,
    typer.Argument(parser=given_path, help="NAME.manifest.json, which lies in the archive."),
]
_ID_MAP = "id-map.csv"
#: So many are told one by one.
_SHOWN = 20


@command
def restore(  # noqa: PLR0913 - one for each option
    manifest: Manifest,
    into: Annotated[
        str,
        typer.Option(
            metavar="Project:ID", help="Datasets go into this project instead of their own."
        ),
    ] = "",
    group: Annotated[str, typer.Option(help="Make everything in this group of yours.")] = "",
    *,
    trust: Annotated[
        bool,
        typer.Option("--trust", help="Compare the sizes of the files only, not their hashes."),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Check the archive and say what would be restored."),
    ] = False,
    wait: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Restore an archive into the server that you are signed in to, as your own data.

    Repeated, also after it was killed, it goes on; nothing is made twice.
    """
    source = read_archive(manifest)
    plan = plan_restore(source)
    echo(_amount(source, plan))
    for reason, count in Counter(plan.reasons.values()).most_common():
        warn(f"Not restored: {_counted(count, 'image')}. {reason}")
    check_files(source, trust=trust)
    if dry_run:
        _conclude(_Restored(source, plan), as_json=as_json)
        return

    async def work() -> _Restored:
        async with signed_in.server_client() as (server, who):
            wanted = RestoreState(
                archive=source.head.id,
                server=server.base_url,
                username=who.username,
                into=into,
                group=group,
            )
            path = state_path(source, server.base_url)
            state = load_state(path, wanted)
            save = partial(save_state, path, state)
            async with wiring.agent_client() as agent:
                await _hand_over(_Parts(server, agent, source, plan), state, save)
            done = _Restored(source, plan, state)
            return await _mapped(server, done) if wait else done

    _conclude(asyncio.run(work()), as_json=as_json)


@command
def write_id_map(manifest: Manifest, *, as_json: AsJson = False) -> None:
    """Write down which ids the images and containers of a restored archive have now."""
    source = read_archive(manifest)
    plan = plan_restore(source)

    async def work() -> _Restored:
        async with signed_in.server_client() as (server, _):
            state = known_state(state_path(source, server.base_url))
            if state is None:
                raise Invalid(
                    f"Nothing beside '{manifest}' says that it was restored into"
                    f" {server.base_url}. Run 'transferapp archive restore' there."
                )
            return await _mapped(server, _Restored(source, plan, state), wait=False)

    _conclude(asyncio.run(work()), as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What is restored, where to."""

    server: ServerClient
    agent: AgentClient
    source: ArchiveSource
    plan: RestorePlan


@dataclass(frozen=True, slots=True)
class _Restored:
    """What came of it; without a state nothing was sent, ``rows`` are there once asked for."""

    source: ArchiveSource
    plan: RestorePlan
    state: RestoreState | None = None
    rows: Sequence[MappedId] | None = None


async def _hand_over(parts: _Parts, state: RestoreState, save: Any) -> None:
    # Before anything is made that would stay without it.
    await parts.agent.info()
    above = await _project(parts.server, state.into)
    found = await targets.group_named(parts.server, state.group)
    group_id = found.id if found else None
    if above is not None and group_id not in (None, above.group_id):
        raise Invalid(f"'{above.name}' is not in the group '{state.group}'.")
    making = ContainerMaking(
        parts.server,
        state,
        save,
        group_id=above.group_id if above else group_id,
        into=above.ref if above else None,
    )
    await making.make(parts.plan.containers)
    restoring = ArchiveHandOver(parts.source, parts.plan, state, save)
    transfers = await restoring.hand_over(parts.server, parts.agent)
    echo(f"{_counted(len(transfers), 'import')} handed over. It is safe to log off.")


async def _project(server: ServerClient, text: str) -> Container | None:
    if not text:
        return None
    ref = ContainerRef.parse(text)
    if ref.kind is not ContainerKind.PROJECT:
        raise Invalid("Datasets go into a project. Write --into Project:12.")
    found = await server.container(ref)
    if not found.can_link:
        raise PermissionDenied(
            f"You may not put anything into '{found.name}'. Name a project of your own."
        )
    return found


async def _mapped(server: ServerClient, done: _Restored, *, wait: bool = True) -> _Restored:
    """Wait on wish until nothing moves any more, and write the map of ids."""
    state = done.state
    assert state is not None  # noqa: S101 - something was handed over
    for transfer_id in state.transfers if wait else ():
        await following.follow(server, transfer_id, wait=True)
    rows = await id_map(server, done.source, done.plan, state)
    write_whole(done.source.beside(_ID_MAP), id_map_text(rows))
    return replace(done, rows=rows)


def _conclude(done: _Restored, *, as_json: bool) -> None:
    """Show what came of it, and end with SOME_FAILED where not all was restored."""
    rows, state = done.rows or (), done.state
    path = done.source.beside(_ID_MAP) if done.rows is not None else None
    lost = [row for row in rows if row.reason]
    if as_json:
        show_json(
            {
                "archive": done.source.head.id,
                "images": done.plan.image_count,
                "files": done.plan.file_count,
                "size_bytes": done.plan.size_bytes,
                "containers": state.containers if state else {},
                "transfers": list(state.transfers) if state else [],
                "refused": state.refused if state else {},
                "not_restored": lost if path else done.plan.reasons,
                "id_map": path,
            }
        )
    elif path is not None:
        for row in lost[:_SHOWN]:
            warn(f"{row.kind} {row.old_id} '{row.name}': {row.reason}")
        if len(lost) > _SHOWN:
            warn(f"And {len(lost) - _SHOWN:,} more, which the file names.")
        echo(f"{_counted(len(rows) - len(lost), 'id')} of {len(rows):,} written to {path}.")
    elif state is None:
        echo("The archive is whole. Nothing was sent.")
    if lost or done.plan.reasons or (state and state.refused):
        raise typer.Exit(ExitCode.SOME_FAILED)


def _amount(source: ArchiveSource, plan: RestorePlan) -> str:
    of = source.head.owner.full_name or source.head.owner.username
    size = humanize.naturalsize(plan.size_bytes)
    return (
        f"Archive of {of}: {_counted(len(plan.containers), 'container')},"
        f" {_counted(plan.image_count, 'image')} in {_counted(plan.file_count, 'file')},"
        f" {size}."
    )


def _counted(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count:,} {what}s"
