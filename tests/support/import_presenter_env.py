"""An import being put together on real files, for tests of its presenter."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.transfer_fakes import (
    FakeSession,
    StillClock,
    view as agent_view,
)
from transferapp import errors
from transferapp.client.importing import ImportPlan
from transferapp.desktop.imports.presenter import ImportPresenter
from transferapp.host.resources import resource
from transferapp.intake.preflight import PreflightSettings
from transferapp.model.containers import Container, ContainerKind, ContainerRef
from transferapp.protocol.messages import SubmissionView

EMBRYOS = ContainerRef(ContainerKind.DATASET, 5)
SCREEN = ContainerRef(ContainerKind.SCREEN, 3)
LONG_AGO = 1_700_000_000


class HandOver:
    """Takes imports in place of server and agent, or fails as told."""

    def __init__(self) -> None:
        self.plans: list[ImportPlan] = []
        self.error: errors.TransferAppError | None = None

    async def __call__(
        self, _server: Any, _agent: Any, plan: ImportPlan, **_: Any
    ) -> SubmissionView:
        self.plans.append(plan)
        if self.error is not None:
            raise self.error
        return agent_view(1, name=plan.name, files_done=0, bytes_done=0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two good filesets, one that is damaged, all of them old."""
    made = tmp_path / "Embryo 🔬 day 3"
    shutil.copytree(resource("sample-data", "ome-tiff-companion-ecoli"), made / "ecoli")
    shutil.copytree(resource("sample-data", "png-cells"), made / "cells")
    for path in made.rglob("*"):
        if path.suffix.lower() in {".md", ".txt"}:
            path.unlink()
    (made / "cut.png").write_bytes(b"hello")
    for path in made.rglob("*"):
        os.utime(path, (LONG_AGO, LONG_AGO))
    return made


@pytest.fixture
def session() -> FakeSession:
    made = FakeSession()
    flies = Container(ContainerRef(ContainerKind.PROJECT, 1), "Flies", "anna", 1, can_link=True)
    embryos = Container(
        EMBRYOS, "Embryos", "anna", 1, parent=flies.ref, can_link=True, can_annotate=True
    )
    made.server.tops = [flies, Container(SCREEN, "Compounds", "anna", 1, can_link=True)]
    made.server.inside = {flies.ref: [embryos]}
    return made


@pytest.fixture
def hand_over() -> HandOver:
    return HandOver()


@pytest.fixture
async def presenter(
    session: FakeSession, hand_over: HandOver
) -> AsyncIterator[ImportPresenter]:
    made = ImportPresenter(
        session.as_session(),
        clock=StillClock(),
        hand_over=hand_over,
        settings=PreflightSettings(),
    )
    await made.targets.load()
    yield made
    await made.close()
