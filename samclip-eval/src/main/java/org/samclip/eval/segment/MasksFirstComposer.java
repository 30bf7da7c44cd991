package org.samclip.eval.segment;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.eval.ArgMaxMap;
import org.samclip.eval.DenseTask;
import org.samclip.eval.ScoreSettings;
import org.samclip.eval.segment.MaskProposer.Proposal;
import org.samclip.eval.zeroshot.TextClassifier;

/**
 * {@link CompositionForm#MASKS_FIRST}: masks are proposed, each is named by the CLIP head's tokens
 * inside it, pooled as the head pools a whole image, and where masks overlap the one of the highest
 * score wins the pixel: the confidence of its name times the IoU that the SAM head predicts.
 *
 * <p>A mask whose name is "background" or less sure than the threshold is dropped. What no mask
 * covers is background; where that does not count, the pixel gets the class of the highest score of
 * its patch.
 *
 * @param model the model
 * @param task the classes
 * @param texts the task's named classes
 * @param settings how cosines become confidences
 * @param proposer of masks
 * @param side S, side of the square input in pixels
 */
record MasksFirstComposer(
    TwoHeadModel model,
    DenseTask task,
    TextClassifier texts,
    ScoreSettings settings,
    MaskProposer proposer,
    int side)
    implements Composer {

  /** Share of a token's square that a mask covers for the token to be inside. */
  private static final double COVERED = .5;

  /** Most values of enlarged score maps that exist at once: 64 MiB. */
  private static final long VALUES_AT_ONCE = 1L << 24;

  /** A mask and the class that it most likely is. */
  private record Named(Proposal proposal, int label, double score) {}

  @Override
  public Composition compose(
      HeadFeatures features, SamPreprocess.Frame frame, int height, int width) {
    NDArray map = texts.scoreMaps(features.patches()).get(0);
    int rows = (int) map.getShape().get(1);
    int columns = (int) map.getShape().get(2);
    ScorePrompts tokens = ScorePrompts.of(rows, columns, frame, side, settings);
    float[] points =
        proposer.settings().proposals() == ProposalSettings.Points.GRID
            ? proposer.grid(frame)
            : points(tokens, map);
    List<Named> named =
        named(proposer.propose(features.neck(), points, frame), features.tokens(), tokens);

    EncodedImage image = new EncodedImage(model, side, frame, features.neck());
    int[] labels = new int[height * width];
    Arrays.fill(labels, -1);
    if (!named.isEmpty()) {
      int[] winner = winners(named, image, height, width);
      Arrays.setAll(labels, i -> winner[i] < 0 ? -1 : named.get(winner[i]).label());
    }
    if (task.background() >= 0) {
      Arrays.setAll(labels, i -> labels[i] < 0 ? task.background() : labels[i]);
    } else if (Arrays.stream(labels).anyMatch(label -> label < 0)) {
      int[] best = best(map, image, height, width);
      Arrays.setAll(labels, i -> labels[i] < 0 ? task.label(best[i]) : labels[i]);
    }
    List<Composition.Part> parts =
        named.stream()
            .map(
                n ->
                    new Composition.Part(
                        n.label(), n.proposal().predictedIou(), n.proposal().logits()))
            .toList();
    return new Composition(labels, parts);
  }

  /** The surest tokens of each class that the CLIP head finds. */
  private float[] points(ScorePrompts tokens, NDArray map) {
    List<Integer> found =
        tokens
            .candidates(map.toFloatArray(), task.backgroundPosition(), task.background() >= 0)
            .stream()
            .flatMap(candidate -> candidate.tokens().stream())
            .toList();
    float[] xy = new float[2 * found.size()];
    for (int i = 0; i < found.size(); i++) {
      int token = found.get(i);
      xy[2 * i] = ScorePrompts.pixel(token % tokens.columns(), tokens.columns(), side);
      xy[2 * i + 1] = ScorePrompts.pixel(token / tokens.columns(), tokens.rows(), side);
    }
    return xy;
  }

  private List<Named> named(List<Proposal> proposals, NDArray features, ScorePrompts tokens) {
    List<Proposal> nameable = new ArrayList<>();
    List<long[]> regions = new ArrayList<>();
    for (Proposal proposal : proposals) {
      long[] region = region(proposal.inside(), tokens);
      if (region.length > 0) {
        nameable.add(proposal);
        regions.add(region);
      }
    }
    List<Named> named = new ArrayList<>();
    if (nameable.isEmpty()) {
      return named;
    }
    NDArray cosines = texts.scores(model.embedRegions(features, regions));
    float[] shares = cosines.div(settings.temperature()).softmax(1).toFloatArray();
    int classes = texts.classes().size();
    for (int m = 0; m < nameable.size(); m++) {
      int row = m * classes;
      int best =
          IntStream.range(0, classes)
              .reduce((a, b) -> shares[row + b] > shares[row + a] ? b : a)
              .orElseThrow();
      float confidence = shares[row + best];
      if (best != task.backgroundPosition() && confidence >= settings.threshold()) {
        double score = confidence * nameable.get(m).predictedIou();
        named.add(new Named(nameable.get(m), task.label(best), score));
      }
    }
    return named;
  }

  /** The image's tokens inside a mask; of a mask that covers none of them, the most covered. */
  private static long[] region(byte[] inside, ScorePrompts tokens) {
    int count = tokens.rows() * tokens.columns();
    // Masks are drawn on a grid that is a multiple of the tokens' one.
    int scale = (int) Math.sqrt((double) inside.length / count);
    int[] covered = new int[count];
    for (int i = 0; i < inside.length; i++) {
      int y = i / (tokens.columns() * scale) / scale;
      int x = i % (tokens.columns() * scale) / scale;
      covered[y * tokens.columns() + x] += inside[i];
    }
    int most =
        IntStream.range(0, count).filter(tokens::isValid).map(t -> covered[t]).max().orElse(0);
    double least = Math.max(1, Math.min(most, COVERED * scale * scale));
    return IntStream.range(0, count)
        .filter(t -> tokens.isValid(t) && covered[t] >= least)
        .asLongStream()
        .toArray();
  }

  /** Of every pixel the mask of the highest score that covers it, -1 for none. */
  private static int[] winners(List<Named> named, EncodedImage image, int height, int width) {
    NDManager manager = image.embedding().getManager();
    try (ArgMaxMap highest = new ArgMaxMap(manager, height, width)) {
      try (NDArray none = manager.zeros(new Shape(1, height, width))) {
        highest.add(none);
      }
      for (Named mask : named) {
        try (NDManager step = manager.newSubManager()) {
          NDArray one = mask.proposal().logits().duplicate();
          one.attach(step);
          highest.add(
              image
                  .atSize(one, height, width)
                  .squeeze(0)
                  .gt(0)
                  .toType(DataType.FLOAT32, false)
                  .mul((float) mask.score()));
        }
      }
      return Arrays.stream(highest.channels()).map(channel -> channel - 1).toArray();
    }
  }

  /** Of every pixel the position of the class with the highest score. */
  private int[] best(NDArray map, EncodedImage image, int height, int width) {
    long count = map.getShape().get(0);
    long pixels = Math.max((long) side * side, (long) height * width);
    long atOnce = Math.max(1, VALUES_AT_ONCE / pixels);
    NDManager manager = map.getManager();
    try (ArgMaxMap highest = new ArgMaxMap(manager, height, width)) {
      for (long from = 0; from < count; from += atOnce) {
        try (NDManager step = manager.newSubManager()) {
          NDArray piece = map.get("{}:{}", from, Math.min(count, from + atOnce)).expandDims(0);
          piece.attach(step);
          highest.add(image.atSize(piece, height, width).squeeze(0));
        }
      }
      return highest.channels();
    }
  }
}
