"""Read ``archive.jsonl`` line by line, whatever its size; what is not whole is refused."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from transferapp.archive.lines import (
    ARCHIVE_NAME,
    VERSION,
    AnyLine,
    ArchiveLine,
    EndLine,
    ImageLine,
    Line,
)
from transferapp.errors import Corrupt, Invalid, NoSuchFile, UnreadableFile

_LINE: TypeAdapter[Line] = TypeAdapter(AnyLine)
_KINDS = frozenset({"archive", "container", "image", "end"})


def archive_lines(path: Path) -> Iterator[Line]:
    """Yield the lines: the first is of the archive, the last says that it is whole.

    Lines of kinds that this release does not know are passed over. Raises NoSuchFile,
    UnreadableFile, Invalid for a newer version, and Corrupt for what is not whole, at the
    line that shows it.
    """
    found: Counter[str] = Counter()
    items: set[str] = set()
    end: EndLine | None = None
    for number, line in _known_lines(path):
        if end is not None:
            raise _damaged(f"something stands behind its end (line {number:,})")
        if isinstance(line, ArchiveLine) != (number == 1):
            raise _damaged(f"line {number:,} is not in its place")
        if isinstance(line, EndLine):
            end = line
            _check_end(line, found, items)
        if isinstance(line, ImageLine) and line.item:
            items.add(line.item)
        found[line.kind] += 1
        yield line
    if end is None:
        raise _damaged("its end is missing")


def archive_head(path: Path) -> ArchiveLine:
    """Return the first line; raises as ``archive_lines`` does, for instance Corrupt."""
    first = next(archive_lines(path), None)
    if not isinstance(first, ArchiveLine):
        raise _damaged("it does not say what it is")
    return first


def _known_lines(path: Path) -> Iterator[tuple[int, Line]]:
    try:
        with path.open("rb") as file:
            for number, content in enumerate(file, 1):
                value = _value(number, content)
                if number == 1:
                    _check_version(value)
                if value.get("kind") in _KINDS:
                    yield number, _line(number, value)
    except FileNotFoundError:
        raise NoSuchFile(f"There is no file '{path}'.") from None
    except OSError as error:
        raise UnreadableFile(f"'{path}' cannot be read ({error.strerror}).") from error


def _value(number: int, content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except ValueError:
        value = None
    if not isinstance(value, dict) or not content.endswith(b"\n"):
        raise _damaged(f"line {number:,} is damaged")
    return value


def _line(number: int, value: dict[str, Any]) -> Line:
    try:
        return _LINE.validate_python(value)
    except ValidationError as error:
        field = ".".join(map(str, error.errors()[0]["loc"]))
        raise _damaged(f"line {number:,} is damaged ({field})") from error


def _check_version(value: dict[str, Any]) -> None:
    version = value.get("version")
    if value.get("kind") != "archive" or not isinstance(version, int):
        raise _damaged("it does not say what it is")
    if version > VERSION:
        raise Invalid(
            f"This archive is of version {version}, and this TransferApp reads version"
            f" {VERSION}. Install a newer release."
        )


def _check_end(end: EndLine, found: Counter[str], items: set[str]) -> None:
    stated = {"containers": end.containers, "images": end.images, "items": end.items}
    here = {"containers": found["container"], "images": found["image"], "items": len(items)}
    for what, count in stated.items():
        if here[what] != count:
            raise _damaged(f"it names {here[what]:,} {what} and should name {count:,}")


def _damaged(what: str) -> Corrupt:
    return Corrupt(
        f"'{ARCHIVE_NAME}' is not whole: {what}. Take it from another copy of the archive, or"
        " make the archive again."
    )
