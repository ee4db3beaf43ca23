"""Lists of where original files lie, as the server says and as they are written down."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import httpx

from transferapp.client.connection import ServerConnection
from transferapp.client.problems import raise_for_problem, translated
from transferapp.errors import Invalid, NameTaken, ServerUnreachable
from transferapp.host.csv_text import CSV_MARK, csv_cell, csv_lines
from transferapp.protocol import routes
from transferapp.protocol.export_requests import ExportRequest, export_body
from transferapp.protocol.path_lists import PathLine, PathRow
from transferapp.protocol.problems import from_problem

#: A page of a slow repository takes its time.
_TIMEOUT = httpx.Timeout(300.0, connect=5.0)
_COLUMNS = ("path", "size_bytes", "sha1", "image_ids", "client_path", "reason")


class PathClient(ServerConnection):
    """Asks where original files lie."""

    async def paths(self, request: ExportRequest) -> AsyncGenerator[PathRow, None]:
        """Yield a row for each original file; raises TargetNotFound where the facility does
        not say, Invalid, and ServerUnreachable when the answer is cut off.
        """
        headers = self._headers() | {"Content-Type": "application/json"}
        with translated():
            async with self._http.stream(
                "POST",
                routes.EXPORT_PATHS,
                content=await asyncio.to_thread(export_body, request),
                headers=headers,
                timeout=_TIMEOUT,
            ) as response:
                if not response.is_success:
                    await response.aread()
                raise_for_problem(response)
                async for text in response.aiter_lines():
                    line = PathLine.model_validate_json(text)
                    if line.problem is not None:
                        raise from_problem(line.problem)
                    if line.ended:
                        return
                    if line.file is not None:
                        yield line.file
        raise ServerUnreachable("The server stopped in the middle of the list. Ask again.")


@dataclass(frozen=True, slots=True)
class PathFiles:
    """A list that was written: its two files, and how many files are in it."""

    json_file: Path
    csv_file: Path
    files: int
    #: Of them those that no path leads to.
    without_path: int


async def check_paths(rows: AsyncGenerator[PathRow, None]) -> None:
    """Raise what a list would be refused for; nothing is written."""
    async with aclosing(rows):
        await anext(rows, None)


async def write_paths(
    to: Path, server_url: str, title: str, rows: AsyncIterator[PathRow]
) -> PathFiles:
    """Write ``TO.json`` and ``TO.csv`` when all rows have come, each in one step, or neither.

    Raises NameTaken where one is there, Invalid where it cannot be written.
    """
    wanted = [to.with_name(f"{to.name}.{kind}") for kind in ("json", "csv")]
    for path in wanted:
        if path.exists():
            raise NameTaken(f"'{path}' is there already. Name another file.")
    parts = [path.with_name(f".{path.name}.{os.getpid()}") for path in wanted]
    try:
        with (
            parts[0].open("x", encoding="utf-8") as as_json,
            parts[1].open("x", encoding="utf-8", newline="") as as_csv,
        ):
            counts = await _write(as_json, as_csv, (server_url, title), rows)
            for file in (as_json, as_csv):
                file.flush()
                os.fsync(file.fileno())
        for part, path in zip(parts, wanted, strict=True):
            part.replace(path)
    except OSError as error:
        raise Invalid(f"'{to}' cannot be written ({error.strerror}).") from error
    finally:
        for part in parts:
            with suppress(OSError):
                part.unlink()
    return PathFiles(wanted[0], wanted[1], *counts)


async def _write(
    as_json: TextIO, as_csv: TextIO, head: tuple[str, str], rows: AsyncIterator[PathRow]
) -> tuple[int, int]:
    count = without = 0
    server_url, title = (json.dumps(text, ensure_ascii=False) for text in head)
    as_json.write(f'{{"format": "transferapp-paths-1",\n"server": {server_url},\n')
    as_json.write(f'"name": {title},\n"files": [')
    as_csv.write(CSV_MARK)
    as_csv.writelines(csv_lines([_COLUMNS]))
    async with aclosing(rows):  # type: ignore[type-var]  # they are a generator
        async for row in rows:
            as_json.write(("," if count else "") + "\n" + row.model_dump_json())
            as_csv.writelines(csv_lines([_cells(row)]))
            count += 1
            without += not row.path
    as_json.write(f'\n],\n"file_count": {count},\n"without_path": {without}}}\n')
    return count, without


def _cells(row: PathRow) -> tuple[object, ...]:
    images = " ".join(map(str, row.image_ids))
    # A path is for programs: it stays as it is, and begins like none of a formula.
    return row.path, row.size_bytes, row.sha1, images, csv_cell(row.client_path), row.reason
