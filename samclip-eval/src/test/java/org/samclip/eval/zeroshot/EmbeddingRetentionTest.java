package org.samclip.eval.zeroshot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.samclip.UserError;
import org.samclip.data.source.ClassFolders;
import org.samclip.data.source.EvaluationSet;
import org.samclip.eval.ColourModel;
import org.samclip.eval.Pictures;
import org.samclip.kernel.LibTorch;

class EmbeddingRetentionTest {

  @Test
  void theCosineIsThatOfTheSameImage() {
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      TeacherEmbeddings teacher = new TeacherEmbeddings();
      teacher.onEmbeddings(List.of("a", "b"), manager.create(new float[][] {{1, 0}, {.6f, .8f}}));
      teacher.onEmbeddings(List.of("c"), manager.create(new float[][] {{0, 1}}));
      EmbeddingRetention model = new EmbeddingRetention(teacher);
      model.onEmbeddings(List.of("a"), manager.create(new float[][] {{.6f, .8f}}));
      model.onEmbeddings(List.of("b", "c"), manager.create(new float[][] {{.8f, .6f}, {0, -1}}));
      assertArrayEquals(new double[] {.6, .96, -1}, model.cosine().numerators(), 1e-6);
      assertEquals(List.of("a", "b", "c"), model.cosine().images());

      EmbeddingRetention other = new EmbeddingRetention(teacher);
      assertThrows(
          IllegalArgumentException.class,
          () -> other.onEmbeddings(List.of("b"), manager.create(new float[][] {{1, 0}})));
      EmbeddingRetention broken = new EmbeddingRetention(teacher);
      assertThrows(
          UserError.class,
          () -> broken.onEmbeddings(List.of("a"), manager.create(new float[][] {{Float.NaN, 0}})));
    }
  }

  @Test
  void aModelAtAnotherResolutionIsComparedOnTheSameImages() {
    EvaluationSet<ClassFolders.Item> set =
        Pictures.set(
            List.of("red", "green"),
            List.of(
                new ClassFolders.Item("a", Pictures.image(8, "R"), 0),
                new ClassFolders.Item("b", Pictures.image(8, "GR", "GG"), 1),
                new ClassFolders.Item("c", Pictures.image(8, "G"), 1)));
    TeacherEmbeddings teacher = new TeacherEmbeddings();
    EmbeddingRetention model = new EmbeddingRetention(teacher);
    run(set, 8, teacher);
    run(set, 16, model);
    // The mean colour does not depend on the side.
    assertEquals(1, model.cosine().value(), 1e-3);
    assertEquals(3, model.cosine().count());
  }

  private static void run(
      EvaluationSet<ClassFolders.Item> set,
      int side,
      ZeroShotClassification.EmbeddingListener listener) {
    ZeroShotClassification.run(
        new ColourModel(8),
        set,
        new ZeroShotClassification.Options(side, 2, 0, PromptTemplates.brief()),
        listener);
  }
}
