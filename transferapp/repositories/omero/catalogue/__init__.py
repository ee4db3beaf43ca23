"""What OMERO holds: containers, filesets, annotations, duplicates; our nouns."""

from __future__ import annotations
