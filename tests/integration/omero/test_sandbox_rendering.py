"""What OMERO.web and the command's plugins ask the sandbox: pictures, settings, metadata."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from transferapp.sandbox.omero_sandbox.fixture import RunningSandbox

pytest.importorskip("omero")

import omero
from PIL import Image

from tests.support.omero_sandbox_env import gateway, import_fake, make_dataset, unloaded

pytestmark = [
    pytest.mark.filterwarnings("ignore:isSet:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
RED, GREEN, PINK = (255, 0, 0), (0, 255, 0), (255, 105, 180)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with RunningSandbox(tmp_path_factory.mktemp("omero"), transports=("tcp",)) as running:
        yield running


@pytest.fixture
def conn(sandbox: RunningSandbox) -> Iterator[Any]:
    with gateway(sandbox) as made:
        yield made


def imported(conn: Any, name: str = "ramp&sizeX=40&sizeY=30&sizeC=2&sizeZ=3.fake") -> Any:
    made = import_fake(conn, name, unloaded(make_dataset(conn))).objects[0]
    return conn.getObject("Image", made.id.val)


def colours(jpeg: bytes) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"))


def engine(conn: Any, image: Any) -> Any:
    made = conn.createRenderingEngine()
    pixels = image.getPrimaryPixels().getId()
    made.lookupPixels(pixels)
    if not made.lookupRenderingDef(pixels):
        made.resetDefaultSettings(True)
        assert made.lookupRenderingDef(pixels)
    made.load()
    return made


def region(x: int, y: int, width: int, height: int) -> Any:
    wanted = omero.romio.RegionDef(x, y, width, height)
    return omero.romio.PlaneDef(0, 0, 0, 0, 0, wanted, -1)


def test_any_password_lets_guest_in_who_reads_the_version(sandbox: RunningSandbox) -> None:
    with gateway(sandbox, "guest", password="anything") as conn:
        assert conn.getConfigService().getVersion().startswith("5.6")
        assert conn.getEventContext().userName == "guest"
        assert not conn.getEventContext().isAdmin


def test_a_region_is_a_picture_of_its_size_cut_at_the_edge(conn: Any) -> None:
    made = engine(conn, imported(conn))
    assert made.getTileSize() == [40, 30]
    assert colours(made.renderCompressed(region(0, 0, 16, 16))).shape == (16, 16, 3)
    assert colours(made.renderCompressed(region(32, 16, 16, 16))).shape == (14, 8, 3)


def test_settings_are_shown_kept_and_seen_by_colleagues(
    sandbox: RunningSandbox, conn: Any
) -> None:
    image = imported(conn)
    made = engine(conn, image)
    made.setRGBA(0, *RED, 255)
    made.setActive(1, False)
    made.setChannelWindow(0, 0.0, 10.0)
    picture = colours(made.renderCompressed(region(20, 15, 8, 8)))
    assert picture.reshape(-1, 3).mean(axis=0) == pytest.approx(RED, abs=6)
    made.addCodomainMapToChannel(omero.romio.ReverseIntensityMapContext(), 0)
    assert colours(made.renderCompressed(region(20, 15, 8, 8))).max() < 16
    made.saveCurrentSettings()
    made.close()
    with gateway(sandbox, "bob") as bob:
        (kept,) = bob.getObject("Image", image.getId()).getAllRenderingDefs()
        assert (kept["owner"]["firstName"], kept["model"]) == ("Alice", "rgb")
        first, second = kept["c"]
        assert (first["color"], first["end"], first["inverted"]) == ("FF0000", 10.0, True)
        assert (first["family"], second["active"]) == ("linear", False)
        seen = engine(bob, bob.getObject("Image", image.getId()))
        assert seen.getRGBA(0)[:3] == list(RED)


def test_grey_shows_one_channel_without_its_colour(conn: Any) -> None:
    made = engine(conn, imported(conn))
    made.setRGBA(0, *GREEN, 255)
    made.setChannelWindow(0, 0.0, 10.0)
    (grey,) = [m for m in made.getAvailableModels() if m.value.val == "greyscale"]
    made.setModel(grey)
    assert colours(made.renderCompressed(region(20, 15, 8, 8))).min() > 240
    made.setActive(0, False)
    made.setActive(1, False)
    assert colours(made.renderCompressed(region(20, 15, 8, 8))).max() == 0


def test_families_and_projections(conn: Any) -> None:
    made = engine(conn, imported(conn))
    assert made.getChannelFamily(0).value.val == "linear"
    made.setActive(1, False)
    made.setRGBA(0, 255, 255, 255, 255)
    made.setChannelWindow(0, 0.0, 70.0)
    straight = colours(made.renderCompressed(region(0, 0, 40, 30))).mean()
    families = {f.value.val: f for f in made.getAvailableFamilies()}
    made.setQuantizationMap(0, families["polynomial"], 2.0, False)
    assert colours(made.renderCompressed(region(0, 0, 40, 30))).mean() < straight - 10
    made.setQuantizationMap(0, families["linear"], 1.0, False)
    kind = omero.constants.projection.ProjectionType.MAXIMUMINTENSITY
    projected = colours(made.renderProjectedCompressed(kind, 0, 1, 0, 2))
    assert projected.mean() > straight + 2


def test_settings_go_from_image_to_image_of_one_kind(conn: Any) -> None:
    first, second = imported(conn), imported(conn)
    other = imported(conn, "one&sizeX=40&sizeY=30.fake")
    made = engine(conn, first)
    made.setRGBA(0, *PINK, 255)
    made.saveCurrentSettings()
    ids = [second.getId(), other.getId()]
    answer = conn.applySettingsToSet(first.getId(), "Image", ids)
    assert answer == {True: [second.getId()], False: [other.getId()]}
    assert engine(conn, second).getRGBA(0)[:3] == list(PINK)
    service = conn.getRenderingSettingsService()
    assert service.resetDefaultsInSet("Image", [second.getId()]) == [second.getId()]
    assert engine(conn, second).getRGBA(0)[:3] != list(PINK)


def test_the_settings_go_with_their_image(conn: Any) -> None:
    image = imported(conn)
    made = engine(conn, image)
    definition = made.getRenderingDefId()
    made.close()
    conn.deleteObjects("Image", [image.getId()], wait=True)
    assert conn.getQueryService().find("RenderingDef", definition) is None


def test_thumbnails_follow_the_settings(conn: Any) -> None:
    image = imported(conn)
    store = conn.createThumbnailStore()
    pixels = image.getPrimaryPixels().getId()
    assert not store.setPixelsId(pixels)
    store.resetDefaults()
    assert store.setPixelsId(pixels)
    made = engine(conn, image)
    made.setRGBA(0, *RED, 255)
    made.setActive(1, False)
    made.setChannelWindow(0, 0.0, 1.0)
    made.saveCurrentSettings()
    picture = colours(image.getThumbnail(size=(96,)))
    assert picture.shape == (72, 96, 3)
    assert picture[40:, 40:].reshape(-1, 3).mean(axis=0) == pytest.approx(RED, abs=6)


def test_log_files_of_images_and_filesets(conn: Any) -> None:
    image = imported(conn)
    service = conn.getMetadataService()
    (log,) = service.loadLogFiles("Image", [image.getId()])[image.getId()]
    assert log.mimetype.val == "application/omero-log-file"
    fileset = image.getFileset().getId()
    assert service.loadLogFiles("Fileset", [fileset])[fileset][0].id.val == log.id.val
    assert service.loadLogFiles("Image", []) == {}
    with pytest.raises(omero.ApiUsageException):
        service.loadLogFiles("Dataset", [1])


def test_a_part_of_a_fileset_is_named_before_it_is_deleted(conn: Any) -> None:
    made = import_fake(conn, "many&series=3&sizeX=8&sizeY=8.fake").objects
    first, *others = [image.id.val for image in made]
    container = conn.getContainerService()
    (split,) = container.getImagesBySplitFilesets({"Image": [first]}, None).values()
    assert split == {True: [first], False: others}
    assert container.getImagesBySplitFilesets({"Image": [first, *others]}, None) == {}


def test_cast_extract_and_a_keyword_as_a_name(conn: Any) -> None:
    image = imported(conn)
    query = conn.getQueryService()
    parameters = omero.sys.ParametersI().addId(image.getId())
    text = "select cast(p.sizeX as double) / 3, p.sizeX from Pixels p where p.image.id = :id"
    ((share, whole),) = query.projection(text, parameters)
    assert share.val == pytest.approx(whole.val / 3)
    assert isinstance(share, omero.RDouble)
    text = "select extract(epoch from i.acquisitionDate), i.acquisitionDate, group.name"
    text += " from Image i join i.details.group as group where i.id = :id"
    ((seconds, moment, name),) = query.projection(text, parameters)
    assert seconds.val == pytest.approx(moment.val / 1000)
    assert name.val == "lab"
