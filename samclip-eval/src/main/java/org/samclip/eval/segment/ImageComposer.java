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
import org.samclip.eval.segment.ScorePrompts.Candidate;
import org.samclip.kernel.Kernels;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;
import org.samclip.sam.Sam;

/**
 * Composes both heads on one image at a time; {@link HeadComposition} measures it.
 *
 * @param model the model whose SAM head draws
 * @param task the classes
 * @param options how scores become prompts
 * @param side S, side of the square input in pixels
 */
public record ImageComposer(
    PromptedMaskModel model, DenseTask task, HeadComposition.Options options, int side) {

  /**
   * What was found in an image.
   *
   * @param labels {@code [height, width]} in row-major order
   * @param parts the classes that were prompted for, in the order of the labels
   */
  public record Composition(int[] labels, List<Part> parts) {}

  /**
   * A class that was prompted for; others may have won all its pixels.
   *
   * @param label of the class
   * @param predictedIou the SAM head's own opinion of the mask
   * @param logits {@code [1, 1, 4 h, 4 w]} mask logits in the frame of the input, belonging to the
   *     manager of the embedding
   */
  public record Part(int label, float predictedIou, NDArray logits) {}

  /**
   * Composes one image.
   *
   * @param embedding {@code [1, C, h, w]}, SAM's embedding of the image
   * @param map {@code [K, h, w]} cosines of the task's named classes
   * @param frame where the image lies in the input
   * @param height rows of the result
   * @param width columns of the result
   * @return labels and masks
   */
  public Composition compose(
      NDArray embedding, NDArray map, SamPreprocess.Frame frame, int height, int width) {
    int rows = (int) map.getShape().get(1);
    int columns = (int) map.getShape().get(2);
    // A token is of the image when its centre is.
    ScorePrompts scores =
        new ScorePrompts(
            rows,
            columns,
            Math.max(1, Math.round((float) frame.height() * rows / side)),
            Math.max(1, Math.round((float) frame.width() * columns / side)),
            options);
    boolean hasBackground = task.background() >= 0;
    List<Candidate> candidates =
        scores.candidates(map.toFloatArray(), namedBackground(), hasBackground);

    NDManager manager = embedding.getManager();
    List<Part> parts = new ArrayList<>();
    List<Integer> labels = new ArrayList<>();
    try (ArgMaxMap highest = new ArgMaxMap(manager, height, width)) {
      if (hasBackground) {
        labels.add(task.background());
        highest.add(manager.zeros(new Shape(1, height, width)));
      }
      for (int from = 0; from < candidates.size(); from += options.promptsPerPass()) {
        int to = Math.min(candidates.size(), from + options.promptsPerPass());
        List<Candidate> pass = candidates.subList(from, to);
        Masks masks = decode(embedding, pass, rows, columns);
        for (int i = 0; i < pass.size(); i++) {
          int label = task.label(pass.get(i).position());
          NDArray logits = masks.logits().get(":, {}:{}", i, i + 1).squeeze(1);
          parts.add(new Part(label, masks.iou().getFloat(0, i, 0), logits));
          labels.add(label);
          try (NDManager step = manager.newSubManager()) {
            NDArray one = logits.duplicate();
            one.attach(step);
            highest.add(
                Sam.postprocess(one, side, frame.height(), frame.width(), height, width)
                    .squeeze(0));
          }
        }
      }
      int[] found = Arrays.stream(highest.channels()).map(labels::get).toArray();
      return new Composition(found, List.copyOf(parts));
    }
  }

  private int namedBackground() {
    if (task.background() < 0 || !task.namesBackground()) {
      return -1;
    }
    int position = 0;
    while (task.label(position) != task.background()) {
      position++;
    }
    return position;
  }

  /** The single masks {@code [1, P, 1, 4 h, 4 w]} of the candidates. */
  private Masks decode(NDArray embedding, List<Candidate> pass, int rows, int columns) {
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
        // Pixels are counted from their centres, so the middle of 16 pixels is 7.5.
        xy[(p * most + n) * 2] = (token % columns + .5f) * side / columns - .5f;
        xy[(p * most + n) * 2 + 1] = (token / columns + .5f) * side / rows - .5f;
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
    return model.masks(embedding, prompts).single();
  }
}
