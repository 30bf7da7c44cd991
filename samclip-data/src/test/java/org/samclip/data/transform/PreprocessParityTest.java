package org.samclip.data.transform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.samclip.parity.Vectors;

/** Bytes must equal Pillow's, tensors those of open_clip and segment-anything. */
class PreprocessParityTest {

  private static final String SET = "preprocess";

  private final Vectors vectors = Vectors.load(SET);
  private final JsonNode config = vectors.json().get("config");
  private final Set<String> names = vectors.names(SET);
  private final ClipPreprocess clip =
      new ClipPreprocess(
          config.get("clip_size").intValue(),
          new Normalisation(255, floats(config.get("clip_mean")), floats(config.get("clip_std"))));
  private final SamPreprocess sam =
      new SamPreprocess(
          config.get("sam_size").intValue(),
          new Normalisation(1, floats(config.get("sam_mean")), floats(config.get("sam_std"))));

  private static List<Float> floats(JsonNode node) {
    List<Float> values = new ArrayList<>();
    node.forEach(value -> values.add(value.floatValue()));
    return values;
  }

  private static double[] numbers(JsonNode pairs) {
    List<Double> values = new ArrayList<>();
    pairs.forEach(pair -> pair.forEach(value -> values.add(value.doubleValue())));
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private byte[] bytes(String tensor) {
    long[] values = vectors.longs(SET, tensor);
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  private void assertFloats(String tensor, float[] got, String limit) {
    double atol =
        vectors.json().path("tolerance").path("same_arithmetic").path(limit).doubleValue();
    vectors.assertClose(tensor, got, SET, tensor, 0, atol);
  }

  @Test
  void everyImageEqualsTheReference() throws IOException {
    int compared = 0;
    for (JsonNode entry : vectors.json().get("images")) {
      String file = entry.get("file").textValue();
      String name = file.substring(file.lastIndexOf('/') + 1);
      RgbImage image = ImageDecoder.decode(Files.readAllBytes(Vectors.find(file)), name);
      assertEquals(entry.get("width").intValue(), image.width());
      assertEquals(entry.get("height").intValue(), image.height());
      assertArrayEquals(bytes(name + ".pixels"), image.rgb(), name);
      assertArrayEquals(bytes(name + ".clip.crop"), clip.crop(image).rgb(), name);
      assertArrayEquals(bytes(name + ".sam.resized"), sam.resize(image).rgb(), name);
      if (names.contains(name + ".clip")) {
        assertFloats(name + ".clip", clip.apply(image), "clip");
        compared++;
      }
      if (names.contains(name + ".sam")) {
        assertFloats(name + ".sam", sam.apply(image), "sam");
        compared++;
      }
      SamPreprocess.Frame frame = sam.frame(image.width(), image.height());
      assertEquals(entry.get("sam_resized").get(0).intValue(), frame.height());
      assertEquals(entry.get("sam_resized").get(1).intValue(), frame.width());
      for (String kind : List.of("points", "boxes")) {
        double[] original = numbers(entry.get(kind));
        double[] mapped = frame.toInput(original);
        assertArrayEquals(numbers(entry.get(kind + "_in_sam_frame")), mapped, 1e-12, name);
        assertArrayEquals(original, frame.toOriginal(mapped), 1e-9, name);
      }
    }
    assertEquals(
        names.stream().filter(n -> n.endsWith(".clip") || n.endsWith(".sam")).count(), compared);
  }
}
