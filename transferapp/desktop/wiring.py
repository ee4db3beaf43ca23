"""Put the desktop together: the one place where its ports get adapters."""

from __future__ import annotations

import asyncio
import platform
from dataclasses import dataclass

import httpx
from PySide6.QtGui import QIcon

from transferapp.bioformats.on_demand import BioFormatsOnDemand
from transferapp.client.agent import AgentClient
from transferapp.client.inbox import InboxClient
from transferapp.client.server import ServerClient
from transferapp.client.target_formats import KeptFormats
from transferapp.desktop.browse.page import BrowsePage
from transferapp.desktop.browse.presenter import BrowseParts, BrowsePresenter
from transferapp.desktop.imports.page import ImportPage
from transferapp.desktop.imports.presenter import ImportPresenter
from transferapp.desktop.inbox.page import InboxPage
from transferapp.desktop.inbox.presenter import InboxPresenter
from transferapp.desktop.preferences.page import SettingsPage
from transferapp.desktop.preferences.presenter import SettingsPresenter
from transferapp.desktop.session.presenter import SessionParts, SessionPresenter
from transferapp.desktop.session.remembered import SettingsFile
from transferapp.desktop.shell.main_window import MainWindow
from transferapp.desktop.shell.notifications import NotificationsPresenter
from transferapp.desktop.shell.services import ServicesPresenter
from transferapp.desktop.shell.tray import Tray, TrayNotifier
from transferapp.desktop.sign_in.page import SignInPage
from transferapp.desktop.sign_in.presenter import SignInPresenter
from transferapp.desktop.tiles.source import ZarrTiles
from transferapp.desktop.transfers.page import TransfersPage
from transferapp.desktop.transfers.presenter import TransfersPresenter
from transferapp.desktop.viewer.launcher import ViewerLauncher
from transferapp.desktop.viewer.napari import NapariViewer
from transferapp.host.credentials import Credentials
from transferapp.host.paths import HostPaths
from transferapp.host.resources import resource
from transferapp.intake.preflight import PreflightSettings
from transferapp.model.export_specs import Cut
from transferapp.model.images import Pixels
from transferapp.notify.notifiers.desktop_bus import DesktopBus
from transferapp.notify.port import Notifier


class TileConnections:
    """The connections that previews use, beside those of the other requests."""

    def __init__(self) -> None:
        self._clients: dict[tuple[str, str | None], httpx.AsyncClient] = {}

    def tiles(self, server: ServerClient, pixels: Pixels) -> ZarrTiles:
        """Return the tiles of an image, read as the signed-in person."""
        key = (server.base_url, server.token)
        if key not in self._clients:
            self._clients[key] = httpx.AsyncClient(
                base_url=server.base_url,
                headers={"Authorization": f"Bearer {server.token}"},
                timeout=httpx.Timeout(30.0, connect=5.0),
            )
        return ZarrTiles(self._clients[key], pixels)

    async def aclose(self) -> None:
        """Close them."""
        for client in self._clients.values():
            await client.aclose()


@dataclass(frozen=True, slots=True)
class Presenters:
    """Everything without Qt."""

    session: SessionPresenter
    sign_in: SignInPresenter
    imports: ImportPresenter
    browse: BrowsePresenter
    transfers: TransfersPresenter
    notifications: NotificationsPresenter
    inbox: InboxPresenter
    settings: SettingsPresenter
    services: ServicesPresenter


@dataclass(frozen=True, slots=True)
class Desktop:
    """The whole desktop, ready to be shown."""

    window: MainWindow
    sign_in_page: SignInPage
    presenters: Presenters
    tray: Tray
    viewer: NapariViewer
    _launcher: ViewerLauncher
    notifier: Notifier
    _agent: AgentClient
    _tiles: TileConnections
    _bio_formats: BioFormatsOnDemand

    async def close(self) -> None:
        """Let go of everything, in the order of use."""
        self.tray.hide()
        self.window.hide()
        await self.presenters.imports.close()
        await self.presenters.transfers.close()
        await self.presenters.browse.close()
        await self.presenters.inbox.close()
        await self.presenters.services.close()
        await self.presenters.session.close()
        await self._launcher.close()
        await self.notifier.aclose()
        await self._tiles.aclose()
        await self._agent.aclose()
        await asyncio.to_thread(self._bio_formats.close)


def app_icon() -> QIcon:
    """Return the application's icon."""
    return QIcon(str(resource("icons", "transferapp.svg")))


def build(paths: HostPaths) -> Desktop:
    """Build presenters and window; needs a running event loop and a QApplication."""
    agent = AgentClient(paths.agent_socket)
    session = SessionPresenter(
        SessionParts(
            connect=InboxClient,
            agent=agent,
            credentials=Credentials(),
            settings_file=SettingsFile(paths.desktop_settings),
        )
    )
    launcher = ViewerLauncher()
    viewer = NapariViewer(session, launcher)
    connections, bio_formats = TileConnections(), BioFormatsOnDemand()
    tray = Tray(app_icon())
    notifier = _notifier(tray)
    notifications = NotificationsPresenter(session, notifier)
    presenters = Presenters(
        session=session,
        sign_in=SignInPresenter(session),
        imports=ImportPresenter(
            session,
            settings=PreflightSettings(opens=bio_formats),
            kept=KeptFormats(paths.formats),
        ),
        browse=BrowsePresenter(session, BrowseParts(viewer, connections.tiles)),
        transfers=TransfersPresenter(session),
        notifications=notifications,
        inbox=InboxPresenter(session),
        settings=SettingsPresenter(session, notifications),
        services=ServicesPresenter(session),
    )
    sign_in_page = SignInPage(presenters.sign_in)
    window = _window(presenters, sign_in_page, viewer)
    return Desktop(
        window,
        sign_in_page,
        presenters,
        tray,
        viewer,
        launcher,
        notifier,
        agent,
        connections,
        bio_formats,
    )


def _notifier(tray: Tray) -> Notifier:
    if platform.system() == "Linux":
        icon = str(resource("icons", "transferapp.svg"))
        return DesktopBus("TransferApp", icon, desktop_entry="transferapp")
    return TrayNotifier(tray)


def _window(
    presenters: Presenters, sign_in_page: SignInPage, viewer: NapariViewer
) -> MainWindow:
    imports = ImportPage(presenters.imports)
    browse = BrowsePage(presenters.browse)
    transfers = TransfersPage(presenters.transfers)
    inbox = InboxPage(presenters.inbox)
    pages = (imports, browse, transfers, inbox, SettingsPage(presenters.settings))
    window = MainWindow(presenters.session, sign_in_page, pages)
    window.setWindowIcon(app_icon())
    window.notices.follow(presenters.services)
    window.files_dropped.connect(imports.add_paths)

    def show_transfer(transfer_id: str) -> None:
        window.bring_to_front()
        window.go_to("transfers")
        transfers.select(transfer_id)

    def show_images(image_ids: list[int], container: str) -> None:
        window.go_to("browse")
        browse.show_images(image_ids, container)

    def export_image(image_id: int, cut: Cut | None) -> None:
        window.bring_to_front()
        window.go_to("browse")
        browse.ask_export_of(image_id, cut)

    def count_problems(count: int) -> None:
        window.show_badge("transfers", count)

    imports.show_transfer.connect(show_transfer)
    transfers.images_wanted.connect(show_images)
    transfers.import_requested.connect(lambda: window.go_to("import"))
    transfers.attention_changed.connect(count_problems)
    inbox.unread_changed.connect(lambda count: window.show_badge("inbox", count))
    presenters.inbox.open_requested.listen(show_transfer)
    presenters.notifications.open_requested.listen(show_transfer)
    presenters.notifications.open_requested.listen(presenters.inbox.transfer_opened)
    presenters.sign_in.notice.listen(window.show_notice)
    viewer.export_requested.listen(export_image)
    return window
