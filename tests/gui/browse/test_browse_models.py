"""The item models of Browse keep Qt's rules and keep what is open; the target tree too."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt
from PySide6.QtGui import QIcon
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTreeView
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from tests.support.image_env import ImageEnv, image, until
from tests.support.qt_story import named, play
from transferapp.desktop.browse.image_cards import ImageCards
from transferapp.desktop.browse.images_model import ImagesModel
from transferapp.desktop.browse.presenter import BrowseParts, BrowsePresenter
from transferapp.desktop.containers.target_picker import TargetPicker
from transferapp.desktop.containers.targets import ImportTarget, TargetsPresenter
from transferapp.desktop.containers.tree_model import (
    ALL_IMAGES,
    COUNT_ROLE,
    ContainersModel,
)
from transferapp.model.containers import ContainerKind, ContainerRef

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

FLIES = ContainerRef(ContainerKind.PROJECT, 1)
EMBRYOS = ContainerRef(ContainerKind.DATASET, 2)
WINGS = ContainerRef(ContainerKind.DATASET, 3)
PLATES = ContainerRef(ContainerKind.SCREEN, 4)


class NoViewer:
    """Opens nothing."""

    def warm_up(self) -> None:
        """Start nothing."""

    async def open(self, _image_id: int, _name: str) -> float:
        return 0.0


def env() -> ImageEnv:
    made = ImageEnv()
    made.add(FLIES, "Flies", image_count=5)
    made.add(EMBRYOS, "Embryos", FLIES)
    made.add(WINGS, "Wings", FLIES)
    made.add(PLATES, "Plates")
    made.put_images(EMBRYOS, *(image(n) for n in range(1, 6)))
    return made


async def browsing(folder: Path, made: ImageEnv) -> BrowsePresenter:
    return BrowsePresenter(
        await made.signed_in(folder), BrowseParts(NoViewer(), cast("Any", None))
    )


async def ended(browse: BrowsePresenter) -> None:
    await browse.close()
    await browse.session.close()


def names(model: ContainersModel, parent: QModelIndex | None = None) -> list[str]:
    above = parent or QModelIndex()
    return [model.index(row, 0, above).data() for row in range(model.rowCount(above))]


def test_containers_load_when_opened_and_stay_open(
    qtmodeltester: ModelTester, tmp_path: Path
) -> None:
    async def story() -> None:
        made = env()
        browse = await browsing(tmp_path, made)
        icons: dict[ContainerKind | None, QIcon] = {k: QIcon() for k in (*ContainerKind, None)}
        model = ContainersModel(browse.tree, browse.open_container, icons)
        qtmodeltester.check(model)  # type: ignore[no-untyped-call]
        tree = QTreeView()
        tree.setModel(model)
        assert names(model) == [ALL_IMAGES]
        await browse.tree.load(None)
        assert names(model) == [ALL_IMAGES, "Flies", "Plates"]
        flies = model.index_of(FLIES)
        assert flies.data(COUNT_ROLE) == 5
        assert model.hasChildren(flies)
        assert not model.hasChildren(model.index_of(PLATES))
        tree.expand(flies)
        await until(lambda: names(model, model.index_of(FLIES)) == ["Embryos", "Wings"])
        tree.setCurrentIndex(model.index_of(WINGS))
        made.add(ContainerRef(ContainerKind.PROJECT, 0), "Ants")
        made.containers = dict(sorted(made.containers.items(), key=lambda kv: kv[0].id))
        del made.containers[EMBRYOS]
        await browse.tree.refresh()
        assert names(model) == [ALL_IMAGES, "Ants", "Flies", "Plates"]
        assert names(model, model.index_of(FLIES)) == ["Wings"]
        assert tree.isExpanded(model.index_of(FLIES))
        assert tree.currentIndex().data() == "Wings"
        await ended(browse)

    play(story)


def test_a_project_that_could_not_be_opened_can_be_opened_again(tmp_path: Path) -> None:
    async def story() -> None:
        made = env()
        browse = await browsing(tmp_path, made)
        icons: dict[ContainerKind | None, QIcon] = {k: QIcon() for k in (*ContainerKind, None)}
        model = ContainersModel(browse.tree, browse.open_container, icons)
        await browse.tree.load(None)
        problems: list[object] = []
        browse.troubled.listen(problems.append)
        made.down = True
        model.fetchMore(model.index_of(FLIES))
        assert not model.canFetchMore(model.index_of(FLIES))  # It is being asked for.
        await until(lambda: problems)
        await until(lambda: model.canFetchMore(model.index_of(FLIES)))
        made.down = False
        model.fetchMore(model.index_of(FLIES))
        await until(lambda: model.rowCount(model.index_of(FLIES)) == 2)
        await ended(browse)

    play(story)


def test_images_append_without_losing_the_selection_and_never_lay_out_again(
    qtmodeltester: ModelTester, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transferapp.desktop.browse.presenter.PAGE_SIZE", 3)

    async def story() -> None:
        browse = await browsing(tmp_path, env())
        model = ImagesModel(browse)
        qtmodeltester.check(model)  # type: ignore[no-untyped-call]
        cards = ImageCards(model)
        qtbot.addWidget(cards)
        changed: list[object] = []
        model.dataChanged.connect(lambda *_: changed.append(1))
        await browse.show(EMBRYOS)
        assert model.rowCount() == 3
        cards.setCurrentIndex(model.index(1, 0))
        model.fetchMore(QModelIndex())
        await until(lambda: model.rowCount() == 5)
        assert [i.row() for i in cards.selectedIndexes()] == [1]
        index = model.index(0, 0)
        await until(lambda: index.data(Qt.ItemDataRole.DecorationRole) is not None)
        assert not index.data(Qt.ItemDataRole.DecorationRole).isNull()
        assert changed == []
        await ended(browse)

    play(story)


@pytest.mark.usefixtures("dressed")
def test_cards_leave_no_column_empty(qtbot: QtBot, tmp_path: Path) -> None:
    """As many columns as fit, whatever the width: every third one left a hole."""

    async def story() -> None:
        browse = await browsing(tmp_path, env())
        model = ImagesModel(browse)
        await browse.show(EMBRYOS)
        cards = ImageCards(model)
        qtbot.addWidget(cards)
        cards.show()
        for width in range(480, 540):
            cards.resize(width, 200)
            top = [cards.visualRect(model.index(row, 0)).top() for row in range(5)]
            assert top.count(top[0]) == 3, width
        await ended(browse)

    play(story)


def test_a_click_on_a_target_chooses_it(qtbot: QtBot, tmp_path: Path) -> None:
    """Rebuilding the rows inside the click crashed the program once."""

    async def story() -> None:
        session = await env().signed_in(tmp_path)
        targets = TargetsPresenter(session)
        picker = TargetPicker(targets)
        qtbot.addWidget(picker)
        picker.resize(320, 400)
        picker.show()
        chosen: list[ImportTarget | None] = []
        picker.chosen_changed.connect(chosen.append)
        await targets.load()
        tree = named(picker, "import.target")
        for _ in range(3):
            for row in (0, 1):
                index = tree.model().index(row, 0, tree.model().index(0, 0))
                place = tree.visualRect(index).center()
                QTest.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
                QApplication.sendPostedEvents()
        assert [c.container.name for c in chosen if c] == ["Embryos", "Wings"] * 3
        assert targets.chosen is not None
        named(picker, "import.targetFilter").setText("emb")
        flies = tree.model().index(0, 0)
        assert tree.model().rowCount(flies) == 1
        assert targets.chosen.container.name == "Wings"  # Hidden by the filter, still chosen.
        project = tree.model().index(0, 0)
        tree.selectionModel().select(project, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        assert targets.chosen.container.name == "Wings"  # A project is no target.
        await session.close()
        picker.close()

    play(story)


def test_without_targets_it_states_what_to_do(qtbot: QtBot, tmp_path: Path) -> None:
    async def story() -> None:
        made = ImageEnv()
        session = await made.signed_in(tmp_path)
        targets = TargetsPresenter(session)
        picker = TargetPicker(targets)
        qtbot.addWidget(picker)
        await targets.load()
        assert "Press New" in named(picker, "import.targetEmpty").text()
        made.down = True
        await targets.load()
        assert "does not answer" in named(picker, "import.targetEmpty").text()
        await session.close()

    play(story)
