package org.samclip.eval;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.samclip.UserError;
import org.samclip.data.transform.LabelMap;

/**
 * The classes of a set of label maps and how they are told apart: which are named to the model, and
 * which pixels count.
 */
public final class DenseTask {

  /** A target value that no 8-bit label has: the pixel does not count. */
  static final int NOT_COUNTED = -1;

  private final List<String> classes;
  private final int ignoreIndex;
  private final int background;
  private final boolean countsBackground;
  private final int[] namedIndices;

  /**
   * @param classes class names, in the order of the labels
   * @param ignoreIndex label of pixels that do not count
   * @param policy what is done with a class named "background"
   */
  public DenseTask(List<String> classes, int ignoreIndex, Background policy) {
    this.classes = List.copyOf(classes);
    this.ignoreIndex = ignoreIndex;
    this.background = Background.indexIn(classes);
    this.countsBackground = policy != Background.EXCLUDED;
    List<Integer> named = new ArrayList<>();
    for (int c = 0; c < classes.size(); c++) {
      if (c != background || policy == Background.TEXT) {
        named.add(c);
      }
    }
    this.namedIndices = named.stream().mapToInt(Integer::intValue).toArray();
    if (namedIndices.length == 0) {
      throw new UserError(
          "classes: " + classes + " found; at least one beside the background is needed");
    }
  }

  /**
   * @return names of the classes that are given to the model as text
   */
  public List<String> namedClasses() {
    return Arrays.stream(namedIndices).mapToObj(classes::get).toList();
  }

  /**
   * @param position position among {@link #namedClasses()}
   * @return its label
   */
  public int label(int position) {
    return namedIndices[position];
  }

  /**
   * @return label of the background where it can be predicted, else -1
   */
  public int background() {
    return countsBackground ? background : -1;
  }

  /**
   * @return whether the background, if it can be predicted, is one of {@link #namedClasses()}
   */
  public boolean namesBackground() {
    return backgroundPosition() >= 0;
  }

  /**
   * @return position of the background among {@link #namedClasses()} where it is named, else -1
   */
  public int backgroundPosition() {
    for (int position = 0; position < namedIndices.length; position++) {
      if (namedIndices[position] == background) {
        return position;
      }
    }
    return -1;
  }

  /**
   * @return names of all classes, in the order of the labels
   */
  public List<String> classes() {
    return classes;
  }

  /**
   * Of the score maps of all classes those of the classes that are given to the model as text.
   *
   * @param maps {@code [K, h, w]}, one for each of {@link #classes()}
   * @return {@code [N, h, w]}, one for each of {@link #namedClasses()}; may be {@code maps} itself
   */
  public NDArray named(NDArray maps) {
    return namedIndices.length == classes.size()
        ? maps
        : maps.get(maps.getManager().create(namedIndices));
  }

  /**
   * The labels of one image that count.
   *
   * @param key what messages call the image
   * @param target its label map
   * @return the labels, {@link #NOT_COUNTED} where a pixel does not count
   * @throws UserError if the map has a label that is neither a class nor the ignore index
   */
  int[] target(String key, LabelMap target) {
    int[] labels = new int[target.labels().length];
    for (int i = 0; i < labels.length; i++) {
      int label = target.labels()[i] & 0xFF;
      if (label != ignoreIndex && label >= classes.size()) {
        throw new UserError(
            key
                + ": label "
                + label
                + " in its label map; allowed: 0 to "
                + (classes.size() - 1)
                + " ("
                + classes.size()
                + " classes) and "
                + ignoreIndex
                + " for pixels that do not count. Is the class list complete?");
      }
      boolean counts = label != ignoreIndex && (countsBackground || label != background);
      labels[i] = counts ? label : NOT_COUNTED;
    }
    return labels;
  }
}
