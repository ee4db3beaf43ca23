"""Read a table of key-value pairs, a row for each file, and find each row's fileset."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from transferapp.errors import Invalid
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.file_names import problem_of
from transferapp.model.annotations import annotations_of, wrong_annotations
from transferapp.model.images import Annotation

#: What the column is called that says which file a row is about.
FILE_COLUMNS = ("file", "filename", "file name", "path", "image", "image name")
MOST_TABLE_BYTES = 64 << 20
_DELIMITERS = "\t;,"

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row: its line, the file that it names, and what is said of it."""

    line: int
    file: str
    pairs: Pairs


def read_table(path: Path) -> list[TableRow]:
    """Read a CSV or TSV file with a line of headings; raises Invalid, SourceProblem.

    Separated by whatever its headings are separated by: tab, semicolon or comma. Empty cells
    are no pair.
    """
    rows = _rows(_text(path), path)
    headings = next(rows, (0, []))[1]
    keys = [heading.strip() for heading in headings]
    named = [number for number, key in enumerate(keys) if _is_file_column(key)]
    if len(named) != 1 or len(set(keys)) != len(keys) or not all(keys):
        raise Invalid(
            f"'{path.name}' needs a first line of headings, each once, exactly one of them"
            f" {', '.join(FILE_COLUMNS)}: it says which file a row is about."
        )
    return [_row(line, cells, keys, named[0], path) for line, cells in rows]


def annotations_by_file(
    table: Sequence[TableRow], candidates: Sequence[FilesetCandidate], source: str
) -> dict[Path, tuple[Annotation, ...]]:
    """Return what the images of each fileset are given, by its file to open.

    A row is about the fileset with a file of that name, or of that path (from the dropped
    folder on, or its end). Raises Invalid for a row that fits none, or several, and for two
    rows of one fileset.
    """
    by_name: dict[str, set[tuple[int, str]]] = defaultdict(set)
    for number, candidate in enumerate(candidates):
        for file in candidate.files:
            path = file.client_path
            by_name[path.rpartition("/")[2]].add((number, path))
    found: dict[int, TableRow] = {}
    for row in table:
        number = _fitting(row, by_name, source)
        if before := found.get(number):
            raise Invalid(
                f"'{source}', lines {before.line} and {row.line}: '{before.file}' and"
                f" '{row.file}' are one fileset, and it gets one row. Leave one out."
            )
        found[number] = row
    return {
        candidates[number].files[0].path: annotations_of((), pairs=row.pairs)
        for number, row in found.items()
        if row.pairs
    }


def _fitting(row: TableRow, by_name: dict[str, set[tuple[int, str]]], source: str) -> int:
    wanted = row.file.replace("\\", "/").strip("/").removeprefix("./")
    end = f"/{wanted}"
    near = by_name.get(wanted.rpartition("/")[2], set())
    fitting = {number for number, path in near if f"/{path}".endswith(end)}
    if len(fitting) == 1:
        return fitting.pop()
    if not fitting:
        raise Invalid(
            f"'{source}', line {row.line}: no file that is imported is called '{row.file}'."
            " Write its name, or its path from the folder on."
        )
    paths = ", ".join(sorted(path for number, path in near if number in fitting)[:5])
    raise Invalid(
        f"'{source}', line {row.line}: several files are called '{row.file}': {paths}. Write"
        " the path."
    )


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_TABLE_BYTES:
            raise Invalid(f"'{path.name}' is larger than {MOST_TABLE_BYTES >> 20} MiB.")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise problem_of(error, path) from error
    except UnicodeDecodeError:
        raise Invalid(f"'{path.name}' is not in UTF-8. Save it as CSV in UTF-8.") from None


def _rows(text: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that hold anything, each with the number of its (last) line."""
    lines = text.splitlines(keepends=True)
    first = next((line for line in lines if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            # The line of column types that OMERO.tables are filled by.
            if any(cell.strip() for cell in cells) and not cells[0].startswith("# header"):
                yield reader.line_num, cells
    except csv.Error as error:
        raise Invalid(f"'{path.name}', line {reader.line_num}: {error}.") from error


def _row(line: int, cells: list[str], keys: list[str], named: int, path: Path) -> TableRow:
    if len(cells) > len(keys) and any(cell.strip() for cell in cells[len(keys) :]):
        raise Invalid(f"'{path.name}', line {line} has more cells than there are headings.")
    texts = [cell.strip() for cell in cells[: len(keys)]]
    file = texts[named] if named < len(texts) else ""
    if not file:
        raise Invalid(f"'{path.name}', line {line} names no file.")
    pairs = tuple(
        (key, text)
        for number, (key, text) in enumerate(zip(keys, texts, strict=False))
        if text and number != named
    )
    if pairs and (wrong := wrong_annotations(annotations_of((), pairs=pairs))):
        raise Invalid(f"'{path.name}', line {line}: {wrong}")
    return TableRow(line, file, pairs)


def _is_file_column(heading: str) -> bool:
    return heading.casefold().replace("_", " ") in FILE_COLUMNS
