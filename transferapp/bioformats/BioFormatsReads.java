import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import loci.common.DebugTools;
import loci.common.services.ServiceFactory;
import loci.formats.ChannelFiller;
import loci.formats.ChannelSeparator;
import loci.formats.ClassList;
import loci.formats.FileInfo;
import loci.formats.FormatTools;
import loci.formats.IFormatReader;
import loci.formats.ImageReader;
import loci.formats.MissingLibraryException;
import loci.formats.UnknownFormatException;
import loci.formats.UnsupportedCompressionException;
import loci.formats.in.FakeReader;
import loci.formats.in.ZipReader;
import loci.formats.meta.IMetadata;
import loci.formats.services.OMEXMLService;
import ome.units.UNITS;
import ome.units.quantity.Length;
import ome.xml.model.primitives.Color;
import ome.xml.model.primitives.Timestamp;

/**
 * Answers what Bio-Formats makes of files, one request at a time.
 *
 * A request is a line of JSON with "do" (reads, used, describe, pixels, forget) on standard
 * input. A line on standard output says that it "began", the next is the answer: one with
 * "bytes" is followed by so many bytes, one with "error" says what was wrong. The first line of
 * all says that it is ready. The
 * program ends when its input does, whatever it is at. Java 11, so that old servers can run it.
 */
public class BioFormatsReads {
  /** Kept open, because opening costs more than reading. */
  private static final int MOST_OPEN = 8;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Map<String, Opened> opened = new LinkedHashMap<>(16, 0.75f, true);

  public static void main(String[] arguments) throws Exception {
    OutputStream out = new BufferedOutputStream(System.out, 1 << 16);
    // Readers print as they like.
    System.setOut(System.err);
    DebugTools.setRootLevel("OFF");
    BlockingQueue<String> requests = new LinkedBlockingQueue<>();
    Thread ear = new Thread(() -> listen(System.in, requests), "requests");
    ear.setDaemon(true);
    ear.start();
    Map<String, Object> ready = new LinkedHashMap<>();
    ready.put("version", FormatTools.VERSION);
    send(out, ready, null);
    BioFormatsReads program = new BioFormatsReads();
    while (true) {
      JsonNode request = JSON.readTree(requests.take());
      send(out, Map.of("began", true), null);
      program.answer(request, out);
    }
  }

  /** A thread of its own: whoever started this may be gone while a reader hangs. */
  private static void listen(InputStream in, BlockingQueue<String> requests) {
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        requests.add(line);
      }
    } catch (IOException gone) {
      // The same as the end of the input.
    }
    Runtime.getRuntime().halt(0);
  }

  private static void send(OutputStream out, Map<String, Object> header, byte[] bytes)
      throws IOException {
    out.write((JSON.writeValueAsString(header) + "\n").getBytes(StandardCharsets.UTF_8));
    if (bytes != null) {
      out.write(bytes);
    }
    out.flush();
  }

  private void answer(JsonNode request, OutputStream out) throws IOException {
    Map<String, Object> header = new LinkedHashMap<>();
    byte[] bytes = null;
    try {
      switch (request.get("do").asText()) {
        case "reads":
          header.put("version", FormatTools.VERSION);
          header.put("readers", readers());
          break;
        case "used":
          header.putAll(opened(request).used());
          break;
        case "describe":
          header.putAll(opened(request).description());
          break;
        case "pixels":
          bytes = opened(request).pixels(request);
          header.put("bytes", bytes.length);
          break;
        default:
          forget(request.get("file").asText());
          break;
      }
    } catch (Throwable error) {
      // Readers throw whatever they like at files that are not what they seem.
      bytes = null;
      header.clear();
      header.put("error", kind(error));
      header.put("detail", error.toString());
      forget(request.path("file").asText());
    }
    send(out, header, bytes);
    if ("memory".equals(header.get("error"))) {
      // What was cut off in the middle may be broken from now on.
      Runtime.getRuntime().halt(3);
    }
  }

  private static String kind(Throwable error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof OutOfMemoryError) {
        return "memory";
      }
      if (cause instanceof UnknownFormatException) {
        return "unknown-format";
      }
      if (cause instanceof MissingLibraryException
          || cause instanceof UnsupportedCompressionException
          || cause instanceof LinkageError) {
        return "unsupported";
      }
      if (cause instanceof FileNotFoundException || cause instanceof NoSuchFileException) {
        return "missing-file";
      }
    }
    return "broken";
  }

  /** Every reader but those of archives and of pictures that are made up from a name. */
  private static ImageReader everyReader() throws IOException {
    ClassList<IFormatReader> classes =
        new ClassList<>("readers.txt", IFormatReader.class, ImageReader.class);
    classes.removeClass(ZipReader.class);
    classes.removeClass(FakeReader.class);
    return new ImageReader(classes);
  }

  private static List<Object> readers() throws IOException {
    List<Object> found = new ArrayList<>();
    try (ImageReader all = everyReader()) {
      for (IFormatReader reader : all.getReaders()) {
        Map<String, Object> one = new LinkedHashMap<>();
        one.put("name", reader.getClass().getSimpleName());
        one.put("format", reader.getFormat());
        one.put("suffixes", reader.getSuffixes());
        found.add(one);
      }
    }
    return found;
  }

  private Opened opened(JsonNode request) throws Exception {
    String file = request.get("file").asText();
    Opened found = opened.get(file);
    if (found == null) {
      found = new Opened(file);
      opened.put(file, found);
      if (opened.size() > MOST_OPEN) {
        forget(opened.keySet().iterator().next());
      }
    }
    return found;
  }

  private void forget(String file) {
    Opened gone = opened.remove(file);
    if (gone != null) {
      try {
        gone.reader.close();
      } catch (IOException error) {
        // It is gone anyway.
      }
    }
  }

  /** The images of one file that was opened, read as OMERO's importer reads them. */
  private static final class Opened {
    private final ImageReader chosen;
    private final ChannelFiller filler;
    final ChannelSeparator reader;
    private final IMetadata metadata;

    Opened(String file) throws Exception {
      chosen = everyReader();
      filler = new ChannelFiller(chosen);
      reader = new ChannelSeparator(filler);
      reader.setFlattenedResolutions(false);
      reader.setGroupFiles(true);
      metadata = new ServiceFactory().getInstance(OMEXMLService.class).createOMEXMLMetadata();
      reader.setMetadataStore(metadata);
      try {
        reader.setId(file);
      } catch (Throwable error) {
        reader.close();
        throw error;
      }
    }

    Map<String, Object> used() throws Exception {
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("reader", chosen.getReader().getClass().getSimpleName());
      answer.put("format", chosen.getFormat());
      answer.put("is_plate", metadata.getPlateCount() > 0);
      answer.put("files", files());
      return answer;
    }

    /** Those that it is opened with come first, as OMERO stores them. */
    private List<String> files() throws Exception {
      List<String> first = new ArrayList<>();
      List<String> others = new ArrayList<>();
      for (FileInfo info : reader.getAdvancedUsedFiles(false)) {
        (info.usedToInitialize ? first : others).add(info.filename);
      }
      first.addAll(others);
      return first;
    }

    Map<String, Object> description() throws Exception {
      Map<String, Object> answer = used();
      Map<String, Object> wells = new HashMap<>();
      answer.put("plates", plates(wells));
      List<Object> series = new ArrayList<>();
      for (int index = 0; index < reader.getSeriesCount(); index++) {
        series.add(image(index, wells));
      }
      answer.put("series", series);
      return answer;
    }

    private List<String> plates(Map<String, Object> wells) {
      List<String> names = new ArrayList<>();
      for (int plate = 0; plate < metadata.getPlateCount(); plate++) {
        String name = metadata.getPlateName(plate);
        names.add(name == null ? "" : name);
        for (int well = 0; well < metadata.getWellCount(plate); well++) {
          for (int field = 0; field < metadata.getWellSampleCount(plate, well); field++) {
            place(wells, plate, well, field);
          }
        }
      }
      return names;
    }

    private void place(Map<String, Object> wells, int plate, int well, int field) {
      try {
        String image = metadata.getWellSampleImageRef(plate, well, field);
        wells.put(image, Arrays.asList(plate, metadata.getWellRow(plate, well).getValue(),
            metadata.getWellColumn(plate, well).getValue(), field));
      } catch (RuntimeException unsaid) {
        // A field without an image, or a well without a place: it holds nothing.
      }
    }

    private Map<String, Object> image(int index, Map<String, Object> wells) {
      Map<String, Object> found = new LinkedHashMap<>();
      reader.setSeries(index);
      reader.setResolution(0);
      found.put("name", metadata.getImageName(index));
      found.put("type", FormatTools.getPixelTypeString(reader.getPixelType()));
      found.put("size_z", reader.getSizeZ());
      found.put("size_c", reader.getEffectiveSizeC());
      found.put("size_t", reader.getSizeT());
      // Of the planes in the file: three where a pixel is red, green and blue.
      found.put("samples", filler.getRGBChannelCount());
      found.put("is_little_endian", reader.isLittleEndian());
      found.put("tile", Arrays.asList(
          reader.getOptimalTileHeight(), reader.getOptimalTileWidth()));
      found.put("channels", channels(index));
      found.put("size_um", Arrays.asList(
          micrometres(metadata.getPixelsPhysicalSizeZ(index)),
          micrometres(metadata.getPixelsPhysicalSizeY(index)),
          micrometres(metadata.getPixelsPhysicalSizeX(index))));
      found.put("position_um", position(index));
      Timestamp date = metadata.getImageAcquisitionDate(index);
      found.put("date", date == null ? null : date.getValue());
      found.put("well", wells.get(metadata.getImageID(index)));
      List<Object> levels = new ArrayList<>();
      for (int level = 0; level < reader.getResolutionCount(); level++) {
        reader.setResolution(level);
        levels.add(Arrays.asList(reader.getSizeY(), reader.getSizeX()));
      }
      reader.setResolution(0);
      found.put("levels", levels);
      return found;
    }

    private List<Object> channels(int index) {
      List<Object> channels = new ArrayList<>();
      for (int c = 0; c < metadata.getChannelCount(index); c++) {
        Color color = metadata.getChannelColor(index, c);
        String name = metadata.getChannelName(index, c);
        channels.add(Arrays.asList(name == null ? "" : name,
            color == null ? null : String.format("%08X", color.getValue()).substring(0, 6)));
      }
      return channels;
    }

    /** Where the stage was for the first plane. */
    private List<Object> position(int index) {
      if (metadata.getPlaneCount(index) == 0) {
        return Arrays.asList(null, null, null);
      }
      return Arrays.asList(
          micrometres(metadata.getPlanePositionZ(index, 0)),
          micrometres(metadata.getPlanePositionY(index, 0)),
          micrometres(metadata.getPlanePositionX(index, 0)));
    }

    /** Null for what is no length ("reference frame") or no number that JSON has. */
    private static Double micrometres(Length length) {
      Number value = length == null ? null : length.value(UNITS.MICROMETER);
      return value == null || !Double.isFinite(value.doubleValue()) ? null
          : Double.valueOf(value.doubleValue());
    }

    byte[] pixels(JsonNode at) throws Exception {
      reader.setSeries(at.get("series").asInt());
      reader.setResolution(at.get("level").asInt());
      int plane =
          reader.getIndex(at.get("z").asInt(), at.get("c").asInt(), at.get("t").asInt());
      return reader.openBytes(plane, at.get("x").asInt(), at.get("y").asInt(),
          at.get("width").asInt(), at.get("height").asInt());
    }
  }
}
