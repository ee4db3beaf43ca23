"""OMERO.tables on the sandbox, through omero-py: what clients of tables call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox

pytest.importorskip("omero")
pytest.importorskip("tables", reason="needs PyTables")

import omero
from omero.grid import BoolColumn, DoubleColumn, ImageColumn, LongColumn, StringColumn

from tests.support.omero_sandbox_env import gateway

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with RunningSandbox(tmp_path_factory.mktemp("omero")) as made:
        yield made


@pytest.fixture
def conn(sandbox: RunningSandbox) -> Iterator[Any]:
    with gateway(sandbox) as made:
        yield made


def _filled(conn: Any, name: str = "cells") -> Any:
    """Return an open table of three rows."""
    table = conn.c.sf.sharedResources().newTable(1, name)
    columns = [
        ImageColumn("Image", "", [1, 2, 3]),
        DoubleColumn("area", "in pixels", [1.5, 2.5, 3.5]),
        StringColumn("gene", "", 8, ["ACTB", "µ-gene", "TP53"]),
        BoolColumn("good", "", [True, False, True]),
    ]
    table.initialize(columns)
    table.addData(columns)
    return table


def test_a_table_is_filled_read_and_opened_again(conn: Any, sandbox: RunningSandbox) -> None:
    table = _filled(conn)
    file = table.getOriginalFile()
    assert file.mimetype.val == "OMERO.tables"
    assert file.path.val == file.name.val == "cells"
    table.close()
    stored = conn.getObject("OriginalFile", file.id.val)
    assert stored.getSize() > 0
    assert len(stored.getHash()) == 40
    sandbox.restart()
    with gateway(sandbox) as again:
        table = again.c.sf.sharedResources().openTable(file)
        assert [type(column).__name__ for column in table.getHeaders()] == [
            "ImageColumn",
            "DoubleColumn",
            "StringColumn",
            "BoolColumn",
        ]
        assert table.getNumberOfRows() == 3
        read = table.read([0, 2], 0, 0)
        assert list(read.rowNumbers) == [0, 1, 2]
        assert [list(column.values) for column in read.columns] == [
            [1, 2, 3],
            ["ACTB", "µ-gene", "TP53"],
        ]
        (area,) = table.slice([1], [2, 0]).columns
        assert list(area.values) == [3.5, 1.5]
        assert list(table.readCoordinates([1]).columns[3].values) == [False]
        assert table.getWhereList("(area > 2) & good", None, 0, 0, 1) == [2]
        # Stated as all rows, it is the first: PyTables takes a start alone for one row.
        assert table.getWhereList("area > 0", None, 0, 0, 0) == [0]
        least = {"least": omero.rtypes.rdouble(2.0)}
        assert table.getWhereList("area > least", least, 0, 3, 1) == [1, 2]
        table.close()


def test_rows_are_changed_and_values_of_the_whole_kept(conn: Any) -> None:
    table = _filled(conn)
    data = table.readCoordinates([1])
    with pytest.raises(omero.InternalException, match="UnicodeEncodeError"):
        # As OMERO's own code does: only new rows may hold more than ASCII.
        table.update(data)
    data.columns = [data.columns[1]]
    data.columns[0].values = [20.0]
    table.update(data)
    assert list(table.read([1], 0, 3).columns[0].values) == [1.5, 20.0, 3.5]
    table.setMetadata("by", omero.rtypes.rstring("a test"))
    assert table.getMetadata("by").val == "a test"
    assert table.getAllMetadata()["__version"].val == "2"
    table.close()


def test_what_cannot_be_is_said_at_once(conn: Any) -> None:
    table = _filled(conn)
    with pytest.raises(omero.ApiUsageException, match="Bad condition"):
        table.getWhereList("nothing > 2", None, 0, 0, 0)
    with pytest.raises(omero.ApiUsageException, match="Row overflow"):
        table.readCoordinates([3])
    with pytest.raises(omero.ApiUsageException, match="Column overflow"):
        table.read([9], 0, 3)
    with pytest.raises(omero.ApiUsageException, match="NYI"):
        table.addColumn(LongColumn("new", "", []))
    row = [
        ImageColumn("Image", "", [4]),
        DoubleColumn("area", "", [1.0]),
        StringColumn("gene", "", 8, ["far too long"]),
        BoolColumn("good", "", [True]),
    ]
    with pytest.raises(omero.ValidationException, match="byte"):
        table.addData(row)
    assert table.getNumberOfRows() == 3
    table.close()


def test_only_a_table_is_opened_as_one(conn: Any) -> None:
    file = conn.createOriginalFileFromLocalFile(__file__, mimetype="text/x-python")
    resources = conn.c.sf.sharedResources()
    with pytest.raises(omero.InternalException):
        resources.openTable(file._obj)
    with pytest.raises(omero.SecurityViolation):
        resources.openTable(omero.model.OriginalFileI(999_999, False))


def test_a_colleague_reads_and_does_not_write(conn: Any, sandbox: RunningSandbox) -> None:
    table = _filled(conn)
    file = table.getOriginalFile()
    with gateway(sandbox, "bob") as bob:
        shared = bob.c.sf.sharedResources().openTable(file)
        assert shared.getNumberOfRows() == 3
        with pytest.raises(omero.SecurityViolation):
            shared.addData([])
        shared.close()
    # The colleague's end is not ours.
    assert table.getNumberOfRows() == 3
    table.delete()
    assert conn.getObject("OriginalFile", file.id.val) is None


def test_a_session_that_ends_lets_the_file_go(sandbox: RunningSandbox) -> None:
    with gateway(sandbox) as first:
        file = _filled(first).getOriginalFile()
    with gateway(sandbox) as second:
        table = second.c.sf.sharedResources().openTable(file)
        assert table.getNumberOfRows() == 3
        table.close()
