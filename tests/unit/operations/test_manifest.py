"""Names of a manifest: what can be stored passes, what cannot is said in words."""

from __future__ import annotations

import pytest

from transferapp.errors import Invalid, NameNotAllowed
from transferapp.model.attachments import MOST_ATTACHED_BYTES, MOST_ATTACHMENTS
from transferapp.model.transfers import ItemRole
from transferapp.operations.manifest import check_path, check_title, planned_items
from transferapp.protocol import messages
from transferapp.protocol.messages import ImportRequest, NewFile, NewItem


def request(*paths: str, name: str = "n") -> ImportRequest:
    files = [NewFile(client_path=path, size_bytes=1) for path in paths]
    return ImportRequest(name=name, target="Dataset:1", items=[NewItem(name="i", files=files)])


@pytest.mark.parametrize(
    "path",
    [
        "a.tif",
        "a/b/c.ome.tiff",
        "..a/b..",
        "...",
        "🔬/日本語/Zürich.czi",
        "a\\b",
        " leading and trailing ",
        "new\nline",
        "é" * 127,
        "/".join(["d" * 250] * 16),
    ],
)
def test_names_that_can_be_stored(path: str) -> None:
    check_path(path)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "empty part"),
        ("/a", "imported folder"),
        ("C:/a", "imported folder"),
        ("c:\\a", "imported folder"),
        ("a/../b", r"'\.\.'"),
        ("..", r"'\.\.'"),
        ("a/./b", "'.'"),
        ("a//b", "empty part"),
        ("a/", "empty part"),
        ("a\x00b", "cannot be stored"),
        ("a\ud800b", "cannot be stored"),
        ("n" * 256, "255 bytes"),
        ("é" * 128, "255 bytes"),
        ("/".join(["d" * 200] * 25), "4096 bytes"),
    ],
)
def test_names_that_cannot(path: str, reason: str) -> None:
    with pytest.raises(NameNotAllowed, match=reason) as refused:
        check_path(path)
    assert refused.value.message.isprintable()
    assert refused.value.message.endswith("Rename it, then try again.")
    assert len(refused.value.message) < 400


def test_titles() -> None:
    check_title("Cells 🔬 / day 1")
    with pytest.raises(NameNotAllowed):
        check_title("a\x00")


def test_items_are_planned_in_order() -> None:
    (item,) = planned_items(request("b", "a/c", "a"))
    assert [file.client_path for file in item.files] == ["b", "a/c", "a"]


def test_a_path_can_be_there_once() -> None:
    with pytest.raises(Invalid, match="twice"):
        planned_items(request("a", "b", "a"))


def with_attachments(*sizes: int) -> ImportRequest:
    files = [NewFile(client_path=f"notes/{n}", size_bytes=s) for n, s in enumerate(sizes)]
    return request("a.tif").model_copy(update={"attachments": files})


def test_files_to_attach_are_the_last_item() -> None:
    fileset, attached = planned_items(with_attachments(3, 0))
    assert (fileset.role, attached.role) == (ItemRole.FILESET, ItemRole.ATTACHMENTS)
    assert [file.client_path for file in attached.files] == ["notes/0", "notes/1"]
    wrong = [NewFile(client_path="../up", size_bytes=1)]
    with pytest.raises(NameNotAllowed):
        planned_items(request("a").model_copy(update={"attachments": wrong}))


def test_attachments_have_a_limit_in_count_and_bytes() -> None:
    planned_items(with_attachments(*[0] * MOST_ATTACHMENTS))
    planned_items(with_attachments(MOST_ATTACHED_BYTES))
    with pytest.raises(Invalid, match="These are 501 files, and one import attaches at most"):
        planned_items(with_attachments(*[0] * (MOST_ATTACHMENTS + 1)))
    with pytest.raises(Invalid, match="at most 2 GiB"):
        planned_items(with_attachments(MOST_ATTACHED_BYTES, 1))


def test_a_whole_import_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transferapp.operations.manifest.MAX_FILES_PER_ITEM", 3)
    planned_items(request("a", "b", "c"))
    with pytest.raises(Invalid, match="Import in parts"):
        planned_items(request("a", "b", "c", "d"))
    assert messages.MAX_FILES_PER_ITEM == 200_000
