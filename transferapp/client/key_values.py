"""Read a table of key-value pairs, a row for each file or image; find each row's fileset."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transferapp.client.csv_files import csv_rows
from transferapp.errors import Invalid
from transferapp.intake.candidates import FilesetCandidate
from transferapp.model.annotations import annotations_of, wrong_annotations
from transferapp.model.image_annotations import (
    ImageAnnotations,
    OwnAnnotations,
    splits_of,
)

#: What the columns are called that say which file, and which image, a row is about.
FILE_COLUMNS = ("file", "filename", "file name", "path")
IMAGE_COLUMNS = ("image", "image name")

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row: its line, the file and the image that it names, and what is said of them."""

    line: int
    file: str
    image: str
    pairs: Pairs

    @property
    def name(self) -> str:
        """What it is about, for a message."""
        return " ".join(filter(None, (self.file, self.image)))


def read_table(path: Path) -> list[TableRow]:
    """Read a CSV or TSV file with a line of headings; raises Invalid, SourceProblem.

    Separated by whatever its headings are separated by: tab, semicolon or comma. Empty cells
    are no pair.
    """
    rows = csv_rows(path)
    headings = next(rows, (0, []))[1]
    keys = [heading.strip() for heading in headings]
    files, images = _named(keys, FILE_COLUMNS), _named(keys, IMAGE_COLUMNS)
    once = len(files) <= 1 and len(images) <= 1 and bool(files or images)
    if not once or len(set(keys)) != len(keys) or not all(keys):
        raise Invalid(
            f"'{path.name}' needs a first line of headings, each once, exactly one of them"
            f" {', '.join((*FILE_COLUMNS, *IMAGE_COLUMNS))}: it says which file a row is about."
            f" Beside {', '.join(FILE_COLUMNS)} there may be {' or '.join(IMAGE_COLUMNS)}: it"
            " says which image of that file."
        )
    columns = _Columns(keys, files[0] if files else None, images[0] if images else None)
    return [_row(line, cells, columns, path) for line, cells in rows]


def annotations_by_file(
    table: Sequence[TableRow], candidates: Sequence[FilesetCandidate], source: str
) -> dict[Path, OwnAnnotations]:
    """Return what each fileset, or single images of it, are given, by its file to open.

    A row is about the fileset with a file of that name, or of that path (from the dropped
    folder on, or its end), and where it names an image, about that one. Raises Invalid for a
    row that fits no file, or several, and for two rows of one fileset or image.
    """
    files = _Files(candidates, source)
    found: dict[int, dict[str, TableRow]] = defaultdict(dict)
    for row in table:
        number, image = files.meant(row)
        if before := found[number].get(image):
            raise Invalid(
                f"'{source}', lines {before.line} and {row.line}: '{before.name}' and"
                f" '{row.name}' are one {'image' if image else 'fileset'}, and it gets one"
                " row. Leave one out."
            )
        found[number][image] = row
    made = {candidates[n].files[0].path: _own(rows) for n, rows in found.items()}
    return {path: own for path, own in made.items() if own != OwnAnnotations()}


def _own(rows: dict[str, TableRow]) -> OwnAnnotations:
    made = {image: annotations_of((), pairs=row.pairs) for image, row in rows.items()}
    every = made.pop("", ())
    single = (ImageAnnotations(image, given) for image, given in made.items() if given)
    return OwnAnnotations(every, tuple(single))


class _Files:
    """Finds what a row names among the files of an import."""

    def __init__(self, candidates: Sequence[FilesetCandidate], source: str) -> None:
        self._source = source
        self._by_name: dict[str, set[tuple[int, str]]] = defaultdict(set)
        #: A set of files is called by its folder, and its images after it.
        self._sets: dict[str, set[tuple[int, str]]] = defaultdict(set)
        for number, candidate in enumerate(candidates):
            self._sets[candidate.name].add((number, candidate.name))
            for file in candidate.files:
                path = file.client_path
                self._by_name[path.rpartition("/")[2]].add((number, path))

    def meant(self, row: TableRow) -> tuple[int, str]:
        """Return the number of the fileset, and the image in it ("": all); raises Invalid."""
        if row.file:
            return self._the_only(row, self._fitting(row.file)), self._own_name(row)
        # Of the image alone: its file, or its name as the repository is going to have it.
        if fitting := self._fitting(row.image):
            return self._the_only(row, fitting), ""
        for file, image in splits_of(row.image):
            if fitting := self._fitting(file):
                return self._the_only(row, fitting), image.strip()
        return self._the_only(row, set()), ""

    def _own_name(self, row: TableRow) -> str:
        """Return the image that stands beside a file; all of them where it is the file."""
        image = row.image
        if not image or image == row.file or row.file.endswith(f"/{image}"):
            return ""
        for file, own in splits_of(image):
            if file == row.file or row.file.endswith(f"/{file}"):
                return own.strip()
        return image

    def _fitting(self, text: str) -> set[tuple[int, str]]:
        wanted = text.replace("\\", "/").strip("/").removeprefix("./")
        end = f"/{wanted}"
        near = self._by_name.get(wanted.rpartition("/")[2], set())
        fitting = {(number, path) for number, path in near if f"/{path}".endswith(end)}
        return fitting or self._sets.get(wanted, set())

    def _the_only(self, row: TableRow, fitting: set[tuple[int, str]]) -> int:
        numbers = {number for number, _ in fitting}
        if len(numbers) == 1:
            return numbers.pop()
        where = f"'{self._source}', line {row.line}"
        if not fitting:
            raise Invalid(
                f"{where}: no file that is imported is called '{row.file or row.image}'."
                " Write its name, or its path from the folder on."
            )
        paths = ", ".join(sorted(path for _, path in fitting)[:5])
        raise Invalid(
            f"{where}: several files are called '{row.file or row.image}': {paths}. Write"
            " the path."
        )


@dataclass(frozen=True, slots=True)
class _Columns:
    """The headings, and which of them name a file and an image."""

    keys: list[str]
    file: int | None
    image: int | None


def _row(line: int, cells: list[str], columns: _Columns, path: Path) -> TableRow:
    keys = columns.keys
    if len(cells) > len(keys) and any(cell.strip() for cell in cells[len(keys) :]):
        raise Invalid(f"'{path.name}', line {line} has more cells than there are headings.")
    texts = [cell.strip() for cell in cells[: len(keys)]]
    texts += [""] * (len(keys) - len(texts))
    file = "" if columns.file is None else texts[columns.file]
    image = "" if columns.image is None else texts[columns.image]
    if not (image if columns.file is None else file):
        raise Invalid(f"'{path.name}', line {line} names no file.")
    pairs = tuple(
        (key, text)
        for number, (key, text) in enumerate(zip(keys, texts, strict=True))
        if text and number not in (columns.file, columns.image)
    )
    if pairs and (wrong := wrong_annotations(annotations_of((), pairs=pairs))):
        raise Invalid(f"'{path.name}', line {line}: {wrong}")
    return TableRow(line, file, image, pairs)


def _named(keys: Sequence[str], headings: Sequence[str]) -> list[int]:
    return [n for n, key in enumerate(keys) if key.casefold().replace("_", " ") in headings]
