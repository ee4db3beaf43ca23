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
    check_whose,
    known_state,
    load_state,
    save_state,
    state_path,
    write_whole,
)
from transferapp.client.server import ServerClient
from transferapp.errors import Denied, Invalid, PermissionDenied, TargetNotFound
from transferapp.model.containers import Container, ContainerKind, ContainerRef

Manifest = Annotated[
    Path,
    typer.Argument(parser=given_path, help="NAME.manifest.json, which lies in the archive."),
]
_ID_MAP = "id-map.csv"
_LEFT = (
    "Nobody waits for it here any more, but what was handed over goes on: this computer's"
    " service sees to that. Wait again by repeating the command; or run 'transferapp archive"
    " id-map' with the same manifest later."
)
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
    _check_project(into)
    source = read_archive(manifest)
    plan = plan_restore(source)
    echo(_amount(source, plan))
    for reason, count in Counter(plan.reasons.values()).most_common():
        warn(f"Not restored: {_counted(count, 'image')}. {reason}")
    if partly := [one for one in source.images if one.problem and one.id not in plan.reasons]:
        warn(f"Restored only in part: {_counted(len(partly), 'image')}. {partly[0].problem}")
    check_files(source, trust=trust)

    def begun(server: ServerClient, username: str) -> tuple[Path, RestoreState]:
        wanted = RestoreState(
            archive=source.head.id,
            server=server.base_url,
            username=username,
            into=into,
            group=group,
        )
        path = state_path(source, server.base_url)
        return path, load_state(path, wanted)

    async def check_place() -> None:
        async with signed_in.server_client() as (server, who):
            _, state = begun(server, who.username)
            await _whereto(server, state)

    if dry_run:
        if _is_signed_in():
            asyncio.run(check_place())
        else:
            echo("Nobody is signed in: only the archive was checked, not where it would go.")
        _conclude(_Restored(source, plan), as_json=as_json)
        return

    async def work() -> _Restored:
        async with signed_in.server_client() as (server, who):
            path, state = begun(server, who.username)
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
        async with signed_in.server_client() as (server, who):
            path = state_path(source, server.base_url)
            state = known_state(path)
            if state is None:
                raise Invalid(
                    f"Nothing beside '{manifest}' says that it was restored into"
                    f" {server.base_url}. Run 'transferapp archive restore' there."
                )
            # Another person does not see these imports, and would empty the map.
            check_whose(state, path, source.head.id, who.username)
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
    above, group_id = await _whereto(parts.server, state)
    making = ContainerMaking(
        parts.server,
        state,
        save,
        group_id=above.group_id if above else group_id,
        into=above.ref if above else None,
    )
    await making.make(parts.plan.containers)
    restoring = ArchiveHandOver(parts.source, parts.plan, state, save)
    before = len(state.transfers)
    new = len(await restoring.hand_over(parts.server, parts.agent)) - before
    if before:
        were = "was" if before == 1 else "were"
        echo(f"{_counted(before, 'import')} {were} handed over before.")
    if new or not before:
        echo(f"{_counted(new, 'import')} handed over. It is safe to log off.")


def _is_signed_in() -> bool:
    try:
        signed_in.session()
    except Denied:
        return False
    return True


async def _whereto(
    server: ServerClient, state: RestoreState
) -> tuple[Container | None, int | None]:
    """Return the project and the id of the group that it goes to, where they were named."""
    above = await _project(server, state.into)
    found = await targets.group_named(server, state.group)
    group_id = found.id if found else None
    if above is not None and group_id not in (None, above.group_id):
        raise Invalid(f"'{above.name}' is not in the group '{state.group}'.")
    return above, group_id


async def _project(server: ServerClient, text: str) -> Container | None:
    if not text:
        return None
    ref = ContainerRef.parse(text)
    try:
        found = await server.container(ref)
    except TargetNotFound:
        raise TargetNotFound(f"There is no {ref} that you may see. Check --into.") from None
    if not found.can_link:
        raise PermissionDenied(
            f"You may not put anything into '{found.name}'. Name a project of your own."
        )
    return found


def _check_project(text: str) -> None:
    """Raise BadParameter for what can be no project."""
    try:
        is_project = not text or ContainerRef.parse(text).kind is ContainerKind.PROJECT
    except Invalid:
        is_project = False
    if not is_project:
        raise typer.BadParameter(
            "Datasets go into a project. Write --into Project:12.", param_hint="--into"
        )


async def _mapped(server: ServerClient, done: _Restored, *, wait: bool = True) -> _Restored:
    """Wait on wish until nothing moves any more, and write the map of ids."""
    state = done.state
    assert state is not None  # noqa: S101 - something was handed over
    for transfer_id in state.transfers if wait else ():
        await following.follow(server, transfer_id, wait=True, left=_LEFT)
    rows = await id_map(server, done.source, done.plan, state)
    write_whole(done.source.beside(_ID_MAP), id_map_text(rows))
    return replace(done, rows=rows)


def _conclude(done: _Restored, *, as_json: bool) -> None:
    """Show what came of it, and end with SOME_FAILED where not all was restored."""
    rows, state = done.rows or (), done.state
    path = done.source.beside(_ID_MAP) if done.rows is not None else None
    lost = [row for row in rows if row.reason] if path else _not_restorable(done)
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
                "not_restored": lost,
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
    if lost or (state and state.refused):
        raise typer.Exit(ExitCode.SOME_FAILED)


def _not_restorable(done: _Restored) -> list[MappedId]:
    """Return rows for what is not restored, as far as the archive alone says it."""
    reasons = done.plan.reasons
    return [
        MappedId("Image", str(one.id), "", one.name, reasons[one.id])
        for one in done.source.images
        if one.id in reasons
    ]


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
