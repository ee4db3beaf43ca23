"""Migrations: all or nothing, once, and never backwards."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from transferapp.errors import Internal, SettingsInvalid
from transferapp.host import migrations
from transferapp.host.database import open_engine, sqlite_url
from transferapp.host.migrations import Schema, upgrade

SCHEMA = Schema("zoo_migrations", "zoo_schema", "cage")

FIRST = """
    op.create_table("cage", sa.Column("id", sa.Integer, primary_key=True))
    op.create_table(
        "animal",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("cage", sa.Integer, sa.ForeignKey("cage.id", ondelete="CASCADE")),
    )
"""
SECOND = """
    with op.batch_alter_table("cage", recreate="always") as cage:
        cage.add_column(sa.Column("roof", sa.Boolean, nullable=False, server_default=sa.true()))
"""


class Release:
    """The migrations that a release of the zoo brings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def bring(self, *bodies: str) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "__init__.py").touch()
        for number, body in enumerate(bodies, start=1):
            before = f'"{number - 1:04}"' if number > 1 else None
            head = "import sqlalchemy as sa\nfrom alembic import op\n\n"
            head += f'revision = "{number:04}"\ndown_revision = {before}\n\ndef upgrade():\n'
            text = head + "".join(f"    {line}\n" for line in dedent(body).splitlines())
            (self.folder / f"{number:04}_step.py").write_text(text)
        migrations._script.cache_clear()


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Release]:
    monkeypatch.syspath_prepend(tmp_path)
    yield Release(tmp_path / SCHEMA.package)
    sys.modules.pop(SCHEMA.package, None)
    migrations._script.cache_clear()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = open_engine(sqlite_url(tmp_path / "zoo.db"))
    yield engine
    engine.dispose()


def add_animals(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO cage (id) VALUES (1), (2)")
        connection.exec_driver_sql("INSERT INTO animal VALUES ('lion', 1), ('owl', 2)")


def animals(engine: sa.Engine) -> list[str]:
    with engine.connect() as connection:
        found = connection.exec_driver_sql(
            "SELECT name FROM animal JOIN cage ON cage = cage.id ORDER BY name"
        )
        return list(found.scalars())


def test_what_is_missing_is_run_once_and_reported(release: Release, engine: sa.Engine) -> None:
    release.bring(FIRST)
    with capture_logs() as reported:
        assert upgrade(engine, SCHEMA) == ["0001"]
        assert upgrade(engine, SCHEMA) == []
    assert reported == [
        {
            "event": "database upgraded",
            "schema": "zoo_schema",
            "migration": "0001_step",
            "log_level": "info",
        }
    ]


def test_a_database_from_before_the_migrations(release: Release, engine: sa.Engine) -> None:
    release.bring(FIRST)
    upgrade(engine, SCHEMA)
    add_animals(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE zoo_schema")
    release.bring(FIRST, SECOND)
    assert upgrade(engine, SCHEMA) == ["0002"]
    assert animals(engine) == ["lion", "owl"]


def test_a_table_made_anew_loses_nothing_that_refers_to_it(
    release: Release, engine: sa.Engine
) -> None:
    """Dropping the old one would take the animals with it, were references not off."""
    release.bring(FIRST)
    upgrade(engine, SCHEMA)
    add_animals(engine)
    release.bring(FIRST, SECOND)
    upgrade(engine, SCHEMA)
    assert animals(engine) == ["lion", "owl"]
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1


def test_a_migration_that_fails_leaves_everything(release: Release, engine: sa.Engine) -> None:
    release.bring(FIRST)
    upgrade(engine, SCHEMA)
    add_animals(engine)
    release.bring(FIRST, SECOND, 'op.execute("this is not SQL")')
    with pytest.raises(Exception, match=r"does not answer|refused"):
        upgrade(engine, SCHEMA)
    assert animals(engine) == ["lion", "owl"]
    columns = [column["name"] for column in sa.inspect(engine).get_columns("cage")]
    assert columns == ["id"]
    release.bring(FIRST, SECOND, 'op.execute("DELETE FROM animal")')
    assert upgrade(engine, SCHEMA) == ["0002", "0003"]


def test_rows_that_refer_to_nothing_are_refused(release: Release, engine: sa.Engine) -> None:
    release.bring(FIRST)
    upgrade(engine, SCHEMA)
    add_animals(engine)
    release.bring(FIRST, 'op.execute("DELETE FROM cage")')
    with pytest.raises(Internal, match="animal"):
        upgrade(engine, SCHEMA)
    assert animals(engine) == ["lion", "owl"]


def test_a_newer_database_is_refused_and_left_alone(
    release: Release, engine: sa.Engine
) -> None:
    release.bring(FIRST, SECOND)
    upgrade(engine, SCHEMA)
    (release.folder / "0002_step.py").unlink()
    migrations._script.cache_clear()
    with pytest.raises(SettingsInvalid, match=r"zoo_schema is at 0002.*knows 0001"):
        upgrade(engine, SCHEMA)


def test_many_threads_at_once(release: Release, engine: sa.Engine) -> None:
    release.bring(FIRST, SECOND)
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda _: upgrade(engine, SCHEMA), range(6)))
    assert sorted(done) == [[], [], [], [], [], ["0001", "0002"]]


def test_many_databases_at_once(release: Release, tmp_path: Path) -> None:
    """Alembic's ``op`` is one for the whole process: one must not write into another."""
    release.bring(FIRST, "import time; time.sleep(0.05)", SECOND)
    engines = [open_engine(sqlite_url(tmp_path / f"zoo{n}.db")) for n in range(6)]
    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(lambda one: upgrade(one, SCHEMA), engines))
    assert done == [["0001", "0002", "0003"]] * 6
    for engine in engines:
        assert sa.inspect(engine).has_table("animal")
        engine.dispose()
