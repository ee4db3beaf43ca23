"""Keep Python's garbage collector from stopping a process for what never becomes garbage.

A full collection looks at every object of the process. Right after start-up those are
200,000 (modules, routes, tables), nearly all of them there to stay: 100 ms in which
nothing else runs, measured by ``tests/integration/test_rest_loop.py``.
"""

from __future__ import annotations

import gc


def settle_heap() -> None:
    """Collect once, and never look again at what is left (call when start-up is over)."""
    gc.collect()
    gc.freeze()
