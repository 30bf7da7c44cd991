package org.samclip.train.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.samclip.UserError;
import org.samclip.eval.metric.Bootstrap;
import org.samclip.eval.metric.ImageScores;
import org.samclip.eval.metric.RatioScores;

class ComparisonTest {

  private static final String A = "a".repeat(64);
  private static final String B = "b".repeat(64);
  private static final int IMAGES = 200;

  private static RatioScores scores(int images, IntToDoubleFunction score) {
    RatioScores.Builder builder = new RatioScores.Builder();
    for (int i = 0; i < images; i++) {
      builder.image("image " + i);
      builder.add(score.applyAsDouble(i));
    }
    return builder.build();
  }

  /** A row whose images score 0 and shift + 1 in turn. */
  private static RowScores row(String model, String recipe, long seed, double shift) {
    RatioScores box = scores(IMAGES, i -> i % 2 * (1 + shift));
    return new RowScores(model, "run", recipe, seed, Map.of("box_miou", box));
  }

  private static ComparedRow.Cell cell(Comparison comparison, int row) {
    return comparison.rows().get(row).metrics().get("box_miou");
  }

  @Test
  void everyRowIsComparedWithTheLastOneImageByImage() {
    RowScores one = row("stage1", A, 0, .2);
    RowScores two = row("stage2", A, 0, 0);
    Comparison comparison = Comparison.of(List.of(one, two), null, List.of());
    assertEquals("stage2", comparison.reference());
    ImageScores first = one.metrics().get("box_miou");
    ImageScores second = two.metrics().get("box_miou");
    assertEquals(Bootstrap.difference(first, second), cell(comparison, 0).difference());
    assertEquals(Bootstrap.measure(first), cell(comparison, 0).value());
    assertEquals(.1, cell(comparison, 0).difference().value(), 1e-12);
    assertNull(cell(comparison, 0).spread());
    assertNull(cell(comparison, 1).difference());
    // 1.96 * .5 / sqrt(200) is .07, and a fifth of it the difference's: .014.
    String difference = Rounded.signed(cell(comparison, 0).difference());
    assertTrue(difference.startsWith("+10.0 ±1."), difference);
    assertEquals(
        """
        In per cent, with half the 95 %% interval over images

                  box
        model    miou
        stage1  60 ±8
        stage2  50 ±7

        Difference to stage2 in points, with half the 95 %% interval paired over images; *: it leaves out 0

                        box
        model          miou
        stage1  %s*
        """
            .formatted(difference),
        comparison.text());
  }

  @Test
  void seedsOfARecipeAreOneRow() {
    List<RowScores> rows =
        List.of(
            row("stage2", A, 0, 0),
            row("stage2", A, 1, .1),
            row("stage2", A, 2, .2),
            row("stage2", B, 0, .4),
            row("stage2", B, 7, .6));
    Comparison comparison = Comparison.of(rows, "stage2", List.of());
    assertEquals("run@aaaaaa/stage2", comparison.reference(), "of the recipe given first");
    assertEquals(2, comparison.rows().size());
    assertEquals(List.of(0L, 1L, 2L), comparison.rows().get(0).seeds());
    assertEquals(.55, cell(comparison, 0).value().value(), 1e-12);
    // Of .5, .55 and .6.
    assertEquals(.05, cell(comparison, 0).spread(), 1e-12);
    assertEquals(.75 - .55, cell(comparison, 1).difference().value(), 1e-12);
    assertEquals(
        Bootstrap.difference(
            List.of(scores(IMAGES, i -> i % 2 * 1.4), scores(IMAGES, i -> i % 2 * 1.6)),
            rows.subList(0, 3).stream().map(row -> row.metrics().get("box_miou")).toList()),
        cell(comparison, 1).difference());
    assertTrue(
        comparison.text().contains("run@aaaaaa/stage2 (3 seeds)   55 ±7 s5"), comparison::text);
    assertTrue(
        comparison.markdown().contains("| run@bbbbbb/stage2 (2 seeds) | +20"),
        comparison::markdown);

    Comparison other = Comparison.of(rows, "run@bbbbbb/stage2", List.of());
    assertEquals(-.2, cell(other, 0).difference().value(), 1e-12);
  }

  @Test
  void jsonHasEverything() throws IOException {
    List<RowScores> rows = List.of(row("stage1", A, 3, .2), row("stage2", A, 3, 0));
    JsonNode tree = new ObjectMapper().readTree(Comparison.of(rows, "stage1", List.of()).json());
    assertEquals("stage1", tree.path("reference").asText());
    JsonNode second = tree.at("/rows/1");
    assertEquals("stage2", second.path("model").asText());
    assertEquals(3, second.at("/seeds/0").asInt());
    JsonNode box = second.at("/metrics/box_miou");
    assertEquals(.5, box.at("/value/value").asDouble());
    assertEquals(IMAGES, box.at("/value/n").asInt());
    assertTrue(box.path("spread").isNull());
    assertEquals(-.1, box.at("/difference/value").asDouble(), 1e-12);
    assertTrue(box.at("/difference/high").asDouble() < 0);
  }

  @Test
  void aRowThatLacksAMetricIsNotComparedInIt() {
    RowScores teacher =
        new RowScores(
            "sam-teacher",
            "run",
            A,
            0,
            Map.of(
                "box_miou", scores(IMAGES, i -> .5),
                "heldout_top1", scores(0, i -> 0)));
    RowScores clip =
        new RowScores("clip-teacher", "run", A, 0, Map.of("zeroshot_top1", scores(9, i -> 1)));
    Comparison comparison = Comparison.of(List.of(teacher, clip), null, List.of());
    assertEquals(Set.of("box_miou"), comparison.rows().get(0).metrics().keySet());
    assertNull(cell(comparison, 0).difference());
  }

  @Test
  void whatCannotBeComparedIsExplained() {
    RowScores row = row("stage2", A, 0, 0);
    RowScores fewer =
        new RowScores("stage1", "run", A, 0, Map.of("box_miou", scores(IMAGES - 1, i -> i % 2)));
    assertRefused(List.of(fewer, row), null, List.of(), "box_miou", "199 images", "200");
    assertRefused(List.of(row, row), null, List.of(), "stage2", "seed 0", "twice");
    assertRefused(List.of(row), "stage3", List.of(), "stage3", "allowed: stage2");
    assertRefused(List.of(row), null, List.of("iou"), "'iou'", "allowed: box_miou");
  }

  private static void assertRefused(
      List<RowScores> rows, String against, List<String> metrics, String... parts) {
    UserError error = assertThrows(UserError.class, () -> Comparison.of(rows, against, metrics));
    for (String part : parts) {
      assertTrue(error.getMessage().contains(part), error.getMessage());
    }
  }
}
