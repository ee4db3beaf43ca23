"""One experimenter at work in the embedded repository."""

from __future__ import annotations

from typing_extensions import override

from transferapp.model.identity import Identity
from transferapp.repositories.descriptions_port import Descriptions
from transferapp.repositories.local.accounts.permissions import Caller
from transferapp.repositories.local.catalogue.containers import LocalContainers
from transferapp.repositories.local.imports.attachments import LocalAttachments
from transferapp.repositories.local.imports.restoring import LocalRestoring
from transferapp.repositories.local.imports.steps import LocalImports
from transferapp.repositories.local.reading.descriptions import LocalDescriptions
from transferapp.repositories.local.reading.images import LocalImages
from transferapp.repositories.local.store import LocalRepositoryStore
from transferapp.repositories.port import (
    Attachments,
    Containers,
    Images,
    Imports,
    RepositorySession,
)
from transferapp.repositories.restoring.port import Restoring


class LocalSession(RepositorySession):
    """What one experimenter may see and do."""

    def __init__(self, local_store: LocalRepositoryStore, caller: Caller) -> None:
        """Act as ``caller``, whose groups were read just now."""
        self._caller = caller
        self._containers = LocalContainers(local_store, caller)
        self._images = LocalImages(local_store, caller)
        self._imports = LocalImports(local_store, caller)
        self._attachments = LocalAttachments(local_store, caller)
        self._descriptions = LocalDescriptions(local_store, caller)
        self._restoring = LocalRestoring(local_store, caller)

    @property
    @override
    def identity(self) -> Identity:
        """The person this session acts as."""
        return self._caller.identity

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
