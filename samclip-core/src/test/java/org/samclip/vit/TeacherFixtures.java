package org.samclip.vit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.samclip.checkpoint.TensorSource;

/** The weights and outputs of {@code scripts/make-teacher-fixtures.py}. */
public final class TeacherFixtures {

  /** Largest difference allowed, as a share of the largest expected value. */
  private static final double TOLERANCE = 1e-5;

  private static final ObjectMapper JSON = new ObjectMapper();

  private TeacherFixtures() {}

  /**
   * @param name below the fixtures' folder
   * @return the file
   */
  public static Path find(String name) {
    try {
      return Path.of(TeacherFixtures.class.getResource("/teachers/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * @param set a folder of fixtures
   * @param target gets its weights, and the config with a changed value
   * @param part of the config, or empty
   * @param key to change
   * @param value its new value as JSON
   * @return the weights
   * @throws IOException if a file cannot be written
   */
  public static Path withConfig(String set, Path target, String part, String key, String value)
      throws IOException {
    ObjectNode config = (ObjectNode) JSON.readTree(find(set + "/config.json").toFile());
    ObjectNode changed = part.isEmpty() ? config : (ObjectNode) config.get(part);
    changed.set(key, JSON.readTree(value));
    JSON.writeValue(target.resolve("config.json").toFile(), config);
    return withoutConfig(set, target);
  }

  /**
   * @param set a folder of fixtures
   * @param target gets its weights alone
   * @return the weights
   * @throws IOException if the file cannot be written
   */
  public static Path withoutConfig(String set, Path target) throws IOException {
    Path weights = target.resolve("model.safetensors");
    Files.copy(find(set + "/model.safetensors"), weights);
    return weights;
  }

  /**
   * @param expected outputs
   * @param name of one
   * @param got what should be the same
   */
  public static void assertClose(TensorSource expected, String name, NDArray got) {
    assertArrayEquals(expected.info(name).shape(), got.getShape().getShape(), name);
    double error = error(expected.readFloats(name), got.toFloatArray());
    assertTrue(error <= TOLERANCE, name + ": relative error " + error);
  }

  static double error(float[] expected, float[] got) {
    double largest = 0;
    double difference = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      double here = Math.abs((double) got[i] - expected[i]);
      difference = Double.isNaN(here) ? Double.POSITIVE_INFINITY : Math.max(difference, here);
    }
    return difference / largest;
  }
}
