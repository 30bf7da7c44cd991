package org.samclip.parity;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.samclip.checkpoint.SafetensorsFile;

/**
 * One set of reference vectors: {@code NAME.json}, which states configuration and tolerance, and
 * the safetensors files beside it. Sets come from the folder in {@code -Dsamclip.vectors}, else
 * from the test resources. In the user's folder, which must exist, a missing file skips the test
 * visibly; in the resources it fails the test. Sizes, depths and seeds must be read from {@link
 * #json()}, never assumed.
 *
 * <pre>{@code
 * Vectors vectors = Vectors.load("pos_embed");
 * NDArray input = vectors.array("input", manager);
 * vectors.assertClose("bicubic", output, "pos_embed", "bicubic.12x12", vectors.tolerance());
 * }</pre>
 */
public final class Vectors {

  private static final String PROPERTY = "samclip.vectors";

  /** Where the build was started: what a relative folder is relative to, in every module. */
  private static final String BASE = "samclip.vectors.base";

  private static final Map<String, Path> EXTRACTED = new ConcurrentHashMap<>();

  private final String name;
  private final JsonNode json;
  private final Map<String, SafetensorsFile> files = new ConcurrentHashMap<>();

  private Vectors(String name, JsonNode json) {
    this.name = name;
    this.json = json;
  }

  /**
   * Limits of a comparison, as the side files state them.
   *
   * @param rtol relative to the expected value
   * @param atol absolute
   */
  public record Tolerance(double rtol, double atol) {}

  /**
   * @param name a set, such as {@code sam_tiny}
   * @return the set; skips or fails the test when it is missing
   */
  public static Vectors load(String name) {
    try {
      return new Vectors(name, new ObjectMapper().readTree(find(name + ".json").toFile()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * @param name a file of the folder, such as {@code images/photo_33x33.png}
   * @return a real path to it; skips or fails the test when it is missing
   */
  public static Path find(String name) {
    String folder = System.getProperty(PROPERTY, "");
    if (!folder.isEmpty()) {
      Path base = Path.of(System.getProperty(BASE, "")).resolve(folder);
      if (!Files.isDirectory(base)) {
        fail(PROPERTY + ": no folder " + base.toAbsolutePath());
      }
      Path file = base.resolve(name);
      if (!Files.isRegularFile(file)) {
        abort("no " + name + " in " + base);
      }
      return file;
    }
    URL resource = Vectors.class.getResource("/vectors/" + name);
    if (resource == null) {
      fail("no test resource vectors/" + name);
    }
    try {
      return resource.getProtocol().equals("file")
          ? Path.of(resource.toURI())
          : EXTRACTED.computeIfAbsent(name, key -> extract(key, resource));
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * @return the side file
   */
  public JsonNode json() {
    return json;
  }

  /**
   * @param path keys below {@code tolerance} in the side file
   * @return the limits there
   */
  public Tolerance tolerance(String... path) {
    JsonNode node = json.path("tolerance");
    for (String key : path) {
      node = node.path(key);
    }
    if (!node.path("rtol").isNumber() || !node.path("atol").isNumber()) {
      fail(name + ".json has no rtol and atol at tolerance." + String.join(".", path));
    }
    return new Tolerance(node.get("rtol").asDouble(), node.get("atol").asDouble());
  }

  /**
   * @param file a safetensors file, with or without the ending
   * @return the open file, shared by all calls
   */
  public SafetensorsFile file(String file) {
    String full = file.endsWith(".safetensors") ? file : file + ".safetensors";
    return files.computeIfAbsent(full, key -> SafetensorsFile.open(find(key)));
  }

  /**
   * @param file a safetensors file
   * @return its tensors' names
   */
  public Set<String> names(String file) {
    return file(file).names();
  }

  /**
   * @param file a safetensors file
   * @param tensor a name in it
   * @return its sizes
   */
  public long[] shape(String file, String tensor) {
    return file(file).info(tensor).shape();
  }

  /**
   * @param file a safetensors file
   * @param tensor a name in it
   * @return its values, of any type
   */
  public float[] floats(String file, String tensor) {
    return file(file).readFloats(tensor);
  }

  /**
   * @param tensor a name in the set's own safetensors file
   * @return its values, of any type
   */
  public float[] floats(String tensor) {
    return floats(name, tensor);
  }

  /**
   * @param file a safetensors file
   * @param tensor a name in it
   * @return its values, of any type
   */
  public double[] doubles(String file, String tensor) {
    return file(file).readDoubles(tensor);
  }

  /**
   * @param file a safetensors file
   * @param tensor a name in it
   * @return its values, which are integers or booleans
   */
  public long[] longs(String file, String tensor) {
    return file(file).readLongs(tensor);
  }

  /**
   * @param file a safetensors file
   * @param tensor a name in it
   * @param manager what the array belongs to
   * @return the array
   */
  public NDArray array(String file, String tensor, NDManager manager) {
    return file(file).read(tensor, manager);
  }

  /**
   * @param tensor a name in the set's own safetensors file
   * @param manager what the array belongs to
   * @return the array
   */
  public NDArray array(String tensor, NDManager manager) {
    return array(name, tensor, manager);
  }

  /**
   * Fails unless {@code |got - expected| <= atol + rtol * |expected|} at every element.
   *
   * @param label says what is compared
   * @param got row-major values
   * @param file a safetensors file
   * @param tensor the expected values' name in it
   * @param rtol relative limit
   * @param atol absolute limit
   */
  public void assertClose(
      String label, float[] got, String file, String tensor, double rtol, double atol) {
    assertClose(label + " against " + file + ":" + tensor, got, floats(file, tensor), rtol, atol);
  }

  /**
   * The same for an array, whose shape must be equal, too.
   *
   * @param label says what is compared
   * @param got any floating-point array
   * @param file a safetensors file
   * @param tensor the expected values' name in it
   * @param tolerance limits
   */
  public void assertClose(
      String label, NDArray got, String file, String tensor, Tolerance tolerance) {
    long[] expected = shape(file, tensor);
    long[] shape = got.getShape().getShape();
    if (!Arrays.equals(shape, expected)) {
      fail(
          "%s against %s:%s: shape %s, expected %s"
              .formatted(label, file, tensor, Arrays.toString(shape), Arrays.toString(expected)));
    }
    assertClose(label, got.toFloatArray(), file, tensor, tolerance.rtol, tolerance.atol);
  }

  /**
   * The same for plain values. NaN never passes; an infinity only against the same infinity.
   *
   * @param label says what is compared
   * @param got values
   * @param expected as many values
   * @param rtol relative limit
   * @param atol absolute limit
   */
  public static void assertClose(
      String label, float[] got, float[] expected, double rtol, double atol) {
    if (got.length != expected.length) {
      fail(label + ": " + got.length + " values, expected " + expected.length);
    }
    int worst = -1;
    int count = 0;
    double worstExcess = 0;
    for (int i = 0; i < got.length; i++) {
      double excess = excess(got[i], expected[i], rtol, atol);
      if (excess > 0) {
        count++;
        if (excess > worstExcess) {
          worstExcess = excess;
          worst = i;
        }
      }
    }
    if (count > 0) {
      fail(
          "%s: %d of %d values differ; worst at %d: got %s, expected %s (rtol %s, atol %s)"
              .formatted(label, count, got.length, worst, got[worst], expected[worst], rtol, atol));
    }
  }

  /** How far beyond the limit; infinite when it cannot be said. */
  private static double excess(float got, float expected, double rtol, double atol) {
    if (got == expected) {
      return 0;
    }
    double difference = Math.abs((double) got - expected);
    double limit = atol + rtol * Math.abs(expected);
    if (Double.isNaN(difference) || Double.isInfinite(difference)) {
      return Double.POSITIVE_INFINITY;
    }
    return Math.max(0, difference - limit);
  }

  private static Path extract(String name, URL resource) {
    try (InputStream in = resource.openStream()) {
      Path copy = Files.createTempFile("samclip-", "-" + Path.of(name).getFileName());
      copy.toFile().deleteOnExit();
      Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
