"""What is there at the end of start-up is not looked at again."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import gc
from transferapp.host.collector import settle_heap
class Node: pass
kept, lost = Node(), Node()
kept.self, lost.self = kept, lost
del lost
settle_heap()
left = gc.get_objects()
assert not any(isinstance(one, Node) for one in left), "looked at again"
print(gc.get_freeze_count() > 1000, gc.collect(), type(kept).__name__)
"""


def test_start_up_is_collected_once() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "0", "Node"]
