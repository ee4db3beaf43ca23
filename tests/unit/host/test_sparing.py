"""One row's fault is told once and stops nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from transferapp.errors import Internal, Unavailable
from transferapp.host import sparing as module
from transferapp.host.database import UtcDateTime, open_engine, sqlite_url
from transferapp.host.sparing import readable, readable_rows, sparing

_notes = sa.Table(
    "note",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", UtcDateTime),
    sa.Column("words", sa.JSON),
)


@pytest.fixture(autouse=True)
def nothing_reported() -> None:
    module._reported.clear()


def test_an_error_is_reported_once_until_it_is_gone() -> None:
    def work(name: str, error: Exception | None) -> None:
        with sparing("target", name):
            if error:
                raise error

    with capture_logs() as logs:
        for error in (OverflowError("big"), OverflowError("big"), Internal("x"), None):
            work("a", error)
        work("a", OverflowError("again"))
        work("b", KeyError("other"))
    assert [(e["name"], e["error"]) for e in logs] == [
        ("a", "OverflowError: big"),
        ("a", "OverflowError: again"),
        ("b", "KeyError: 'other'"),
    ]


def test_an_outage_is_nobodys_fault() -> None:
    with pytest.raises(Unavailable), sparing("target", "a"):
        raise Unavailable
    away = sa.exc.InterfaceError("SELECT 1", {}, Exception("connection lost"))
    with pytest.raises(sa.exc.InterfaceError), sparing("target", "a"):
        raise away


def test_what_cannot_be_read_is_left_out() -> None:
    with capture_logs() as logs:
        assert readable(["1", "x", "3", ""], int, "number", repr) == [1, 3]
    assert [(e["what"], e["name"]) for e in logs] == [
        ("number cannot be read", "'x'"),
        ("number cannot be read", "''"),
    ]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = open_engine(sqlite_url(tmp_path / "notes.db"))
    _notes.metadata.create_all(engine)
    with engine.begin() as connection:
        for row in (
            (1, "2026-03-01 10:00:00.000000", '["good"]'),
            (2, "soon", '["bad time"]'),
            (3, "2026-03-01 10:00:00.000000", '["bad'),
            (4, "2026-03-02 10:00:00.000000", "7"),
        ):
            connection.exec_driver_sql("INSERT INTO note VALUES (?, ?, ?)", row)
    yield engine
    engine.dispose()


def test_columns_that_cannot_be_read_cost_their_row_only(engine: sa.Engine) -> None:
    with engine.connect() as connection, capture_logs() as logs:
        query = sa.select(_notes).order_by(_notes.c.id)
        found = readable_rows(
            connection, query, _notes.c.id, lambda row: (row["id"], row["at"]), "note"
        )
        assert found == [
            (1, datetime(2026, 3, 1, 10, tzinfo=UTC)),
            (4, datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ]
        text = readable_rows(
            connection, query, _notes.c.id, lambda row: row["words"][0], "words of a note"
        )
        assert text == ["good"]
    assert [(e["what"], e["name"]) for e in logs] == [
        ("note cannot be read", "2"),
        ("note cannot be read", "3"),
        ("words of a note cannot be read", "2"),
        ("words of a note cannot be read", "3"),
        ("words of a note cannot be read", "4"),
    ]
