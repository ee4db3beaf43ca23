"""Files that are no images and are attached to a container, beside the images in it, or to
the image that they were made from.
"""

from __future__ import annotations

from dataclasses import dataclass

from transferapp.model.containers import ContainerRef

#: What one import may attach. These are notes and protocols; a folder with more than this is
#: something else, and nobody finds anything in such a list of attachments.
MOST_ATTACHMENTS = 500
MOST_ATTACHED_BYTES = 2 << 30


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that is attached to a container or (then ``container`` is None) to an image.
    ``client_path`` is where it came from, relative to what was dropped; ``sha1`` is what the
    repository holds, lower-case hex.
    """

    id: int
    container: ContainerRef | None
    client_path: str
    size_bytes: int
    sha1: str
    owner: str
    image_id: int | None = None

    @property
    def name(self) -> str:
        """The last part of the client path."""
        return self.client_path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class AttachmentPlan:
    """A file that is to be attached.

    ``key`` is the idempotency key: the same key never makes a second attachment.
    """

    key: str
    client_path: str
    size_bytes: int
    sha1: str
    target: ContainerRef
    group_id: int
    #: It is attached to this image instead of to the target.
    image_id: int | None = None

    @property
    def name(self) -> str:
        """The last part of the client path."""
        return self.client_path.rpartition("/")[2]


def too_much_to_attach(count: int, size_bytes: int) -> str:
    """Say why so many files, or bytes, are not attached; empty when they may be."""
    gibibytes = MOST_ATTACHED_BYTES >> 30
    if count > MOST_ATTACHMENTS:
        return (
            f"These are {count:,} files, and one import attaches at most {MOST_ATTACHMENTS:,}."
            " Import without attaching them, or drop less at once."
        )
    if size_bytes > MOST_ATTACHED_BYTES:
        return (
            f"These files have {size_bytes / (1 << 30):,.1f} GiB, and one import attaches at"
            f" most {gibibytes} GiB. Import without attaching them, or drop less at once."
        )
    return ""


def attached_text(to_attach: int, attached: int) -> str:
    """Say in a part of a sentence what became of the files to attach; empty without any."""
    if not to_attach:
        return ""
    files = f"{to_attach:,} {'file' if to_attach == 1 else 'files'}"
    return f"{files} attached" if attached else f"{files} not attached"
