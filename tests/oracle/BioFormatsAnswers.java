import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
import loci.formats.in.ZipReader;
import loci.formats.meta.IMetadata;
import loci.formats.services.OMEXMLService;
import ome.units.UNITS;
import ome.units.quantity.Length;
import ome.xml.model.primitives.Color;
import ome.xml.model.primitives.Timestamp;

/**
 * Reads folders as OMERO's importer does and says what Bio-Formats makes of them.
 *
 * Each line of standard input is a folder. For each file that is opened a line "opening PATH"
 * is printed, so that whoever listens knows what hangs; then one line of JSON, of the shape
 * {"version", "filesets": [{"opened", "reader", "plate", "used", "series": [...]}], "not_read"}.
 *
 * Sets are found as ome/omero-blitz's ImportCandidates finds them: four folders deep, no dot
 * files, every reader but Zip's, files that another candidate uses are dropped. The used files
 * begin with the one that is opened on the server.
 */
public class BioFormatsAnswers {
  private static final int DEPTH = 4;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path root;
  private final PrintStream out;
  private final Map<File, List<File>> used = new LinkedHashMap<>();
  private final Map<File, Map<String, Object>> answers = new LinkedHashMap<>();
  private final List<String> notRead = new ArrayList<>();

  private BioFormatsAnswers(Path root, PrintStream out) {
    this.root = root;
    this.out = out;
  }

  public static void main(String[] arguments) throws Exception {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    // Readers print as they like.
    System.setOut(System.err);
    DebugTools.setRootLevel("OFF");
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      BioFormatsAnswers one = new BioFormatsAnswers(Path.of(line), out);
      one.walk(new File(line), 0);
      out.println(JSON.writeValueAsString(one.result()));
    }
  }

  private void walk(File folder, int depth) throws IOException {
    File[] entries = folder.listFiles(entry -> !entry.getName().startsWith("."));
    Arrays.sort(entries);
    for (File entry : entries) {
      if (entry.isFile()) {
        look(entry);
      } else if (depth < DEPTH) {
        walk(entry, depth + 1);
      }
    }
  }

  private void look(File file) throws IOException {
    out.println("opening " + file);
    ClassList<IFormatReader> classes =
        new ClassList<>("readers.txt", IFormatReader.class, ImageReader.class);
    classes.removeClass(ZipReader.class);
    ImageReader chosen = new ImageReader(classes);
    try (ChannelSeparator reader = new ChannelSeparator(new ChannelFiller(chosen))) {
      reader.setFlattenedResolutions(false);
      reader.setGroupFiles(true);
      IMetadata metadata =
          new ServiceFactory().getInstance(OMEXMLService.class).createOMEXMLMetadata();
      reader.setMetadataStore(metadata);
      reader.setId(file.getPath());
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("opened", name(file));
      answer.put("reader", chosen.getReader().getClass().getSimpleName());
      answer.put("plate", metadata.getPlateCount() > 0);
      List<File> files = new ArrayList<>();
      List<File> others = new ArrayList<>();
      for (FileInfo info : reader.getAdvancedUsedFiles(false)) {
        (info.usedToInitialize ? files : others).add(new File(info.filename).getAbsoluteFile());
      }
      files.addAll(others);
      answer.put("used", files.stream().map(this::name).toList());
      used.put(file, files);
      answers.put(file, answer);
      if (belongsToAnother(file)) {
        return;
      }
      List<Object> series = new ArrayList<>();
      for (int index = 0; index < reader.getSeriesCount(); index++) {
        reader.setSeries(index);
        series.add(new Series(reader, metadata, index).answer());
      }
      answer.put("series", series);
    } catch (Throwable error) {
      // Readers throw whatever they like at files that are not theirs.
      answers.remove(file);
      notRead.add(name(file));
    }
  }

  private Map<String, Object> result() {
    List<File> kept = answers.keySet().stream().filter(file -> !belongsToAnother(file)).toList();
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("version", FormatTools.VERSION);
    result.put("filesets", kept.stream().map(answers::get).toList());
    result.put("not_read", notRead);
    return result;
  }

  /** Of files that use each other the first one is kept. */
  private boolean belongsToAnother(File file) {
    List<File> order = new ArrayList<>(answers.keySet());
    return order.stream()
        .filter(other -> !other.equals(file) && used.get(other).contains(file))
        .anyMatch(other -> !used.get(file).contains(other)
            || order.indexOf(other) < order.indexOf(file));
  }

  private String name(File file) {
    return root.relativize(file.toPath().toAbsolutePath().normalize()).toString();
  }

  /** One series of an opened file. */
  private static final class Series {
    private final IFormatReader reader;
    private final IMetadata metadata;
    private final int index;

    Series(IFormatReader reader, IMetadata metadata, int index) {
      this.reader = reader;
      this.metadata = metadata;
      this.index = index;
    }

    Map<String, Object> answer() throws Exception {
      int z = reader.getSizeZ() - 1;
      int c = reader.getEffectiveSizeC() - 1;
      int t = reader.getSizeT() - 1;
      Map<String, Object> found = new LinkedHashMap<>();
      found.put("name", metadata.getImageName(index));
      found.put("x", reader.getSizeX());
      found.put("y", reader.getSizeY());
      found.put("z", reader.getSizeZ());
      found.put("c", reader.getSizeC());
      found.put("t", reader.getSizeT());
      found.put("type", FormatTools.getPixelTypeString(reader.getPixelType()));
      found.put("levels", reader.getResolutionCount());
      List<Object> sizes = new ArrayList<>();
      sizes.add(micrometres(metadata.getPixelsPhysicalSizeZ(index)));
      sizes.add(micrometres(metadata.getPixelsPhysicalSizeY(index)));
      sizes.add(micrometres(metadata.getPixelsPhysicalSizeX(index)));
      found.put("px", sizes);
      Timestamp date = metadata.getImageAcquisitionDate(index);
      found.put("date", date == null ? null : date.getValue());
      found.put("channels", channels());
      found.put("n", reader.getImageCount());
      found.put("first", hash(0));
      found.put("last", hash(reader.getImageCount() - 1));
      found.put("middle", hash(reader.getIndex(z / 2, c / 2, t / 2)));
      found.put("zlast", hash(reader.getIndex(z, 0, 0)));
      found.put("clast", hash(reader.getIndex(0, c, 0)));
      found.put("tlast", hash(reader.getIndex(0, 0, t)));
      return found;
    }

    private List<Object> channels() {
      List<Object> channels = new ArrayList<>();
      for (int c = 0; c < metadata.getChannelCount(index); c++) {
        Color color = metadata.getChannelColor(index, c);
        List<Object> channel = new ArrayList<>();
        channel.add(metadata.getChannelName(index, c));
        channel.add(color == null ? null : String.format("%08X", color.getValue()));
        channel.add(metadata.getChannelSamplesPerPixel(index, c).getValue());
        channels.add(channel);
      }
      return channels;
    }

    private static Object micrometres(Length length) {
      if (length == null) {
        return null;
      }
      Number value = length.value(UNITS.MICROMETER);
      return value == null ? length.value() + " " + length.unit().getSymbol()
          : value.doubleValue();
    }

    /** The first digits of the SHA-1 of a plane's little-endian bytes. */
    private String hash(int plane) throws Exception {
      byte[] bytes = reader.openBytes(plane);
      int width = FormatTools.getBytesPerPixel(reader.getPixelType());
      if (!reader.isLittleEndian() && width > 1) {
        for (int at = 0; at + width <= bytes.length; at += width) {
          for (int low = at, high = at + width - 1; low < high; low++, high--) {
            byte kept = bytes[low];
            bytes[low] = bytes[high];
            bytes[high] = kept;
          }
        }
      }
      StringBuilder text = new StringBuilder();
      for (byte part : MessageDigest.getInstance("SHA-1").digest(bytes)) {
        text.append(String.format("%02x", part));
      }
      return text.substring(0, 16);
    }
  }
}
