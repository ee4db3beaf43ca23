"""What may be asked of an export, beside which part of an image."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from transferapp.model.export_specs import Cut, ExportForm, ExportSpec
from transferapp.protocol.export_requests import AskedCut, ExportRequest


def test_annotations_are_asked_for() -> None:
    request = ExportRequest(name="n", image_ids=[1], form=ExportForm.PNG, with_annotations=True)
    assert request.spec() == ExportSpec(ExportForm.PNG, None, with_annotations=True)
    cut = request.model_copy(update={"cut": AskedCut(level=2)})
    assert cut.spec() == ExportSpec(ExportForm.PNG, Cut(2), with_annotations=True)


def test_original_files_come_alone() -> None:
    with pytest.raises(ValidationError, match="come alone"):
        ExportRequest(name="n", image_ids=[1], with_annotations=True)
