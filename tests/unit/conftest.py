"""Leave out the unit tests whose extra is not installed (see tests/e2e/test_core_alone.py),
and let none leave a database open.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

#: Folder or file of unit tests -> a module that its extra installs.
NEEDS = {
    "conversion/test_annotation_files.py": "ome_types",
    "conversion/test_ome_rois.py": "ome_types",
    "conversion/test_ome_tiff.py": "ome_types",
    "conversion/test_picture.py": "PIL",
    "cli/test_import_scan.py": "zarr",
    "intake/families": "PIL",
    "intake/test_dropped_members.py": "PIL",
    "intake/test_dropped_twice.py": "PIL",
    "intake/test_heads.py": "PIL",
    "intake/test_made_sets.py": "PIL",
    "intake/test_ome_sets.py": "PIL",
    "intake/test_target.py": "PIL",
    "intake/test_pictures_shown.py": "imagecodecs",
    "intake/test_tiff_frames.py": "imagecodecs",
    "intake/test_tiff_shown.py": "imagecodecs",
    "intake/test_traps.py": "imagecodecs",
    "intake/test_zarr_preflight.py": "zarr",
    "conversion/test_forms.py": "zarr",
    "conversion/test_ome_zarr.py": "zarr",
    "conversion/test_ome_zarr_labels.py": "ome_zarr_models",
    "conversion/test_ome_zarr_portions.py": "zarr",
    "conversion/test_stage_position.py": "ome_types",
    "ome/test_plate_documents.py": "ome_zarr_models",
    "deposit": "rocrate",
    "desktop": "numcodecs",
    "cli/test_log.py": "argon2",
    "cli/test_verbosity.py": "fastapi",
    "host/test_config_file.py": "dbos",
    "host/test_database.py": "psycopg",
    "host/test_migrations.py": "alembic",
    "host/test_settings.py": "dbos",
    "installers/test_mutation.py": "cosmic_ray",
    "napari_plugin": "napari",
    "operations": "argon2",
    "preview": "numcodecs",
    "repositories": "argon2",
    "server": "fastapi",
    "taskqueue": "dbos",
    "worker": "dbos",
}

collect_ignore = [
    folder for folder, module in NEEDS.items() if importlib.util.find_spec(module) is None
]

#: Connections to databases, by their id.
_open: set[int] = set()


@sa.event.listens_for(sa.pool.Pool, "connect")
def _opened(connection: object, _record: object) -> None:
    _open.add(id(connection))


@sa.event.listens_for(sa.pool.Pool, "close")
def _closed(connection: object, _record: object) -> None:
    _open.discard(id(connection))


@pytest.fixture(autouse=True)
def every_database_is_closed() -> Iterator[None]:
    """Python 3.13 complains of one that is not, in whatever test the collector runs then."""
    before = set(_open)
    yield
    assert _open <= before, "a database was left open: engine.dispose(), or close() of its user"
