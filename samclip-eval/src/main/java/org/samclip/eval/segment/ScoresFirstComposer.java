package org.samclip.eval.segment;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.eval.ArgMaxMap;
import org.samclip.eval.DenseTask;
import org.samclip.eval.ScoreSettings;
import org.samclip.eval.segment.ScorePrompts.Candidate;
import org.samclip.eval.zeroshot.TextClassifier;
import org.samclip.kernel.Kernels;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;

/**
 * {@link CompositionForm#SCORES_FIRST}: the score map and the surest points of each class that the
 * CLIP head finds prompt the SAM head, and the highest mask logit wins the pixel. Background is
 * where no logit is above 0.
 *
 * @param model the model
 * @param task the classes
 * @param texts the task's named classes
 * @param settings how scores become prompts
 * @param side S, side of the square input in pixels
 * @param promptsPerPass classes that are decoded at once
 */
record ScoresFirstComposer(
    TwoHeadModel model,
    DenseTask task,
    TextClassifier texts,
    ScoreSettings settings,
    int side,
    int promptsPerPass)
    implements Composer {

  @Override
  public Composition compose(
      HeadFeatures features, SamPreprocess.Frame frame, int height, int width) {
    NDArray embedding = features.neck();
    NDArray map = texts.scoreMaps(features.patches()).get(0);
    int rows = (int) map.getShape().get(1);
    int columns = (int) map.getShape().get(2);
    ScorePrompts scores = ScorePrompts.of(rows, columns, frame, side, settings);
    boolean hasBackground = task.background() >= 0;
    List<Candidate> candidates =
        scores.candidates(map.toFloatArray(), task.backgroundPosition(), hasBackground);

    NDManager manager = embedding.getManager();
    EncodedImage image = new EncodedImage(model, side, frame, embedding);
    List<Composition.Part> parts = new ArrayList<>();
    List<Integer> labels = new ArrayList<>();
    try (ArgMaxMap highest = new ArgMaxMap(manager, height, width)) {
      if (hasBackground) {
        labels.add(task.background());
        highest.add(manager.zeros(new Shape(1, height, width)));
      }
      for (int from = 0; from < candidates.size(); from += promptsPerPass) {
        int to = Math.min(candidates.size(), from + promptsPerPass);
        List<Candidate> pass = candidates.subList(from, to);
        Masks masks = decode(image, pass, rows, columns);
        for (int i = 0; i < pass.size(); i++) {
          int label = task.label(pass.get(i).position());
          NDArray logits = masks.logits().get(":, {}:{}", i, i + 1).squeeze(1);
          parts.add(new Composition.Part(label, masks.iou().getFloat(0, i, 0), logits));
          labels.add(label);
          try (NDManager step = manager.newSubManager()) {
            NDArray one = logits.duplicate();
            one.attach(step);
            highest.add(image.atSize(one, height, width).squeeze(0));
          }
        }
      }
      int[] found = Arrays.stream(highest.channels()).map(labels::get).toArray();
      return new Composition(found, List.copyOf(parts));
    }
  }

  /** The single masks {@code [1, P, 1, 4 h, 4 w]} of the candidates. */
  private Masks decode(EncodedImage image, List<Candidate> pass, int rows, int columns) {
    NDArray embedding = image.embedding();
    NDManager manager = embedding.getManager();
    int count = pass.size();
    int tokens = rows * columns;
    int most = pass.stream().mapToInt(c -> c.tokens().size()).max().orElse(0);
    float[] logits = new float[count * tokens];
    float[] xy = new float[count * most * 2];
    long[] labels = new long[count * most];
    Arrays.fill(labels, -1);
    for (int p = 0; p < count; p++) {
      Candidate candidate = pass.get(p);
      System.arraycopy(candidate.logits(), 0, logits, p * tokens, tokens);
      for (int n = 0; n < candidate.tokens().size(); n++) {
        int token = candidate.tokens().get(n);
        xy[(p * most + n) * 2] = ScorePrompts.pixel(token % columns, columns, side);
        xy[(p * most + n) * 2 + 1] = ScorePrompts.pixel(token / columns, rows, side);
        labels[p * most + n] = 1;
      }
    }
    // The SAM head takes mask prompts of four times its grid.
    long height = 4 * embedding.getShape().get(2);
    long width = 4 * embedding.getShape().get(3);
    NDArray masks =
        Kernels.resize(
                manager.create(logits, new Shape(count, 1, rows, columns)),
                height,
                width,
                Kernels.Resize.BILINEAR)
            .reshape(1, count, 1, height, width);
    Prompts prompts =
        most == 0
            ? new Prompts(null, null, null, masks)
            : new Prompts(
                manager.create(xy, new Shape(1, count, most, 2)),
                manager.create(labels, new Shape(1, count, most)),
                null,
                masks);
    return image.decode(prompts).single();
  }
}
