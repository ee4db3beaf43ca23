"""Make small plates as screening systems write them, which Bio-Formats 7.3.1 reads.

Each maker returns the names of the images as the index lists them, so that this order differs
from the one in which they are used.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import tifffile

from tests.support.file_sets import touched_tiff

_XML = '<?xml version="1.0" encoding="utf-8"?>\n'
_WELLS = ((1, 2), (1, 1))
_BTS = 'xmlns:bts="http://www.yokogawa.co.jp/BTS/BTSSchema/1.0" bts:Version="1.0"'


def make_operetta(
    folder: Path,
    index: str = "Images/Index.idx.xml",
    images: str = "Images",
    version: str = "HarmonyV5",
) -> list[str]:
    """Write a plate of two wells with two fields, planes and channels."""
    places = [*product(_WELLS, (2, 1), (2, 1), (2, 1))]
    names = [f"r0{r}c0{c}f0{f}p0{p}-ch{ch}sk1fk1fl1.tiff" for (r, c), f, p, ch in places]
    listed = "".join(
        f'<Image Version="1"><id>1</id><State>Ok</State><URL>{name}</URL><Row>{row}</Row>'
        f"<Col>{column}</Col><FieldID>{field}</FieldID><PlaneID>{plane}</PlaneID>"
        f"<TimepointID>0</TimepointID><ChannelID>{channel}</ChannelID>"
        f"<ChannelName>C{channel}</ChannelName>"
        '<ImageResolutionX Unit="m">5E-07</ImageResolutionX>'
        '<ImageResolutionY Unit="m">5E-07</ImageResolutionY>'
        "<ImageSizeX>4</ImageSizeX><ImageSizeY>4</ImageSizeY>"
        '<PositionX Unit="m">0</PositionX><PositionY Unit="m">0</PositionY>'
        '<PositionZ Unit="m">0</PositionZ><AbsPositionZ Unit="m">0</AbsPositionZ></Image>'
        for name, ((row, column), field, plane, channel) in zip(names, places, strict=True)
    )
    wells = "".join(f'<Well id="0{r}0{c}"/>' for r, c in _WELLS)
    _write(
        folder / index,
        f'{_XML}<EvaluationInputData xmlns="http://www.perkinelmer.com/PEHH/{version}">'
        "<Plates><Plate><PlateID>P</PlateID><MeasurementID>M</MeasurementID>"
        f"<Name>P</Name><PlateRows>8</PlateRows><PlateColumns>12</PlateColumns>{wells}</Plate>"
        '</Plates><Wells><Well><id>0101</id><Row>1</Row><Col>1</Col><Image id="a"/></Well>'
        f"</Wells><Images>{listed}</Images></EvaluationInputData>",
    )
    _tiffs(folder / images, names)
    return names


def make_columbus(folder: Path) -> list[str]:
    """Write a plate of two wells with two time points, channels and planes."""
    places = [*product(_WELLS, (2, 1), (2, 1), (2, 1))]
    names = [f"00{r}00{c}-1-00{t}00{p}00{ch}.tif" for (r, c), t, p, ch in places]
    listed = "".join(
        f'<Image><id>1</id><URL BufferNo="0">{name}</URL><Row>{row}</Row><Col>{column}</Col>'
        f"<FieldID>1</FieldID><PlaneID>{plane}</PlaneID><TimepointID>{time}</TimepointID>"
        f"<ChannelID>{channel}</ChannelID><ChannelName>C</ChannelName></Image>"
        for name, ((row, column), time, plane, channel) in zip(names, places, strict=True)
    )
    _write(
        folder / "ImageIndex.ColumbusIDX.xml",
        f"{_XML}<EvaluationInputData><Plates><Plate><MeasurementStartTime>"
        "2010-01-01T00:00:00</MeasurementStartTime></Plate></Plates>"
        f"<Images>{listed}</Images></EvaluationInputData>",
    )
    _write(
        folder / "MeasurementIndex.ColumbusIDX.xml",
        f"{_XML}<ColumbusMeasurementIndex><ScreenName>s</ScreenName><PlateName>p</PlateName>"
        '<Measurement MeasurementID="1"><Reference>ImageIndex.ColumbusIDX.xml</Reference>'
        "</Measurement><PlateRows>8</PlateRows><PlateColumns>12</PlateColumns>"
        "</ColumbusMeasurementIndex>",
    )
    _tiffs(folder, names)
    return names


def make_yokogawa(folder: Path) -> list[str]:
    """Write a plate of two wells with two channels, and a record of what failed."""
    places = [*product(_WELLS, (1, 2))]
    names = [f"plate_A0{c}_T0001F001L01A0{ch}Z01C0{ch}.tif" for (_, c), ch in places]
    at = 'bts:TimePoint="1" bts:FieldIndex="1" bts:ZIndex="1" bts:TimelineIndex="1"'
    records = "".join(
        f'<bts:MeasurementRecord bts:Type="IMG" bts:Time="2023-09-18T13:58:44.438+02:00"'
        f' bts:Row="{row}" bts:Column="{column}" {at} bts:ActionIndex="{channel}"'
        f' bts:X="0.0" bts:Y="0.0" bts:Z="0.0" bts:Ch="{channel}">{name}'
        "</bts:MeasurementRecord>\n"
        for name, ((row, column), channel) in zip(names, places, strict=True)
    )
    failed = '<bts:MeasurementRecord bts:Type="ERR" bts:Row="1" bts:Column="3" bts:Ch="1"'
    failed += f' bts:Time="2023-09-18T13:58:44.438+02:00" {at} bts:ActionIndex="1">no image'
    channels = "".join(
        f'<bts:MeasurementChannel bts:Ch="{channel}" bts:HorizontalPixelDimension="0.3"'
        ' bts:VerticalPixelDimension="0.3" bts:CameraNumber="1" bts:InputBitDepth="16"'
        ' bts:HorizontalPixels="4" bts:VerticalPixels="4"'
        f' bts:ShadingCorrectionSource="SC_{channel}.tif"/>'
        for channel in (1, 2)
    )
    lamps = "".join(
        f'<bts:Channel bts:Ch="{channel}" bts:Objective="20x" bts:Magnification="20"'
        ' bts:Acquisition="BP445/45" bts:ExposureTime="100" bts:Binning="1"'
        ' bts:Color="#FF002FFF"/>'
        for channel in (1, 2)
    )
    texts = {
        "plate.wpi": f'<bts:WellPlate {_BTS} bts:Name="p" bts:Columns="12" bts:Rows="8"/>',
        "1_x.wpp": f'<bts:WellPlateProduct {_BTS} bts:Name="x"/>',
        "MeasurementData.mlf": f"<bts:MeasurementData {_BTS}>\n{records}{failed}"
        "</bts:MeasurementRecord></bts:MeasurementData>",
        "MeasurementDetail.mrf": f"<bts:MeasurementDetail {_BTS}"
        ' bts:BeginTime="2023-09-18T13:58:39" bts:EndTime="2023-09-18T13:59:15"'
        ' bts:MeasurementSettingFileName="run.mes" bts:RowCount="8" bts:ColumnCount="12"'
        ' bts:TimePointCount="1" bts:FieldCount="1" bts:ZCount="1" bts:TargetSystem="CV8000">'
        f"{channels}</bts:MeasurementDetail>",
        "run.mes": f"<bts:MeasurementSetting {_BTS}><bts:ChannelList>{lamps}"
        "</bts:ChannelList></bts:MeasurementSetting>",
    }
    for name, text in texts.items():
        _write(folder / name, _XML + text)
    _tiffs(folder, [*names, "SC_1.tif", "SC_2.tif"])
    return names


def make_incell(folder: Path) -> list[str]:
    """Write a plate of two wells with two fields, channels and planes."""
    places = [*product(_WELLS, (1, 0), (1, 0), (1, 0))]
    names = [f"A - {c}(fld {f + 1} wv W{w} z {z}).tif" for (_, c), f, z, w in places]
    listed = "".join(
        f'<Image acquisition_time_ms="1" filename="{name}"><Well label="A - {column}">'
        f'<Row number="{row}"/><Column number="{column}"/></Well>'
        f'<Identifier field_index="{field}" wave_index="{wave}" z_index="{plane}"'
        ' time_index="0"/>'
        '<PlatePosition_um x="1" y="1"/><OffsetFromCenter x="0" y="0"/>'
        '<Size width="4" height="4"/></Image>\n'
        for name, ((row, column), field, plane, wave) in zip(names, places, strict=True)
    )
    waves = "".join(
        f'<Wavelength index="{wave}" fusion_wave="false" imaging_mode="3-D"/>'
        for wave in (0, 1)
    )
    _write(
        folder / "plate.xdce",
        f'{_XML}<ImageStack><AutoLeadAcquisitionProtocol build="IN Cell Analyzer 1000">'
        '<ObjectiveCalibration magnification="20.0" numerical_aperture="0.45"'
        ' objective_name="N" pixel_height="0.37" pixel_width="0.37"/>'
        '<Plate name="96" columns="12" rows="8"/><offset_point index="0" x="0" y="0"/>'
        f'<offset_point index="1" x="1" y="0"/><Wavelengths>{waves}</Wavelengths>'
        '<ZDimensionParameters number_of_slices="2"/><PlateMap><NamingRows begin="A"/>'
        '<NamingColumns begin="1"/></PlateMap></AutoLeadAcquisitionProtocol>'
        f'<Images number="{len(names)}">{listed}</Images></ImageStack>',
    )
    _tiffs(folder, names)
    return names


def make_metaxpress(folder: Path, times: int = 1) -> list[str]:
    """Write a plate of two wells with two sites and wavelengths; thumbnails beside it, or
    time points in folders.
    """
    flags = ["TRUE, FALSE", "FALSE, TRUE", *["FALSE, FALSE"] * 6]
    rows = "".join(f'"WellsSelection{n}", {flag}\n' for n, flag in enumerate(flags, 1))
    _write(
        folder / "plate.htd",
        f'"HTSInfoFile", Version 1.0\n"TimePoints", {times}\n"ZSeries", FALSE\n"ZSteps", 1\n'
        f'"XWells", 2\n"YWells", 8\n{rows}"Sites", TRUE\n"XSites", 2\n"YSites", 1\n'
        '"SiteSelection1", TRUE, TRUE\n"Waves", TRUE\n"NWavelengths", 2\n'
        '"WaveName1", "DAPI"\n"WaveName2", "FITC"\n"EndFile"\n',
    )
    parts = [f"{well}_s{s}_w{w}" for well, s, w in product(("A01", "B02"), (1, 2), (1, 2))]
    if times == 1:
        _tiffs(folder, [f"plate_{part}_thumb.TIF" for part in parts])
        names = [f"plate_{part}.TIF" for part in parts]
    else:
        before = [f"TimePoint_{time}" for time in range(1, times + 1)]
        names = [f"{time}/plate_{part}.TIF" for time, part in product(before, parts)]
    _tiffs(folder, names)
    return names


def make_scanr(folder: Path, data: str = "data") -> list[str]:
    """Write a plate of two wells with two positions and channels."""
    channels = "".join(
        f"<Cluster><Name>c</Name><String><Name>name</Name><Val>{name}</Val></String>"
        "<DBL><Name>exposure time</Name><Val>10</Val></DBL>"
        "<Boolean><Name>idle</Name><Val>0</Val></Boolean></Cluster>"
        for name in ("FITC", "DAPI")
    )
    wells = "".join(
        f"<String><Name>well selection table + cDNA</Name><Val>{stated}</Val></String>"
        for well in (("1", "B2"), ("2", "A1"))
        for stated in well
    )
    numbers = {"columns/well": 2, "rows/well": 1, "# slices": 1, "timeloop count": 1}
    numbers |= {"timeloop real": 0, "timeloop delay [ms]": 0}
    stated = "".join(
        f"<U32><Name>{name}</Name><Val>{value}</Val></U32>" for name, value in numbers.items()
    )
    _write(
        folder / "experiment_descriptor.xml",
        f"{_XML}<LVData><Cluster><Name>format typedef</Name><Name>Rows</Name><Val>8</Val>"
        f"<Name>Columns</Name><Val>12</Val></Cluster>{stated}{wells}<Array>"
        f"<Name>subposition list</Name><Dimsize>2</Dimsize></Array>{channels}</LVData>",
    )
    _write(folder / "experiment_descriptor.dat", "x")
    _write(folder / "AcquisitionLog.dat", "x")
    wells_and_more = product((("B2", 1), ("A1", 2)), (1, 2), ("DAPI", "FITC"))
    names = [
        f"{data}/{label}--W0000{well}--P0000{position}--Z00000--T00000--{channel}.tif"
        for (label, well), position, channel in wells_and_more
    ]
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # By this Bio-Formats knows an image as one of ScanR's.
        pixels, maker = np.zeros((4, 4), np.uint16), "National Instruments IMAQ"
        tifffile.imwrite(path, pixels, metadata=None, software=maker)
    return names


def make_cellvoyager(folder: Path) -> list[str]:
    """Write two wells of two areas with two fields, in two channels; a well before them is
    not enabled.
    """
    sensor = "<EffectiveHorizontalPixels_pixel>4</EffectiveHorizontalPixels_pixel>"
    sensor += "<EffectiveVerticalPixels_pixel>4</EffectiveVerticalPixels_pixel>"
    sensor += "<HorizonalCellSize_um>6.5</HorizonalCellSize_um>"
    sensor += "<VerticalCellSize_um>6.5</VerticalCellSize_um>"
    named = "".join(
        f"<{part}><Name>n</Name></{part}>"
        for part in ("Excitation", "Emission", "FluorescentProbe")
    )
    channels = "".join(
        f"<Channel><UniqueID>{channel}</UniqueID><Number>{channel}</Number><Name>c</Name>"
        f"<IsEnabled>true</IsEnabled><AcquisitionSetting><Camera>{sensor}</Camera>"
        "</AcquisitionSetting><ContrastEnhanceParam><Color><R>1</R><G>2</G><B>3</B><A>4</A>"
        f"</Color></ContrastEnhanceParam>{named}</Channel>"
        for channel in (1, 2)
    )
    fields = "".join(
        f"<Field><StageX_um>{4 * field}</StageX_um><StageY_um>0</StageY_um></Field>"
        for field in (1, 2)
    )
    areas = "".join(
        f"<Area><UniqueID>{area}</UniqueID><Number>{area}</Number><Fields>{fields}</Fields>"
        "</Area>"
        for area in (1, 2)
    )
    wells = "".join(
        f"<Well><UniqueID>{well}</UniqueID><Number>{well}</Number><Row>1</Row>"
        f"<Column>{well}</Column><CenterCoord_mm><X>1</X><Y>1</Y></CenterCoord_mm>"
        f"<IsEnabled>{str(well > 1).lower()}</IsEnabled><Areas>{areas}</Areas></Well>"
        for well in (1, 2, 3)
    )
    _write(
        folder / "MeasurementResult.xml",
        f'{_XML}<MeasurementResult xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        "<FileVersion><Major>1</Major><Miner>0</Miner></FileVersion>"
        "<BeginTime>2012-01-01T00:00:00</BeginTime><EndTime>2012-01-01T00:00:00</EndTime>"
        '<DimensionsInfo><F Max="2"/></DimensionsInfo><ObjectiveLens><ID>1</ID>'
        "<Magnification>20</Magnification></ObjectiveLens><PinholeDisk><PinholeSize_um>50"
        "</PinholeSize_um></PinholeDisk><RowCount>8</RowCount><ColumnCount>12</ColumnCount>"
        f"<Channels>{channels}</Channels><Attachment><HolderInfoList><HolderInfo>"
        '<MountedSampleContainer xsi:type="WellPlate"><RowCount>8</RowCount>'
        "<ColumnCount>12</ColumnCount></MountedSampleContainer></HolderInfo>"
        "</HolderInfoList></Attachment><UsesSameAreaParWell>false</UsesSameAreaParWell>"
        f"<Wells>{wells}</Wells><TimelapsCondition><Iteration>1</Iteration>"
        "<Interval>1</Interval></TimelapsCondition><ZStackConditions>"
        "<NumberOfSlices>1</NumberOfSlices></ZStackConditions></MeasurementResult>",
    )
    _write(
        folder / "MeasurementResult.ome.xml",
        f'{_XML}<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2011-06">'
        '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16"'
        ' SizeX="4" SizeY="4" SizeZ="1" SizeC="2" SizeT="1" PhysicalSizeX="1"'
        ' PhysicalSizeY="1" PhysicalSizeZ="1"/></Image></OME>',
    )
    places = product((1, 2), (1, 2, 3, 4), (1, 2))
    names = [f"Image/W{well}F00{field}T0001Z01C{ch}.tif" for well, field, ch in places]
    _tiffs(folder, names)
    return names


def make_bd_pathway(folder: Path) -> list[str]:
    """Write a plate of two wells with two dyes and two time points, and a log of a well."""
    _write(
        folder / "Experiment.exp",
        "[General]\nDyes=2\n[Camera]\nBitdepthUsed=12\nBinX=1\nBinY=1\n[Dyes]\n1=FITC\n2=DAPI\n"
        "[Image]\nMontaged=0\n[Geometry]\nName=20x NA 0.75\n[Z1Axis]\nZ1AxisEnabled=0\n",
    )
    _write(folder / "plate.plt", "[PlateType]\nBrand=b\nDescription=d\nWells=96\n")
    _write(folder / "Well A01/log.txt", "x")
    for dye in ("DAPI", "FITC"):
        stated = "Emission=1 2\nExcitation=3 4\nExposure=0.1\nGain=1\nOffset=0\n"
        _write(folder / f"{dye}.dye", f"[Numerator]\n{stated}")
    places = product(("B02", "A01"), ("FITC", "DAPI"), (1, 0))
    names = [f"Well {well}/{dye} - n00000{time}.tif" for well, dye, time in places]
    _tiffs(folder, names)
    return names


def make_flex(folder: Path) -> list[str]:
    """Write a plate of two wells with two pictures each."""
    names = ["002001000.flex", "001003000.flex"]
    arrays = "".join(f'<Array Name="Exp{n}Cam1" Factor="1.0"/>' for n in (1, 2))
    text = f"<Root><FLEX><Plate><Barcode>B</Barcode></Plate><Arrays>{arrays}</Arrays></FLEX>"
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        with tifffile.TiffWriter(folder / name) as tiff:
            for tags in ([(65200, "s", 0, f"{text}</Root>", True)], []):
                pixels = np.zeros((4, 4), np.uint16)
                tiff.write(pixels, metadata=None, contiguous=False, extratags=tags)
    pictures = "".join(f'<Picture path="\\\\S\\x\\{name}"/>' for name in names)
    _write(folder / "plate.mea", f"{_XML}<Measurement>{pictures}</Measurement>")
    _write(folder / "plate.res", f"{_XML}<Results><AnalysisResults/></Results>")
    return names


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _tiffs(folder: Path, names: list[str]) -> None:
    for number, name in enumerate(names):
        touched_tiff(folder / name, number)


#: Complete sets, which our grouping and Bio-Formats make alike.
PLATE_SETS: dict[str, Callable[[Path], object]] = {
    "operetta": make_operetta,
    "operetta, Index.xml beside its images": lambda folder: make_operetta(
        folder, "Index.xml", "."
    ),
    "columbus": make_columbus,
    "yokogawa": make_yokogawa,
    "cellvoyager": make_cellvoyager,
    "incell": make_incell,
    "metaxpress": make_metaxpress,
    "metaxpress, time points": lambda folder: make_metaxpress(folder, 2),
    "scanr": make_scanr,
    "flex": make_flex,
    "bd pathway": make_bd_pathway,
}
