"""omero-py's BlitzGateway, unmodified, works with the sandbox."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from transferapp.host.resources import resource
from transferapp.sandbox.omero_sandbox.fixture import ROOT_PASSWORD, RunningSandbox

omero = pytest.importorskip("omero")

from tests.support.omero_sandbox_env import (  # noqa: E402
    gateway,
    import_fake,
    import_files,
    make_dataset,
    reserve,
    unloaded,
    upload,
    wait_for,
)

# omero-py's callbacks use a name that Python has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:isSet:DeprecationWarning")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    with RunningSandbox(tmp_path_factory.mktemp("omero")) as running:
        yield running


@pytest.fixture
def conn(sandbox: RunningSandbox) -> Iterator[Any]:
    with gateway(sandbox) as made:
        yield made


@pytest.mark.parametrize("transport", ["tcp", "ssl", "wss"])
def test_login_over_every_transport(sandbox: RunningSandbox, transport: str) -> None:
    with gateway(sandbox, transport=transport) as conn:
        context = conn.getEventContext()
        assert (context.userName, context.groupName) == ("alice", "lab")
        assert not context.isAdmin


def test_certificate_is_verified_against_the_authority(sandbox: RunningSandbox) -> None:
    port = sandbox.port("ssl")

    def connect(authority: Path) -> None:
        client = omero.client(
            [
                f"--Ice.Default.Router=OMERO.Glacier2/router:ssl -h 127.0.0.1 -p {port}",
                "--IceSSL.VerifyPeer=1",
                "--IceSSL.CheckCertName=1",
                f"--IceSSL.CAs={authority}",
            ]
        )
        try:
            client.createSession("alice", sandbox.password)
        finally:
            client.closeSession()

    connect(sandbox.ca_file)
    with pytest.raises(Exception, match=r"(?i)ssl|certificate"):
        connect(Path("/etc/ssl/certs/ca-certificates.crt"))


def test_a_group_that_is_no_number_is_the_sessions_own(conn: Any) -> None:
    dataset = omero.model.DatasetI()
    dataset.name = omero.rtypes.rstring("somewhere")
    named = {"omero.group": str(omero.rtypes.rlong(3))}
    made = conn.getUpdateService().saveAndReturnObject(dataset, named)
    assert made.details.group.id.val == conn.getEventContext().groupId


def test_wrong_password_is_refused(sandbox: RunningSandbox) -> None:
    with pytest.raises(AssertionError), gateway(sandbox, password="wrong"):
        pass


def test_expired_person_is_refused(sandbox: RunningSandbox) -> None:
    sandbox.control("add_user", name="gone", password="pw", groups=["lab"])
    with gateway(sandbox, "gone", password="pw"):
        pass
    sandbox.control("leave_group", name="gone", group="user")
    with pytest.raises(AssertionError), gateway(sandbox, "gone", password="pw"):
        pass


def test_containers_and_images(conn: Any) -> None:
    project = omero.model.ProjectI()
    project.name = omero.rtypes.rstring("screening")
    link = omero.model.ProjectDatasetLinkI()
    link.parent, link.child = project, omero.model.DatasetI()
    link.child.name = omero.rtypes.rstring("day 1")
    link = conn.getUpdateService().saveAndReturnObject(link)
    import_fake(conn, "cells&sizeX=40&sizeY=30&sizeC=2.fake", unloaded(link.child))

    project = conn.getObject("Project", link.parent.id.val)
    (dataset,) = project.listChildren()
    (image,) = dataset.listChildren()
    assert (project.getName(), dataset.getName(), image.getName()) == (
        "screening", "day 1", "cells&sizeX=40&sizeY=30&sizeC=2.fake",
    )  # fmt: skip
    assert (image.getSizeX(), image.getSizeY(), image.getSizeC()) == (40, 30, 2)
    assert image.getOwnerOmeName() == "alice"


def test_real_image_tiles_thumbnail_and_download(conn: Any) -> None:
    file = min(resource("sample-data", "tiff-channels-cells").glob("*.tif"))
    pixels = tifffile.imread(file)
    response = import_files(conn, [file], unloaded(make_dataset(conn)))

    image = conn.getObject("Image", response.objects[0].id.val)
    tile = image.getPrimaryPixels().getTile(0, 0, 0, (5, 7, 30, 20))
    assert np.array_equal(tile, pixels[7:27, 5:35])
    shown = Image.open(io.BytesIO(image.getThumbnail(64)))
    assert max(shown.size) == 64
    (original,) = image.getImportedImageFiles()
    content = b"".join(original.getFileInChunks())
    assert hashlib.sha1(content, usedforsecurity=False).hexdigest() == original.getHash()
    assert content == file.read_bytes()


def test_multi_file_image_has_metadata(conn: Any) -> None:
    files = sorted(resource("sample-data", "ome-tiff-multifile-organoid").glob("*.tif"))
    response = import_files(conn, files)
    image = conn.getObject("Image", response.objects[0].id.val)
    assert image.getSizeC() == len(files) == 3
    assert image.getPixelSizeX() == pytest.approx(0.48)
    assert image.countImportedImageFiles() == 3


def test_plate_goes_into_its_screen(conn: Any) -> None:
    screen = omero.model.ScreenI()
    screen.name = omero.rtypes.rstring("drugs")
    screen = conn.getUpdateService().saveAndReturnObject(screen)
    files = sorted(
        p for p in resource("sample-data", "ome-tiff-plate-cells").iterdir() if p.is_file()
    )
    import_files(conn, files, unloaded(screen))
    (plate,) = conn.getObject("Screen", screen.id.val).listChildren()
    wells = {(w.row, w.column): w.countWellSample() for w in plate.listChildren()}
    assert wells == {(0, 0): 2, (0, 1): 2}


def test_large_image_has_levels(conn: Any) -> None:
    response = import_fake(conn, "slide&sizeX=4000&sizeY=3600&pixelType=uint16.fake")
    store = conn.createRawPixelsStore()
    try:
        store.setPixelsId(response.pixels[0].id.val, True)
        sizes = [(d.sizeX, d.sizeY) for d in store.getResolutionDescriptions()]
        assert sizes[0] == (4000, 3600)
        assert store.getResolutionLevel() == len(sizes) - 1 > 1
        store.setResolutionLevel(0)
        width, height = sizes[-1]
        smallest = np.frombuffer(store.getTile(0, 0, 0, 0, 0, width, height), ">u2")
        assert smallest.size == width * height
    finally:
        store.close()


def test_private_group_hides_and_protects(sandbox: RunningSandbox, conn: Any) -> None:
    mine = make_dataset(conn, "mine")
    with gateway(sandbox, "bob") as bob:
        seen = bob.getObject("Dataset", mine.id.val)
        assert seen is not None
        assert seen.canAnnotate()
        assert not seen.canEdit()
        with pytest.raises(omero.SecurityViolation):
            import_fake(bob, "x.fake", unloaded(mine))
        conn.setGroupForSession(next(g.id for g in conn.getGroupsMemberOf()
                                     if g.name == "private"))  # fmt: skip
        hidden = make_dataset(conn, "hidden")
        bob.SERVICE_OPTS.setOmeroGroup(-1)
        assert bob.getObject("Dataset", hidden.id.val) is None


def test_deleting_a_dataset_may_keep_its_images(conn: Any) -> None:
    kept, dataset = [], unloaded(make_dataset(conn))
    kept.append(import_fake(conn, "kept.fake", dataset).objects[0].id.val)
    option = omero.cmd.graphs.ChildOption(excludeType=["Image"])
    request = omero.cmd.Delete2(
        targetObjects={"Dataset": [dataset.id.val]}, childOptions=[option]
    )
    conn.c.submit(request, loops=50, ms=100).close(True)
    assert conn.getObject("Dataset", dataset.id.val) is None
    assert conn.getObject("Image", kept[0]) is not None

    other = unloaded(make_dataset(conn))
    gone = import_fake(conn, "gone.fake", other).objects[0].id.val
    conn.deleteObjects("Dataset", [other.id.val], deleteChildren=True, wait=True)
    assert conn.getObject("Image", gone) is None


def test_binary_access_policy(sandbox: RunningSandbox, conn: Any) -> None:
    process = reserve(conn, ["/data/secret.fake"])
    made = wait_for(process.verifyUpload(upload(process, [b"secret"])))
    image_id = made.objects[0].id.val
    (original,) = conn.getObject("Image", image_id).getImportedImageFiles()
    sandbox.control("set", key="omero.policy.binary_access", value="+read,+write")
    try:
        with pytest.raises(omero.SecurityViolation):
            b"".join(original.getFileInChunks())
    finally:
        value = "+read,+write,+image"
        sandbox.control("set", key="omero.policy.binary_access", value=value)


def test_root_has_all_privileges(sandbox: RunningSandbox) -> None:
    with gateway(sandbox, "root", password=ROOT_PASSWORD) as root:
        assert root.isAdmin()
        assert "Sudo" in root.getEventContext().adminPrivileges


def test_importer_holds_sudo_only_and_acts_for_others(sandbox: RunningSandbox) -> None:
    with gateway(sandbox, "importer") as importer:
        assert importer.getEventContext().adminPrivileges == ["Sudo"]
        principal = omero.sys.Principal("alice", "private", "Test", None)
        sessions = importer.c.sf.getSessionService()
        made = sessions.createSessionWithTimeouts(principal, 0, 5_000)
        client = omero.client(sandbox.url())
        factory = client.joinSession(made.uuid.val)
        try:
            context = factory.getAdminService().getEventContext()
            assert (context.userName, context.groupName) == ("alice", "private")
            assert context.sudoerName.val == "importer"
            with pytest.raises(omero.SecurityViolation):
                factory.getSessionService().createUserSession(0, 0, "lab")
        finally:
            client.closeSession()


def test_ordinary_people_cannot_become_others(sandbox: RunningSandbox) -> None:
    with gateway(sandbox, "bob") as bob:
        principal = omero.sys.Principal("alice", "lab", "Test", None)
        with pytest.raises(omero.SecurityViolation):
            bob.c.sf.getSessionService().createSessionWithTimeouts(principal, 0, 5_000)
