package org.samclip.eval;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.samclip.data.transform.Normalisation;
import org.samclip.eval.segment.HeadFeatures;
import org.samclip.eval.segment.TwoHeadModel;
import org.samclip.kernel.Kernels;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;

/**
 * A model whose answers can be worked out by hand. Its features are colours: an image or a patch of
 * 4 x 4 pixels is its mean red, green, blue, and a text is the colours it names. Its masks are one
 * value per pixel, 2 inside and -2 outside:
 *
 * <ul>
 *   <li>for a box, its inside;
 *   <li>for a point, the patches of the colour at the point; of the three masks for an ambiguous
 *       prompt this is the second, between everything and nothing, and has the highest IoU;
 *   <li>for a mask alone, the mask itself.
 * </ul>
 */
public final class ColourModel implements TwoHeadModel {

  private static final int PATCH = 4;
  private static final float INSIDE = 2;

  private final int side;
  private final List<NDManager> managers = new ArrayList<>();

  /**
   * @param side of the input, a multiple of 4
   */
  public ColourModel(int side) {
    this.side = side;
  }

  /**
   * @return whether every manager that the model was called with is closed
   */
  public boolean areManagersClosed() {
    return !managers.isEmpty() && managers.stream().noneMatch(NDManager::isOpen);
  }

  @Override
  public int imageSide() {
    return side;
  }

  @Override
  public Normalisation normalisation() {
    return new Normalisation(255, List.of(0f, 0f, 0f), List.of(1f, 1f, 1f));
  }

  @Override
  public Device device() {
    return Device.cpu();
  }

  @Override
  public NDArray embedImages(NDArray images) {
    managers.add(images.getManager());
    return Kernels.normalize(images.mean(new int[] {3}).mean(new int[] {2}));
  }

  @Override
  public NDArray patchFeatures(NDArray images) {
    return Kernels.normalize(encodeImages(images).transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2);
  }

  @Override
  public NDArray embedTexts(NDManager manager, List<String> texts) {
    managers.add(manager);
    String[] names = {"red", "green", "blue"};
    float[] rows = new float[texts.size() * names.length];
    for (int i = 0; i < texts.size(); i++) {
      String text = texts.get(i).toLowerCase(Locale.ROOT);
      for (int c = 0; c < names.length; c++) {
        rows[i * names.length + c] = text.contains(names[c]) ? 1 : 0;
      }
    }
    return Kernels.normalize(manager.create(rows, new Shape(texts.size(), names.length)));
  }

  @Override
  public NDArray encodeImages(NDArray images) {
    managers.add(images.getManager());
    Shape s = images.getShape();
    long h = s.get(2) / PATCH;
    long w = s.get(3) / PATCH;
    return images
        .reshape(s.get(0), s.get(1), h, PATCH, w, PATCH)
        .mean(new int[] {5})
        .mean(new int[] {3});
  }

  @Override
  public HeadFeatures features(NDArray images) {
    NDArray colours = encodeImages(images);
    return new HeadFeatures(patchFeatures(images), colours.transpose(0, 2, 3, 1), colours);
  }

  /** The mean colour of a region. */
  @Override
  public NDArray embedRegions(NDArray tokens, List<long[]> regions) {
    managers.add(tokens.getManager());
    NDArray flat = tokens.reshape(-1, tokens.getShape().get(3));
    NDList rows = new NDList();
    for (long[] region : regions) {
      rows.add(flat.get(tokens.getManager().create(region)).mean(new int[] {0}));
    }
    return Kernels.normalize(NDArrays.stack(rows));
  }

  @Override
  public Masks masks(NDArray embedding, Prompts prompts) {
    managers.add(embedding.getManager());
    NDManager manager = embedding.getManager();
    int h = (int) embedding.getShape().get(2);
    int w = (int) embedding.getShape().get(3);
    long count = prompts.count();
    NDList all = new NDList();
    for (long p = 0; p < count; p++) {
      NDArray clear =
          manager.create(draw(embedding, prompts, (int) p, h, w)).reshape(1, 4 * h, 4 * w);
      NDArray everything = clear.onesLike().mul(INSIDE);
      all.add(NDArrays.stack(new NDList(clear, everything, clear, everything.neg()), 1));
    }
    NDArray logits = NDArrays.stack(all, 1);
    NDArray iou =
        manager
            .create(new float[] {.1f, .2f, .9f, .3f})
            .reshape(1, 1, 4)
            .broadcast(1, count, 4)
            .toType(DataType.FLOAT32, true);
    return new Masks(logits, iou);
  }

  private static float[] draw(NDArray embedding, Prompts prompts, int p, int h, int w) {
    int height = PATCH * h;
    int width = PATCH * w;
    if (prompts.boxes() != null) {
      float[] box = prompts.boxes().get("0, {}", p).toFloatArray();
      float[] mask = new float[height * width];
      for (int i = 0; i < mask.length; i++) {
        float x = i % width + .5f;
        float y = i / width + .5f;
        boolean inside = x > box[0] && x < box[2] && y > box[1] && y < box[3];
        mask[i] = inside ? INSIDE : -INSIDE;
      }
      return mask;
    }
    if (prompts.points() == null) {
      return prompts.masks().get("0, {}", p).toFloatArray();
    }
    float[] point = prompts.points().get("0, {}, 0", p).toFloatArray();
    float[] colours = embedding.get(0).toFloatArray();
    int at = (int) ((point[1] + .5f) / PATCH) * w + (int) ((point[0] + .5f) / PATCH);
    float[] mask = new float[height * width];
    for (int i = 0; i < mask.length; i++) {
      int patch = i / width / PATCH * w + i % width / PATCH;
      float difference = 0;
      for (int c = 0; c < 3; c++) {
        difference += Math.abs(colours[c * h * w + patch] - colours[c * h * w + at]);
      }
      mask[i] = difference < 1e-3 ? INSIDE : -INSIDE;
    }
    return mask;
  }
}
