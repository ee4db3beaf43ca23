"""What an archive says of an item, for suites."""

from __future__ import annotations

from transferapp.model.containers import ContainerKind, ContainerRef
from transferapp.model.images import Annotation, AnnotationKind
from transferapp.model.restoring import (
    ImageTexts,
    RestoredImage,
    RestoredItem,
    RestoredPlate,
)
from transferapp.model.rois import Roi, Shape, ShapeKind

OWN = Annotation(AnnotationKind.TAG, value="kept")
#: With bytes that are no text.
MASK = Shape(3, ShapeKind.MASK, ((1.0, 2.5),), (3.0, 4.0), z=0, mask=bytes([0xFF, 0, 0x80]))
RESTORED = RestoredItem(
    (
        RestoredImage(
            1,
            ImageTexts("Cell 🔬", "two\nlines", ("DAPI",)),
            (9, 8, 7, 6, 5),
            (OWN,),
            (Roi(2, (MASK,), "a ROI"),),
            (ContainerRef(ContainerKind.DATASET, 4),),
            0,
        ),
    ),
    (RestoredPlate("Plate", "of 2019", (OWN,)),),
)
