"""The main job for scripts: import and export."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Protocol

import typer

from transferapp.cli import (
    annotating,
    existing,
    following,
    import_scan,
    linking,
    signed_in,
    targets,
    wiring,
)
from transferapp.cli.commands.session import AsJson
from transferapp.cli.given_paths import given_path
from transferapp.cli.import_scan import ScannedDrop
from transferapp.cli.output import ExitCode, command, echo, show_json, show_table, warn
from transferapp.cli.transfer_tables import pages_of, show_details
from transferapp.client.agent import AgentClient
from transferapp.client.attaching import check_attaching
from transferapp.client.dropping import drop_message
from transferapp.client.duplicates import Duplicates
from transferapp.client.importing import (
    ImportPlan,
    check_import,
    hand_over_import,
)
from transferapp.client.server import ServerClient
from transferapp.client.target_formats import COMMANDS_PATIENCE_S, KeptFormats, ask_settings
from transferapp.errors import (
    Invalid,
    TargetNotFound,
    TransferAppError,
)
from transferapp.intake import preflight
from transferapp.model.containers import Container, ContainerRef
from transferapp.model.image_annotations import OwnAnnotations
from transferapp.model.images import Annotation
from transferapp.model.skips import Skip
from transferapp.model.transfers import (
    DONE_STATES,
    TransferDetails,
    TransferKind,
)
from transferapp.protocol.messages import PlacementView

Wait = Annotated[bool, typer.Option("--wait", help="Wait until it has ended.")]
Follow = Annotated[
    bool, typer.Option("--follow", help="Wait, and with --json print a line for each change.")
]


@command
def import_files(  # noqa: PLR0913 - each is an option of the command line
    # Not checked by typer: preflight names what is wrong, and what to do.
    paths: Annotated[list[Path], typer.Argument(parser=given_path, help="Files and folders.")],
    to: Annotated[
        str, typer.Option(help="Dataset:12, Dataset:NAME, PROJECT/DATASET, Screen:NAME")
    ] = "",
    name: Annotated[str, typer.Option(help="What to call this import.")] = "",
    ignore: Annotated[
        list[str] | None,
        typer.Option(help="Names that do not matter, such as '*.txt'; may be repeated."),
    ] = None,
    *,
    tag: annotating.Tags = None,
    comment: annotating.Comment = "",
    key_value: annotating.KeyValues = None,
    key_values: annotating.KeyValuesFile = None,
    link_to: linking.LinkTo = "",
    group: Annotated[str, typer.Option(help="Only look there, and make a target there.")] = "",
    create: Annotated[bool, typer.Option("--create", help="Make a missing target.")] = False,
    owner: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="NAME",
            help="The images belong to this person; for administrators and leaders of groups.",
        ),
    ] = "",
    skip: annotating.Skips = None,
    skip_existing: Annotated[
        bool,
        typer.Option(
            "--skip-existing", help="Leave out what the repository holds, byte for byte."
        ),
    ] = False,
    anyway: Annotated[
        bool,
        typer.Option(
            "--anyway", help="Import files that PATHS names also when nobody knows the format."
        ),
    ] = False,
    attach_others: Annotated[
        bool,
        typer.Option("--attach-others", help="Attach files that are no images to the target."),
    ] = False,
    wait: Wait = False,
    follow: Follow = False,
    as_json: AsJson = False,
) -> None:
    """Import files and folders; the agent uploads them, also after you log off."""
    linking.check_targets(link_to, to)
    if owner and skip_existing:
        raise Invalid(
            "--skip-existing goes by your own images, and --for imports for somebody else."
            " Leave one of them out."
        )
    annotations = annotating.annotations_given(tag or [], comment, key_value or [])
    skips = annotating.skips_given(skip or [])
    settings = replace(asyncio.run(_settings()), anyway=anyway)
    with wiring.bio_formats_here() as opens:
        asking = replace(settings, opens=opens)
        scanned = import_scan.scan_at(
            paths, ignore or [], asking, echo, attach_others=attach_others
        )
    for sentence in scanned.refused:
        warn(sentence)
    for sentence in (*scanned.notes, *scanned.others_reported(link_to)):
        echo(sentence)
    scanned.check_ready()
    own = annotating.own_annotations(key_values, scanned.ready, echo)
    request = _ImportRequest(
        name or paths[0].resolve().name, create, skip_existing, annotations, own, skips, owner
    )

    async def work() -> tuple[TransferDetails | None, ScannedDrop]:
        async with signed_in.server_client() as (server, who):
            await check_attaching(server, scanned.attachments)
            # Not made yet: there may be nothing to put into it.
            results = await linking.results_target(server, link_to, to)
            find = partial(targets.find_target, server, results.to, group=group, owner=owner)
            linked = request.noted(results.annotations)
            target = None if create else await find(create=False)
            left = await request.without_existing(
                server, who.username, scanned, results.annotations
            )
            if not left.ready:
                return None, left
            async with wiring.agent_client() as agent:
                target = target or await linked.found_or_made(find, server, agent, left)
                plan = linked.plan(target, left)
                view = await hand_over_import(server, agent, plan, owner=who.username)
            if not as_json:
                count = len(left.ready)
                text = "1 item is" if count == 1 else f"{count:,} items are"
                safe = " It is safe to log off." if view.safe_to_log_off else ""
                echo(f"{text} on the way.{safe}")
            return await following.follow(
                server, view.transfer_id, wait=wait or follow, as_lines=as_json and follow
            ), left

    details, left = asyncio.run(work())
    if details is None:
        _conclude_nothing(left, as_json=as_json, as_line=follow)
    else:
        conclude(details, as_json=as_json, as_line=follow, refused=scanned.refused)


class _Find(Protocol):
    """Looks for the target that ``--to`` names."""

    async def __call__(self, *, create: bool) -> Container:
        """Return it; makes a missing one on wish."""


@dataclass(frozen=True, slots=True)
class _ImportRequest:
    """What an import shall be."""

    name: str
    create: bool
    skip_existing: bool
    annotations: tuple[Annotation, ...] = ()
    own_annotations: Mapping[Path, OwnAnnotations] = field(default_factory=dict)
    skip: frozenset[Skip] = frozenset()
    owner: str = ""

    def noted(self, more: tuple[Annotation, ...]) -> _ImportRequest:
        """Return it with more annotations."""
        return replace(self, annotations=(*self.annotations, *more))

    async def without_existing(
        self,
        server: ServerClient,
        username: str,
        scanned: ScannedDrop,
        links: tuple[Annotation, ...],
    ) -> ScannedDrop:
        """Leave out what is there already, with these links, where that is wished, or say that
        it is there.
        """

        async def linked(found: Duplicates) -> bool:
            return await linking.carries(server, links, found.filesets)

        if self.skip_existing:
            enough = linked if links else None
            return await existing.leave_out_existing(server, username, scanned, echo, enough)
        await existing.show_what_exists(server, scanned, echo)
        return scanned

    async def found_or_made(
        self, find: _Find, server: ServerClient, agent: AgentClient, scanned: ScannedDrop
    ) -> Container:
        """Return the target. It is made only for an import that is possible: it would stay."""
        with suppress(TargetNotFound):
            return await find(create=False)
        await check_import(server, agent, self._plan(None, scanned))
        return await find(create=True)

    def plan(self, target: Container, scanned: ScannedDrop) -> ImportPlan:
        """Say where it goes, and return what is handed over."""
        whose = f" The images belong to {self.owner}." if self.owner else ""
        echo(f"Into {target.ref}, '{target.name}'.{whose}")
        return self._plan(target.ref, scanned)

    def _plan(self, target: ContainerRef | None, scanned: ScannedDrop) -> ImportPlan:
        return ImportPlan(
            name=self.name,
            target=target,
            candidates=scanned.ready,
            annotations=self.annotations,
            own_annotations=self.own_annotations,
            owner=self.owner,
            skip=self.skip,
            dropped=scanned.dropped,
            attachments=scanned.attachments,
        )


async def _settings() -> preflight.PreflightSettings:
    """Ask the server what reads the files; who is not signed in is told so later."""
    with suppress(TransferAppError):
        async with signed_in.server_client() as (server, _):
            return await ask_settings(
                server, preflight.PreflightSettings(), KeptFormats(), COMMANDS_PATIENCE_S
            )
    return preflight.PreflightSettings()


def conclude(
    details: TransferDetails,
    *,
    as_json: bool,
    as_line: bool,
    refused: Sequence[str] = (),
    placements: Sequence[PlacementView] = (),
) -> None:
    """Show what came of it, and end with SOME_FAILED where an item did."""
    if as_json:
        answer = {"transfer": details.transfer, "items": details.items, "refused": refused}
        exported = details.transfer.kind is TransferKind.EXPORT
        more = {"placements": placements} if exported else {"left_out": details.left_out}
        pages = {"image_pages": pages_of(details)}
        show_json({**answer, **more, **pages}, as_line=as_line)
    else:
        show_details(details, placements)
    if refused or (
        following.at_rest(details) and any(i.state not in DONE_STATES for i in details.items)
    ):
        raise typer.Exit(ExitCode.SOME_FAILED)


def _conclude_nothing(left: ScannedDrop, *, as_json: bool, as_line: bool) -> None:
    """End where the repository holds all that could be imported."""
    left_out = drop_message(left.dropped).left_out
    if as_json:
        nothing = {"transfer": None, "items": ()}
        show_json({**nothing, "refused": left.refused, "left_out": left_out}, as_line=as_line)
    else:
        rows = [(o.client_path, f"left out: {o.reason}", o.sentence) for o in left_out]
        show_table(("Item", "State", ""), rows)
        echo("Nothing is imported: the repository holds it already.")
        if left.attachments:
            echo("So nothing is attached either: attachments come with an import.")
    if left.refused:
        raise typer.Exit(ExitCode.SOME_FAILED)
