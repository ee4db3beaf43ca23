"""What an export would bring, told before it is asked for."""

from __future__ import annotations

from pydantic import Field

from transferapp.model.export_specs import ExportForm
from transferapp.protocol.messages import Message
from transferapp.protocol.numbers import Number

#: Of many the first are named, and all are counted.
MOST_NAMED = 20


class NamedObject(Message):
    """An image or container ("Image:12") with its name, where that is known, and why it is
    in the list.
    """

    ref: str
    name: str = ""
    reason: str = ""


class NamedObjects(Message):
    """How many there are, and the first of them."""

    count: Number = 0
    first: list[NamedObject] = Field(default=[], max_length=MOST_NAMED)


class ExportSummary(Message):
    """What an export of the same request would bring. Nothing was queued."""

    form: ExportForm
    #: Images that were chosen and are there, each once.
    images: Number
    #: Files and bytes that would come; ``files`` is None where only the making shows it.
    files: Number | None
    size_bytes: Number
    #: ``size_bytes`` is of the pixels, not compressed; the files are of another size.
    estimated: bool
    #: False: the server counted as far as it got in some seconds, so there is at least this.
    complete: bool
    #: Chosen, and gone, or not to be seen by this person.
    missing: NamedObjects = NamedObjects()
    #: Made from no files that the repository holds.
    without_originals: NamedObjects = NamedObjects()
    #: The repository's policy does not give their files to this person.
    kept_back: NamedObjects = NamedObjects()
    #: They have no such part, or cannot be made into this form.
    unsuitable: NamedObjects = NamedObjects()
    #: Images that one export may have.
    most_images: Number
    #: Bytes that are free where the facility makes files; None for the original files.
    free_bytes: Number | None = None
    #: The bytes come through the repository's image API, which is the slower way.
    through_api: bool = False
    #: Seconds, as this person's last exports of this form went; None: there were none.
    expected_s: float | None = None
    #: Bytes that the person may still have at the place that it goes to; None: no place, or
    #: no quota there.
    room_bytes: Number | None = None
    #: Original files that come from the facility's archive first, and about how many seconds
    #: that takes (None: nobody knows); None: no archive, or it did not say.
    archived_files: Number | None = None
    archived_s: float | None = None
    #: What is in the way at the place that it goes to, or that the facility's archive cannot
    #: be asked, so that it would wait; else empty.
    hindrance: str = ""
    #: Why an export would be refused now; empty where it would be taken on.
    refused: str = ""
