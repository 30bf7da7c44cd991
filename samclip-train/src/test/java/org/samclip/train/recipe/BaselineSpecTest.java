package org.samclip.train.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.samclip.train.recipe.RecipeReaderTest.SMALL;
import static org.samclip.train.recipe.RecipeReaderTest.assertMentions;
import static org.samclip.train.recipe.RecipeReaderTest.error;

import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.samclip.train.stage.Phase;
import org.samclip.train.stage.TrainPhase;

/** Baselines: stages like others, students like the recipe's. */
class BaselineSpecTest {

  private static final String BASELINES =
      SMALL
          + """
          baselines:
            - name: alone
              stages: [{like: both, start: probe, feeds: {masks: null}}]
            - name: mean
              student: {heads: {clip_head: {pool: mean}}}
              stages:
                - {like: probe}
                - {like: both, feeds: {masks: {objectives: {sam: {weight: 1}}}}}
          """;

  private static Recipe read(String... overrides) {
    return RecipeReader.parse("small.yaml", BASELINES, List.of(overrides));
  }

  @Test
  void aStageLikeAnotherDiffersInWhatItSaysOnly() {
    Recipe recipe = read("stages.2.feeds.masks.objectives.sam.weight=7");
    StageSpec both = recipe.stage("both");
    StageSpec alone = recipe.baselines().get(0).stages().get(0);
    assertEquals(Set.of("images"), alone.feeds().keySet());
    assertEquals(both.feeds().get("images"), alone.feeds().get("images"));
    assertEquals(both.duration(), alone.duration());
    assertEquals(both.groups(), alone.groups());
    assertEquals("both", alone.name());
    BaselineSpec mean = recipe.baselines().get(1);
    assertEquals(recipe.stages().get(0), mean.stages().get(0));
    assertEquals(7, both.feeds().get("masks").objectives().get("sam").weight());
    ObjectiveSpec own = mean.stages().get(1).feeds().get("masks").objectives().get("sam");
    assertEquals(1, own.weight());
    assertEquals(both.feeds().get("masks").objectives().get("sam").loss(), own.loss());
    assertEquals(recipe, RecipeReader.parse("again", RecipeWriter.yaml(recipe), List.of()));
  }

  @Test
  void aStudentLikeTheRecipesDiffersInWhatItSaysOnly() {
    Recipe recipe = read("student.heads.clip_head.layers=2");
    assertNull(recipe.baselines().get(0).student());
    StudentSpec mean = recipe.baselines().get(1).student();
    assertEquals(recipe.student().backbone(), mean.backbone());
    assertEquals(recipe.student().text(), mean.text());
    assertEquals(recipe.student().heads().get("masks"), mean.heads().get("masks"));
    HeadSpec head = mean.heads().get("clip_head");
    assertEquals("last_layer", head.init());
    assertEquals(IntNode.valueOf(2), head.sizes().get("layers"));
    assertEquals(TextNode.valueOf("mean"), head.sizes().get("pool"));
  }

  @Test
  void aHeadOfAnotherKindTakesTheDefaultsOfThatKind() {
    Recipe recipe =
        read(
            "baselines.mean.student={heads: {clip_head: {kind: linear, layers: null, init: null}}}");
    HeadSpec head = recipe.baselines().get(1).student().heads().get("clip_head");
    assertEquals(Map.of("output", TextNode.valueOf("summary")), head.sizes());
  }

  @Test
  void aBaselineMayLeaveOutAHead() {
    Recipe recipe =
        read(
            "baselines.mean.student={heads: {masks: null}}",
            "baselines.mean.stages=[{like: both, start: base, feeds: {masks: null}}]");
    assertEquals(Set.of("clip_head"), recipe.baselines().get(1).student().heads().keySet());
    assertFalse(recipe.baselines().get(1).stages().get(0).feeds().containsKey("masks"));
    assertMentions(
        error(BASELINES, "baselines.mean.student={heads: {masks: null}}"),
        "'baselines.2.stages.2.feeds.masks.objectives.sam.head' is 'masks'; allowed: clip_head");
  }

  @Test
  void phasesStartWhereTheirStagesSay() {
    Map<String, String> starts = new HashMap<>();
    Map<String, String> keys = new HashMap<>();
    for (Phase phase : Phase.of(read())) {
      starts.put(phase.row(), "" + ((TrainPhase) phase).start());
      keys.put(phase.row(), phase.key());
    }
    assertEquals(
        Map.of(
            "stage1", "null",
            "stage2", "stage1",
            "alone", "stage1",
            "mean-1", "null",
            "mean", "mean-1"),
        starts);
    assertEquals(
        Map.of(
            "stage1", "stages.probe",
            "stage2", "stages.both",
            "alone", "baselines.alone.stages.both",
            "mean-1", "baselines.mean.stages.probe",
            "mean", "baselines.mean.stages.both"),
        keys);
  }

  @Test
  void baselinesStartFromWhatFitsThem() {
    assertMentions(
        error(BASELINES.replace("like: both, start", "like: bosh, start")),
        "'like' of a baseline's stage is \"bosh\"",
        "probe, both");
    // A head that pools otherwise cannot go on from a stage that trained the recipe's own.
    assertMentions(
        error(
            BASELINES
                .replace("- {like: probe}\n", "")
                .replace(
                    "like: both, feeds: {masks: {o",
                    "like: both, start: probe, feeds: {masks: {o")),
        "baselines.2.stages.1.start",
        "'probe'");
    assertMentions(
        error(
            BASELINES,
            "baselines.mean.stages=[{like: probe}]",
            "baselines.mean.student.heads={idle: {kind: linear, to: clip.summary}}"),
        "'baselines.2.student.heads.idle' is a head without weights");
    assertMentions(error(BASELINES, "baselines.2.name=alone"), "'baselines' is alone twice");
    assertMentions(
        error(BASELINES, "baselines.mean.student.heads.clip_head.poll=mean"),
        "'baselines.2.student.heads.clip_head' of kind clip-head: unknown key 'poll'",
        "Did you mean 'pool'?");
  }
}
