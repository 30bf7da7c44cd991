package org.samclip.eval.picture;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.samclip.data.source.EvaluationSet;
import org.samclip.data.source.LabelMapFolder;
import org.samclip.data.transform.Resampling;
import org.samclip.data.transform.RgbImage;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.eval.Background;
import org.samclip.eval.DenseTask;
import org.samclip.eval.ImageBatch;
import org.samclip.eval.SampleBatches;
import org.samclip.eval.predict.DrawnMask;
import org.samclip.eval.predict.MaskDrawer;
import org.samclip.eval.predict.MaskPrompt;
import org.samclip.eval.segment.DeepestPoint;
import org.samclip.eval.segment.HeadComposition;
import org.samclip.eval.segment.HeadFeatures;
import org.samclip.eval.segment.PromptedMaskModel;
import org.samclip.eval.segment.TwoHeadModel;
import org.samclip.eval.zeroshot.ImageTextModel;
import org.samclip.eval.zeroshot.SemanticSegmentation;
import org.samclip.eval.zeroshot.TextClassifier;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;

/**
 * One sheet for each of some images of a labelled set: the image, its labels, masks from points by
 * teachers and by the student, and segmentation by text of teachers, of the student's patches, and
 * of both its heads together.
 *
 * @param student the merged model
 * @param drawing teachers beside which its masks are shown, by name
 * @param naming teachers beside which its labels are shown, by name
 * @param semantic how patch features are compared with class names
 * @param composed how both heads are composed
 */
public record Panels(
    TwoHeadModel student,
    Map<String, PromptedMaskModel> drawing,
    Map<String, ImageTextModel> naming,
    SemanticSegmentation.Options semantic,
    HeadComposition.Options composed) {

  /** The longest side of one picture: tiny images become readable, large ones fit a screen. */
  private static final int CELL = 384;

  private static final int COLUMNS = 4;
  private static final int LEGEND_COLUMNS = 2;

  /** More points than this hide what they show. */
  private static final int MOST_POINTS = 8;

  private static final Color IGNORED = Color.GRAY;

  /**
   * Draws sheets.
   *
   * @param folder takes {@code panel-000.png} and so on
   * @param set images with label maps
   * @param count number of sheets, spread over the set; fewer if the set is smaller
   * @return the files
   */
  public List<Path> write(Path folder, EvaluationSet<LabelMapFolder.Item> set, int count) {
    List<Path> files = new ArrayList<>();
    if (count == 0) {
      return files;
    }
    SampleBatches<LabelMapFolder.Item> batches = new SampleBatches<>(set, 1, count);
    try (Autograd off = Autograd.disabled();
        NDManager manager = LibTorch.newManager(student.device())) {
      Answers answers = new Answers(manager, set.classes());
      for (List<LabelMapFolder.Item> one = batches.next(); !one.isEmpty(); one = batches.next()) {
        Path file = folder.resolve(String.format(Locale.ROOT, "panel-%03d.png", files.size()));
        PngFile.write(file, answers.sheet(one.get(0)).picture());
        files.add(file);
      }
    }
    return files;
  }

  /** What the models say of each image. */
  private final class Answers {

    private final NDManager manager;
    private final List<String> classes;
    private final DenseTask semanticTask;
    private final DenseTask composedTask;
    private final TextClassifier semanticTexts;
    private final TextClassifier composedTexts;
    private final Map<String, TextClassifier> teacherTexts = new LinkedHashMap<>();

    Answers(NDManager manager, List<String> classes) {
      this.manager = manager;
      this.classes = classes;
      semanticTask = new DenseTask(classes, LabelMapFolder.IGNORE, semantic.background());
      composedTask = new DenseTask(classes, LabelMapFolder.IGNORE, composed.background());
      semanticTexts =
          TextClassifier.of(manager, student, semanticTask.namedClasses(), semantic.templates());
      composedTexts =
          TextClassifier.of(manager, student, composedTask.namedClasses(), composed.templates());
      naming.forEach(
          (name, teacher) ->
              teacherTexts.put(
                  name,
                  TextClassifier.of(
                      manager, teacher, semanticTask.namedClasses(), semantic.templates())));
    }

    PanelSheet sheet(LabelMapFolder.Item item) {
      RgbImage image = item.image();
      int[] truth = new int[item.labels().labels().length];
      for (int i = 0; i < truth.length; i++) {
        truth[i] = item.labels().labels()[i] & 0xFF;
      }
      Map<String, int[]> byText = new LinkedHashMap<>();
      naming.forEach(
          (name, teacher) ->
              byText.put(
                  name + " teacher, by text", semantic(teacher, teacherTexts.get(name), image)));
      byText.put("merged, patches, by text", semantic(student, semanticTexts, image));
      byText.put("merged, both heads, by text", composed(image));

      Colours colours = new Colours(classes, truth, byText.values());
      List<MaskPrompt> prompts = prompts(truth, image);
      PanelSheet sheet = new PanelSheet(item.key(), COLUMNS);
      sheet.add(new Overlay(image, CELL).picture(), "image");
      sheet.add(labels(image, truth, colours), "labels");
      drawing.forEach(
          (name, teacher) ->
              sheet.add(
                  masks(teacher, image, prompts, truth, colours), name + " teacher, from points"));
      sheet.add(masks(student, image, prompts, truth, colours), "merged, from points");
      byText.forEach((caption, found) -> sheet.add(labels(image, found, colours), caption));
      sheet.add(colours.legend().picture(CELL, CELL, LEGEND_COLUMNS), "");
      return sheet;
    }

    private BufferedImage labels(RgbImage image, int[] labels, Colours colours) {
      return new Overlay(image, CELL)
          .labels(labels, image.width(), image.height(), colours::of)
          .picture();
    }

    private int[] semantic(ImageTextModel model, TextClassifier texts, RgbImage image) {
      // A teacher reads best at the side that it was made for.
      boolean isOwn = model != student || semantic.side() == 0;
      int side = isOwn ? model.imageSide() : semantic.side();
      try (NDManager step = manager.newSubManager()) {
        RgbImage square = Resampling.BICUBIC.resize(image, side, side);
        NDArray input = ImageBatch.of(step, List.of(model.normalisation().apply(square)), side);
        NDArray maps = texts.scoreMaps(model.patchFeatures(input)).get(0);
        return SemanticSegmentation.predict(
            maps, image.height(), image.width(), semanticTask, semantic);
      }
    }

    private int[] composed(RgbImage image) {
      int side = composed.side() == 0 ? student.imageSide() : composed.side();
      SamPreprocess preprocess = new SamPreprocess(side, student.normalisation());
      try (NDManager step = manager.newSubManager()) {
        NDArray input = ImageBatch.of(step, List.of(preprocess.apply(image)), side);
        HeadFeatures features = student.features(input);
        return composed
            .composing()
            .composer(student, composedTask, composedTexts, side, composed.promptsPerPass())
            .compose(
                features,
                preprocess.frame(image.width(), image.height()),
                image.height(),
                image.width())
            .labels();
      }
    }

    /** A point deep inside each of the largest labels. */
    private List<MaskPrompt> prompts(int[] truth, RgbImage image) {
      List<MaskPrompt> prompts = new ArrayList<>();
      for (int label : Colours.byArea(truth)) {
        if (isObject(label) && prompts.size() < MOST_POINTS) {
          byte[] mask = new byte[truth.length];
          for (int i = 0; i < mask.length; i++) {
            mask[i] = (byte) (truth[i] == label ? 1 : 0);
          }
          DeepestPoint.Pixel deepest = DeepestPoint.of(mask, image.height(), image.width());
          MaskPrompt.Point point = new MaskPrompt.Point(deepest.x(), deepest.y(), true);
          prompts.add(new MaskPrompt.Points(List.of(point)));
        }
      }
      return prompts;
    }

    private boolean isObject(int label) {
      return label != LabelMapFolder.IGNORE && label != Background.indexIn(classes);
    }

    private BufferedImage masks(
        PromptedMaskModel model,
        RgbImage image,
        List<MaskPrompt> prompts,
        int[] truth,
        Colours colours) {
      int side = composed.side() == 0 ? model.imageSide() : composed.side();
      SamPreprocess preprocess = new SamPreprocess(side, model.normalisation());
      List<DrawnMask> drawn;
      try (NDManager step = manager.newSubManager()) {
        NDArray input = ImageBatch.of(step, List.of(preprocess.apply(image)), side);
        drawn =
            new MaskDrawer(model, side)
                .draw(
                    model.encodeImages(input),
                    preprocess.frame(image.width(), image.height()),
                    prompts);
      }
      Overlay overlay = new Overlay(image, CELL);
      List<MaskPrompt.Point> points = new ArrayList<>();
      for (DrawnMask mask : drawn) {
        MaskPrompt.Point point = ((MaskPrompt.Points) mask.prompt()).points().get(0);
        overlay.mask(mask.mask(), colourAt(point, image, truth, colours));
        points.add(point);
      }
      // Marks come last, so that no mask covers them.
      points.forEach(p -> overlay.point(p.x(), p.y(), true, colourAt(p, image, truth, colours)));
      return overlay.picture();
    }

    private static Color colourAt(
        MaskPrompt.Point point, RgbImage image, int[] truth, Colours colours) {
      return colours.of(truth[((int) point.y()) * image.width() + (int) point.x()]);
    }
  }

  /** The labels of one sheet get the most different colours, the true ones first. */
  private static final class Colours {

    private final List<String> classes;
    private final Map<Integer, Color> colours = new LinkedHashMap<>();

    Colours(List<String> classes, int[] truth, Iterable<int[]> found) {
      this.classes = classes;
      add(truth);
      found.forEach(this::add);
    }

    private void add(int[] labels) {
      for (int label : byArea(labels)) {
        if (label != LabelMapFolder.IGNORE && label != Background.indexIn(classes)) {
          colours.computeIfAbsent(label, key -> Palette.colour(colours.size()));
        }
      }
    }

    /** Labels that occur, the largest first. */
    static List<Integer> byArea(int[] labels) {
      int[] area = new int[LabelMapFolder.IGNORE + 1];
      Arrays.stream(labels).forEach(label -> area[label]++);
      List<Integer> present = new ArrayList<>();
      for (int label = 0; label < area.length; label++) {
        if (area[label] > 0) {
          present.add(label);
        }
      }
      present.sort((a, b) -> Integer.compare(area[b], area[a]));
      return present;
    }

    /** Null for the background, which stays pale. */
    Color of(int label) {
      return label == LabelMapFolder.IGNORE ? IGNORED : colours.get(label);
    }

    Legend legend() {
      List<Legend.Entry> entries = new ArrayList<>();
      colours.forEach((label, colour) -> entries.add(new Legend.Entry(classes.get(label), colour)));
      return new Legend(entries);
    }
  }
}
