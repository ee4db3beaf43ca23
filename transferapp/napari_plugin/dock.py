"""The dock widget: sign in, browse, open a preview in this viewer, queue an export."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from napari.viewer import Viewer
from qtpy.QtWidgets import QApplication, QFileDialog, QStackedWidget, QVBoxLayout, QWidget

from transferapp.client.export_summary_texts import amount_text, is_whole
from transferapp.desktop.viewer.pyramid import RemoteImage
from transferapp.errors import Invalid
from transferapp.host.paths import host_paths
from transferapp.model.containers import ContainerRef
from transferapp.model.images import ImageSummary
from transferapp.napari_plugin.browser import Browser
from transferapp.napari_plugin.event_thread import Courier, EventThread
from transferapp.napari_plugin.layers import OpenImages
from transferapp.napari_plugin.services import PluginServices, PluginState
from transferapp.napari_plugin.sign_in_form import SignInForm
from transferapp.napari_plugin.text import plain_label, problem_text, summary_text
from transferapp.protocol.export_summaries import ExportSummary
from transferapp.protocol.signed_urls import SignedUrl

T = TypeVar("T")

_QUEUED = "The export is queued; it goes on when napari is closed. See it in TransferApp."


class TransferAppDock(QWidget):
    """Joins the pages, the services on its event thread, and the viewer."""

    def __init__(self, napari_viewer: Viewer) -> None:
        """Continue the session that this computer keeps, if there is one."""
        super().__init__()
        self._thread = EventThread()
        self._courier = Courier(self._thread, self)
        self._services = PluginServices(host_paths(), self._state_changed)
        self._images = OpenImages(napari_viewer)
        self._state = self._services.state
        self.form = SignInForm()
        self.browser = Browser()
        self.pages = QStackedWidget()
        self.pages.addWidget(self.form)
        self.pages.addWidget(self.browser)
        self.status = plain_label()
        self.status.setAccessibleName("Status")
        column = QVBoxLayout(self)
        column.addWidget(self.pages, 1)
        column.addWidget(self.status)
        self._connect()
        self.form.fill_in(self._state)
        self._ask(self._services.resume(), self._show)
        # Not a method of ours: Qt has taken us apart by then.
        self.destroyed.connect(partial(_close, self._thread, self._services, self._images))

    def ask_for_export(self, image: ImageSummary) -> None:
        """Show what an export of an image would bring; then, if it comes, ask for a folder."""
        self.show_text(f"Looking at what an export of {image.name} brings...")

        def done(summary: ExportSummary) -> None:
            self.show_text(summary_text(summary))
            if is_whole(summary):
                self._choose_folder(image, amount_text(summary))

        self._ask(self._services.export_summary(image), done)

    def export_to(self, image: ImageSummary, folder: str) -> None:
        """Queue the export of an image into a folder."""
        self.show_text(f"Queueing the export of {image.name}...")
        self._ask(self._services.export(image, Path(folder)), lambda _: self.show_text(_QUEUED))

    def show_text(self, text: str) -> None:
        """Show text below the page."""
        self.status.setText(text)

    def _connect(self) -> None:
        browser = self.browser
        self.form.requested.connect(self._sign_in)
        browser.children_requested.connect(self._list_children)
        browser.images_requested.connect(self._list_images)
        browser.open_requested.connect(self._open)
        browser.export_requested.connect(self.ask_for_export)
        browser.address_requested.connect(self._copy_address)
        browser.sign_out_requested.connect(self._sign_out)

    def _ask(self, work: Coroutine[Any, Any, T], done: Callable[[T], object]) -> None:
        self._courier.ask(work, done, lambda error: self.show_text(problem_text(error)))

    def _state_changed(self, state: PluginState) -> None:
        self._courier.report(lambda: self._show(state))  # From the event thread.

    def _show(self, state: PluginState) -> None:
        came = state.person and state.person != self._state.person
        self._state = state
        if state.trouble is not None:
            self.show_text(problem_text(state.trouble))
        self.form.fill_in(state)
        self.browser.show_person(state)
        self.pages.setCurrentWidget(self.browser if state.person else self.form)
        if came:
            self.show_text("")
            self.browser.clear()
            self._images.refresh()
            self._list_children(None)

    def _sign_in(self, server: str, username: str, password: str, remember: bool) -> None:  # noqa: FBT001 - a Qt signal's
        if not (server.strip() and username and password):
            self.show_text(Invalid("Fill in server, user name and password.").message)
            return
        self.form.button.setEnabled(False)
        self.show_text("Signing in...")

        def failed(error: BaseException) -> None:
            self.form.button.setEnabled(True)
            self.show_text(problem_text(error))

        def done(not_kept: str) -> None:
            self.form.button.setEnabled(True)
            self.show_text(not_kept)

        work = self._services.sign_in(server, username, password, remember=remember)
        self._courier.ask(work, done, failed)

    def _sign_out(self) -> None:
        self.browser.clear()
        self._ask(self._services.sign_out(), lambda _: self.show_text("Signed out."))

    def _list_children(self, parent: ContainerRef | None) -> None:
        show = partial(self.browser.show_children, parent)
        self._ask(self._services.containers(parent), show)

    def _list_images(self, container: ContainerRef | None, text: str, after: str) -> None:
        show = partial(self.browser.show_images, container, after)
        self._ask(self._services.images(container, text, after), show)

    def _open(self, image: ImageSummary) -> None:
        self.show_text(f"Opening {image.name}...")

        def done(opened: RemoteImage) -> None:
            self._images.add(opened)
            self.show_text("")

        self._ask(self._services.open_image(image.id), done)

    def _copy_address(self, image: ImageSummary) -> None:
        def done(signed: SignedUrl) -> None:
            QApplication.clipboard().setText(signed.url)
            until = signed.expires_at.astimezone().strftime("%H:%M")
            self.show_text(
                f"The address of {image.name} is on the clipboard; it ends at {until}."
            )

        self._ask(self._services.signed_url(image.id), done)

    def _choose_folder(self, image: ImageSummary, amount: str) -> None:
        title = f"Export {image.name} ({amount}) to"
        dialog = QFileDialog(self, title, self._state.export_folder)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(partial(self.export_to, image))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()


def _close(
    thread: EventThread, services: PluginServices, images: OpenImages, *_: object
) -> None:
    images.close()
    thread.close(services.close())
