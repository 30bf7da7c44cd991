package org.samclip.eval.picture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.data.transform.LabelMap;
import org.samclip.data.transform.RgbImage;
import org.samclip.eval.Pictures;

class OverlayTest {

  private static final RgbImage BLACK = Pictures.image(20, "....", "....");
  private static final Color RED = new Color(200, 0, 0);

  private static Overlay overlay() {
    return new Overlay(BLACK, 80);
  }

  private static Color at(Overlay overlay, int x, int y) {
    return new Color(overlay.picture().getRGB(x, y));
  }

  @Test
  void imagesAreEnlargedAndShrunkToTheLongestSide() {
    BufferedImage large = new Overlay(BLACK, 240).picture();
    assertEquals(240, large.getWidth());
    assertEquals(120, large.getHeight());
    assertEquals(10, new Overlay(BLACK, 20).picture().getHeight());
    RgbImage strip = Pictures.image(1, "R".repeat(300));
    assertEquals(1, new Overlay(strip, 100).picture().getHeight());
  }

  @Test
  void masksAreTranslucentInsideAndOutlined() {
    LabelMap mask = Pictures.labels(10, ".R", "RR..", "RR..");
    Overlay overlay = overlay().mask(mask, RED);
    assertEquals(RED, at(overlay, 39, 20));
    assertEquals(70, at(overlay, 20, 20).getRed());
    assertEquals(Color.BLACK, at(overlay, 60, 20));
  }

  @Test
  void labelsTakeTheirColoursAndOthersTurnPale() {
    int[] labels = {0, 1, 2, 2, 0, 1, 2, 2};
    Overlay overlay =
        overlay().labels(labels, 4, 2, label -> label == 1 ? RED : label == 2 ? Color.BLUE : null);
    assertEquals(100, at(overlay, 30, 20).getRed());
    assertEquals(128, at(overlay, 70, 20).getBlue());
    assertEquals(Color.BLUE, at(overlay, 40, 20));
    assertEquals(RED, at(overlay, 39, 20));
    Color pale = at(overlay, 10, 20);
    assertEquals(pale.getRed(), pale.getGreen());
    assertTrue(pale.getRed() > 100, pale::toString);
    assertThrows(
        IllegalArgumentException.class, () -> overlay().labels(labels, 3, 2, label -> null));
  }

  @Test
  void pointsAndBoxesStandWhereTheyAre() {
    assertEquals(RED, at(overlay().point(10, 10, true, RED), 10, 10));
    assertEquals(RED, at(overlay().point(10, 10, false, RED), 10, 10));
    assertEquals(Color.BLACK, at(overlay().point(10, 10, false, RED), 10, 16));
    Overlay box = overlay().box(10, 10, 30, 30, RED);
    assertEquals(RED, at(box, 10, 20));
    assertEquals(RED, at(box, 20, 30));
    assertEquals(Color.BLACK, at(box, 20, 20));
  }

  @Test
  void coloursDiffer() {
    Set<Color> colours = new HashSet<>();
    for (int i = 0; i < 80; i++) {
      assertTrue(colours.add(Palette.colour(i)), "colour " + i);
    }
  }

  @Test
  void legendsNameEverythingOrSayHowMuchIsMissing() {
    List<Legend.Entry> many =
        IntStream.range(0, 30)
            .mapToObj(i -> new Legend.Entry("class " + i, Palette.colour(i)))
            .toList();
    BufferedImage brief = new Legend(many.subList(0, 2)).picture(200, 60, 1);
    assertEquals(Palette.colour(0).getRGB(), brief.getRGB(12, 8));
    assertEquals(Palette.colour(1).getRGB(), brief.getRGB(12, 30));
    BufferedImage cut = new Legend(many).picture(200, 60, 1);
    assertEquals(Palette.colour(0).getRGB(), cut.getRGB(12, 8));
    assertNotEquals(Palette.colour(1).getRGB(), cut.getRGB(12, 30));
  }

  @Test
  void masksAreStoredAsBlackAndWhite(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("mask.png");
    PngFile.write(file, Pictures.labels(1, ".R", "R.", ".R"));
    BufferedImage read = ImageIO.read(file.toFile());
    assertEquals(BufferedImage.TYPE_BYTE_GRAY, read.getType());
    assertEquals(255, read.getRaster().getSample(0, 0, 0));
    assertEquals(0, read.getRaster().getSample(1, 0, 0));
    assertEquals(255, read.getRaster().getSample(1, 1, 0));
  }
}
