"""OMERO.tables: rows in an HDF5 file, kept by OMERO's own code (omero-py and PyTables).

A real server has this in a process of its own (``omero.tables``, Python as well); what a client
sees of that one is here. Without PyTables the server is one whose tables do not run.
"""

from __future__ import annotations

import importlib
import uuid
from functools import cache
from typing import Any

import Ice
import omero
from omero import rtypes
from typing_extensions import override

from transferapp.sandbox.omero_sandbox.deletion import delete_all
from transferapp.sandbox.omero_sandbox.dispatch import Network, Service, current_call, register
from transferapp.sandbox.omero_sandbox.hashers import USUAL_HASHER, hash_file
from transferapp.sandbox.omero_sandbox.permissions import EDIT, permissions_of, require_visible
from transferapp.sandbox.omero_sandbox.records import Record
from transferapp.sandbox.omero_sandbox.sessions import Session

_MIME_TYPE = "OMERO.tables"


@cache
def storage_code() -> Any:
    """Return OMERO's module of storages, ``None`` without PyTables."""
    try:
        return importlib.import_module("omero.hdfstorageV2")
    except ImportError:
        return None


def register_columns(communicator: Any) -> None:
    """Let columns that clients send arrive as those that can be stored."""
    if storage_code() is None:
        return
    for factory in importlib.import_module("omero.columns").ObjectFactories.values():
        factory.register(communicator)


def new_table(service: Service, name: str) -> Any:
    """Make the file of a table, and open it; any name is taken, also twice."""
    _require_tables()
    made = service.store.new(
        "OriginalFile", service.caller, name=name, path=name, mimetype=_MIME_TYPE
    )
    return open_table(service, made.id)


def open_table(service: Service, file: int) -> Any:
    """Open the table in an original file; raises InternalException for what is none."""
    _require_tables()
    record = require_visible(
        service.store.find("OriginalFile", file), service.caller, f"OriginalFile:{file}"
    )
    try:
        table = Table(service.network, service.session, record)
    except omero.ServerError as error:
        # OMERO keeps the reason in the log of its tables.
        text = f"OriginalFile:{file} cannot be opened as a table"
        raise omero.InternalException(None, "omero.InternalException", text) from error
    # As the repository it is in nobody's category: who opened it is let through.
    identity = Ice.Identity(str(uuid.uuid4()), "")
    admitted = service.network.admitted_over(current_call().con)
    if admitted is not None:
        admitted.identities.add((identity.category, identity.name))
    return register(service.network, omero.grid.Table, table, identity)


def _require_tables() -> None:
    if storage_code() is None:
        text = "sandbox: tables need PyTables (pip install tables)"
        raise omero.ApiUsageException(None, "omero.ApiUsageException", text)


class Table(Service):
    """One open table."""

    def __init__(self, network: Network, session: Session, record: Record) -> None:
        """Open the storage; raises ValidationException for a file of another kind."""
        super().__init__(network, session)
        self._record = record
        self._write = not permissions_of(record, self.caller)._restrictions[EDIT]
        self._path = self.sandbox.files.path(record)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._storage = storage_code().HDFLIST.getOrCreate(str(self._path), self)
        #: Nothing ever makes it older: OMERO's check of others' changes is never due.
        self._stamp = self._storage._stamp
        session.closing.append(self._let_go)

    @property
    def _open(self) -> Any:
        if self._storage is None:
            raise Ice.ObjectNotExistException
        return self._storage

    @property
    def _writable(self) -> Any:
        if not self._write:
            text = f"Current user cannot write to file {self._record.id}"
            raise omero.SecurityViolation(None, "omero.SecurityViolation", text)
        return self._open

    # -- what it is

    def getOriginalFile(self) -> Any:
        return self.out(self._record)

    def getHeaders(self) -> list[Any]:
        return list(self._open.cols(None, current_call()))

    def getNumberOfRows(self) -> int:
        return int(self._open.rows())

    def getMetadata(self, key: str) -> Any:
        return self._open.get_meta_map().get(key)

    def getAllMetadata(self) -> Any:
        return self._open.get_meta_map()

    def setMetadata(self, key: str, value: Any) -> None:
        self._writable.add_meta_map({key: value})

    def setAllMetadata(self, values: Any) -> None:
        self._writable.add_meta_map(values, replace=True)

    # -- rows

    def getWhereList(
        self, condition: str, variables: Any, start: int, stop: int, step: int
    ) -> list[int]:
        """Return the rows that match; the end and the step of 0 are none."""
        found = self._open.getWhereList(
            self._stamp, condition, rtypes.unwrap(variables), None,
            start, stop or None, step or None,
        )  # fmt: skip
        return list(found)

    def readCoordinates(self, rows: list[int]) -> Any:
        return _in_range(lambda: self._open.readCoordinates(self._stamp, rows, current_call()))

    def read(self, columns: list[int], start: int, stop: int) -> Any:
        end = None if start == stop == 0 else stop
        return _in_range(
            lambda: self._open.read(self._stamp, columns, start, end, current_call())
        )

    def slice(self, columns: list[int], rows: list[int]) -> Any:
        return self._open.slice(self._stamp, columns, rows, current_call())

    def initialize(self, columns: list[Any]) -> None:
        self._writable.initialize(columns)

    def addColumn(self, _column: Any) -> int:
        """OMERO has never had this."""
        raise omero.ApiUsageException(None, "omero.ApiUsageException", "NYI")

    def addData(self, columns: list[Any]) -> None:
        self._writable.append(columns)

    def update(self, data: Any) -> None:
        if data:
            self._writable.update(self._stamp, data)

    # -- its end

    def delete(self) -> None:
        """Delete the file, too."""
        if self._writable is not None:
            self.close()
            delete_all(self.sandbox, self.caller, "OriginalFile", [self._record.id])

    @override
    def close(self) -> None:
        """Write size and hash of what was changed into the database."""
        modified = self._storage is not None and self._storage.modified()
        self._let_go()
        super().close()
        if modified and self._write and self._path.exists():
            hasher = self.store.enumeration("ChecksumAlgorithm", USUAL_HASHER)
            self.store.set(self._record, "hasher", hasher)
            self.store.set(self._record, "hash", hash_file(self._path, USUAL_HASHER))
            self.store.set(self._record, "size", rtypes.rlong(self._path.stat().st_size))

    def _let_go(self) -> None:
        storage, self._storage = self._storage, None
        if storage is not None:
            storage.decr(self)


def _in_range(read: Any) -> Any:
    try:
        return read()
    except storage_code().tables.HDF5ExtError as error:
        text = "Error reading coordinates. Most likely out of range"
        raise omero.ApiUsageException(None, "omero.ApiUsageException", text) from error
