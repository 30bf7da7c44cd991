package org.samclip.train.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import org.samclip.kernel.Autograd;

/**
 * Mean and covariance of a teacher's outputs, as they come: updated in float64 batch by batch (Chan
 * et al. 1983), so that any number of rows costs the memory of one matrix.
 */
public final class RunningCovariance implements AutoCloseable {

  private final int width;
  private final NDManager manager;
  private final NDArray count;
  private final NDArray mean;
  private final NDArray deviations;

  /**
   * @param width D
   * @param parent on the device of the rows
   */
  public RunningCovariance(int width, NDManager parent) {
    this.width = width;
    this.manager = parent.newSubManager();
    this.count = manager.zeros(new Shape(1), DataType.FLOAT64);
    this.mean = manager.zeros(new Shape(width), DataType.FLOAT64);
    this.deviations = manager.zeros(new Shape(width, width), DataType.FLOAT64);
  }

  /**
   * @param rows [..., D]
   * @throws IllegalArgumentException if their width differs
   */
  public void add(NDArray rows) {
    Shape shape = rows.getShape();
    if (shape.get(shape.dimension() - 1) != width) {
      throw new IllegalArgumentException("rows of " + shape + " where [..., " + width + "] is due");
    }
    try (Autograd off = Autograd.disabled();
        NDManager step = manager.newSubManager()) {
      NDArray own = rows.duplicate();
      own.attach(step);
      NDArray x = own.toType(DataType.FLOAT64, false).reshape(-1, width);
      double before = count();
      double added = x.getShape().get(0);
      NDArray center = x.mean(new int[] {0});
      NDArray centred = x.sub(center);
      NDArray shift = center.sub(mean);
      NDArray product = shift.reshape(width, 1).matMul(shift.reshape(1, width));
      deviations.addi(centred.transpose().matMul(centred));
      deviations.addi(product.mul(before * added / (before + added)));
      mean.addi(shift.mul(added / (before + added)));
      count.addi(added);
    }
  }

  /**
   * @return D
   */
  public int width() {
    return width;
  }

  /**
   * @return rows so far
   */
  public long count() {
    return (long) count.getDouble(0);
  }

  /**
   * @return [D], float64, this object's own
   */
  public NDArray mean() {
    return mean;
  }

  /**
   * @param target owns the result
   * @return [D, D], float64: the mean product of deviations
   */
  public NDArray covariance(NDManager target) {
    NDArray covariance = deviations.div(count());
    covariance.attach(target);
    return covariance;
  }

  /**
   * @return everything that a resumed run needs, by name, changed in place
   */
  public Map<String, NDArray> state() {
    return Map.of("count", count, "mean", mean, "deviations", deviations);
  }

  @Override
  public void close() {
    manager.close();
  }
}
