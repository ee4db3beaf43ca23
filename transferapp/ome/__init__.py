"""OME-XML: what a document says of files, planes, plates and sizes; no pixels."""

from __future__ import annotations
