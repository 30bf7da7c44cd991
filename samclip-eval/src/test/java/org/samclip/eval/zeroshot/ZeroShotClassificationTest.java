package org.samclip.eval.zeroshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.source.ClassFolders;
import org.samclip.eval.ColourModel;
import org.samclip.eval.Pictures;

class ZeroShotClassificationTest {

  private static final List<String> CLASSES = List.of("red", "green", "blue");

  private static final ZeroShotClassification.Options OPTIONS =
      new ZeroShotClassification.Options(0, 2, 0, PromptTemplates.brief());

  @Test
  void theColourThatPrevailsIsTheClass() {
    List<ClassFolders.Item> samples = new ArrayList<>();
    samples.add(new ClassFolders.Item("a", Pictures.image(8, "R"), 0));
    samples.add(new ClassFolders.Item("b", Pictures.image(8, "GG", "GR"), 1));
    samples.add(new ClassFolders.Item("wrong", Pictures.image(8, "GG", "GB"), 2));
    // The centre crop keeps the blue middle.
    samples.add(new ClassFolders.Item("crop", Pictures.image(8, "RBR"), 2));
    samples.add(null);
    ColourModel model = new ColourModel(8);
    ZeroShotClassification.Result result =
        ZeroShotClassification.run(
            model,
            Pictures.set(
                CLASSES,
                samples.size(),
                i -> {
                  if (samples.get(i) == null) {
                    throw new BrokenSampleException(
                        BrokenSampleException.Kind.UNDECODABLE_IMAGE, "broken");
                  }
                  return samples.get(i);
                }),
            OPTIONS);
    assertEquals(.75, result.top1().value());
    assertEquals(1, result.top5().value());
    assertEquals(List.of("a", "b", "wrong", "crop"), result.top1().images());
    assertArrayEquals(new double[] {1, 1, 0, 1}, result.top1().numerators());
    assertEquals(.5, result.top1(label -> label == 2).value(), "blue is named green once");
    assertEquals(List.of("a", "b"), result.top1(label -> label < 2).images());
    assertEquals(List.of(8, 3, 4, 1), counts(result));
    assertTrue(model.areManagersClosed());
  }

  private static List<Integer> counts(ZeroShotClassification.Result result) {
    return List.of(result.side(), result.classes(), result.images(), result.skipped());
  }

  @Test
  void noImageIsAUserError() {
    assertThrows(
        UserError.class,
        () ->
            ZeroShotClassification.run(
                new ColourModel(8), Pictures.set(CLASSES, List.of()), OPTIONS));
  }
}
