"""What the desktop and the napari process say to each other, one JSON line each.

Tokens travel here, on a pipe that only the two processes hold, and nowhere else: the
command line and the environment of a process can be read by others.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field, PlainSerializer, SecretStr, TypeAdapter

from transferapp.model.export_specs import Cut, Span
from transferapp.protocol.messages import Message

Token = Annotated[
    SecretStr, PlainSerializer(SecretStr.get_secret_value, return_type=str, when_used="json")
]


class Open(Message):
    """Show an image; ``url`` is the root of its OME-Zarr."""

    command: Literal["open"] = "open"
    image_id: int
    name: str
    url: str
    token: Token
    #: ``time.monotonic()`` of the click, which is the same clock in every process.
    clicked_at: float


class Renew(Message):
    """A fresh token after TokenExpired."""

    command: Literal["token"] = "token"
    token: Token


class Ready(Message):
    """Napari is loaded and waits, hidden."""

    event: Literal["ready"] = "ready"
    renderer: str


class NoOpenGL(Message):
    """This computer cannot draw with OpenGL; the process has ended."""

    event: Literal["no-opengl"] = "no-opengl"
    detail: str


class FirstPixels(Message):
    """The first frame with data of the image is on the screen."""

    event: Literal["first-pixels"] = "first-pixels"
    image_id: int
    #: Milliseconds since the click.
    ms: float


class TokenExpired(Message):
    """The server refused the token; reads wait for Renew."""

    event: Literal["token-expired"] = "token-expired"


class Selection(Message):
    """A part of an image; None for a region is the whole plane."""

    level: int
    #: Empty for all of them.
    channels: list[int]
    #: x, y, width, height in pixels of level 0.
    region: tuple[int, int, int, int] | None = None

    def cut(self) -> Cut | None:
        """Return it as exports name it; None for the whole image."""
        x, y, width, height = self.region or (0, 0, 0, 0)
        cut = Cut(self.level, channels=tuple(self.channels))
        if self.region:
            cut = replace(cut, y=Span(y, height), x=Span(x, width))
        return None if cut == Cut() else cut


class Export(Message):
    """A person asked for an export of a part, or of all."""

    event: Literal["export"] = "export"
    image_id: int
    selection: Selection


class Failed(Message):
    """An image could not be shown."""

    event: Literal["failed"] = "failed"
    image_id: int
    code: str
    message: str


class Hidden(Message):
    """A person closed the window; the process stays warm."""

    event: Literal["hidden"] = "hidden"


AnyCommand = Open | Renew
AnyEvent = Ready | NoOpenGL | FirstPixels | TokenExpired | Export | Failed | Hidden

_commands: TypeAdapter[AnyCommand] = TypeAdapter(
    Annotated[AnyCommand, Field(discriminator="command")]
)
_events: TypeAdapter[AnyEvent] = TypeAdapter(Annotated[AnyEvent, Field(discriminator="event")])


def to_line(message: Message) -> bytes:
    """Write a message as one line."""
    return message.model_dump_json().encode() + b"\n"


def read_command(line: bytes) -> AnyCommand:
    """Read a line of the desktop; raises ValueError."""
    return _commands.validate_json(line)


def read_event(line: bytes) -> AnyEvent:
    """Read a line of the viewer; raises ValueError."""
    return _events.validate_json(line)
