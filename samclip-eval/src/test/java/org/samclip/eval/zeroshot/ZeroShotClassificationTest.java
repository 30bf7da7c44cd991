package org.samclip.eval.zeroshot;

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
    assertEquals(new ZeroShotClassification.Result(.75, 1, 8, 3, 4, 1), result);
    assertTrue(model.areManagersClosed());
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
