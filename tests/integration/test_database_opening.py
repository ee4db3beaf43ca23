"""Processes that open the same new SQLite file at the same moment."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

FILES, PROCESSES = 100, 6

_OPENER = """
import sys, time
from transferapp.host.database import open_engine, sqlite_url, writing
from pathlib import Path
folder, start_at = Path(sys.argv[1]), float(sys.argv[2])
for number in range(int(sys.argv[3])):
    engine = open_engine(sqlite_url(folder / f"{number}.db"))
    time.sleep(max(0.0, start_at + number * 0.03 - time.monotonic()))
    with writing(engine) as connection:
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS one (number INTEGER)")
    engine.dispose()
"""


def test_nobody_is_reported_that_a_new_file_is_locked(tmp_path: Path) -> None:
    """Server and worker of a new installation start together."""
    start_at = str(time.monotonic() + 2)
    command = [sys.executable, "-c", _OPENER, str(tmp_path), start_at, str(FILES)]
    processes = [
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(PROCESSES)
    ]
    reported = [process.communicate(timeout=90)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES, reported
