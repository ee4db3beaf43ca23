"""Where the bytes of original files are: on disk, or in an archive that gives them back."""

from __future__ import annotations
