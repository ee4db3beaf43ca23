"""Where each plane lies: as the schema says, and as Bio-Formats reads what it does not say.

The expected pages were read with Bio-Formats 7.3.1 from files of these documents, where it
opens them.
"""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from tests.support.ome_files import block, image, ome
from transferapp.errors import DamagedFile
from transferapp.ome.planes import Placed, Wanted, covered, place
from transferapp.ome.reading import parse


def placed(*images: str, pages: int = 3) -> list[Placed[str]]:
    """Place the planes of images of one file that has so many pages."""
    return place(wanted(*images), lambda _: pages)


def wanted(*images: str) -> list[Wanted[str]]:
    document = parse(ome(*images))
    assert document is not None
    return [
        Wanted(one.layout(1), [(b, b.file_name or "own") for b in one.blocks], "own")
        for one in document.images
    ]


def pages_of(found: Placed[str]) -> list[int | None]:
    """Return the page of each plane."""
    pages = (found.pages.get(number) for number in range(found.layout.planes))
    return [None if page is None else page[1] for page in pages]


@pytest.mark.parametrize(
    ("blocks", "pages", "assumed"),
    [
        # What the schema says.
        ("<TiffData/>", [0, 1, 2], 0),
        (block(count=3), [0, 1, 2], 0),
        (block(None, count=3), [0, 1, 2], 0),
        ("".join(block(2 - z, z=z) for z in range(3)), [2, 1, 0], 0),
        ("".join(block(None, z=z) for z in range(3)), [0, 0, 0], 0),
        # It says nothing: all pages in order.
        ("", [0, 1, 2], 0),
        # It says too little: the pages that follow.
        (block(), [0, 1, 2], 2),
        (block(count=None), [0, 1, 2], 2),
        (block(count=2), [0, 1, 2], 1),
        (block(count=0), [0, 1, 2], 3),
        (block(0, z=0) + block(2, z=1), [0, 2, None], 0),
        # It contradicts itself: all pages in order.
        (block(0, z=5) + block(1, z=0), [0, 1, 2], 3),
        (block(0, z=0) + block(1, z=0) + block(2, z=1), [0, 1, 2], 3),
        ('<TiffData FirstZ="1"/>', [0, 1, 2], 3),
    ],
)
def test_three_pages_for_three_planes(
    blocks: str, pages: list[int | None], assumed: int
) -> None:
    [found] = placed(image(blocks, sizes=(3, 1, 1)))
    assert pages_of(found) == pages
    assert found.assumed == assumed


def test_planes_that_were_never_acquired_have_no_page() -> None:
    blocks = block(0, z=0) + block(1, z=2)
    [found] = placed(image(blocks, sizes=(3, 1, 1)), pages=2)
    assert pages_of(found) == [0, None, 1]
    assert found.page(1, 0, 0) is None
    assert found.assumed == 0


def test_images_without_tiffdata_share_a_file_in_order() -> None:
    two = image("", sizes=(2, 1, 1))
    three = image("", sizes=(3, 1, 1), number=1)
    assert [pages_of(found) for found in placed(two, three, pages=5)] == [[0, 1], [2, 3, 4]]
    stated = image(block(count=2), sizes=(2, 1, 1))
    assert [pages_of(found) for found in placed(stated, three, pages=5)] == [[0, 1], [2, 3, 4]]
    last = image(block(2, count=3), sizes=(3, 1, 1), number=1)
    assert [pages_of(found) for found in placed(two, last, pages=5)] == [[0, 1], [2, 3, 4]]


def test_too_few_pages_for_an_image_without_tiffdata() -> None:
    with pytest.raises(DamagedFile, match="pages for 2 of the 3 planes"):
        placed(image("", sizes=(3, 1, 1)), pages=2)


def test_each_file_of_a_set_goes_on_by_itself() -> None:
    blocks = block(c=0, file="a", count=None) + block(c=1, file="b", count=None)
    [found] = placed(image(blocks, sizes=(3, 2, 1), order="XYZCT"))
    where = [found.pages[number] for number in range(6)]
    assert where == [("a", 0), ("a", 1), ("a", 2), ("b", 0), ("b", 1), ("b", 2)]
    assert found.assumed == 4


def test_no_image_takes_pages_that_another_one_names() -> None:
    one = image(block(0), sizes=(2, 1, 1))
    other = image(block(1, count=2), sizes=(2, 1, 1), number=1)
    assert [pages_of(found) for found in placed(one, other)] == [[0, None], [1, 2]]


@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.data())
def test_what_blocks_show_of_single_planes_is_kept(
    z: int, c: int, t: int, data: st.DataObject
) -> None:
    order = "XY" + "".join(data.draw(st.permutations("ZCT")))
    chosen = data.draw(st.permutations(range(z * c * t)))
    [plain] = placed(image("", sizes=(z, c, t), order=order), pages=z * c * t)
    at = {
        plain.layout.number(zz, cc, tt): (zz, cc, tt)
        for zz in range(z)
        for cc in range(c)
        for tt in range(t)
    }
    blocks = "".join(
        f'<TiffData FirstZ="{at[n][0]}" FirstC="{at[n][1]}" FirstT="{at[n][2]}" IFD="{page}"/>'
        for page, n in enumerate(chosen)
    )
    [found] = placed(image(blocks, sizes=(z, c, t), order=order), pages=z * c * t)
    assert pages_of(found) == [list(chosen).index(n) for n in range(z * c * t)]
    assert found.assumed == 0


def test_coverage_is_known_without_counting_pages() -> None:
    [whole] = wanted(image(block(count=3), sizes=(3, 1, 1)))
    [open_end] = wanted(image("<TiffData/>", sizes=(3, 1, 1)))
    [part] = wanted(image(block(count=2), sizes=(3, 1, 1)))
    assert (covered(whole), covered(open_end), covered(part)) == (True, True, False)
