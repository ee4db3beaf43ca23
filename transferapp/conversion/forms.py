"""Which module makes which form; the only place that knows them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from transferapp.conversion.port import Form
from transferapp.model.export_specs import ExportForm

#: Makes the form anew for each image. Modules are loaded when they are needed.
FORMS: Mapping[ExportForm, Callable[[], Form]] = {}
