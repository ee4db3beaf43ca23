"""The server as a person's programs see it: one typed method for each route."""

from __future__ import annotations

from transferapp.client.browsing import BrowseClient
from transferapp.client.event_stream import EventsClient
from transferapp.client.path_lists import PathClient
from transferapp.client.receipts import ReceiptClient
from transferapp.client.sessions import SessionClient
from transferapp.client.transfers import TransferClient
from transferapp.client.workstation import WorkstationClient


class ServerClient(
    SessionClient,
    BrowseClient,
    TransferClient,
    WorkstationClient,
    ReceiptClient,
    PathClient,
    EventsClient,
):
    """All of it over one connection, for programs that do all of it."""
