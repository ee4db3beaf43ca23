"""Names in sentences, and what a server is, without codes."""

from __future__ import annotations

import pytest

from transferapp.desktop.containers.targets import ImportTarget
from transferapp.desktop.imports.texts import shortened, target_text
from transferapp.desktop.session.texts import group_text, version_text
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
    text = target_text(ImportTarget(container, "Flies"))
    assert text == f"dataset '{shortened(LONG)}' in project 'Flies'"


@pytest.mark.parametrize("permissions", list(GroupPermissions))
def test_permissions_are_stated_and_not_shown_as_codes(permissions: GroupPermissions) -> None:
    text = group_text(Group(1, "Lab", permissions))
    assert text.startswith("Lab (members see ")
    assert str(permissions) not in text


def test_a_server_states_where_its_images_are() -> None:
    info = ServerInfo(
        name="T", version="0.1.0", repository="omero", capabilities=[], part_size=1
    )
    assert version_text(info) == "0.1.0, with OMERO"
    assert version_text(None) == "-"
