"""Names are asked once for all that differ in numbers; the answers are those for each name."""

from __future__ import annotations

import pytest

from transferapp.intake.families.table import FAMILIES
from transferapp.intake.formats import OME_TIFF
from transferapp.intake.name_kinds import NameKinds

NAMES = (
    "NDTiffStack.tif", "NDTiffStack_1.tif", "NDTiffStack_0.tif", "NDTiffStack_99.tif",
    "NDTiffStack_00.tif", "ndtiffstack_7.TIF", "exp_w1CFP_s1_t1.TIF", "exp_w1_s2.stk",
    "img_000000000_GFP_000.tif", "img_channel000_position000_time000000000_z000.tif",
    "W1F001T0001Z01C1.tif", "A01_T0001F001L01A01Z01C01.tif", "r01c01f01p01-ch1sk1fk1fl1.tiff",
    "s_C001Z002.tif", "a_ch00.tif", "a_Series001_z00_ch00.tif", "a.ome.tif", "a1.ome.tif",
    "a.companion.ome", "index.xml", "index.idx.xml", "IM000001", "IM000002", "1.2.840.10008",
    "DICOMDIR", "a.1", "a.2", "notes1.txt", "a1.TIF.bfoptions", "a.dcm", "a1.j2k", "a1.nii.gz",
    "run_MMStack_Pos0.ome.tif", "run_MMStack_Pos0_metadata.txt",
    "run_MMStack_Pos1_metadata.txt",
)  # fmt: skip


@pytest.mark.parametrize("names", [NAMES, NAMES[::-1]])
@pytest.mark.parametrize("folder", ["", "d", "plate 1/Well A01", "plate 2/Well B02"])
def test_every_name_has_the_answer_of_its_own(folder: str, names: tuple[str, ...]) -> None:
    kinds = NameKinds(FAMILIES)
    front = f"{folder}/" if folder else ""
    for _ in range(2):
        for name in names:
            assert kinds.folder(folder).of(name) == NameKinds(FAMILIES).ask(front + name, name)


def test_names_that_report_nothing_are_offered_to_families() -> None:
    names = NameKinds(FAMILIES).folder("d")
    assert names.of("IM000001").opens
    assert names.of("IM000001").is_recognized_by_content
    assert not names.of("notes.txt").opens
    assert not names.of("t0001.ome.tif").opens
    assert names.of("t0001.ome.tif").format is OME_TIFF
    assert names.of("t0001.ome.tif.bfoptions").may_ride
