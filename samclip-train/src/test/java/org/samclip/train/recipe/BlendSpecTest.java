package org.samclip.train.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.samclip.train.recipe.RecipeReaderTest.SMALL;
import static org.samclip.train.recipe.RecipeReaderTest.assertMentions;
import static org.samclip.train.recipe.RecipeReaderTest.error;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.samclip.UserError;
import org.samclip.student.Student;
import org.samclip.train.plan.DryRun;
import org.samclip.train.stage.BlendPhase;
import org.samclip.train.stage.Phase;
import org.samclip.train.student.StudentBuilder;
import org.samclip.train.teacher.Teachers;

/** Baselines that are blended: their keys, refusals and phases. */
class BlendSpecTest {

  private static final String BLEND =
      SMALL
          + """
          baselines:
            - name: wise-ft
              blend: {of: {base: 0.75, both: 0.25}, tensors: "image_encoder.*"}
          """;

  private static final String KEY = "baselines.wise-ft.blend";

  private static Recipe read(String... overrides) {
    return RecipeReader.parse("small.yaml", BLEND, List.of(overrides));
  }

  private static BlendSpec blend(String... overrides) {
    return read(overrides).baselines().get(0).blend();
  }

  @Test
  void readsValuesAndFillsInDefaults() {
    Recipe recipe = read();
    BlendSpec blend = recipe.baselines().get(0).blend();
    assertEquals(
        new BlendSpec("linear", Map.of("base", .75, "both", .25), "image_encoder.*", "both"),
        blend);
    assertEquals(List.of("base", "both"), List.copyOf(blend.of().keySet()));
    assertEquals(List.of(), recipe.baselines().get(0).stages());
    assertEquals("*", blend(KEY + ".tensors=null").tensors());
    assertEquals("base", blend(KEY + ".rest=base").rest());
    String yaml = RecipeWriter.yaml(recipe);
    assertFalse(yaml.contains("stages: []"), yaml);
    Recipe again = RecipeReader.parse("again", yaml, List.of());
    assertEquals(recipe, again);
    assertEquals(recipe.hash(), again.hash());
  }

  /** Of the order of the models only the last one counts, and the hash sees it. */
  @Test
  void anotherLastModelIsAnotherRecipe() {
    Recipe turned = read(KEY + ".of=null", KEY + ".of={both: 0.25, base: 0.75}");
    assertEquals("base", turned.baselines().get(0).blend().rest());
    assertNotEquals(read().hash(), turned.hash());
    assertEquals(read(KEY + ".rest=base").hash(), turned.hash());
  }

  @Test
  void aBaselineIsEitherTrainedOrBlended() {
    assertMentions(
        error(BLEND, "baselines.wise-ft.stages=[{like: both}]"),
        "'baselines.1.blend' is given beside stages",
        "allowed: one of both");
    assertMentions(
        error(BLEND, "baselines.wise-ft.blend=null"),
        "'baselines.1.stages' is missing, and so is blend");
    assertMentions(
        error(BLEND, "baselines.wise-ft.blend=null", "baselines.wise-ft.stages=[]"),
        "'baselines.1.stages' is empty, and so is blend");
    assertMentions(
        error(BLEND, "baselines.wise-ft.student={heads: {clip_head: {pool: mean}}}"),
        "'baselines.1.student' is given beside blend",
        "same shapes");
  }

  @Test
  void modelsMustBeThereAndWeightsNumbers() {
    assertMentions(
        error(BLEND, KEY + ".of.bothe=0.5"),
        "'baselines.1.blend.of.bothe' is 'bothe'; allowed: base, both, probe.",
        "Did you mean 'both'?");
    assertMentions(
        error(BLEND, KEY + ".of.both=null"),
        "'baselines.1.blend.of' is {base=0.75}; allowed: two models or more");
    assertMentions(error(BLEND, KEY + ".of=null"), "missing key 'baselines.1.blend.of'");
    for (String weight : List.of("NaN", "Infinity", "-Infinity")) {
      assertMentions(
          error(BLEND, KEY + ".of.both=" + weight),
          "'baselines.1.blend.of.both' is " + weight + "; allowed: a finite number");
    }
    assertMentions(error(BLEND, KEY + ".of.both=much"), "'baselines.1.blend.of.both'");
    assertMentions(
        error(BLEND, KEY + ".rest=probe"),
        "'baselines.1.blend.rest' is 'probe'; allowed: base, both.");
  }

  @Test
  void methodsAndPatternsMustBeKnown() {
    assertMentions(
        error(BLEND, KEY + ".method=liner"),
        "'baselines.1.blend.method' is 'liner'; allowed: linear.",
        "Did you mean 'linear'?");
    assertMentions(error(BLEND, KEY + ".tensors='{image_encoder.*'"), "braces in pairs");
    assertMentions(error(BLEND, KEY + ".tensors=''"), "'baselines.1.blend.tensors' is empty");
    assertMentions(error(BLEND, KEY + ".tensor=x"), "Did you mean 'tensors'?");
  }

  private static BlendPhase phase(Recipe recipe) {
    List<Phase> phases = Phase.of(recipe);
    return (BlendPhase) phases.get(phases.size() - 1);
  }

  @Test
  void thePhaseKnowsItsRowsAndTensors() {
    BlendPhase phase = phase(read());
    assertEquals("wise-ft", phase.row());
    assertEquals(KEY, phase.key());
    assertEquals(Map.of("probe", "stage1", "both", "stage2"), phase.rows());
    assertTrue(phase.inTable());
    Recipe recipe = read();
    Teachers teachers = Teachers.sized(recipe.teachers());
    Student student = new StudentBuilder(recipe.student(), teachers).sized();
    Set<String> expected = Set.copyOf(student.getParameters().keys());
    assertEquals(expected, Set.copyOf(phase(read(KEY + ".tensors='*'")).tensors(student)));
    assertTrue(phase.tensors(student).stream().allMatch(name -> name.startsWith("image_encoder.")));
    assertTrue(phase.tensors(student).contains("image_encoder.pos_embed"));
  }

  @Test
  void aDryRunTellsOfTheBlend() {
    String text = new DryRun(read()).text();
    assertMentions(
        text,
        "baseline wise-ft: linear blend of 0.75 base + 0.25 both in image_encoder.*, the rest of"
            + " both",
        "wise-ft, blended in ",
        "3 models");
    assertMentions(
        new DryRun(read("teachers.sam.weights=weights/none.pth")).text(), "wise-ft: blended\n");
    DryRun idle = new DryRun(read(KEY + ".tensors='image_encoder'"));
    assertMentions(
        assertThrows(UserError.class, idle::text).getMessage(),
        "'baselines.wise-ft.blend.tensors' is 'image_encoder', which matches no parameter",
        "clip_head.*, image_encoder.*, mask_decoder.*, prompt_encoder.*");
  }
}
