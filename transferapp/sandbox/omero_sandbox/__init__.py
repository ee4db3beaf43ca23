"""An OMERO server for tests and trials: the real wire protocol, one process of its own.

Nothing here but ``fixture`` may be imported into another process: ``slices`` patches IcePy
before the first import of omero.
"""

from __future__ import annotations
