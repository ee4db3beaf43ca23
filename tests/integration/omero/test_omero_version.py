"""What OMERO is likely to run follows from its own version, and is said to be derived."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("transferapp.repositories.omero.ice_imports", reason="needs omero-py")

from tests.support.omero_env import adapter, settings_for
from tests.support.omero_fixtures import omero, sandbox
from transferapp.repositories.omero.repository import OmeroRepository
from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox

__all__ = ["omero", "sandbox"]

LISTED = "The list of formats is that of Bio-Formats 7.3.1."


async def test_a_known_release_reports_its_bio_formats(omero: OmeroRepository) -> None:
    reported = await omero.formats()
    assert (reported.read_by, reported.likely) == ("Bio-Formats 7.3.1", "Bio-Formats 8.4.0")
    assert reported.runs == "Bio-Formats 8.4.0"
    assert reported.derived == (
        "OMERO.server 5.6.17 is likely to run Bio-Formats 8.4.0, which it was released with"
        f" (derived from its release notes). {LISTED}"
    )


async def test_an_omero_that_is_away_takes_no_time(
    sandbox: RunningSandbox, tmp_path: Path
) -> None:
    settings = settings_for(sandbox, tmp_path).model_copy(update={"port": 1})
    repository = adapter(settings)
    try:
        reported = await repository.formats()
    finally:
        await repository.close()
    assert (reported.likely, reported.runs) == ("", "")
    assert reported.derived == f"Which Bio-Formats this OMERO runs is not known. {LISTED}"
    assert reported.formats
