package org.samclip.train.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.samclip.UserError;
import org.samclip.train.recipe.ParameterTable.NamedShape;

class ParameterTableTest {

  private static final List<NamedShape> MODEL =
      List.of(
          new NamedShape("image_encoder.pos_embed", new Shape(1, 4, 4, 8)),
          new NamedShape("image_encoder.blocks.0.attn.qkv.weight", new Shape(24, 8)),
          new NamedShape("image_encoder.blocks.0.attn.qkv.bias", new Shape(24)),
          new NamedShape("image_encoder.blocks.0.attn.rel_pos_h", new Shape(7, 4)),
          new NamedShape("mask_decoder.iou_token.weight", new Shape(1, 8)),
          new NamedShape("clip_head.norm.weight", new Shape(8)),
          new NamedShape("clip_head.mlp.0.weight", new Shape(8, 8)));

  private static StageSpec stage(String groups) {
    String yaml =
        """
        name: t
        student:
          backbone: {from: sam}
          heads: {clip_head: {kind: clip-head, to: clip.summary}}
        teachers: {sam: {weights: "embedded:tiny-sam"}, clip: {weights: "embedded:tiny-clip"}}
        data: {scenes: {size: 64, images: 8, masks: 8, crops: 4, scenes: 4}}
        stages:
          - name: one
            duration: 10 steps
            feeds:
              images:
                data: images
                batch_size: 8
                resolutions: [64]
                objectives: {clip: {head: clip_head, teacher: clip.summary, loss: {cosine: 1}}}
            optimizer: {lr: 0.01, weight_decay: 0.1}
            groups: %s
        """
            .formatted(groups);
    return RecipeReader.parse("t", yaml, List.of()).stages().get(0);
  }

  private static String error(String groups) {
    return assertThrows(UserError.class, () -> ParameterTable.of(stage(groups), MODEL))
        .getMessage();
  }

  @Test
  void firstMatchingGroupTakesAndDecaySparesBiasesNormsPositions() {
    ParameterTable table =
        ParameterTable.of(
            stage(
                "[{pattern: 'mask_decoder.*', frozen: true},"
                    + " {pattern: 'image_encoder.*', lr_factor: 0.5}, {pattern: '*'}]"),
            MODEL);
    List<ParameterTable.Entry> entries = table.entries();
    assertEquals(
        List.of(0.0, 0.1, 0.0, 0.0, 0.0, 0.0, 0.1),
        entries.stream().map(ParameterTable.Entry::weightDecay).toList());
    assertEquals(
        List.of(0.005, 0.005, 0.005, 0.005, 0.0, 0.01, 0.01),
        entries.stream().map(ParameterTable.Entry::lr).toList());
    assertEquals(
        List.of(
            new ParameterTable.Row("image_encoder.*", 3, 128 + 24 + 28, 0.005, 0, false),
            new ParameterTable.Row("image_encoder.*", 1, 192, 0.005, 0.1, false),
            new ParameterTable.Row("mask_decoder.*", 1, 8, 0, 0, true),
            new ParameterTable.Row("*", 1, 8, 0.01, 0, false),
            new ParameterTable.Row("*", 1, 64, 0.01, 0.1, false)),
        table.rows());
    assertEquals(128 + 192 + 24 + 28 + 8 + 64, table.trainable());
    List<String> lines = table.text().lines().toList();
    assertEquals(7, lines.size());
    assertEquals("444 of 452 parameters learn", lines.get(6));
    assertTrue(lines.get(3).matches("mask_decoder\\.\\* +1 +8 +- +- +yes"), lines.get(3));
  }

  @Test
  void uncoveredParametersAreNamed() {
    String message = error("[{pattern: 'image_encoder.*'}]");
    assertTrue(
        message.startsWith(
            "'stages.one.groups' leaves out mask_decoder.iou_token.weight, clip_head.norm.weight,"),
        message);
    assertTrue(message.contains("{pattern: \"mask_decoder.*\", frozen: true}"), message);
  }

  @Test
  void groupsWithoutParametersAreRefused() {
    String typo = error("[{pattern: 'image_encodr.*', frozen: true}, {pattern: '*'}]");
    assertTrue(typo.contains("'stages.one.groups.1.pattern' is 'image_encodr.*'"), typo);
    assertTrue(typo.contains("Did you mean 'image_encoder.*'?"), typo);
    String late = error("[{pattern: '*'}, {pattern: 'clip_head.*', frozen: true}]");
    assertTrue(late.contains("groups before it take all its parameters"), late);
  }

  @Test
  void patternsMatchWholeNames() {
    assertTrue(NamePattern.of("a.{b,c}.*").matches("a.c.weight"));
    assertTrue(NamePattern.of("a.?.w").matches("a.1.w"));
    assertTrue(NamePattern.of("**").matches("a"));
    assertEquals(false, NamePattern.of("a.b").matches("axb"));
    assertEquals(false, NamePattern.of("a").matches("ab"));
    assertThrows(UserError.class, () -> NamePattern.of("{a"));
    assertThrows(UserError.class, () -> NamePattern.of("a}"));
    assertThrows(UserError.class, () -> NamePattern.of("{a,{b}}"));
  }
}
