"""Endings that Bio-Formats takes for a set's sake, and that by themselves are no image."""

from __future__ import annotations

#: Texts, tables, logs, settings and databases that lie beside images. Readers of sets claim
#: these endings (the table in ``bio_formats.tsv``: ScanR's ``.dat`` and ``.xml``, MIAS' and
#: Micro-Manager's ``.txt``, Prairie's ``.env``), or formats so rare that a file of this name
#: is nearly always another program's (Text's ``.csv``, DNG's ``.wav``, PicoQuant's ``.bin``).
SIDE_ENDINGS = (
    ".ano", ".bin", ".cfg", ".csv", ".dat", ".db", ".env", ".exp", ".htm", ".html", ".hx",
    ".inf", ".labels", ".log", ".lut", ".mdb", ".mea", ".mod", ".mtb", ".par", ".ps", ".pty",
    ".res", ".set", ".thm", ".tim", ".tnb", ".txt", ".wav", ".xlog", ".xml", ".zpo",
)  # fmt: skip
#: Settings of Bio-Formats for the file of the name before it. They ride along with that, and
#: only Bio-Formats heeds them: with one of them a lone file is no set.
OPTIONS_ENDING = ".bfoptions"


def is_side_name(name: str) -> bool:
    """Say whether a file of this name is no image unless its content says so."""
    return name.lower().endswith(SIDE_ENDINGS)
