"""What a database's errors mean, and what a person can do: the one place that tells.

SQLite's result codes are those of https://sqlite.org/rescode.html (3.45): the lower byte is
the sort, the rest tells more precisely. PostgreSQL's are of its manual, appendix A (15).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from transferapp.errors import Internal, StorageFull, TransferAppError, Unavailable
from transferapp.host.sqlite import sqlite3

_PG_DISK_FULL = "53100"
_GOES_ON = "Nothing is lost; it is tried again."
_BUSY = f"Another program is using the {{what}}. {_GOES_ON}"
_UNOPENED = (
    "The {what} cannot be opened. Check that its folder is there and that this account may"
    f" write in it. {_GOES_ON}"
)
_DAMAGED = "The {what} is damaged. Ask your administrator to restore it from a backup."
#: SQLite's result codes: not every module of Python names them.
_ERROR, _PERM, _BUSY_NOW, _LOCKED, _NOMEM, _READONLY, _IOERR = 1, 3, 5, 6, 7, 8, 10
_CORRUPT, _FULL_NOW, _CANTOPEN, _PROTOCOL, _AUTH, _NOTADB = 11, 13, 14, 15, 23, 26
#: Those that are worth another try, and the sentence of each.
_LATER = {
    **dict.fromkeys((_BUSY_NOW, _LOCKED, _PROTOCOL), _BUSY),
    **dict.fromkeys((_CANTOPEN, _PERM, _AUTH), _UNOPENED),
    _READONLY: (
        "The {what} can only be read. Let this account write its file and its folder."
        f" {_GOES_ON}"
    ),
    _IOERR: f"The disk that holds the {{what}} reports an error. Check the disk. {_GOES_ON}",
    _NOMEM: f"This computer has too little memory for the {{what}}. {_GOES_ON}",
}
_FOR_GOOD = dict.fromkeys((_CORRUPT, _NOTADB), _DAMAGED)
#: For a module whose errors carry no code.
_BY_TEXT = {
    "locked": _BUSY_NOW,
    "disk is full": _FULL_NOW,
    "readonly": _READONLY,
    "unable to open": _CANTOPEN,
    "disk I/O error": _IOERR,
    "malformed": _CORRUPT,
    "not a database": _NOTADB,
}
_AWAY = f"The {{what}} does not answer. {_GOES_ON}"
_FULL = "The disk that holds the {what} is full. Nothing is lost. Free space; it then goes on."
#: Of PostgreSQL and of the pool: the database could not be reached, or has no time.
_UNREACHED = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)


@contextmanager
def database_errors(what: str = "database") -> Iterator[None]:
    """Translate SQLAlchemy's errors: StorageFull, Unavailable, else Internal; ``what`` is
    how people know the database.
    """
    try:
        yield
    except sa.exc.IntegrityError:
        raise  # an answer, not a failure: the caller asked whether a key is taken
    except sa.exc.SQLAlchemyError as error:
        raise failure_of(error, what) from error


def failure_of(error: sa.exc.SQLAlchemyError, what: str = "database") -> TransferAppError:
    """Return our own error for one of a database."""
    code = _sqlite_code(error)
    if code == _FULL_NOW or _sqlstate(error) == _PG_DISK_FULL:
        return StorageFull(_FULL.format(what=what))
    if code in _LATER:
        return Unavailable(_LATER[code].format(what=what))
    if code in _FOR_GOOD:
        return Internal(_FOR_GOOD[code].format(what=what))
    if is_away(error):
        return Unavailable(_AWAY.format(what=what))
    return Internal(f"The {what} refused a statement: {type(error).__name__}")


def is_away(error: sa.exc.SQLAlchemyError) -> bool:
    """Tell whether the database could not do its work now, or ended our connection: no
    fault of what it was asked, and worth another try.
    """
    code = _sqlite_code(error)
    if code is not None:
        return code in _LATER or code == _FULL_NOW
    ended = isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated
    return ended or isinstance(error, _UNREACHED)


def _sqlite_code(error: Exception) -> int | None:
    """Return the sort of an error of SQLite; None for another's."""
    cause = getattr(error, "orig", None)
    if not isinstance(cause, sqlite3.Error):
        return None
    code: int | None = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF
    found = (sort for text, sort in _BY_TEXT.items() if text in str(cause))
    return next(found, _ERROR)


def _sqlstate(error: Exception) -> str | None:
    return getattr(getattr(error, "orig", None), "sqlstate", None)
