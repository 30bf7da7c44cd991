package org.samclip.eval.segment;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.eval.Answers;

/**
 * What a teacher draws of every prompt of a set, kept so that it runs once however many models are
 * compared with it. A mask takes a few hundred bytes: it is kept as run lengths.
 */
public final class TeacherMasks implements SingleMaskListener, Answers {

  /**
   * @param mask inside where the logits at the image's own size are above 0
   * @param magnitude mean absolute value of the coarse logits
   */
  record Mask(RunLengthMask mask, double magnitude) {}

  private record Image(String key, List<Mask> masks) {}

  private final List<Image> images = new ArrayList<>();

  @Override
  public void onImage(String key) {
    images.add(new Image(key, new ArrayList<>()));
  }

  @Override
  public void onMask(NDArray coarse, NDArray full) {
    images.get(images.size() - 1).masks.add(of(coarse, full));
  }

  static Mask of(NDArray coarse, NDArray full) {
    int height = (int) full.getShape().get(2);
    int width = (int) full.getShape().get(3);
    RunLengthMask mask = RunLengthMask.encode(EncodedImage.inside(full), height, width);
    return new Mask(mask, coarse.abs().mean().getFloat());
  }

  /**
   * @param image position of an image
   * @param key what it should be called
   * @param prompt position of a prompt on it
   * @return what the teacher drew
   * @throws IllegalArgumentException if the teacher saw another image there, or fewer prompts
   */
  Mask get(int image, String key, int prompt) {
    if (image >= images.size()
        || !images.get(image).key.equals(key)
        || prompt >= images.get(image).masks.size()) {
      throw new IllegalArgumentException(
          "the teacher drew no mask of prompt " + prompt + " on image " + image + ", " + key);
    }
    return images.get(image).masks.get(prompt);
  }
}
