"""What the Browse page shows: a container's images, the chosen ones, one in detail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from transferapp.client.importing import (
    ExportPlan,
    ask_for_place,
    export_request,
    hand_over_export,
)
from transferapp.client.previews import signed_url
from transferapp.desktop.browse.export_choices import (
    ExportChoice,
    container_choice,
    found_choice,
    selected_choice,
)
from transferapp.desktop.browse.export_destinations import ExportDestination
from transferapp.desktop.browse.thumbnails import Thumbnails
from transferapp.desktop.containers.tree import ContainerTree
from transferapp.desktop.session.background import Background
from transferapp.desktop.session.observable import Listeners
from transferapp.desktop.session.presenter import Connection
from transferapp.errors import Invalid, TransferAppError
from transferapp.model.containers import Container, ContainerKind, ContainerRef
from transferapp.model.events import EventKind
from transferapp.model.transfers import ItemState

if TYPE_CHECKING:
    from transferapp.client.server import ServerClient
    from transferapp.desktop.session.presenter import SessionPresenter
    from transferapp.desktop.tiles.source import TileSource
    from transferapp.model.events import Event
    from transferapp.model.export_specs import ExportSpec
    from transferapp.model.images import ImageDetails, ImageSummary, Pixels
    from transferapp.protocol.export_summaries import ExportSummary
    from transferapp.protocol.places import PlaceView
    from transferapp.protocol.signed_urls import SignedUrl

PAGE_SIZE = 200
#: Seconds that events are collected before the view is read again.
REFRESH_PAUSE_S = 0.7


class Viewer(Protocol):
    """Opens images in a program of its own (napari)."""

    def warm_up(self) -> None:
        """Start it hidden, so that the first image opens at once."""

    async def open(self, image_id: int, name: str) -> float:
        """Show an image; returns the milliseconds to its first pixels on the screen."""


@dataclass(frozen=True, slots=True)
class BrowseParts:
    """What ``wiring`` gives to the presenter beside the session."""

    viewer: Viewer
    make_tiles: Callable[[ServerClient, Pixels], TileSource]
    sign: Callable[[ServerClient, int], Awaitable[SignedUrl]] = signed_url


class BrowsePresenter:
    """The tree, the images of the chosen container, the selection and its details.

    ``images_changed``: another list (or more of it). ``selection_changed``: other images are
    selected. ``details_changed``: the first selected image's details have come (or problem).
    ``troubled``: something to show in the page's banner, None takes it away.
    """

    def __init__(self, session: SessionPresenter, parts: BrowseParts) -> None:
        self.session = session
        self._parts = parts
        self.tree = ContainerTree(session)
        self.thumbnails = Thumbnails(session)
        self.container: ContainerRef | None = None
        self.text = ""
        self.images: tuple[ImageSummary, ...] = ()
        self.has_more = False
        self.loading = False
        self.selected: tuple[ImageSummary, ...] = ()
        self.details: ImageDetails | None = None
        self.images_changed: Listeners[[]] = Listeners()
        self.selection_changed: Listeners[[]] = Listeners()
        self.details_changed: Listeners[[]] = Listeners()
        self.troubled: Listeners[[TransferAppError | None]] = Listeners()
        #: What was asked for and not answered, and of which choice: the server may have it.
        self._unanswered: tuple[ExportChoice, ExportPlan] | None = None
        self._next: str | None = None
        self._wanted: frozenset[int] = frozenset()
        self._request = 0
        self._refresh_due = False
        self._background = Background(self.troubled.notify)
        self._person = session.owner
        self._online = session.connection is Connection.ONLINE
        session.changed.listen(self._session_changed)
        session.events.listen(self._event)
        session.missed.listen(self._read_again_soon)

    async def open(self) -> None:
        """Read the tree for the first time, or again."""
        await self._guard(self.tree.load(None))
        if not self.images and not self.loading:
            await self.show(self.container)

    async def open_container(self, ref: ContainerRef) -> None:
        """Read what is inside a project or screen."""
        await self._guard(self.tree.load(ref))

    async def show(self, container: ContainerRef | None, text: str | None = None) -> None:
        """List the images of a container (None: all that the person may see)."""
        self.container = container
        self.text = self.text if text is None else text.strip()
        await self._read(keep=0)

    async def more(self) -> None:
        """Read the next page of the list."""
        if self.has_more and not self.loading:
            await self._read(keep=len(self.images))

    async def refresh(self) -> None:
        """Read tree and list again; the selection stays where it can."""
        self.thumbnails.forget_failures()
        await self._guard(self.tree.refresh())
        await self._read(keep=0, quiet=True)

    async def select(self, images: tuple[ImageSummary, ...]) -> None:
        """Note what is selected and read the details of the first."""
        if images == self.selected:
            return
        self.selected = images
        self.details = None
        self.selection_changed.notify()
        if not images:
            self.details_changed.notify()
            return
        try:
            details = await self.session.server.image(images[0].id)
        except TransferAppError as error:
            self.troubled.notify(error)
            return
        if self.selected and self.selected[0].id == details.summary.id:
            self.details = details
            self.details_changed.notify()

    def tiles(self, pixels: Pixels) -> TileSource:
        """Return where the preview gets its tiles from."""
        return self._parts.make_tiles(self.session.server, pixels)

    def warm_up_viewer(self) -> None:
        """Start napari hidden when the person wishes so."""
        if self.session.settings.warm_up_napari:
            self._parts.viewer.warm_up()

    async def open_in_napari(self) -> float:
        """Show the first selected image in napari; returns milliseconds to first pixels.

        Raises Invalid when none is selected, ViewerUnavailable, and what the server says of the
        image.
        """
        if not self.selected:
            raise Invalid("Select an image first.")
        return await self._parts.viewer.open(self.selected[0].id, self.selected[0].name)

    async def signed_url(self) -> SignedUrl:
        """Return an address of the first selected image for other programs.

        Raises Invalid when none is selected, ImageNotFound, ServerUnreachable.
        """
        if not self.selected:
            raise Invalid("Select an image first.")
        return await self._parts.sign(self.session.server, self.selected[0].id)

    async def go_to(self, image_ids: list[int], container: ContainerRef | None) -> None:
        """Show a container and select some of its images."""
        self._wanted = frozenset(image_ids)
        if container is not None:
            await self._guard(self.tree.load(None))
        await self.show(container, "")

    def wanted_images(self) -> tuple[ImageSummary, ...]:
        """Return the listed images that ``go_to`` asked for, once."""
        wanted, self._wanted = self._wanted, frozenset()
        return tuple(image for image in self.images if image.id in wanted)

    async def select_by_id(self, image_id: int) -> None:
        """Select one image, wherever it is; raises ImageNotFound."""
        details = await self.session.server.image(image_id)
        await self.select((details.summary,))

    def selected_choice(self) -> ExportChoice | None:
        """Return the selected images as what is exported; None where there are none."""
        return selected_choice(self.selected) if self.selected else None

    def container_choice(self) -> ExportChoice | None:
        """Return all of the container in view as what is exported."""
        found = self.tree.find(self.container) if self.container else None
        return container_choice(found) if found else None

    def found_choice(self) -> ExportChoice | None:
        """Return all that the search finds, however much is listed; None without a search."""
        found = self.tree.find(self.container) if self.container else None
        unknown = self.container is not None and found is None
        return None if unknown or not self.text else found_choice(self.text, found)

    async def places(self) -> list[PlaceView]:
        """List the places of the facility; raises ServerUnreachable, SettingsInvalid."""
        return await self.session.server.places()

    async def summarize(
        self, choice: ExportChoice, spec: ExportSpec, place: PlaceView | None = None
    ) -> ExportSummary:
        """Ask what an export would bring, here or to a place.

        Raises ServerUnreachable, Denied, Invalid, TargetNotFound.
        """
        request = export_request(choice.plan(ExportDestination(place=place), spec))
        return await self.session.server.export_summary(request)

    async def export(
        self, choice: ExportChoice, goes: ExportDestination, spec: ExportSpec
    ) -> str:
        """Queue an export and return what it is called; a folder of this computer is
        remembered, and a place needs no workstation service. The same choice again, after an
        error, is the same export.

        Raises AgentUnreachable, ServerUnreachable, Denied, Invalid, TargetNotFound.
        """
        plan = choice.plan(goes, spec)
        # The very same: who opens the dialog anew wants another export.
        if self._unanswered is not None and self._unanswered[0] is choice:
            plan = plan.or_same(self._unanswered[1])
        self._unanswered = choice, plan
        name = await self._queue(plan)
        self._unanswered = None
        return name

    async def _queue(self, plan: ExportPlan) -> str:
        server = self.session.server
        if plan.to:
            return (await ask_for_place(server, plan)).transfer.name
        view = await hand_over_export(
            server, self.session.agent, plan, owner=self.session.username
        )
        await self.session.save_settings(
            replace(self.session.settings, export_folder=str(plan.destination))
        )
        return view.name

    async def make_container(
        self, kind: ContainerKind, name: str, parent: ContainerRef | None
    ) -> Container:
        """Make a project, dataset or screen; raises NameTaken, PermissionDenied."""
        made = await self.session.server.create_container(kind, name, parent=parent)
        await self._guard(self.tree.refresh())
        if parent is not None:
            await self._guard(self.tree.load(parent))
        return made

    async def close(self) -> None:
        """Stop what still runs."""
        await self.thumbnails.close()
        await self._background.close()

    async def _read(self, *, keep: int, quiet: bool = False) -> None:
        self._request += 1
        request = self._request
        self.loading = True
        if not keep and not quiet:
            self.images, self.has_more = (), False
        if not quiet:
            self.images_changed.notify()
        try:
            page = await self.session.server.images(
                self.container,
                text=self.text,
                after=(self._next or "") if keep else "",
                limit=PAGE_SIZE,
            )
        except TransferAppError as error:
            if request == self._request:
                self.loading = False
                self.troubled.notify(error)
                self.images_changed.notify()
            return
        if request != self._request:
            return  # Another list was asked for meanwhile.
        self.loading = False
        before = self.images
        self.images = (*self.images[:keep], *page.items)
        self._next, self.has_more = page.next, page.next is not None
        self.troubled.notify(None)
        if not quiet or self.images != before:
            self.images_changed.notify()

    async def _guard(self, work: Awaitable[None]) -> None:
        try:
            await work
        except TransferAppError as error:
            self.troubled.notify(error)

    def _session_changed(self) -> None:
        was_online, self._online = self._online, self.session.connection is Connection.ONLINE
        if self.session.owner == self._person:
            if self._person and self._online and not was_online:
                self._background.start(self.refresh())  # The server is back.
            return
        self._person = self.session.owner
        self.tree.clear()
        self.thumbnails.clear()
        self.container, self.text, self.images, self.selected = None, "", (), ()
        self.details = None
        self.images_changed.notify()
        self.selection_changed.notify()
        self.details_changed.notify()
        if self._person:
            self._background.start(self.open())

    def _event(self, event: Event) -> None:
        brings_images = event.kind is EventKind.TRANSFER_ENDED or (
            event.kind is EventKind.ITEM_CHANGED and event.state == ItemState.IMPORTED
        )
        if brings_images:
            self._read_again_soon()

    def _read_again_soon(self) -> None:
        if not self._refresh_due:
            self._refresh_due = True
            self._background.start(self._refresh_soon())

    async def _refresh_soon(self) -> None:
        await asyncio.sleep(REFRESH_PAUSE_S)
        self._refresh_due = False
        if self.session.signed_in:
            await self.refresh()
