package org.samclip.data.transform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Every operation gives torchvision's bytes. The values were made by {@code
 * scripts/parity/make-augment-vectors.py}.
 */
class AugmentParityTest {

  private static final int KERNEL = 9;

  private final JsonNode vectors = read();

  private static JsonNode read() {
    try (InputStream in = AugmentParityTest.class.getResourceAsStream("augment.json")) {
      return new ObjectMapper().readTree(in);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private RgbImage image(String name) throws IOException {
    JsonNode image = vectors.get("images").get(name);
    return new RgbImage(
        image.get("width").intValue(),
        image.get("height").intValue(),
        image.get("rgb").binaryValue());
  }

  private static RgbImage step(RgbImage image, String name, double amount) {
    return switch (name) {
      case "flip" -> image.flipped();
      case "grey" -> ColourChange.grey(image);
      case "blur" -> new GaussianBlur(KERNEL, amount).apply(image);
      case "solarise" -> ColourChange.solarise(image, (int) amount);
      default -> {
        Augmentation.Colour colour = Augmentation.Colour.valueOf(name.toUpperCase(Locale.ROOT));
        yield new Augmentation.Change(colour, amount).apply(image);
      }
    };
  }

  @Test
  void everyCaseEqualsTorchvision() throws IOException {
    Set<String> seen = new HashSet<>();
    for (JsonNode entry : vectors.get("cases")) {
      RgbImage image = image(entry.get("image").textValue());
      for (JsonNode step : entry.get("steps")) {
        String name = step.get(0).textValue();
        seen.add(name);
        image = step(image, name, step.get(1).doubleValue());
      }
      String label = entry.get("image") + " " + entry.get("steps");
      assertArrayEquals(entry.get("rgb").binaryValue(), image.rgb(), label);
    }
    assertEquals(8, seen.size(), seen::toString);
    assertTrue(vectors.get("cases").size() >= 78, vectors.get("cases").size() + " cases");
  }

  /** The library's own order, with what a draw would say. */
  @Test
  void aDrawIsAppliedInUnicsOrder() throws IOException {
    Augmentation.Draw draw =
        new Augmentation.Draw(
            true,
            List.of(
                new Augmentation.Change(Augmentation.Colour.HUE, 0.07),
                new Augmentation.Change(Augmentation.Colour.CONTRAST, 1.3)),
            true,
            OptionalDouble.of(1.5),
            true);
    RgbImage noise = image("noise");
    RgbImage expected = noise.flipped();
    expected = step(step(expected, "hue", 0.07), "contrast", 1.3);
    expected = step(step(step(expected, "grey", 0), "blur", 1.5), "solarise", 128);
    RgbImage got = new Augmentation(AugmentOptions.UNIC).apply(noise, draw);
    assertArrayEquals(expected.rgb(), got.rgb());
  }
}
