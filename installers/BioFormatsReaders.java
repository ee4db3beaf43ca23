import java.io.PrintStream;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;

import loci.common.DebugTools;
import loci.formats.FormatTools;
import loci.formats.IFormatReader;
import loci.formats.ImageReader;

/**
 * Says which readers a Bio-Formats has: the version, then one line for each reader in the
 * order in which they are asked: class, format, "several" where it has companion files,
 * "needed" where the suffix must fit, "enough" where a fitting suffix settles it, suffixes.
 */
public class BioFormatsReaders {
  public static void main(String[] arguments) throws Exception {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err);
    DebugTools.setRootLevel("OFF");
    out.println(FormatTools.VERSION);
    for (IFormatReader reader : new ImageReader().getReaders()) {
      out.println(String.join("\t",
          reader.getClass().getSimpleName(),
          reader.getFormat(),
          reader.hasCompanionFiles() ? "several" : "",
          flag(reader, "suffixNecessary") ? "needed" : "",
          flag(reader, "suffixSufficient") ? "enough" : "",
          String.join("|", reader.getSuffixes())));
    }
  }

  private static boolean flag(IFormatReader reader, String name) throws Exception {
    for (Class<?> type = reader.getClass(); type != null; type = type.getSuperclass()) {
      try {
        Field field = type.getDeclaredField(name);
        field.setAccessible(true);
        return field.getBoolean(reader);
      } catch (NoSuchFieldException absent) {
        continue;
      }
    }
    return false;
  }
}
