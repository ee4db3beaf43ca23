"""Names in sentences, and what a server is, without codes."""

from __future__ import annotations

import pytest

from transferapp.desktop.containers.targets import ImportTarget
from transferapp.desktop.imports.words import shortened, target_words
from transferapp.desktop.session.words import group_words, version_words
from transferapp.model.containers import Container, ContainerKind, ContainerRef
from transferapp.model.identity import Group, GroupPermissions
from transferapp.protocol.messages import ServerInfo

LONG = "2026-11-21_wing-disc_dpp-GFP_40x_NA1.3_tile-scan_final_v3"


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    assert shortened("Embryos") == "Embryos"
    assert shortened("x" * 40) == "x" * 40
    short = shortened(LONG)
    assert len(short) == 40
    assert short.startswith("2026-11-21_wing-disc")
    assert short.endswith("_final_v3")
    assert short.count("…") == 1


def test_a_target_is_named_briefly() -> None:
    container = Container(ContainerRef(ContainerKind.DATASET, 5), LONG, "anna", 1)
    words = target_words(ImportTarget(container, "Flies"))
    assert words == f"dataset '{shortened(LONG)}' in project 'Flies'"


@pytest.mark.parametrize("permissions", list(GroupPermissions))
def test_permissions_are_stated_and_not_shown_as_codes(permissions: GroupPermissions) -> None:
    words = group_words(Group(1, "Lab", permissions))
    assert words.startswith("Lab (members see ")
    assert str(permissions) not in words


def test_a_server_states_where_its_images_are() -> None:
    info = ServerInfo(
        name="T", version="0.1.0", repository="omero", capabilities=[], part_size=1
    )
    assert version_words(info) == "0.1.0, with OMERO"
    assert version_words(None) == "-"
