"""The table of readers is what Bio-Formats itself says."""

from __future__ import annotations

import pytest

import bioformats_readers
from bioformats_jar import VARIABLE, find_jar
from tests.oracle.bio_formats import BioFormats, Missing

pytestmark = pytest.mark.oracle


def test_the_table_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    try:
        BioFormats()
    except Missing as missing:
        pytest.skip(str(missing))
    jar = find_jar()
    assert jar is not None
    assert bioformats_readers.ask(jar) == bioformats_readers.TABLE.read_text(encoding="utf-8")
