"""The compose file of a real OMERO says what it must; there is no docker to ask here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml")

FILE = Path(__file__).resolve().parents[3] / "installers" / "docker-compose.omero.yml"
#: registry/name:tag; a tag that is a number, so that "latest" does not come in.
IMAGE = re.compile(r"^([a-z0-9.-]+/)*[a-z0-9.-]+:[0-9]+(\.[0-9]+)*(-[0-9]+)?$")
#: What compose puts in place of a variable; ``:?`` stops when there is none.
VARIABLE = re.compile(r"\$\{[A-Z_]+(:-[^}]*|:\?[^}]+)\}")
#: Keys of a service that compose knows and this file uses.
KEYS = {
    "image", "environment", "volumes", "ports", "healthcheck", "depends_on", "profiles",
}  # fmt: skip


@pytest.fixture
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def test_services_have_images_with_numbered_tags(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"database", "omero", "web"}
    for service in services.values():
        assert IMAGE.match(service["image"]), service["image"]
        assert set(service) <= KEYS
    assert services["omero"]["image"].startswith("openmicroscopy/omero-server:5.6")
    assert services["database"]["image"].startswith("postgres:")


def test_ports_are_omeros_and_for_this_computer_only(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert "ports" not in services["database"]
    published = [*services["omero"]["ports"], *services["web"]["ports"]]
    assert [entry.split(":")[-2:] for entry in published] == [
        ["4063"] * 2, ["4064"] * 2, ["4080"] * 2,
    ]  # fmt: skip
    assert all(entry.startswith("${OMERO_BIND:-127.0.0.1}:") for entry in published)


def test_the_password_of_root_must_be_chosen(compose: dict[str, Any]) -> None:
    environment = compose["services"]["omero"]["environment"]
    assert environment["ROOTPASS"].startswith("${ROOTPASS:?")
    database = compose["services"]["database"]["environment"]
    assert environment["CONFIG_omero_db_pass"] == database["POSTGRES_PASSWORD"]
    assert environment["CONFIG_omero_db_host"] == "database"
    for key in ("user", "name"):
        assert environment[f"CONFIG_omero_db_{key}"] == "omero"
    text = FILE.read_text(encoding="utf-8")
    uses = [line for line in text.splitlines() if "${" in line]
    assert all(VARIABLE.search(line) for line in uses)


def test_the_server_waits_for_its_database_and_reports_its_health(
    compose: dict[str, Any],
) -> None:
    services = compose["services"]
    assert services["omero"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert services["web"]["depends_on"] == {"omero": {"condition": "service_healthy"}}
    assert services["web"]["profiles"] == ["web"], "optional"
    for name in ("database", "omero"):
        check = services[name]["healthcheck"]
        assert check["test"][0] in {"CMD", "CMD-SHELL"}
        assert {"interval", "timeout", "retries"} <= set(check)
        assert "PASS" not in " ".join(check["test"]), "no password on a command line"


def test_every_volume_is_declared(compose: dict[str, Any]) -> None:
    used = {
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
    }
    assert used == set(compose["volumes"])
