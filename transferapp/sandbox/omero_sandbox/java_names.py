"""The full names of OMERO's classes in Java, which its event log keeps."""

from __future__ import annotations

from transferapp.sandbox.omero_sandbox.slices import ENUMERATIONS, is_kind_of

#: package -> classes that no rule below finds
_PACKAGES = {
    "acquisition": (
        "Detector DetectorSettings Dichroic Filter FilterSet FilterSetEmissionFilterLink "
        "FilterSetExcitationFilterLink ImagingEnvironment Instrument LightPath "
        "LightPathEmissionFilterLink LightPathExcitationFilterLink LightSettings Microscope "
        "OTF Objective ObjectiveSettings StageLabel TransmittanceRange"
    ),
    "containers": (
        "Dataset DatasetImageLink Folder FolderImageLink FolderRoiLink Project "
        "ProjectDatasetLink"
    ),
    "core": "Channel Image LogicalChannel OriginalFile Pixels PixelsOriginalFileMap PlaneInfo",
    "display": (
        "ChannelBinding CodomainMapContext ContrastStretchingContext PlaneSlicingContext "
        "ProjectionDef QuantumDef RenderingDef ReverseIntensityContext Thumbnail"
    ),
    "experiment": "Experiment MicrobeamManipulation",
    "fs": "Fileset FilesetEntry FilesetJobLink",
    # The status of a job is listed beside it, not with the other words.
    "jobs": "JobOriginalFileLink JobStatus",
    "meta": (
        "DBPatch Event EventLog Experimenter ExperimenterGroup ExternalInfo "
        "GroupExperimenterMap Namespace Node Session Share ShareMember"
    ),
    "roi": "AffineTransform Roi",
    "screen": (
        "Plate PlateAcquisition Reagent Screen ScreenPlateLink Well WellReagentLink WellSample"
    ),
    "stats": "StatsInfo",
}
_LISTED = {name: package for package, names in _PACKAGES.items() for name in names.split()}
_BELOW = {
    "Annotation": "annotations",
    "Job": "jobs",
    "Shape": "roi",
    "LightSource": "acquisition",
}


def java_name(cls: str) -> str:
    """``UploadJob`` -> ``ome.model.jobs.UploadJob``."""
    return f"ome.model.{_package(cls)}.{cls}"


def _package(cls: str) -> str:
    if cls in _LISTED:
        return _LISTED[cls]
    if cls in ENUMERATIONS:
        return "enums"
    if cls.endswith("AnnotationLink"):
        return "annotations"
    return next((package for base, package in _BELOW.items() if is_kind_of(cls, base)), "enums")
