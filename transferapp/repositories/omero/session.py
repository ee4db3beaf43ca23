"""One experimenter at work in OMERO."""

from __future__ import annotations

from typing_extensions import override

from transferapp.model.identity import Identity
from transferapp.repositories.descriptions_port import Descriptions
from transferapp.repositories.omero.catalogue.containers import OmeroContainers
from transferapp.repositories.omero.imports.attachments import OmeroAttachments
from transferapp.repositories.omero.imports.restoring import OmeroRestoring
from transferapp.repositories.omero.imports.steps import OmeroImports
from transferapp.repositories.omero.reading.descriptions import OmeroDescriptions
from transferapp.repositories.omero.reading.images import OmeroImages
from transferapp.repositories.omero.sessions.context import OmeroSessionContext
from transferapp.repositories.port import (
    Attachments,
    Containers,
    Images,
    Imports,
    RepositorySession,
)
from transferapp.repositories.restoring.port import Restoring


class OmeroSession(RepositorySession):
    """What one experimenter may see and do."""

    def __init__(self, omero_session: OmeroSessionContext) -> None:
        """Act as the person of ``omero_session``."""
        self._omero_session = omero_session
        self._containers = OmeroContainers(omero_session)
        self._images = OmeroImages(omero_session)
        self._imports = OmeroImports(omero_session)
        self._attachments = OmeroAttachments(omero_session)
        self._descriptions = OmeroDescriptions(omero_session)
        self._restoring = OmeroRestoring(omero_session)

    @property
    @override
    def identity(self) -> Identity:
        """The person this session acts as."""
        return self._omero_session.identity

    @property
    @override
    def containers(self) -> Containers:
        """Projects, datasets, screens, plates."""
        return self._containers

    @property
    @override
    def images(self) -> Images:
        """Images and their original files."""
        return self._images

    @property
    @override
    def imports(self) -> Imports:
        """Making filesets and images."""
        return self._imports

    @property
    @override
    def attachments(self) -> Attachments:
        """Files attached to containers."""
        return self._attachments

    @property
    @override
    def descriptions(self) -> Descriptions:
        """What archives state of containers and images."""
        return self._descriptions

    @property
    @override
    def restoring(self) -> Restoring:
        """Writing what an archive says."""
        return self._restoring
