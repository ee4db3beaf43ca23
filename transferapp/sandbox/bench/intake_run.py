"""One run of the intake bench: ``python -m transferapp.sandbox.bench.intake_run WHAT FOLDER``.

WHAT is ``judge``, ``walk``, or ``walk_without_stat``.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from transferapp.host.collecting import seldom_collecting
from transferapp.host.logging import configure_logging
from transferapp.intake.judging import Judged, in_order, judge as judge_all
from transferapp.intake.preflight import PreflightSettings
from transferapp.intake.scanning import scan


def judge(top: Path) -> tuple[int, float]:
    """Judge every file below a folder; return how many, and when the first verdict came."""
    settings, first_s = PreflightSettings(), 0.0
    found: list[Judged] = []
    with seldom_collecting():
        for batch in judge_all(scan([top]), settings):
            found += batch
            first_s = first_s or (time.perf_counter() if batch else 0.0)
        files = sum(result.file_count for _, result in in_order(found))
    return files, first_s


def walk(top: Path, *, stat: bool = True) -> tuple[int, float]:
    """Ask for the size and read the first 4 kB of every file below a folder; return how
    many.
    """
    files, pending, first_s = 0, [str(top)], 0.0
    while pending:
        with os.scandir(pending.pop()) as listing:
            for entry in listing:
                if entry.is_dir():
                    pending.append(entry.path)
                    continue
                if stat:
                    entry.stat()
                descriptor = os.open(entry.path, os.O_RDONLY)
                os.read(descriptor, 4096)
                os.close(descriptor)
                first_s = first_s or time.perf_counter()
                files += 1
    return files, first_s


def main() -> None:
    """Run once and print what it took as JSON."""
    configure_logging("bench", private=False)
    works: dict[str, Callable[[Path], tuple[int, float]]] = {
        "judge": judge,
        "walk": walk,
        "walk_without_stat": partial(walk, stat=False),
    }
    work = works[sys.argv[1]]
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    files, first_s = work(Path(sys.argv[2]))
    ended_s, cpu_s = time.perf_counter(), time.process_time() - began_cpu_s
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report = {
        "files": files,
        "seconds": ended_s - began_s,
        "cpu_s": cpu_s,
        "first_s": first_s - began_s,
        "memory_mb": peak * (1 if sys.platform == "darwin" else 1024) / 1e6,
    }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
