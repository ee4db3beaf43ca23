"""Leave out the unit tests whose extra is not installed (see tests/e2e/test_core_alone.py)."""

from __future__ import annotations

import importlib.util

#: Folder or file of unit tests -> a module that its extra installs.
NEEDS = {
    "client/test_tiff_shown.py": "imagecodecs",
    "client/test_zarr_preflight.py": "zarr",
    "desktop": "numcodecs",
    "host/test_database.py": "psycopg",
    "host/test_migrations.py": "alembic",
    "host/test_settings.py": "dbos",
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
