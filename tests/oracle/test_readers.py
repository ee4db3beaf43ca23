"""The table of readers is what Bio-Formats itself says."""

from __future__ import annotations

import pytest

from installers.bioformats_jar import VARIABLE, find_jar
from tests.oracle.bio_formats import BioFormats, Missing
from tests.support.installers import script

pytestmark = pytest.mark.oracle
READERS = script("bioformats_readers")


def test_the_table_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    try:
        BioFormats()
    except Missing as missing:
        pytest.skip(str(missing))
    jar = find_jar()
    assert jar is not None
    assert READERS.ask(jar) == READERS.TABLE.read_text(encoding="utf-8")
