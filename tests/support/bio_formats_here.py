"""Bio-Formats as the embedded repository has it, for tests; skipped where it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from shlex import quote
from typing import Any

import pytest

from bioformats_jar import find_jar
from transferapp.bioformats.places import NotHere, Places, find
from transferapp.bioformats.process import BioFormatsProcess
from transferapp.bioformats.settings import BioFormatsSettings

Maker = Callable[..., BioFormatsProcess]


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Return where Java and the jar are; skips with a sentence that says what is missing.

    Java optimizes less: it starts with 2.1 s of a processor for 3.5, and tests start it often.
    """
    try:
        found = find(BioFormatsSettings(jar=find_jar() or None))
    except NotHere as missing:
        pytest.skip(str(missing))
    java = tmp_path_factory.mktemp("java") / "java"
    command = f"{quote(found.java)} -XX:TieredStopAtLevel=1"
    java.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    java.chmod(0o755)
    return Places(str(java), found.jar)


@pytest.fixture(scope="session")
def bio_formats(places: Places) -> Iterator[BioFormatsProcess]:
    """Ask one process from all tests that do it no harm."""
    made = BioFormatsProcess(places, BioFormatsSettings())
    yield made
    made.close()


@pytest.fixture
def own(places: Places) -> Iterator[Maker]:
    """Make processes that a test may harm."""
    made: list[BioFormatsProcess] = []

    def make(**settings: Any) -> BioFormatsProcess:
        one = BioFormatsProcess(places, BioFormatsSettings(**settings))
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()
