"""What the Settings page shows and changes; every change is saved at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import transferapp
from transferapp.desktop.preferences.notification_presenter import PreferencesPresenter
from transferapp.desktop.session.observable import Listeners
from transferapp.errors import TransferAppError

if TYPE_CHECKING:
    from transferapp.desktop.session.presenter import SessionPresenter
    from transferapp.desktop.session.remembered import DesktopSettings, ServerProfile
    from transferapp.desktop.shell.notifications import NotificationsPresenter
    from transferapp.protocol.messages import AgentInfo, ServerInfo


class SettingsPresenter:
    """The settings, and what server and workstation service say of themselves."""

    def __init__(
        self, session: SessionPresenter, notifications: NotificationsPresenter
    ) -> None:
        self.session = session
        self._notifications = notifications
        self.preferences = PreferencesPresenter(session)
        self.server_info: ServerInfo | None = None
        self.agent_info: AgentInfo | None = None
        self.agent_problem: TransferAppError | None = None
        self.version = transferapp.__version__
        self.changed: Listeners[[]] = Listeners()
        session.changed.listen(self.changed.notify)
        session.settings_changed.listen(self.changed.notify)

    @property
    def settings(self) -> DesktopSettings:
        """The present settings."""
        return self.session.settings

    async def load(self) -> None:
        """Ask server and workstation service who they are."""
        try:
            self.agent_info, self.agent_problem = await self.session.agent.info(), None
        except TransferAppError as error:
            self.agent_info, self.agent_problem = None, error
        try:
            self.server_info = await self.session.server.server_info()
        except TransferAppError:
            self.server_info = None
        self.changed.notify()
        await self.preferences.load()

    async def set_notifications(self, *, on: bool) -> None:
        """Tell when transfers end, or do not."""
        await self.session.save_settings(replace(self.settings, notifications=on))

    async def set_preview_on_select(self, *, on: bool) -> None:
        """Show the preview as soon as an image is selected, or do not."""
        await self.session.save_settings(replace(self.settings, preview_on_select=on))

    async def set_warm_up_napari(self, *, on: bool) -> None:
        """Keep napari ready while the person browses, or do not."""
        await self.session.save_settings(replace(self.settings, warm_up_napari=on))

    async def set_export_folder(self, folder: str) -> None:
        """Set where exports go unless another folder is chosen."""
        await self.session.save_settings(replace(self.settings, export_folder=folder))

    @property
    def other_profiles(self) -> tuple[ServerProfile, ...]:
        """The known servers beside the one in use."""
        return tuple(p for p in self.settings.profiles if p.url != self.session.server_url)

    async def forget_profile(self, url: str) -> None:
        """Drop a server from the list of known ones, and its session (never the one in use)."""
        gone = [p for p in self.other_profiles if p.url == url]
        kept = tuple(p for p in self.settings.profiles if p not in gone)
        await self.session.save_settings(replace(self.settings, profiles=kept))
        for profile in gone:
            await self.session.forget_token(profile)

    async def try_notification(self) -> bool:
        """Show an example notification; False when there is no one to show it."""
        return await self._notifications.try_out()
