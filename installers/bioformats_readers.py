#!/usr/bin/env python3
"""Write down which readers Bio-Formats has, as ``transferapp/formats`` tells of them.

Facts only: names of readers and formats, suffixes, and whether a reader looks at the suffix
or into the file. Bio-Formats (GPL) is started as a program of its own; nothing of it comes
into the table but what it answers. Needs Java 17 with its compiler.

    python3 installers/bioformats_readers.py
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from bioformats_jar import ensure_jar

TABLE = Path(__file__).resolve().parents[1] / "transferapp" / "formats" / "bio_formats.tsv"
_PROGRAM = Path(__file__).with_name("BioFormatsReaders.java")
_COLUMNS = "reader\tformat\tseveral\tsuffix needed\tsuffix enough\tsuffixes"


def ask(jar: Path) -> str:
    """Return the table as a jar's Bio-Formats tells it."""
    if shutil.which("java") is None:
        raise SystemExit("Java 17 is needed (Debian, Ubuntu: default-jdk-headless).")
    command = ["java", "-cp", str(jar), str(_PROGRAM)]
    done = subprocess.run(command, capture_output=True, check=True, encoding="utf-8")
    version, _, readers = done.stdout.partition("\n")
    title = f"# Bio-Formats {version}; written by installers/bioformats_readers.py"
    return f"{title}\n{_COLUMNS}\n{readers}"


if __name__ == "__main__":
    TABLE.write_text(ask(ensure_jar(Path(sys.executable))), encoding="utf-8")
    print(TABLE)
