package org.samclip.eval.picture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.data.source.EvaluationSet;
import org.samclip.data.source.LabelMapFolder;
import org.samclip.eval.Background;
import org.samclip.eval.Pictures;
import org.samclip.eval.ScoreSettings;
import org.samclip.eval.adapter.ImageTextAdapter;
import org.samclip.eval.adapter.PromptedMaskAdapter;
import org.samclip.eval.adapter.TwoHeadAdapter;
import org.samclip.eval.segment.CompositionForm;
import org.samclip.eval.segment.CompositionSettings;
import org.samclip.eval.segment.HeadComposition;
import org.samclip.eval.segment.ProposalSettings;
import org.samclip.eval.zeroshot.PromptTemplates;
import org.samclip.eval.zeroshot.SemanticSegmentation;
import org.samclip.kernel.LibTorch;
import org.samclip.model.RandomModels;

class PanelsTest {

  private static final List<String> CLASSES = List.of("background", "red", "green", "blue");
  private static final SemanticSegmentation.Options SEMANTIC =
      new SemanticSegmentation.Options(
          0, 1, 0, PromptTemplates.brief(), Background.THRESHOLD, .01, .4);
  private static final HeadComposition.Options COMPOSED =
      new HeadComposition.Options(
          0,
          1,
          0,
          PromptTemplates.brief(),
          Background.THRESHOLD,
          new CompositionSettings(
              CompositionForm.SCORES_FIRST,
              new ScoreSettings(.01, .4, 1, 8),
              ProposalSettings.DEFAULT),
          4);

  @TempDir Path folder;

  private static EvaluationSet<LabelMapFolder.Item> set() {
    return Pictures.set(
        CLASSES,
        5,
        i ->
            new LabelMapFolder.Item(
                "sample " + i,
                Pictures.image(10, "RG.", "B.G"),
                Pictures.labels(10, ".RGB", "RG.", "B?G")));
  }

  @Test
  void sheetsShowTeachersBesideTheStudent() throws IOException {
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      TwoHeadAdapter student = new TwoHeadAdapter(RandomModels.twoHeaded(manager));
      Panels alone = new Panels(student, Map.of(), Map.of(), SEMANTIC, COMPOSED);
      Panels all =
          new Panels(
              student,
              Map.of("sam", new PromptedMaskAdapter(RandomModels.sam(manager))),
              Map.of("clip", new ImageTextAdapter(RandomModels.clip(manager))),
              SEMANTIC,
              COMPOSED);
      int arrays = manager.getManagedArrays().size();
      List<Path> files = all.write(folder.resolve("a"), set(), 3);
      assertEquals(
          List.of("panel-000.png", "panel-001.png", "panel-002.png"),
          files.stream().map(file -> file.getFileName().toString()).toList());
      assertEquals(arrays, manager.getManagedArrays().size());
      BufferedImage sheet = ImageIO.read(files.get(0).toFile());
      assertEquals(12 + 4 * (384 + 12), sheet.getWidth());
      try (Stream<Path> left = Files.list(folder.resolve("a"))) {
        assertEquals(3, left.count());
      }
      assertEquals(List.of(), alone.write(folder.resolve("b"), set(), 0));
      assertEquals(5, alone.write(folder.resolve("b"), set(), 9).size());
      // The same models and images give the same pictures.
      List<Path> again = all.write(folder.resolve("c"), set(), 3);
      assertTrue(Files.mismatch(files.get(1), again.get(1)) < 0);
    }
  }
}
