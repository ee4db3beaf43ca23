"""Sets of OME-TIFF that were renamed, moved, copied, or keep their document in a TIFF."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from tests.support.local_images import Opener, opener
from tests.support.ome_files import (
    block,
    image,
    ome,
    pointer,
    uuid,
    write_pages,
    write_set,
)
from transferapp.formats.omero import omero_formats
from transferapp.intake.candidates import FilesetCandidate
from transferapp.intake.grouping import group
from transferapp.intake.preflight import PreflightSettings, Severity, preflight
from transferapp.intake.scanning import scan
from transferapp.model.images import TileRegion

__all__ = ["opener"]


def grouped(folder: Path) -> list[FilesetCandidate]:
    return group(scan([folder]))


def names(candidate: FilesetCandidate) -> list[str]:
    return [file.path.name for file in candidate.files]


def stored(candidate: FilesetCandidate, folder: Path) -> Path:
    """Put a fileset where a server would, and return the file to open."""
    for file in candidate.files:
        place = folder / file.client_path
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file.path, place)
    return folder / candidate.files[0].client_path


def channel_values(opener: Opener, candidate: FilesetCandidate, folder: Path) -> list[int]:
    """Return what the channels are filled with, as the reader finds them."""
    first = stored(candidate, folder)
    [found] = opener(first, folder).images
    found.check()
    return [
        int(found.read(TileRegion(0, 0, c, 0, 0, 0, 1, 1))[0, 0])
        for c in range(found.header.size_c)
    ]


SET = ["a_C0.ome.tif", "a_C1.ome.tif"]


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize(
    ("stated", "called"),
    [
        (SET, SET),
        (["before.ome.tif"], ["after.tif"]),
        (["before.ome.tif"], ["BEFORE.OME.TIFF"]),
        ([f"/data/run 1/{name}" for name in SET], SET),
        ([f"C:\\data\\{name}" for name in SET], SET),
        ([f"elsewhere/{name}" for name in SET], SET),
        (SET, ["A_c0.OME.TIF", "a_C1.ome.tif"]),
        (SET, ["a_C0.ome.tiff", "a_C1.ome.tiff"]),
    ],
)
def test_what_is_sent_is_found_by_the_reader(
    opener: Opener, tmp_path: Path, stated: list[str], called: list[str], own: bool
) -> None:
    write_set(tmp_path / "in", stated, called, own=own)
    [candidate] = grouped(tmp_path / "in")
    assert sorted(names(candidate)) == sorted(called)
    assert (candidate.problems, candidate.doubts) == ((), ())
    wanted = [10 + n for n in range(len(stated))]
    assert channel_values(opener, candidate, tmp_path / "server") == wanted


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from("abcd"), min_size=1, max_size=4, unique=True),
    st.sampled_from(["{}", "/x/{}", "..\\x\\{}", "C:\\x\\{}", "sub/{}"]),
    st.sampled_from([str.upper, str.lower, lambda name: name.replace(".tif", ".tiff")]),
)
def test_desktop_and_reader_agree(
    tmp_path_factory: pytest.TempPathFactory,
    letters: list[str],
    place: str,
    spelt: object,
) -> None:
    folder = tmp_path_factory.mktemp("agree")
    files = [f"{letter}.ome.tif" for letter in letters]
    write_set(folder / "in", [place.format(name) for name in files], [spelt(n) for n in files])  # type: ignore[operator]
    [candidate] = grouped(folder / "in")
    assert not candidate.problems
    opened = Opener()
    try:
        wanted = [10 + n for n in range(len(letters))]
        assert channel_values(opened, candidate, folder / "server") == wanted
    finally:
        opened.close()


def test_a_set_of_new_names_is_reported_how_to_mend_it(tmp_path: Path) -> None:
    write_set(tmp_path, SET, ["b_C0.ome.tif", "b_C1.ome.tif"])
    first, second = grouped(tmp_path)
    for candidate in (first, second):
        [problem] = candidate.problems
        assert problem.code == "missing-companion"
        assert "'a_C0.ome.tif' (now 'b_C0.ome.tif')" in problem.message
        assert "Rename them back" in problem.message


@pytest.mark.parametrize("new", ["x.ome.tif", "A.ome.tif"])
def test_one_new_name_in_a_set_is_reported(tmp_path: Path, new: str) -> None:
    # Bio-Formats 7.3.1 shows such a plane black, or refuses, by which file it opens.
    write_set(tmp_path, SET, [new, "a_C1.ome.tif"])
    [candidate] = grouped(tmp_path)
    assert sorted(names(candidate)) == sorted([new, "a_C1.ome.tif"])
    [problem] = candidate.problems
    assert f"'a_C0.ome.tif' (now '{new}') is missing" in problem.message


def test_a_copy_beside_its_original_is_reported_and_apart(
    opener: Opener, tmp_path: Path
) -> None:
    [original] = write_set(tmp_path / "in", ["a.ome.tif"])
    shutil.copy(original, original.with_name("a - Copy.ome.tif"))
    copy, first = grouped(tmp_path / "in")
    assert (names(copy), names(first)) == (["a - Copy.ome.tif"], ["a.ome.tif"])
    assert first.doubts == ()
    [doubt] = copy.doubts
    assert "'a - Copy.ome.tif' is a copy of 'a.ome.tif'" in doubt
    assert channel_values(opener, copy, tmp_path / "server") == [10]


@pytest.mark.parametrize("own", [True, False])
def test_a_copy_of_a_part_of_a_set_stays_out_of_it(tmp_path: Path, own: bool) -> None:
    paths = write_set(tmp_path, SET, own=own)
    shutil.copy(paths[0], tmp_path / "a_C0 (copy).ome.tif")
    copy, whole = grouped(tmp_path)
    assert (names(copy), names(whole)) == (["a_C0 (copy).ome.tif"], SET)
    assert (whole.problems, whole.doubts) == ((), ())
    assert [problem.code for problem in copy.problems] == ["source-problem"]


def test_another_file_of_the_old_name_is_no_original(tmp_path: Path) -> None:
    write_set(tmp_path, ["a.ome.tif"], ["b.ome.tif"])
    xml = ome(image(block(file="a.ome.tif", own=uuid(9))), own=uuid(9))
    write_pages(tmp_path / "a.ome.tif", xml)
    assert [(names(c), c.doubts) for c in grouped(tmp_path)] == [
        (["a.ome.tif"], ()),
        (["b.ome.tif"], ()),
    ]


@pytest.mark.parametrize("master", ["0_master.ome.tif", "z_master.ome.tif"])
@pytest.mark.parametrize("own", [uuid(2), ""])
def test_a_document_in_a_tiff_is_opened_first(
    opener: Opener, tmp_path: Path, master: str, own: str
) -> None:
    folder = tmp_path / "in"
    blocks = block(file="a.ome.tif", own=uuid(1)) + block(c=1, file=master, own=uuid(2))
    write_pages(folder / "a.ome.tif", pointer(master, own=uuid(1), target=uuid(2)), [10])
    write_pages(folder / master, ome(image(blocks, sizes=(1, 2, 1)), own=own), [11])
    [candidate] = grouped(folder)
    assert names(candidate) == [master, "a.ome.tif"]
    assert (candidate.name, candidate.problems, candidate.doubts) == (master, (), ())
    assert channel_values(opener, candidate, tmp_path / "server") == [10, 11]


def test_pointers_that_are_never_read_are_not_opened_first(tmp_path: Path) -> None:
    # Read in plain order, opened in natural order: 10 before 2, and 2 before 10.
    blocks = block(file="t2.ome.tif", own=uuid(1)) + block(c=1, file="t10.ome.tif", own=uuid(2))
    write_pages(tmp_path / "t2.ome.tif", pointer("t10.ome.tif", own=uuid(1), target=uuid(2)))
    write_pages(tmp_path / "t10.ome.tif", ome(image(blocks, sizes=(1, 2, 1)), own=uuid(2)))
    [candidate] = grouped(tmp_path)
    assert names(candidate) == ["t10.ome.tif", "t2.ome.tif"]


def test_one_part_alone_brings_its_master(tmp_path: Path) -> None:
    blocks = block(file="a.ome.tif", own=uuid(1)) + block(c=1, file="m.ome.tif", own=uuid(2))
    write_pages(tmp_path / "a.ome.tif", pointer("m.ome.tif", own=uuid(1), target=uuid(2)))
    write_pages(tmp_path / "m.ome.tif", ome(image(blocks, sizes=(1, 2, 1)), own=uuid(2)))
    [candidate] = group(scan([tmp_path / "a.ome.tif"]))
    assert names(candidate) == ["m.ome.tif", "a.ome.tif"]


@pytest.mark.parametrize("name", ["x.companion.ome", "metadata.ome", "x.ome.xml", "x.xml"])
def test_a_document_of_any_name_is_opened_first(
    opener: Opener, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "in"
    to_document = pointer(f"D:\\run\\{name}", own=uuid(1), target=uuid(2))
    write_pages(folder / "a.ome.tif", to_document, [10])
    document = ome(image(block(file="a.ome.tif", own=uuid(1))), own=uuid(2))
    (folder / name).write_text(document)
    [candidate] = grouped(folder)
    assert names(candidate) == [name, "a.ome.tif"]
    assert (candidate.problems, candidate.doubts) == ((), ())
    assert channel_values(opener, candidate, tmp_path / "server") == [10]


def test_a_part_that_its_document_does_not_name_is_reported(tmp_path: Path) -> None:
    (tmp_path / "x.companion.ome").write_text(
        ome(image(block(file="a.ome.tif", own=uuid(1))), own=uuid(2))
    )
    for number, name in enumerate(("a", "b"), start=1):
        xml = pointer("x.companion.ome", own=uuid(number), target=uuid(2))
        write_pages(tmp_path / f"{name}.ome.tif", xml)
    [candidate] = grouped(tmp_path)
    [doubt] = candidate.doubts
    assert doubt.startswith("'b.ome.tif' is imported with this set, but no image")


def test_a_companion_that_names_no_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "x.companion.ome").write_text(ome(image(block()), own=uuid(2)))
    write_pages(tmp_path / "a.ome.tif", pointer("x.companion.ome", own=uuid(1), target=uuid(2)))
    [candidate] = grouped(tmp_path)
    assert "does not say in which files" in candidate.problems[0].message


def test_metadata_that_lacks_something_is_reported_before_the_upload(tmp_path: Path) -> None:
    xml = ome(image().replace("SizeX", "Width"))
    write_pages(tmp_path / "a.ome.tif", xml)
    (tmp_path / "b.companion.ome").write_text(xml)
    for candidate in grouped(tmp_path):
        [problem] = candidate.problems
        assert problem.code == "damaged-file"
        assert "'SizeX'" in problem.message


@pytest.mark.parametrize("other", [None, "b"])
def test_pointers_that_lead_to_no_document_are_reported(
    tmp_path: Path, other: str | None
) -> None:
    xml = pointer("b.ome.tif", own=uuid(1), target=uuid(2))
    write_pages(tmp_path / "a.ome.tif", xml)
    back = other and pointer("a.ome.tif", own=uuid(2), target=uuid(1))
    write_pages(tmp_path / "b.ome.tif", back)
    [candidate] = grouped(tmp_path)
    [problem] = candidate.problems
    assert problem.code == "damaged-file"
    assert "'a.ome.tif'" in problem.message
    assert "'b.ome.tif'" in problem.message


def test_a_text_that_describes_no_image_leaves_a_plain_tiff(
    opener: Opener, tmp_path: Path
) -> None:
    write_pages(tmp_path / "in" / "a.ome.tif", ome(), [7])
    (tmp_path / "in" / "b.companion.ome").write_text(ome())
    plain, companion = grouped(tmp_path / "in")
    assert not plain.problems
    assert channel_values(opener, plain, tmp_path / "server") == [7]
    assert "not a complete OME-XML" in companion.problems[0].message


THREE = ["a_C0.ome.tif", "a_C1.ome.tif", "a_C2.ome.tif"]


@pytest.mark.parametrize("order", [(1, 0), (1, 0, 2), (0, 2, 1), (2, 1, 0), (1, 2, 0)])
def test_files_with_each_others_names_are_reported_apart_by_their_uuid(
    opener: Opener, tmp_path: Path, order: tuple[int, ...]
) -> None:
    # Bio-Formats 7.3.1 goes by the names: of two it shows 11, 10.
    stated = THREE[: len(order)]
    write_set(tmp_path / "in", stated, [stated[n] for n in order])
    [candidate] = grouped(tmp_path / "in")
    # By name the first comes first; the others by what they hold.
    assert names(candidate)[0] == stated[0]
    assert (sorted(names(candidate)), candidate.problems) == (stated, ())
    wanted = [10 + n for n in range(len(stated))]
    assert channel_values(opener, candidate, tmp_path / "server") == wanted
    old = PreflightSettings(still_writing_s=0)
    result = preflight(candidate, old)
    assert result.level is Severity.WARNING
    moved = next(n for n, at in enumerate(order) if n != at)
    assert f"'{stated[order[moved]]}' is '{stated[moved]}'" in result.sentence
    result = preflight(candidate, replace(old, target=omero_formats()))
    assert result.blocked
    assert "OMERO goes by the names" in result.sentence


@pytest.mark.parametrize("companion", [False, True])
@pytest.mark.parametrize(
    ("stated", "remedy"),
    [
        (["a_C0.ome.tif", "A_C1.ome.tif"], "Rename the files to the letter"),
        (["a_C0.ome.tif", "a_C1.ome.tiff"], "Rename the files to the letter"),
        ([f"C:\\x\\{name}" for name in SET], "without folders in its names"),
        ([f"x/{name}" for name in SET], "without folders in its names"),
    ],
)
def test_names_that_are_not_to_the_letter_are_reported_for_omero(
    tmp_path: Path, stated: list[str], remedy: str, companion: bool
) -> None:
    # Bio-Formats 7.3.1 reads none of these sets by their first file.
    write_set(tmp_path, stated, SET)
    if companion:
        write_companion(tmp_path, stated)
    [candidate] = grouped(tmp_path)
    settings = PreflightSettings(still_writing_s=0)
    assert not preflight(candidate, settings).blocked
    result = preflight(candidate, replace(settings, target=omero_formats()))
    assert result.code == "missing-companion"
    assert f"'a_C1.ome.tif' is called '{stated[1]}'" in result.sentence
    assert remedy in result.sentence


def write_companion(folder: Path, stated: list[str]) -> None:
    blocks = "".join(block(c=n, file=name, own=uuid(n + 1)) for n, name in enumerate(stated))
    (folder / "x.companion.ome").write_text(ome(image(blocks, sizes=(1, 2, 1)), own=uuid(9)))


def test_files_with_each_others_names_beside_a_companion(
    opener: Opener, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    blocks = "".join(block(c=n, file=name, own=uuid(n + 1)) for n, name in enumerate(SET))
    folder.mkdir()
    (folder / "x.companion.ome").write_text(ome(image(blocks, sizes=(1, 2, 1)), own=uuid(9)))
    for n, name in enumerate(reversed(SET)):
        xml = pointer("x.companion.ome", own=uuid(n + 1), target=uuid(9))
        write_pages(folder / name, xml, [10 + n])
    [candidate] = grouped(folder)
    assert channel_values(opener, candidate, tmp_path / "server") == [10, 11]


def test_a_member_that_took_the_name_of_another_is_reported(tmp_path: Path) -> None:
    write_set(tmp_path, SET, ["a_C1.ome.tif", "x.ome.tif"])
    candidates = grouped(tmp_path)
    assert all(candidate.problems for candidate in candidates)
    reported = " ".join(c.problems[0].message for c in candidates)
    assert "'a_C0.ome.tif' (now 'a_C1.ome.tif')" in reported


def test_a_uuid_that_the_set_does_not_know_reports_nothing(
    opener: Opener, tmp_path: Path
) -> None:
    # Written again by a program that gave it a new one.
    _, second = write_set(tmp_path / "in", SET)
    second.write_bytes(second.read_bytes().replace(b'UUID="urn:uuid:0', b'UUID="urn:uuid:9'))
    [candidate] = grouped(tmp_path / "in")
    assert not candidate.problems
    assert channel_values(opener, candidate, tmp_path / "server")[1] == 11
