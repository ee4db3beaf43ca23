"""How a person is told, and the inbox."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request

from transferapp.notify.port import InboxEntry, NotificationChannel, Preferences
from transferapp.notify.texts import sentence
from transferapp.operations.inbox import InboxReading
from transferapp.protocol import routes
from transferapp.protocol.messages import (
    AddressCode,
    InboxMessage,
    InboxSeen,
    NotificationChanges,
    NotificationTrial,
    NotificationView,
    Page,
)
from transferapp.protocol.numbers import Number
from transferapp.server.auth import SessionGrant
from transferapp.server.parts import parts_of

router = APIRouter(tags=["notifications"])


@router.get(routes.NOTIFICATIONS)
async def preferences(grant: SessionGrant, request: Request) -> NotificationView:
    """Return how the person is told."""
    return _view(await parts_of(request).notifications.get(grant.username))


@router.put(routes.NOTIFICATIONS)
async def change(
    wanted_preferences: NotificationChanges, grant: SessionGrant, request: Request
) -> NotificationView:
    """Change it; the webhook's secret is in the answer to the change that made it only."""
    notifications = parts_of(request).notifications
    before = await notifications.get(grant.username)
    after = await notifications.put(grant.username, wanted_preferences)
    is_new = after.webhook_secret != before.webhook_secret
    secret = after.webhook_secret if is_new else ""
    return _view(after).model_copy(update={"webhook_secret": secret})


@router.post(routes.NOTIFICATIONS + "/verify")
async def verify(code: AddressCode, grant: SessionGrant, request: Request) -> NotificationView:
    """Confirm the mail address with the code that was mailed to it."""
    return _view(await parts_of(request).notifications.verify(grant.username, code.code))


@router.post(routes.NOTIFICATIONS + "/test", status_code=HTTPStatus.NO_CONTENT)
async def try_out(trial: NotificationTrial, grant: SessionGrant, request: Request) -> None:
    """Send an example now; a problem says what the other side answered."""
    await parts_of(request).notifications.try_out(
        grant.username, NotificationChannel(trial.channel)
    )


@router.get(routes.INBOX)
async def inbox(
    grant: SessionGrant,
    request: Request,
    *,
    unread: bool = False,
    after: Number = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[InboxMessage]:
    """List the person's notifications, newest first."""
    found = await parts_of(request).inbox.entries(
        grant.username, unread=unread, before=after, limit=limit
    )
    following = str(found[-1].id) if len(found) == limit else None
    return Page(items=[_message(entry) for entry in found], next=following)


@router.post(routes.INBOX + "/read", status_code=HTTPStatus.NO_CONTENT)
async def mark_all_read(seen: InboxSeen, grant: SessionGrant, request: Request) -> None:
    """Note that the person has seen everything up to an id."""
    await _reading(request).mark_all_read(grant.username, seen.upto)


@router.post(routes.INBOX + "/{entry_id}/read", status_code=HTTPStatus.NO_CONTENT)
async def mark_read(entry_id: Number, grant: SessionGrant, request: Request) -> None:
    """Note that the person has seen one; again is fine."""
    await _reading(request).mark_read(grant.username, entry_id)


def _reading(request: Request) -> InboxReading:
    parts = parts_of(request)
    return InboxReading(parts.inbox, parts.ledger)


def _view(wanted_preferences: Preferences) -> NotificationView:
    return NotificationView(
        channels=sorted(str(channel) for channel in wanted_preferences.channels),
        address=wanted_preferences.address,
        address_verified=wanted_preferences.address_verified,
        webhook_url=wanted_preferences.webhook_url,
        topics=sorted(str(topic) for topic in wanted_preferences.topics),
    )


def _message(entry: InboxEntry) -> InboxMessage:
    notable = entry.notable
    return InboxMessage(
        id=entry.id,
        kind=notable.kind,
        transfer_id=notable.transfer_id,
        state=notable.state,
        title=notable.title,
        text=sentence(notable),
        at=notable.at,
        read_at=entry.read_at,
        links=list(notable.links),
    )
