"""What every image repository must do: run by each adapter's contract tests.

A test module subclasses ``RepositorySuite`` and gives it a ``world`` fixture: a repository
with the people named in ``World``, and the paths of a few sample files.
"""

from __future__ import annotations

from transferapp.testing.repository_attachments import AttachmentSuite
from transferapp.testing.repository_containers import ContainerSuite, IdentitySuite
from transferapp.testing.repository_descriptions import DescriptionSuite
from transferapp.testing.repository_duplicates import DuplicateSuite
from transferapp.testing.repository_formats import FormatSuite
from transferapp.testing.repository_images import ImageSuite
from transferapp.testing.repository_imports import ImportSuite
from transferapp.testing.repository_locations import LocationSuite
from transferapp.testing.repository_restoring import RestoringSuite
from transferapp.testing.repository_rois import RoiSuite


class RepositorySuite(
    IdentitySuite,
    ContainerSuite,
    FormatSuite,
    ImportSuite,
    ImageSuite,
    RoiSuite,
    DuplicateSuite,
    AttachmentSuite,
    LocationSuite,
    DescriptionSuite,
    RestoringSuite,
):
    """All of it."""
