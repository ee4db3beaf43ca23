"""A table of key-value pairs: what it says of which fileset, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from transferapp.client.key_values import annotations_by_file, read_table
from transferapp.errors import Invalid
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.scanning import FoundFile
from transferapp.model.annotations import EDITABLE_PAIRS
from transferapp.model.image_annotations import ImageAnnotations, OwnAnnotations
from transferapp.model.images import Annotation, AnnotationKind


def table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "meta.csv"
    path.write_bytes(text.encode(encoding))
    return path


def fileset(*paths: str) -> FilesetCandidate:
    files = tuple(FoundFile(f"/data/{path}", path, 1, 1) for path in paths)
    return FilesetCandidate(paths[0], files, None)


SETS = (
    fileset("run/a.tif"),
    fileset("run/day 1/b.tif"),
    fileset("run/day 2/b.tif"),
    fileset("run/c.ome.tif", "run/c_2.ome.tif"),
)


def pairs(*of: tuple[str, str]) -> tuple[Annotation, ...]:
    return (Annotation(AnnotationKind.KEY_VALUE, EDITABLE_PAIRS, pairs=of),)


def every(*of: tuple[str, str]) -> OwnAnnotations:
    return OwnAnnotations(pairs(*of))


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("heading", ["File", "Image Name", "image_name", "path"])
def test_rows_find_their_filesets(tmp_path: Path, mark: str, heading: str) -> None:
    lines = [("stain", heading, "dose"), ("DAPI", "a.tif", "3 µM"), ("GFP", "day 2\\b.tif", "")]
    lines += [("", "", ""), ("RFP", "./run/c_2.ome.tif", '"a ""b"""'), ("", "day 1/b.tif", "")]
    path = table(tmp_path, "\r\n".join(mark.join(line) for line in lines), "utf-8-sig")
    assert annotations_by_file(read_table(path), SETS, path.name) == {
        Path("/data/run/a.tif"): every(("stain", "DAPI"), ("dose", "3 µM")),
        Path("/data/run/day 2/b.tif"): every(("stain", "GFP")),
        Path("/data/run/c.ome.tif"): every(("stain", "RFP"), ("dose", 'a "b"')),
    }


#: Rows about all images of a file, whose name stands in both columns.
NOT_SINGLE = "c.ome.tif,c.ome.tif,RFP\na.tif,a.tif,x"


@pytest.mark.parametrize(
    "lines",
    [
        "file,image,stain\na.tif,Position 1,DAPI\na.tif,#2,GFP\nc_2.ome.tif,,RFP\na.tif,,x",
        "Image Name,stain\na.tif [Position 1],DAPI\na.tif [#2],GFP\nc.ome.tif,RFP\na.tif,x",
        "File,image,stain\nrun/a.tif,a.tif [Position 1],DAPI\na.tif,#2,GFP\n" + NOT_SINGLE,
    ],
)
def test_rows_find_single_images_of_a_file(tmp_path: Path, lines: str) -> None:
    assert annotations_by_file(read_table(table(tmp_path, lines)), SETS, "meta.csv") == {
        Path("/data/run/a.tif"): OwnAnnotations(
            pairs(("stain", "x")),
            (
                ImageAnnotations("Position 1", pairs(("stain", "DAPI"))),
                ImageAnnotations("#2", pairs(("stain", "GFP"))),
            ),
        ),
        Path("/data/run/c.ome.tif"): every(("stain", "RFP")),
    }


def test_the_images_of_a_set_are_found_by_the_name_of_its_folder(tmp_path: Path) -> None:
    files = tuple(FoundFile(f"/data/{p}", p, 1, 1) for p in ("x/z.ome.zarr/.zattrs",))
    sets = (FilesetCandidate("z.ome.zarr", files, None),)
    path = table(tmp_path, "Image Name,stain\nz.ome.zarr [a],DAPI\n")
    (own,) = annotations_by_file(read_table(path), sets, path.name).values()
    assert own == OwnAnnotations((), (ImageAnnotations("a", pairs(("stain", "DAPI"))),))


def test_the_line_of_column_types_is_passed_over(tmp_path: Path) -> None:
    path = table(tmp_path, "# header s,s\nImage Name,stain\na.tif,DAPI\n")
    assert [row.pairs for row in read_table(path)] == [(("stain", "DAPI"),)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "headings"),
        ("name,stain\na.tif,DAPI", "exactly one of them file, filename"),
        ("file,path\na.tif,a.tif", "exactly one"),
        ("image,image name\na.tif,a.tif", "exactly one"),
        ("file,image,x\n,Position 1,x", "line 2 names no file"),
        ("file,image,x\nno.lif,P,x", "line 2: no file that is imported is called 'no.lif'"),
        ("image name,x\nno.lif [P],x", "line 2: no file that is imported is called 'no.lif"),
        ("image name,x\nb.tif [P],x", "line 2: several files are called 'b.tif .P.'"),
        ("file,image,x\na.tif,P,1\nrun/a.tif,run/a.tif [P],2", "are one image"),
        ("file,stain,stain\na.tif,x,y", "each once"),
        ("file,\na.tif,x", "each once"),
        ("file,stain\na.tif,x,y", "line 2 has more cells"),
        ("file,stain\n,x", "line 2 names no file"),
        ('file,stain\na.tif,"x', "line 2"),
        ("file,stain\na.tif,x\0", "line 2"),
        (f"file,stain\na.tif,{'x' * 10_001}", "longer"),
        ("file,stain\nA.tif,x", "no file that is imported is called 'A.tif'"),
        ("file,stain\ntif,x", "no file that is imported"),
        (
            "file,stain\nb.tif,x",
            r"several files are called 'b.tif': run/day 1/b.tif, run/day 2",
        ),
        ("file,stain\nc.ome.tif,x\nc_2.ome.tif,y", "lines 2 and 3"),
        ("file,stain\na.tif,x\nrun/a.tif,", "one fileset"),
    ],
)
def test_what_is_not_clear_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        annotations_by_file(read_table(table(tmp_path, text)), SETS, "meta.csv")


def test_other_encodings_and_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="UTF-8"):
        read_table(table(tmp_path, "file,färbung", "latin-1"))
    with pytest.raises(Invalid, match="There is no file"):
        read_table(tmp_path / "no.csv")
