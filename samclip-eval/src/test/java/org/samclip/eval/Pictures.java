package org.samclip.eval;

import java.util.List;
import java.util.function.IntFunction;
import org.samclip.data.source.EvaluationSet;
import org.samclip.data.transform.LabelMap;
import org.samclip.data.transform.RgbImage;

/** Small pictures from text: a letter a pixel, and evaluation sets from lists. */
public final class Pictures {

  private Pictures() {}

  /**
   * @param scale side of a letter in pixels
   * @param rows letters: R, G, B, or black for any other
   * @return the picture
   */
  public static RgbImage image(int scale, String... rows) {
    int width = rows[0].length() * scale;
    int height = rows.length * scale;
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < width * height; i++) {
      int channel = "RGB".indexOf(letter(rows, i, width, scale));
      if (channel >= 0) {
        rgb[3 * i + channel] = (byte) 255;
      }
    }
    return new RgbImage(width, height, rgb);
  }

  /**
   * @param scale side of a letter in pixels
   * @param letters the letter of each label, in order; others become 255
   * @param rows letters
   * @return the label map
   */
  public static LabelMap labels(int scale, String letters, String... rows) {
    int width = rows[0].length() * scale;
    int height = rows.length * scale;
    byte[] labels = new byte[width * height];
    for (int i = 0; i < labels.length; i++) {
      labels[i] = (byte) letters.indexOf(letter(rows, i, width, scale));
    }
    return new LabelMap(width, height, labels);
  }

  private static char letter(String[] rows, int pixel, int width, int scale) {
    return rows[pixel / width / scale].charAt(pixel % width / scale);
  }

  /**
   * @param classes class names
   * @param samples what the set holds
   * @param <T> type of a sample
   * @return the set
   */
  public static <T> EvaluationSet<T> set(List<String> classes, List<T> samples) {
    return set(classes, samples.size(), samples::get);
  }

  /**
   * @param classes class names
   * @param size number of samples
   * @param load makes a sample
   * @param <T> type of a sample
   * @return the set
   */
  public static <T> EvaluationSet<T> set(List<String> classes, int size, IntFunction<T> load) {
    return new EvaluationSet<>() {
      @Override
      public String name() {
        return "pictures";
      }

      @Override
      public List<String> classes() {
        return classes;
      }

      @Override
      public int size() {
        return size;
      }

      @Override
      public T get(int index) {
        return load.apply(index);
      }
    };
  }
}
