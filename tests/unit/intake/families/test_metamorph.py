"""MetaMorph's sets; Bio-Formats 7.3.1 gave these files in this order (MetamorphReader)."""

from __future__ import annotations

from pathlib import Path

from tests.support.file_sets import only_set, paths, touched_tiff
from transferapp.intake.grouping import group
from transferapp.intake.preflight import Level, PreflightSettings, preflight
from transferapp.intake.scanning import scan

ND = """"NDInfoFile", Version 1.0
"DoTimelapse", TRUE
"NTimePoints", 2
"DoStage", TRUE
"NStagePositions", 2
"DoWave", TRUE
"NWavelengths", 2
"WaveName1", "491"
"WaveName2", "561"
"EndFile"
"""
IMAGES = [f"exp1_w{w}_s{s}_t{t}.TIF" for s in (1, 2) for t in (1, 2) for w in (1491, 2561)]


def dataset(folder: Path) -> Path:
    (folder / "run").mkdir()
    (folder / "run" / "exp1.nd").write_text(ND)
    for name in IMAGES:
        touched_tiff(folder / "run" / name)
    return folder / "run"


def test_the_first_image_is_opened_and_the_index_comes_second(tmp_path: Path) -> None:
    run = dataset(tmp_path)
    made = only_set(run)
    assert made.name == "exp1.nd"
    assert paths(made, run) == [IMAGES[0], "exp1.nd", *IMAGES[1:]]
    assert not made.problems
    assert not made.doubts


def test_a_lone_member_is_told(tmp_path: Path) -> None:
    run = dataset(tmp_path)
    (run / "exp1.nd").unlink()
    (doubt,) = group(scan([run / IMAGES[0]]))[0].doubts
    assert "its .nd file is missing" in doubt


def test_dropping_the_index_alone_takes_the_whole_set(tmp_path: Path) -> None:
    run = dataset(tmp_path)
    assert len(only_set(run / "exp1.nd").files) == 9


def test_absent_images_are_told(tmp_path: Path) -> None:
    run = dataset(tmp_path)
    (run / IMAGES[3]).unlink()
    (doubt,) = only_set(run).doubts
    assert doubt.startswith("'exp1_w2_s1_t2' is missing, though 'exp1.nd' names it.")


def test_an_index_without_images_is_refused(tmp_path: Path) -> None:
    run = dataset(tmp_path)
    for name in IMAGES:
        (run / name).unlink()
    (problem,) = only_set(run).problems
    assert "none of them is there" in problem.message


def test_another_nd_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "notes.nd").write_text("hello")
    assert only_set(tmp_path).format is None


def test_only_bio_formats_reads_the_set(tmp_path: Path) -> None:
    """The embedded repository would show its first image alone."""
    made = only_set(dataset(tmp_path))
    omero = PreflightSettings(still_writing_s=0, bio_formats=True)
    assert preflight(made, omero).level is Level.OK
    told = preflight(made, PreflightSettings(still_writing_s=0))
    assert told.sentence.startswith("MetaMorph cannot be read here")
