"""The import contracts hold, and each of them bites when it is broken."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: (file, line to add, contract that must be reported as broken)
SEEDS = [
    ("model/images.py", "from transferapp.client import server", "Layers"),
    ("intake/scanning.py", "import transferapp.desktop.app", "Layers"),
    ("ome/files.py", "import transferapp.intake.scanning", "Layers"),
    ("formats/omero.py", "import transferapp.host.paths", "Layers"),
    ("staging/port.py", "import transferapp.grants.port", "Layers"),
    ("worker/app.py", "import transferapp.server.app", "Layers"),
    ("testing/memory_queue.py", "import transferapp.sandbox.local_installation", "Layers"),
    ("cli/commands/processes.py", "import transferapp.sandbox.demo.story", "Layers"),
    ("model/images.py", "import transferapp.model.filesets", "cycles"),
    ("operations/imports.py", "import transferapp.repositories.local.repository", "Adapters"),
    ("server/app.py", "import transferapp.taskqueue.dbos.queue", "Adapters"),
    ("testing/moves.py", "import transferapp.repositories.local.repository", "Adapters"),
    ("server/app.py", "import omero", "Only the OMERO adapter"),
    ("repositories/local/pixels/regions.py", "import nd2", "Each vendor's library"),
    ("repositories/local/readers/nd2_.py", "import pylibCZIrw.czi", "Each vendor's library"),
    ("intake/asking.py", "import jpype", "is not met"),
    ("intake/asking.py", "import transferapp.bioformats.process", "Only a composition root"),
    ("client/server.py", "import PySide6", "Only the desktop knows Qt"),
    ("desktop/app.py", "import napari", "Only the desktop knows Qt"),
    ("desktop/shell/main_window.py", "import qasync", "Only the desktop knows Qt"),
    ("napari_plugin/services.py", "import napari", "Only the desktop knows Qt"),
    ("napari_plugin/services.py", "import PyQt6", "The napari plugin takes any Qt"),
    (
        "napari_plugin/browser.py",
        "import transferapp.desktop.viewer.window",
        "The napari plugin takes any Qt",
    ),
    ("desktop/browse/page.py", "import transferapp.napari_plugin.text", "Layers"),
    ("operations/imports.py", "import dbos", "Only the queue's adapter knows its engine"),
    ("desktop/transfers/presenter.py", "import PySide6", "Presenters are Qt-free"),
    ("desktop/imports/rows.py", "import PySide6", "Presenters are Qt-free"),
    (
        "desktop/inbox/texts.py",
        "import transferapp.desktop.inbox.model",
        "Presenters are Qt-free",
    ),
    (
        "desktop/session/observable.py",
        "import transferapp.desktop.loop",
        "Presenters are Qt-free",
    ),
    ("desktop/widgets/theme.py", "import transferapp.desktop.shell.main_window", "Desktop:"),
    ("desktop/imports/texts.py", "import transferapp.desktop.browse.texts", "Desktop:"),
    ("desktop/viewer/store.py", "import transferapp.desktop.inbox.texts", "Desktop:"),
    ("desktop/tiles/plan.py", "import transferapp.desktop.transfers.speed_meter", "Desktop:"),
    ("desktop/containers/tree.py", "import transferapp.desktop.browse.texts", "Desktop:"),
    ("desktop/session/texts.py", "import transferapp.desktop.widgets.tips", "Desktop:"),
    (
        "repositories/omero/sessions/people.py",
        "import transferapp.repositories.omero.catalogue.mapping",
        "OMERO's adapter:",
    ),
    (
        "repositories/omero/reading/pixels.py",
        "import transferapp.repositories.omero.imports.uploads",
        "OMERO's adapter:",
    ),
    (
        "repositories/local/pixels/levels.py",
        "import transferapp.repositories.local.accounts.permissions",
        "Embedded repository:",
    ),
    (
        "repositories/local/storage/store.py",
        "import transferapp.repositories.local.readers.port",
        "Embedded repository:",
    ),
    ("model/images.py", "import pydantic", "Nouns and errors"),
    ("errors.py", "import httpx", "Nouns and errors"),
]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the package below ``folder``."""
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as m; m()",
    ]
    return subprocess.run(
        [*command, "--no-cache", "--config", str(folder / "pyproject.toml")],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("contracts")
    shutil.copytree(
        ROOT / "transferapp",
        folder / "transferapp",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_contracts_hold(tree: Path) -> None:
    done = lint(tree)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("file", "line", "contract"), SEEDS)
def test_seeded_violation_is_caught(tree: Path, file: str, line: str, contract: str) -> None:
    path = tree / "transferapp" / file
    before = path.read_text(encoding="utf-8")
    path.write_text(f"{before}\n{line}\n", encoding="utf-8")
    try:
        done = lint(tree)
    finally:
        path.write_text(before, encoding="utf-8")
    broken = [row for row in done.stdout.splitlines() if " BROKEN" in row]
    assert any(contract in row for row in broken), done.stdout + done.stderr


@pytest.mark.parametrize(
    "folder", ["", "desktop", "repositories/local", "repositories/omero"], ids=str
)
def test_a_new_package_must_be_placed(tree: Path, folder: str) -> None:
    stray = tree / "transferapp" / folder / "utils.py"
    stray.write_text('"""Nobody placed me."""\n', encoding="utf-8")
    try:
        done = lint(tree)
    finally:
        stray.unlink()
    assert done.returncode != 0
    assert "utils" in done.stdout + done.stderr


def test_what_is_called_presenter_or_text_is_held_qt_free() -> None:
    """Wildcards of contracts stand for whole names: ``promise_words`` has a line of its own."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    (held,) = (c["source_modules"] for c in contracts if c["name"] == "Presenters are Qt-free")
    called = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "transferapp" / "desktop").rglob("*.py")
        if path.stem.endswith(("presenter", "texts"))
    }
    assert len(called) > 10
    assert {
        name
        for name in called
        if not any(fnmatchcase(name, rule) or name.startswith(f"{rule}.") for rule in held)
    } == set()
