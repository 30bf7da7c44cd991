package org.samclip.eval;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/**
 * The channel of the highest value at every pixel of maps that come in pieces, so that all maps of
 * a large image need not exist at once. Channels are numbered in the order in which they come;
 * equal values go to the lower number.
 */
public final class ArgMaxMap implements AutoCloseable {

  private final NDManager manager;
  private final int height;
  private final int width;
  private NDArray highest;
  private NDArray channel;
  private long channels;

  /**
   * @param parent manager on the device of the maps
   * @param height rows of the maps
   * @param width columns of the maps
   */
  public ArgMaxMap(NDManager parent, int height, int width) {
    this.manager = parent.newSubManager();
    this.height = height;
    this.width = width;
  }

  /**
   * Adds the next channels.
   *
   * @param maps {@code [C, H, W]} float32
   * @throws IllegalArgumentException if the size differs
   */
  public void add(NDArray maps) {
    Shape shape = maps.getShape();
    if (shape.dimension() != 3 || shape.get(1) != height || shape.get(2) != width) {
      throw new IllegalArgumentException(
          "maps of " + shape + " where [C, " + height + ", " + width + "] is needed");
    }
    try (NDManager step = manager.newSubManager()) {
      NDArray piece = maps.duplicate();
      piece.attach(step);
      NDArray pieceHighest = piece.max(new int[] {0});
      NDArray pieceChannel = piece.argMax(0).toType(DataType.INT64, false).add(channels);
      NDArray newHighest = pieceHighest;
      NDArray newChannel = pieceChannel;
      if (highest != null) {
        highest.attach(step);
        channel.attach(step);
        NDArray isHigher = pieceHighest.gt(highest);
        newHighest = NDArrays.where(isHigher, pieceHighest, highest);
        newChannel = NDArrays.where(isHigher, pieceChannel, channel);
      }
      newHighest.attach(manager);
      newChannel.attach(manager);
      highest = newHighest;
      channel = newChannel;
    }
    channels += shape.get(0);
  }

  /**
   * @return {@code [H, W]} in row-major order: number of the highest channel
   * @throws IllegalStateException before the first piece
   */
  public int[] channels() {
    if (channel == null) {
      throw new IllegalStateException("no map was added");
    }
    long[] wide = channel.toLongArray();
    int[] numbers = new int[wide.length];
    for (int i = 0; i < wide.length; i++) {
      numbers[i] = (int) wide[i];
    }
    return numbers;
  }

  @Override
  public void close() {
    manager.close();
  }
}
