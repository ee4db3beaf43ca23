"""What the server is made of, as requests see it: ports and use cases, no adapters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from starlette.requests import HTTPConnection

from transferapp.grants.port import Grants
from transferapp.host.clock import Clock
from transferapp.ledger.port import Ledger
from transferapp.model.transfers import TransferDetails
from transferapp.notify.port import Inbox
from transferapp.operations.command_requests import CommandRequests
from transferapp.operations.export_summary import ExportSummaries
from transferapp.operations.exports import ExportRequests
from transferapp.operations.formats import Formats
from transferapp.operations.imports import ImportRequests
from transferapp.operations.notification_preferences import NotificationPreferences
from transferapp.operations.path_lists import PathLists
from transferapp.operations.places import PlaceOffers
from transferapp.operations.receipt_check import ReceiptChecks
from transferapp.operations.receipts import Receipts
from transferapp.operations.send_anew import SendingAnew
from transferapp.operations.sessions import Sessions
from transferapp.operations.signed_urls import SignedUrls
from transferapp.operations.transfers import TransferControl
from transferapp.repositories.port import Repository
from transferapp.repositories.web_pages import image_page_of
from transferapp.server.settings import ServerSettings
from transferapp.staging.port import Staging
from transferapp.taskqueue.port import TaskQueue


@dataclass(frozen=True, slots=True)
class Parts:
    """The ports and use cases of one server; ``request.app.state.parts``."""

    ledger: Ledger
    grants: Grants
    staging: Staging
    queue: TaskQueue
    repository: Repository
    clock: Clock
    settings: ServerSettings
    sessions: Sessions
    signed_urls: SignedUrls
    formats: Formats
    imports: ImportRequests
    sending_anew: SendingAnew
    exports: ExportRequests
    export_summaries: ExportSummaries
    path_lists: PathLists
    places: PlaceOffers
    transfers: TransferControl
    receipts: Receipts
    receipt_checks: ReceiptChecks
    notifications: NotificationPreferences
    inbox: Inbox
    commands: CommandRequests

    def shown(self, details: TransferDetails) -> TransferDetails:
        """Return a transfer with what is known of its repository: the name, and where its
        images are seen in a browser.
        """
        page = image_page_of(self.repository)
        return replace(details, image_page=page, repository=self.repository.name)


def parts_of(connection: HTTPConnection) -> Parts:
    """Return the parts of the server that a request came to; a FastAPI dependency."""
    return cast("Parts", connection.app.state.parts)
