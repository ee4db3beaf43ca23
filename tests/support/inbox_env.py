"""A person's inbox and preferences in memory, behind the same routes as the server's."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from transferapp import errors
from transferapp.protocol import problems, routes
from transferapp.protocol.messages import InboxMessage, NotificationView, Page

BEGIN = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
CODE = "12345678"
NO_CONTENT = httpx.codes.NO_CONTENT


class InboxEnv:
    """Answers requests under /v1/inbox and /v1/notifications."""

    def __init__(self) -> None:
        self.messages: list[InboxMessage] = []
        self.view = NotificationView(
            channels=["inbox"],
            address="",
            address_verified=False,
            webhook_url="",
            topics=["attention", "cancelled", "done", "failed"],
        )
        self.puts: list[dict[str, Any]] = []
        self.tried: list[str] = []
        #: What a test over a channel ends in.
        self.trial_error: errors.TransferAppError | None = None

    @property
    def unread(self) -> list[int]:
        """Ids that nobody has read, oldest first."""
        return [one.id for one in self.messages if one.read_at is None]

    def put(self, transfer_id: str = "t1", **values: Any) -> InboxMessage:
        """Put something into the inbox."""
        number = len(self.messages) + 1
        text = {
            "kind": "transfer.ended",
            "state": "imported",
            "title": f"Imported: Run {number}",
            "text": "3 imported",
            "at": BEGIN + timedelta(minutes=number),
            "read_at": None,
        }
        made = InboxMessage.model_validate(
            {"id": number, "transfer_id": transfer_id, **text, **values}
        )
        self.messages.append(made)
        return made

    def read(self, *ids: int) -> None:
        """Read some, as another computer would."""
        self.messages = [
            m.model_copy(update={"read_at": BEGIN}) if m.id in ids else m for m in self.messages
        ]

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        path, sent = request.url.path, json.loads(request.content or b"null")
        if path == routes.INBOX:
            return _json(self._page(request.url.params))
        if path == f"{routes.INBOX}/read":
            self.read(*(m.id for m in self.messages if m.id <= sent["upto"]))
            return httpx.Response(NO_CONTENT)
        if path.startswith(routes.INBOX):
            self.read(int(path.split("/")[3]))
            return httpx.Response(NO_CONTENT)
        return self._notifications(path.rpartition("/")[2], request.method, sent)

    def _page(self, params: httpx.QueryParams) -> Page[InboxMessage]:
        limit, newest = int(params["limit"]), list(reversed(self.messages))
        fits = [m for m in newest if params["unread"] == "false" or m.read_at is None]
        rest = [m for m in fits if params["after"] == "0" or m.id < int(params["after"])]
        more = str(rest[limit - 1].id) if len(rest) >= limit else None
        return Page(items=rest[:limit], next=more)

    def _notifications(self, action: str, method: str, sent: Any) -> httpx.Response:
        if action == "test":
            self.tried.append(sent["channel"])
            if self.trial_error is not None:
                return _problem(self.trial_error)
            return httpx.Response(NO_CONTENT)
        if action == "verify":
            if sent["code"] != CODE:
                return _problem(errors.Invalid("This code is not right."))
            self.view = self.view.model_copy(update={"address_verified": True})
        if method == "PUT":
            return _json(self._change(sent))
        return _json(self.view)

    def _change(self, sent: dict[str, Any]) -> NotificationView:
        self.puts.append(sent)
        is_new = bool(sent["webhook_url"]) and sent["webhook_url"] != self.view.webhook_url
        same = sent["address"] == self.view.address
        proved = same and self.view.address_verified
        self.view = self.view.model_copy(update={**sent, "address_verified": proved})
        return self.view.model_copy(update={"webhook_secret": "whsec_abc" if is_new else ""})


def _json(shape: Page[InboxMessage] | NotificationView) -> httpx.Response:
    return httpx.Response(200, content=shape.model_dump_json())


def _problem(error: errors.TransferAppError) -> httpx.Response:
    problem = problems.to_problem(error)
    headers = {"Content-Type": problems.MEDIA_TYPE}
    return httpx.Response(problem.status, content=problem.model_dump_json(), headers=headers)
