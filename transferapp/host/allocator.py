"""Keep glibc from mapping and unmapping memory for every piece of a body.

Without it uvicorn receives and sends bodies at half its speed (docs/adr/0005).
"""

from __future__ import annotations

import ctypes
import sys

# Names and numbers of malloc.h.
_M_TRIM_THRESHOLD = -1
_M_TOP_PAD = -2
_M_MMAP_THRESHOLD = -3

#: Bytes: blocks below this come from the heap; the heap keeps this much when it is free.
_SETTINGS = (
    (_M_MMAP_THRESHOLD, 64 << 20),
    (_M_TRIM_THRESHOLD, 256 << 20),
    (_M_TOP_PAD, 16 << 20),
)


def tune_allocator() -> bool:
    """Raise glibc's thresholds for this process; False where there is no glibc."""
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return all(mallopt(name, value) == 1 for name, value in _SETTINGS)
