"""What is installed is told without loading it: the server answers it at its start."""

from __future__ import annotations

import json
import subprocess
import sys

SCRIPT = """
import json, sys
from transferapp.repositories.local.readers.installed import installed_formats
from transferapp.repositories.local.readers.vendor_readers import VENDOR_READERS
assert installed_formats().formats
there = [one for one in VENDOR_READERS if one.is_installed()]
roots = {module.partition(".")[0] for one in VENDOR_READERS for module in one.modules}
print(len(there), json.dumps(sorted(roots & set(sys.modules))))
"""


def test_no_library_is_loaded_to_say_that_it_is_there() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    number, loaded = answer.stdout.strip().split(" ", 1)
    assert int(number) > 1
    # TIFF's own codecs are imagecodecs.
    assert json.loads(loaded) in ([], ["imagecodecs"])
