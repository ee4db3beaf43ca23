"""What failed beside the other tests is run once more by itself (docs/adr/0028).

Standard library only, see ``bootstrap.py``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from environments import ROOT, show

#: More that failed are a defect, not a busy machine.
MOST = 5
#: Where pytest notes what failed; the whole suite begins with an empty one.
NOTED = Path(".pytest_cache/v/cache/lastfailed")
#: pytest's exit code when tests ran and some failed.
_FAILED = 1

Run = Callable[..., int]


def whole_suite(run: Run, arguments: Sequence[str], root: Path = ROOT) -> int:
    """Run pytest with these arguments, then once more the few that failed, without others
    beside them; return its exit code.

    A test that fails twice fails. One that passed at last is named: it has to be mended.
    """
    code = run("-m", "pytest", "--cache-clear", *arguments)
    if code != _FAILED:
        return code
    failed = _failed(root)
    if not 0 < len(failed) <= MOST:
        return code
    show(f"{len(failed)} failed beside the others; once more, by themselves:")
    code = run("-m", "pytest", "--last-failed", "-n", "0")
    if code == 0:
        for name in failed:
            show(f"failed at first, passed by itself: {name}")
    return code


def _failed(root: Path) -> list[str]:
    try:
        return sorted(json.loads((root / NOTED).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return []
