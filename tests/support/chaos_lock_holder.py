"""A client that is cut off in the middle of a transaction; run as a script: URL LOCK.

It takes a lock and says so; at a line of input it asks the database something, and says
how long it took until that failed (seconds), and then until a new connection worked.
"""

from __future__ import annotations

import sys
import time

import sqlalchemy as sa

from transferapp.errors import Unavailable
from transferapp.host.database import open_engine, reading, writing


def _show(text: str) -> None:
    print(text, flush=True)  # noqa: T201  # the test reads it


def _main(url: str, lock: int) -> None:
    engine = open_engine(url)
    began = float("nan")
    try:
        with writing(engine) as connection:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
            _show("locked")
            sys.stdin.readline()
            began = time.monotonic()
            connection.execute(sa.select(1))
    except Unavailable:
        _show(f"{time.monotonic() - began:.1f}")
    sys.stdin.readline()
    began = time.monotonic()
    while True:
        try:
            with reading(engine) as connection:
                connection.execute(sa.select(1))
            break
        except Unavailable:
            time.sleep(0.2)
    _show(f"{time.monotonic() - began:.1f}")


if __name__ == "__main__":
    _main(sys.argv[1], int(sys.argv[2]))
