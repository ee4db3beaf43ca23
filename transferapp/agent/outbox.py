"""The durable memory of the workstation service: what was handed over and how far it is.

What a method has returned from survives kill -9 and a power cut (SQLite, full sync): the
promise "safe to log off" rests on that. All methods block; call them in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

from transferapp.agent import drop_rows, schema
from transferapp.agent.export_folders import ExportFolders
from transferapp.agent.outbox_totals import totals_of
from transferapp.agent.placements import Placements
from transferapp.agent.records import (
    DuplicateRecord,
    FileRecord,
    ItemRecord,
    Moved,
    SubmissionRecord,
    Totals,
)
from transferapp.errors import Conflict, TransferNotFound
from transferapp.host.clock import Clock
from transferapp.host.database import open_engine, sqlite_url
from transferapp.host.database_errors import database_errors
from transferapp.host.paths import private_folder
from transferapp.host.private_file import private_file
from transferapp.host.sparing import readable
from transferapp.model.drops import SourceScan
from transferapp.model.stages import MOVED_STAGES, ItemStage
from transferapp.model.transfers import ItemState, TransferKind
from transferapp.protocol.messages import FileOnDisk, Submission

#: How people know this database.
_KNOWN_AS = "workstation service's outbox on this computer"
_SUBMISSIONS, _ITEMS, _FILES = schema.submissions, schema.items, schema.files


def open_outbox(path: Path, clock: Clock) -> Outbox:
    """Open or make the outbox file, readable by this account only."""
    private_folder(path.parent)
    # SQLite gives its -wal and -shm files the mode of this one.
    with private_file(path):
        pass
    engine = open_engine(sqlite_url(path))
    with database_errors(_KNOWN_AS):
        schema.prepare(engine)
    return Outbox(engine, clock)


class Outbox:
    """Submissions with their items and files."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        """Use ``open_outbox``."""
        self._engine = engine
        self._clock = clock
        #: Where the items of exports go.
        self.placements = Placements(self._write, self._read)
        self.folders = ExportFolders(self._write, self._read)

    def close(self) -> None:
        """Close the database file."""
        self._engine.dispose()

    def add(self, submission: Submission) -> bool:
        """Store a submission; a known one only gets the new grant. True when it is new."""
        with self._write() as connection:
            grant = submission.grant.get_secret_value()
            known = connection.execute(
                sa.update(_SUBMISSIONS)
                .where(_SUBMISSIONS.c.transfer_id == submission.transfer_id)
                .values(grant_token=grant, **self._now())
            ).rowcount
            if known:
                return False
            connection.execute(sa.insert(_SUBMISSIONS), self._new_row(submission, grant))
            for position, item in enumerate(submission.items):
                _insert_item(
                    connection, submission.transfer_id, position, (item.item_id, item.name)
                )
                _insert_files(connection, submission.transfer_id, item.item_id, item.files)
            drop_rows.insert(connection, submission.transfer_id, submission.drop)
            return True

    def submissions(
        self, owner: str = "", *, open_only: bool = False, limit: int | None = None
    ) -> list[SubmissionRecord]:
        """List submissions, newest first."""
        query = sa.select(_SUBMISSIONS).order_by(_SUBMISSIONS.c.created_at.desc())
        if owner:
            query = query.where(_SUBMISSIONS.c.owner == owner)
        if open_only:
            query = query.where(sa.not_(_SUBMISSIONS.c.ended))
        if limit is not None:
            query = query.limit(limit)
        with self._read() as connection:
            rows = connection.execute(query).mappings().all()
        return readable(rows, _submission, "submission", itemgetter("transfer_id"))

    def submission(self, transfer_id: str) -> SubmissionRecord:
        """Return one; raises TransferNotFound."""
        query = sa.select(_SUBMISSIONS).where(_SUBMISSIONS.c.transfer_id == transfer_id)
        with self._read() as connection:
            row = connection.execute(query).mappings().first()
        if row is None:
            raise TransferNotFound("The workstation service does not know this transfer.")
        return _submission(row)

    def items(self, transfer_id: str) -> list[ItemRecord]:
        """List the items of a submission in order."""
        query = (
            sa.select(_ITEMS)
            .where(_ITEMS.c.transfer_id == transfer_id)
            .order_by(_ITEMS.c.position)
        )
        with self._read() as connection:
            rows = connection.execute(query).mappings().all()
        return readable(rows, _item, "item", itemgetter("item_id"))

    def open_files(self, transfer_id: str) -> list[FileRecord]:
        """List files that are still to be moved: not done, their item open."""
        query = (
            sa.select(_FILES)
            .join(_ITEMS, _ITEMS.c.item_id == _FILES.c.item_id)
            .where(
                _FILES.c.transfer_id == transfer_id,
                sa.not_(_FILES.c.done),
                _ITEMS.c.stage == ItemStage.OPEN,
            )
            .order_by(_ITEMS.c.position, _FILES.c.position)
        )
        with self._read() as connection:
            return [_file(row) for row in connection.execute(query).mappings()]

    def sent_files(self, transfer_id: str) -> list[FileRecord]:
        """List the files of open items of which every file is done."""
        mine = _FILES.c.transfer_id == transfer_id
        unsent = sa.select(_FILES.c.item_id).where(mine, sa.not_(_FILES.c.done))
        query = (
            sa.select(_FILES)
            .join(_ITEMS, _ITEMS.c.item_id == _FILES.c.item_id)
            .where(mine, _ITEMS.c.stage == ItemStage.OPEN, _FILES.c.item_id.not_in(unsent))
        )
        with self._read() as connection:
            return [_file(row) for row in connection.execute(query).mappings()]

    def files(self, item_id: str) -> list[FileRecord]:
        """List the files of an item in order."""
        query = sa.select(_FILES).where(_FILES.c.item_id == item_id).order_by(_FILES.c.position)
        with self._read() as connection:
            return [_file(row) for row in connection.execute(query).mappings()]

    def add_item(
        self,
        transfer_id: str,
        item: tuple[str, str],
        files: Iterable[FileOnDisk] = (),
        also: Callable[[sa.Connection], None] = lambda _: None,
    ) -> None:
        """Export: store an item (id, name), with its files once they are known; one that has
        files is left as it is. ``also`` writes with the files, in the same transaction.
        """
        item_id, files = item[0], list(files)
        with self._write() as connection:
            if not _counted(connection, _ITEMS.c.item_id == item_id):
                position = _counted(connection, _ITEMS.c.transfer_id == transfer_id)
                _insert_item(connection, transfer_id, position, item)
            if files and not _counted(connection, _FILES.c.item_id == item_id):
                _insert_files(connection, transfer_id, item_id, files)
                also(connection)

    def set_state(
        self,
        transfer_id: str,
        state: ItemState,
        problem: tuple[str, str] = ("", ""),
        *,
        ended: bool = False,
    ) -> None:
        """Move a submission; ``trouble`` is code and sentence."""
        code, sentence = problem
        values = {"state": state, "trouble_code": code, "trouble": sentence, "ended": ended}
        with self._write() as connection:
            connection.execute(
                sa.update(_SUBMISSIONS)
                .where(_SUBMISSIONS.c.transfer_id == transfer_id)
                .values(**values, **self._now())
            )

    def set_stages(
        self,
        item_ids: Collection[str],
        stage: ItemStage,
        problem: tuple[str, str] = ("", ""),
    ) -> None:
        """Move items; ``trouble`` is code and sentence. A done item's files are done."""
        if not item_ids:
            return
        values = {"stage": stage, "trouble_code": problem[0], "trouble": problem[1]}
        with self._write() as connection:
            connection.execute(
                sa.update(_ITEMS)
                .where(_ITEMS.c.item_id == sa.bindparam("id"))
                .values(**values),
                [{"id": item_id} for item_id in item_ids],
            )
            if stage in MOVED_STAGES:
                connection.execute(
                    sa.update(_FILES)
                    .where(_FILES.c.item_id == sa.bindparam("id"))
                    .values(done=True, offset=_FILES.c.size_bytes),
                    [{"id": item_id} for item_id in item_ids],
                )

    def set_offsets(self, offsets: Mapping[str, int]) -> None:
        """Remember how far files are, for what is shown after a restart."""
        if not offsets:
            return
        with self._write() as connection:
            connection.execute(
                sa.update(_FILES)
                .where(_FILES.c.file_id == sa.bindparam("id"))
                .values(offset=sa.bindparam("at")),
                [{"id": file_id, "at": offset} for file_id, offset in offsets.items()],
            )

    def finish_file(self, file_id: str, size_bytes: int, moved: Moved) -> None:
        """Mark a file as sealed at the server, or as in place here."""
        values = {"sha1": moved.sha1, "inode": moved.inode}
        self._set_file(file_id, offset=size_bytes, done=True, **values)

    def reset_file(self, file_id: str, size_bytes: int, modified_ns: int) -> None:
        """Take a file as it is now and begin it anew."""
        now = {"size_bytes": size_bytes, "modified_ns": modified_ns}
        self._set_file(file_id, offset=0, sha1="", inode=0, done=False, **now)

    def imported_files(self, transfer_id: str) -> list[FileRecord]:
        """List the files of items that the repository holds, verified."""
        with self._read() as connection:
            rows = drop_rows.imported_files(connection, transfer_id)
            return [_file(row) for row in rows]

    def known_paths(self, transfer_id: str) -> list[str]:
        """List the paths of all files of a submission and of what was left out of it."""
        with self._read() as connection:
            return drop_rows.known_paths(connection, transfer_id)

    def same_content(self, file_id: str, modified_ns: int, inode: int) -> None:
        """A file looks other than when it was sent, and holds the same."""
        self._set_file(file_id, modified_ns=modified_ns, inode=inode)

    def duplicate_files(self, transfer_id: str) -> list[DuplicateRecord]:
        """List the files that were left out because the repository holds them."""
        with self._read() as connection:
            return drop_rows.duplicate_files(connection, transfer_id)

    def same_duplicates(self, file: DuplicateRecord, modified_ns: int, inode: int) -> None:
        """A held file looks other than when it was compared, and holds the same."""
        with self._write() as connection:
            drop_rows.set_duplicates(connection, file, modified_ns=modified_ns, inode=inode)

    def keep_scan(self, transfer_id: str, scan: SourceScan) -> bool:
        """Keep what a look at the source has found; True when the server must be told."""
        with self._write() as connection:
            return drop_rows.keep_scan(connection, transfer_id, scan)

    def scan_was_reported(self, transfer_id: str, scan: SourceScan) -> None:
        """The server knows of this look; a newer one may be there already."""
        with self._write() as connection:
            drop_rows.scan_was_reported(connection, transfer_id, scan)

    def forget(self, transfer_id: str) -> None:
        """Drop a submission and all below it."""
        with self._write() as connection:
            connection.execute(
                sa.delete(_SUBMISSIONS).where(_SUBMISSIONS.c.transfer_id == transfer_id)
            )

    def totals(self, transfer_id: str) -> Totals:
        """Sum up a submission."""
        with self._read() as connection:
            return totals_of(connection, transfer_id)

    def _set_file(self, file_id: str, **values: Any) -> None:
        with self._write() as connection:
            connection.execute(
                sa.update(_FILES).where(_FILES.c.file_id == file_id).values(**values)
            )

    def _new_row(self, submission: Submission, grant: str) -> dict[str, Any]:
        now = self._clock.now().isoformat()
        return {
            **submission.model_dump(exclude={"items", "grant", "drop"}),
            "roots": drop_rows.roots_value(submission.drop),
            "grant_token": grant,
            "state": ItemState.QUEUED,
            "ended": False,
            "created_at": now,
            "updated_at": now,
        }

    def _now(self) -> dict[str, str]:
        return {"updated_at": self._clock.now().isoformat()}

    @contextmanager
    def _write(self) -> Iterator[sa.Connection]:
        with _translated(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _read(self) -> Iterator[sa.Connection]:
        with _translated(), self._engine.connect() as connection:
            yield connection


@contextmanager
def _translated() -> Iterator[None]:
    """Say what a person can do when the outbox cannot be read or written."""
    try:
        with database_errors(_KNOWN_AS):
            yield
    except sa.exc.IntegrityError as error:
        raise Conflict("An item or file of this submission belongs to another one.") from error


def _counted(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> int:
    return connection.scalar(sa.select(sa.func.count()).where(condition)) or 0


def _insert_item(
    connection: sa.Connection, transfer_id: str, position: int, item: tuple[str, str]
) -> None:
    row = {
        "item_id": item[0],
        "transfer_id": transfer_id,
        "position": position,
        "name": item[1],
        "stage": ItemStage.OPEN,
    }
    connection.execute(sa.insert(_ITEMS), row)


def _insert_files(
    connection: sa.Connection, transfer_id: str, item_id: str, files: Iterable[FileOnDisk]
) -> None:
    rows = [
        {
            **file.model_dump(),
            "transfer_id": transfer_id,
            "item_id": item_id,
            "position": position,
            "offset": 0,
            "sha1": "",
            "done": False,
        }
        for position, file in enumerate(files)
    ]
    if rows:
        connection.execute(sa.insert(_FILES), rows)


def _submission(row: sa.RowMapping) -> SubmissionRecord:
    values = dict(row)
    return SubmissionRecord(
        kind=TransferKind(values.pop("kind")),
        state=ItemState(values.pop("state")),
        grant=SecretStr(values.pop("grant_token")),
        created_at=datetime.fromisoformat(values.pop("created_at")),
        updated_at=datetime.fromisoformat(values.pop("updated_at")),
        roots=drop_rows.roots_of(values.pop("roots")),
        look=drop_rows.scan_of(values.pop("look")),
        **values,
    )


def _item(row: sa.RowMapping) -> ItemRecord:
    values = dict(row)
    del values["position"]
    return ItemRecord(stage=ItemStage(values.pop("stage")), **values)


def _file(row: sa.RowMapping) -> FileRecord:
    values = dict(row)
    del values["position"]
    return FileRecord(**values)
