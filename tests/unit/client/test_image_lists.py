"""Lists of images in files."""

from __future__ import annotations

from pathlib import Path

import pytest

from transferapp.client.image_lists import read_image_list
from transferapp.errors import Invalid


def written(folder: Path, text: str) -> Path:
    path = folder / "list.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "Image:12\nImage:7\nImage:12\n",
        "\ufeff12\r\n\r\n  image:7  \r\n",
        "Name,Image\nred,12\ngreen,7\n,\n",
        "image;note\nImage:12;a, b\n7;\n12;again\n",
        "# header l,s\nimage,name\n12,x\n7\n",
    ],
)
def test_lines_and_columns(tmp_path: Path, text: str) -> None:
    assert read_image_list(written(tmp_path, text)) == [12, 7]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("Image:12\nDataset:3\n", "line 2: 'Dataset:3' is no image"),
        ("Image:12\n\n-4\n", "line 3: '-4' is no image"),
        ("name,id\nred,12\n", "line 1: there are several columns"),
        ("image,name\n12,red\nmany,green\n", "line 3: 'many' is no image"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        read_image_list(written(tmp_path, text))


def test_the_list_beside_an_export(tmp_path: Path) -> None:
    """There ``image`` is the name."""
    listed = tmp_path / "Export.1234.images.csv"
    listed.write_text("path,image_id,image\nD/a.tif,7,a.tif\n", encoding="utf-8-sig")
    assert read_image_list(listed) == [7]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="There is no file"):
        read_image_list(tmp_path / "none.csv")


def test_many(tmp_path: Path) -> None:
    path = written(tmp_path, "\n".join(f"Image:{n}" for n in range(50_000)))
    assert read_image_list(path) == list(range(50_000))
