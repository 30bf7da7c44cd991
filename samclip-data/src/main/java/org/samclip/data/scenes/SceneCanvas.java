package org.samclip.data.scenes;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.transform.Crop;
import org.samclip.data.transform.RgbImage;

/**
 * An image under construction, which knows for every pixel the object on top. An object whose alpha
 * is above one half takes the pixel from the one below, so masks are exact and disjoint.
 */
final class SceneCanvas {

  private record Placed(int classIndex, SpriteStyle style, int pixels, Crop fullBox) {}

  private final int size;
  private final double minVisible;
  private final float[] rgb;

  /** Object on top: position in {@link #placed} plus 1, or 0. */
  private final int[] owner;

  private final List<Placed> placed = new ArrayList<>();
  private int[] visible = new int[0];

  /**
   * @param size side in pixels
   * @param background {@code [size, size, 3]} in 0..1; painted over
   * @param minVisible share of its pixels that every object keeps
   */
  SceneCanvas(int size, float[] background, double minVisible) {
    this.size = size;
    this.rgb = background;
    this.minVisible = minVisible;
    this.owner = new int[size * size];
  }

  /**
   * Puts an object on top, unless it or one below it would then show too little of itself.
   *
   * @return whether it was placed
   */
  boolean place(int classIndex, SpriteStyle style, SpritePlacement.Layer layer) {
    int[] left = Arrays.copyOf(visible, visible.length + 1);
    int minX = size;
    int maxX = -1;
    int minY = size;
    int maxY = -1;
    for (int row = Math.max(0, -layer.y()); row < rows(layer); row++) {
      for (int column = Math.max(0, -layer.x()); column < columns(layer); column++) {
        if (layer.solid(column, row)) {
          int x = layer.x() + column;
          int y = layer.y() + row;
          int below = owner[y * size + x];
          if (below > 0) {
            left[below - 1]--;
          }
          left[left.length - 1]++;
          minX = Math.min(minX, x);
          maxX = Math.max(maxX, x);
          minY = Math.min(minY, y);
          maxY = Math.max(maxY, y);
        }
      }
    }
    for (int i = 0; i < left.length; i++) {
      int pixels = i < placed.size() ? placed.get(i).pixels : layer.pixels();
      if (left[i] == 0 || left[i] < minVisible * pixels) {
        return false;
      }
    }
    visible = left;
    Crop box = new Crop(minX, minY, maxX - minX + 1, maxY - minY + 1);
    placed.add(new Placed(classIndex, style, layer.pixels(), box));
    paint(layer);
    return true;
  }

  private void paint(SpritePlacement.Layer layer) {
    for (int row = Math.max(0, -layer.y()); row < rows(layer); row++) {
      for (int column = Math.max(0, -layer.x()); column < columns(layer); column++) {
        int from = (row * layer.width() + column) * Sprite.CHANNELS;
        float alpha = layer.rgba()[from + 3];
        if (alpha == 0) {
          continue;
        }
        int at = (layer.y() + row) * size + layer.x() + column;
        for (int c = 0; c < 3; c++) {
          rgb[3 * at + c] = layer.rgba()[from + c] + (1 - alpha) * rgb[3 * at + c];
        }
        if (layer.solid(column, row)) {
          owner[at] = placed.size();
        }
      }
    }
  }

  private int rows(SpritePlacement.Layer layer) {
    return Math.min(layer.height(), size - layer.y());
  }

  private int columns(SpritePlacement.Layer layer) {
    return Math.min(layer.width(), size - layer.x());
  }

  /** Whether no object was placed yet. */
  boolean empty() {
    return placed.isEmpty();
  }

  RgbImage image() {
    byte[] bytes = new byte[rgb.length];
    for (int i = 0; i < rgb.length; i++) {
      bytes[i] = (byte) Math.round(255 * Math.max(0, Math.min(1, rgb[i])));
    }
    return new RgbImage(size, size, bytes);
  }

  /** The objects, the lowest first. */
  List<SceneObject> objects() {
    List<SceneObject> objects = new ArrayList<>();
    for (int i = 0; i < placed.size(); i++) {
      byte[] mask = new byte[size * size];
      for (int p = 0; p < mask.length; p++) {
        mask[p] = (byte) (owner[p] == i + 1 ? 1 : 0);
      }
      Placed one = placed.get(i);
      objects.add(
          new SceneObject(
              one.classIndex,
              one.style,
              RunLengthMask.encode(mask, size, size),
              one.fullBox,
              (double) visible[i] / one.pixels));
    }
    return objects;
  }
}
