package org.samclip.train.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.samclip.train.recipe.RecipeReaderTest.SMALL;
import static org.samclip.train.recipe.RecipeReaderTest.assertMentions;
import static org.samclip.train.recipe.RecipeReaderTest.error;
import static org.samclip.train.recipe.RecipeReaderTest.small;

import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samclip.model.Preset;

/** The student of a recipe: its backbone, its heads, its text tower. */
class StudentSpecTest {

  @Test
  void theBackboneIsThePresetWithItsOverrides() {
    BackboneSpec backbone =
        small("student.backbone.depth=6", "student.backbone.global_layers=[2, 5]")
            .student()
            .backbone();
    var standard = Preset.TINY.encoder();
    var encoder = backbone.encoder();
    assertEquals(6, encoder.depth());
    assertEquals(List.of(2, 5), encoder.globalLayers());
    assertEquals(standard.width(), encoder.width());
    assertEquals(standard.patch(), encoder.patch());
    assertEquals(standard.neck(), encoder.neck());
  }

  @Test
  void theBackboneMayBeATeachersAloneOrAPlainVit() {
    BackboneSpec taken = small("student.backbone.preset=null").student().backbone();
    assertEquals("sam", taken.from());
    assertNull(taken.encoder());
    String vit = "{vit: {patch: 8, side: 64, width: 32, depth: 2, heads: 2, registers: 1}}";
    BackboneSpec plain = small("student.backbone=" + vit).student().backbone();
    assertEquals(new VitSpec(64, 8, 32, 2, 2, 4, 1), plain.vit());
    assertNull(plain.encoder());
  }

  @Test
  void headsHaveTheKeysAndDefaultsOfTheirKind() {
    Recipe recipe =
        small(
            "student.heads.clip_head={kind: mlp, to: clip.summary, hidden: 64, pre_norm: true}",
            "student.heads.clip_head.inner=2");
    HeadSpec head = recipe.student().heads().get("clip_head");
    assertEquals(new OutputName("clip", "summary"), head.to());
    assertEquals(TextNode.valueOf("summary"), head.sizes().get("output"));
    assertEquals(IntNode.valueOf(2), head.sizes().get("inner"));
    assertEquals(4, head.sizes().size());
    // Without 'to' a head says itself how wide it is.
    HeadSpec wide =
        small("student.heads.clip_head={kind: linear, width: 7}")
            .student()
            .heads()
            .get("clip_head");
    assertEquals(
        Map.of("output", TextNode.valueOf("summary"), "width", IntNode.valueOf(7)), wide.sizes());
    Recipe again = RecipeReader.parse("again", RecipeWriter.yaml(recipe), List.of());
    assertEquals(recipe.student(), again.student());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "student.backbone.preset=tinny | 'student.backbone.preset' is \"tinny\"; allowed: tiny, vit-b, vit-l, vit-h. Did you mean 'tiny'?",
        "student.backbone.preset=1 | 'student.backbone.preset' is 1; allowed: tiny",
        "student.backbone.from=sma | 'student.backbone.from' is 'sma'; allowed: sam, clip. Did you mean 'sam'?",
        "student.backbone={} | 'student.backbone.from' is missing; allowed: a teacher's name, or preset, or vit",
        "student.backbone={from: sam, width: 64} | 'student.backbone.preset' is missing; allowed: a preset whose sizes the other keys change",
        "student.backbone.width=130 | 'student.backbone.width' is 130; allowed: a multiple of heads (4)",
        "student.backbone.depth=2 | 'student.backbone.global_layers' is 3; allowed: layers counted from 0, below the depth of 2",
        "student.backbone.depth=0 | 'student.backbone.depth' is 0; allowed: 1 to",
        "student.backbone.vit={patch: 8, side: 64, width: 32, depth: 2, heads: 2, registers: 0} | 'student.backbone.vit' is given beside from or preset; allowed: one of the three",
        "student.backbone={vit: {patch: 8, side: 60, width: 32, depth: 2, heads: 2, registers: 0}} | 'student.backbone.vit.side' is 60; allowed: a multiple of patch (8)",
        "student.backbone={vit: {patch: 8, side: 64, width: 33, depth: 2, heads: 2, registers: 0}} | 'student.backbone.vit.width' is 33; allowed: a multiple of 4 heads (8)",
        "student.backbone={vit: {patch: 8, side: 64}} | missing key 'student.backbone.vit.width'",
        "student.heads={} | 'student.heads' is empty; allowed: at least one head",
        "student.heads=[] | 'student.heads' is []; allowed: a section of names",
        "student.heads.clip_head=clip-head | 'student.heads.clip_head' is \"clip-head\"; allowed: a section of keys",
        "student.heads.clip_head={to: clip.summary} | missing key 'student.heads.clip_head.kind'",
        "student.heads.clip_head.kind=clip-haed | 'student.heads.clip_head.kind' is 'clip-haed'; allowed: blocks, clip-head, ladder, linear, mask-decoder, mlp. Did you mean 'clip-head'?",
        "student.heads.clip_head.layrs=3 | 'student.heads.clip_head' of kind clip-head: unknown key 'layrs'; allowed: dense_window, embed_dim, layers, pool. Did you mean 'layers'?",
        "student.heads.clip_head={kind: mlp, to: clip.summary} | 'student.heads.clip_head' of kind mlp: missing key 'hidden'",
        "student.heads.clip_head.layers=three | 'student.heads.clip_head' of kind clip-head: 'layers' is \"three\"; allowed: a whole number",
        "student.heads.clip_head.layers=2.5 | 'student.heads.clip_head' of kind clip-head: 'layers' is 2.5; allowed: a whole number",
        "student.heads.clip_head.layers=-1 | 'student.heads.clip_head' of kind clip-head: CLIP head: layers -1",
        "student.heads.clip_head.layers=[1] | 'student.heads.clip_head' of kind clip-head: 'layers' is [1]; allowed: a whole number",
        "student.heads.clip_head.pool=median | 'student.heads.clip_head' of kind clip-head: 'pool' is \"median\"; allowed: max, mean",
        "student.heads.clip_head.dense_window=2 | of kind clip-head: CLIP head: dense_window 2; allowed: odd numbers",
        "student.heads.clip_head={kind: mlp, to: clip.summary, hidden: 8, pre_norm: maybe} | of kind mlp: 'pre_norm' is \"maybe\"; allowed: true or false",
        "student.heads.clip_head={kind: ladder, to: clip.summary, hidden: 8, last_hidden: 8, blocks: 3} | of kind ladder: 'blocks' is 3; allowed: a list",
        "student.heads.clip_head={kind: ladder, to: clip.summary, hidden: 8, last_hidden: 8, blocks: [2, 1]} | of kind ladder: ladder: blocks [2, 1]; allowed: each once, in rising order",
        "student.heads.clip_head.embed_dim=64 | 'student.heads.clip_head.embed_dim' is 64; allowed: nothing, as it follows from 'to'",
        "student.heads.clip_head.to=null | 'student.heads.clip_head.to' is missing; allowed: a teacher's output, such as clip.summary, to be as wide as that (or embed_dim)",
        "student.heads.clip_head.to=klip.summary | 'student.heads.clip_head.to' is 'klip'; allowed: sam, clip. Did you mean 'clip'?",
        "student.heads.clip_head.to=clip | 'student.heads.clip_head.to' is 'clip'; allowed: TEACHER.OUTPUT, such as 'clip.summary'",
        "student.heads.masks.from=sma | 'student.heads.masks.from' is 'sma'; allowed: sam, clip. Did you mean 'sam'?",
        "student.heads.masks.init=random | 'student.heads.masks.init' is 'random'; allowed: nothing, as sizes and weights come 'from' sam",
        "student.heads.masks.to=sam.masks | 'student.heads.masks.to' is 'sam.masks'; allowed: nothing, as sizes and weights come 'from' sam",
        "student.heads.masks.depth=2 | 'student.heads.masks.depth' is 2; allowed: nothing, as sizes and weights come 'from' sam",
        "student.heads.masks={kind: mask-decoder, to: sam.masks} | 'student.heads.masks.to' is 'sam.masks'; allowed: nothing, as the sizes of a mask-decoder do not follow from an output; 'from' takes them",
        "student.heads.masks={kind: mask-decoder} | 'student.heads.masks' of kind mask-decoder: missing key 'decoder'",
        "student.heads.idle={kind: linear, to: clip.summary} | 'student.heads.idle' is a head without weights: no objective of a stage has head: idle; allowed: an objective that trains it, or 'from'",
        "student.text={from: klip, head: clip_head} | 'student.text.from' is 'klip'; allowed: sam, clip. Did you mean 'clip'?",
        "student.text={from: clip, head: clip_haed} | 'student.text.head' is 'clip_haed'; allowed: masks, clip_head. Did you mean 'clip_head'?",
        "student.text={from: clip} | missing key 'student.text.head'",
      })
  void wrongValuesNameThePathAndWhatIsAllowed(String override, String expected) {
    assertMentions(error(SMALL, override), "--set " + override, expected);
  }

  @Test
  void theFileIsNamedWhereNothingIsOverridden() {
    assertMentions(
        error(SMALL.replace("init: last_layer", "layrs: 3")),
        "small.yaml: 'student.heads.clip_head' of kind clip-head: unknown key 'layrs'");
  }
}
