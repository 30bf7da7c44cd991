package org.samclip.eval.segment;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.sam.Masks;

/**
 * Masks of whatever is in an image: each point is a prompt of its own, and of its three masks those
 * stay of which the SAM head is sure, each thing once (segment-anything,
 * automatic_mask_generator.py, on the decoder's own grid and without crops).
 *
 * @param model the model that draws
 * @param settings which masks stay
 * @param side S, side of the square input in pixels
 * @param promptsPerPass points that are decoded at once
 */
record MaskProposer(
    PromptedMaskModel model, ProposalSettings settings, int side, int promptsPerPass) {

  /**
   * A mask that nobody has named.
   *
   * @param logits {@code [1, 1, 4 h, 4 w]} in the frame of the input
   * @param inside {@code [4 h, 4 w]} in row-major order, 1 where a pixel of the image has a logit
   *     above 0
   * @param box of these pixels
   * @param predictedIou the SAM head's own opinion
   */
  record Proposal(NDArray logits, byte[] inside, Box box, float predictedIou) {}

  /**
   * @param x0 first column
   * @param y0 first row
   * @param x1 after the last column
   * @param y1 after the last row
   */
  record Box(int x0, int y0, int x1, int y1) {

    double iou(Box other) {
      double width = Math.min(x1, other.x1) - Math.max(x0, other.x0);
      double height = Math.min(y1, other.y1) - Math.max(y0, other.y0);
      double both = Math.max(0, width) * Math.max(0, height);
      return both / (area() + other.area() - both);
    }

    private double area() {
      return (double) (x1 - x0) * (y1 - y0);
    }
  }

  /**
   * @param frame where the image lies in the input
   * @return the centres of n x n equal fields of the image, {@code x, y} each, in the input's
   *     pixels
   */
  float[] grid(SamPreprocess.Frame frame) {
    int n = settings.grid();
    float[] xy = new float[2 * n * n];
    for (int i = 0; i < n * n; i++) {
      xy[2 * i] = ScorePrompts.pixel(i % n, n, frame.width());
      xy[2 * i + 1] = ScorePrompts.pixel(i / n, n, frame.height());
    }
    return xy;
  }

  /**
   * @param embedding {@code [1, C, h, w]}, SAM's embedding of the image
   * @param xy points, {@code x, y} each, in pixels of the input
   * @param frame where the image lies in the input
   * @return masks, the surest first, belonging to the manager of the embedding
   */
  List<Proposal> propose(NDArray embedding, float[] xy, SamPreprocess.Frame frame) {
    List<Proposal> sure = new ArrayList<>();
    for (int from = 0; from < xy.length; from += 2 * promptsPerPass) {
      float[] pass = Arrays.copyOfRange(xy, from, Math.min(xy.length, from + 2 * promptsPerPass));
      try (NDManager step = embedding.getManager().newSubManager()) {
        NDArray own = embedding.duplicate();
        own.attach(step);
        draw(own, pass, frame).forEach(p -> keep(p, embedding.getManager(), sure));
      }
    }
    sure.sort(Comparator.comparingDouble((Proposal p) -> -p.predictedIou()));
    List<Proposal> apart = new ArrayList<>();
    for (Proposal proposal : sure) {
      if (apart.stream().allMatch(p -> p.box().iou(proposal.box()) <= settings.overlap())) {
        apart.add(proposal);
      } else {
        proposal.logits().close();
      }
    }
    return apart;
  }

  private static void keep(Proposal proposal, NDManager manager, List<Proposal> sure) {
    proposal.logits().attach(manager);
    sure.add(proposal);
  }

  /** The masks of some points that pass both thresholds. */
  private List<Proposal> draw(NDArray embedding, float[] xy, SamPreprocess.Frame frame) {
    EncodedImage encoded = new EncodedImage(model, side, frame, embedding);
    Masks masks = encoded.decode(encoded.pointsOfInput(xy)).multi();
    Shape shape = masks.logits().getShape();
    int height = (int) shape.get(3);
    int width = (int) shape.get(4);
    NDArray logits = masks.logits().reshape(-1, height, width);
    float[] iou = masks.iou().toFloatArray();
    int rows = (int) Math.ceil((double) frame.height() * height / side);
    int columns = (int) Math.ceil((double) frame.width() * width / side);
    NDArray image = logits.get(":, :{}, :{}", rows, columns);
    long[] inner = area(image, 1);
    long[] outer = area(image, -1);
    List<Proposal> proposals = new ArrayList<>();
    for (int i = 0; i < iou.length; i++) {
      // An empty mask is as stable as can be; it has no box and is nothing.
      if (iou[i] >= settings.predictedIou() && inner[i] >= settings.stability() * outer[i]) {
        byte[] part = EncodedImage.inside(image.get(i));
        byte[] inside = new byte[height * width];
        for (int y = 0; y < rows; y++) {
          System.arraycopy(part, y * columns, inside, y * width, columns);
        }
        Box box = box(inside, width);
        if (box != null) {
          NDArray one = logits.get("{}:{}", i, i + 1).expandDims(0).duplicate();
          proposals.add(new Proposal(one, inside, box, iou[i]));
        }
      }
    }
    return proposals;
  }

  /** Pixels of each mask above a logit. */
  private static long[] area(NDArray logits, double above) {
    return logits.gt(above).toType(DataType.INT64, false).sum(new int[] {1, 2}).toLongArray();
  }

  private static Box box(byte[] inside, int width) {
    int left = width;
    int right = -1;
    int top = -1;
    int bottom = -1;
    for (int i = 0; i < inside.length; i++) {
      if (inside[i] != 0) {
        left = Math.min(left, i % width);
        right = Math.max(right, i % width);
        top = top < 0 ? i / width : top;
        bottom = i / width;
      }
    }
    return right < 0 ? null : new Box(left, top, right + 1, bottom + 1);
  }
}
