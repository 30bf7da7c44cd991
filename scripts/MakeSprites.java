import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.weisj.jsvg.SVGDocument;
import com.github.weisj.jsvg.parser.LoaderContext;
import com.github.weisj.jsvg.parser.SVGLoader;
import com.github.weisj.jsvg.renderer.awt.NullPlatformSupport;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/**
 * Renders the sprites named in {@code sprites.csv} (icon, label, whether the noun is held
 * out) once per style that has them, and writes {@code sprites/STYLE/ICON.png} and {@code
 * classes.json}. Started by make-sprites.sh.
 */
public final class MakeSprites {
  /** Side of a finished sprite in pixels. */
  private static final int SIDE = 96;

  /** Transparent rim, so that resampling a rotated sprite meets no hard edge. */
  private static final int RIM = 1;

  /** Side of the first rendering: far above SIDE, because the artwork is cropped afterwards. */
  private static final int RENDER = 1024;

  /** Styles of training images; a class has those of them in which it was drawn. */
  private static final List<String> TRAINING = List.of("noto", "fluent", "noto-v1", "emojione");

  /** Styles of evaluation: of each class one is for validation and the other one for the test. */
  private static final List<String> EVALUATION = List.of("twemoji", "fluent-colour");

  public static void main(String[] args) throws Exception {
    Path list = Path.of(args[0]);
    Path packages = Path.of(args[1]);
    Path out = Path.of(args[2]);
    ObjectMapper mapper = new ObjectMapper();

    Map<String, JsonNode> emoji = new HashMap<>();
    for (JsonNode entry : mapper.readTree(packages.resolve("emojibase/en/data.json").toFile())) {
      emoji.put(slug(entry.get("label").asText()), entry);
    }
    Map<String, JsonNode> icons = new HashMap<>();
    for (String style : styles()) {
      icons.put(style, mapper.readTree(packages.resolve(style + "/icons.json").toFile()));
    }

    ArrayNode classes = mapper.createArrayNode();
    for (String line : Files.readAllLines(list, StandardCharsets.UTF_8)) {
      String[] parts = line.split(",", -1);
      String icon = parts[0];
      JsonNode entry = emoji.get(icon);
      if (entry == null) {
        throw new IOException("sprites.csv: " + icon + " is not in emojibase-data");
      }
      ObjectNode one = classes.addObject();
      one.put("label", parts[1]);
      one.put("slug", icon);
      one.put("codepoint", entry.get("hexcode").asText());
      one.set("tags", entry.get("tags"));
      one.put("held_out", !parts[2].isEmpty());
      ObjectNode styles = one.putObject("styles");
      ArrayNode training = styles.putArray("train");
      TRAINING.stream().filter(style -> isDrawn(icons, style, icon)).forEach(training::add);
      // In turn, so that neither half of the evaluation has the easier artwork.
      int turn = (classes.size() - 1) % 2;
      styles.putArray("validation").add(EVALUATION.get(turn));
      styles.putArray("test").add(EVALUATION.get(1 - turn));
      for (String style : styles()) {
        if (TRAINING.contains(style) && !isDrawn(icons, style, icon)) {
          continue;
        }
        Path file = out.resolve("sprites/" + style + "/" + icon + ".png");
        Files.createDirectories(file.getParent());
        ImageIO.write(sprite(icons.get(style), icon), "png", file.toFile());
      }
    }
    Files.writeString(
        out.resolve("classes.json"),
        mapper.writerWithDefaultPrettyPrinter().writeValueAsString(classes) + "\n");
  }

  private static boolean isDrawn(Map<String, JsonNode> icons, String style, String icon) {
    return icons.get(style).get("icons").has(icon);
  }

  private static List<String> styles() {
    return Stream.concat(TRAINING.stream(), EVALUATION.stream()).toList();
  }

  private static String slug(String label) {
    return label.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("-$", "");
  }

  private static BufferedImage sprite(JsonNode set, String icon) throws IOException {
    JsonNode node = set.get("icons").get(icon);
    if (node == null) {
      throw new IOException("icon " + icon + " is not in set " + set.get("prefix").asText());
    }
    int width = node.path("width").asInt(set.path("width").asInt(16));
    int height = node.path("height").asInt(set.path("height").asInt(16));
    String svg =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\""
            + String.format(
                Locale.ROOT,
                " width=\"%d\" height=\"%d\" viewBox=\"%d %d %d %d\">",
                RENDER,
                RENDER * height / width,
                node.path("left").asInt(0),
                node.path("top").asInt(0),
                width,
                height)
            + node.get("body").asText()
            + "</svg>";
    SVGDocument document =
        new SVGLoader()
            .load(
                new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)),
                null,
                LoaderContext.createDefault());
    if (document == null) {
      throw new IOException("icon " + icon + " does not parse");
    }
    BufferedImage large =
        new BufferedImage(
            RENDER, RENDER * height / width, BufferedImage.TYPE_INT_ARGB_PRE);
    Graphics2D graphics = large.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(
        RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    document.renderWithPlatform(NullPlatformSupport.INSTANCE, graphics, null);
    graphics.dispose();
    return fit(large, icon);
  }

  /** Crops to what is not transparent and averages it, centred, into the square. */
  private static BufferedImage fit(BufferedImage large, String icon) throws IOException {
    int w = large.getWidth();
    int h = large.getHeight();
    int[] pixels = ((DataBufferInt) large.getRaster().getDataBuffer()).getData();
    int left = w;
    int right = -1;
    int top = h;
    int bottom = -1;
    for (int y = 0; y < h; y++) {
      for (int x = 0; x < w; x++) {
        if ((pixels[y * w + x] >>> 24) > 8) {
          left = Math.min(left, x);
          right = Math.max(right, x);
          top = Math.min(top, y);
          bottom = Math.max(bottom, y);
        }
      }
    }
    if (right < 0) {
      throw new IOException("icon " + icon + " renders to nothing");
    }
    int boxW = right - left + 1;
    int boxH = bottom - top + 1;
    double step = Math.max(boxW, boxH) / (double) (SIDE - 2 * RIM);
    double originX = left + boxW / 2.0 - step * SIDE / 2.0;
    double originY = top + boxH / 2.0 - step * SIDE / 2.0;
    BufferedImage result = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_ARGB);
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        result.setRGB(
            x, y, average(pixels, w, h, originX + x * step, originY + y * step, step));
      }
    }
    return result;
  }

  /** Exact area average of premultiplied pixels over a square, as straight ARGB. */
  private static int average(int[] pixels, int w, int h, double x0, double y0, double side) {
    double a = 0;
    double r = 0;
    double g = 0;
    double b = 0;
    for (int y = (int) Math.floor(y0); y < y0 + side; y++) {
      double wy = Math.min(y + 1, y0 + side) - Math.max(y, y0);
      for (int x = (int) Math.floor(x0); x < x0 + side; x++) {
        if (x < 0 || y < 0 || x >= w || y >= h) {
          continue;
        }
        double weight = wy * (Math.min(x + 1, x0 + side) - Math.max(x, x0));
        int pixel = pixels[y * w + x];
        a += weight * (pixel >>> 24);
        r += weight * (pixel >> 16 & 255);
        g += weight * (pixel >> 8 & 255);
        b += weight * (pixel & 255);
      }
    }
    int alpha = (int) Math.round(a / (side * side));
    if (alpha == 0) {
      return 0;
    }
    return alpha << 24 | straight(r, a) << 16 | straight(g, a) << 8 | straight(b, a);
  }

  private static int straight(double colour, double alpha) {
    return (int) Math.min(255, Math.round(255 * colour / alpha));
  }
}
