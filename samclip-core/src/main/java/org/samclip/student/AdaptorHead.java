package org.samclip.student;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.samclip.kernel.Autograd;
import org.samclip.nn.Linear;
import org.samclip.nn.Module;

/**
 * A head that maps tokens to the width of a teacher's features and ends in linear layers. It has
 * one output, {@link Head#SUMMARY} [B, D] or {@link Head#SPATIAL} [B, D, h, w].
 */
public abstract class AdaptorHead extends Module implements Head {

  private final Readout readout;
  private final int outputWidth;
  private final Backbone backbone;

  /**
   * @param readout which tokens it maps
   * @param outputWidth D
   * @param backbone on which it stands
   */
  protected AdaptorHead(Readout readout, int outputWidth, Backbone backbone) {
    this.readout = readout;
    this.outputWidth = outputWidth;
    this.backbone = backbone;
  }

  /**
   * @param features of the backbone
   * @return [B, D] or [B, h, w, D]
   */
  protected abstract NDArray rows(BackboneFeatures features);

  /**
   * @return the last linear layers, whose results are the output or are added up to it
   */
  protected abstract List<Linear> lastLayers();

  final Readout readout() {
    return readout;
  }

  final Backbone backbone() {
    return backbone;
  }

  /** The tokens that the readout asks for. */
  final NDArray read(Tokens tokens) {
    return readout.of(tokens, backbone.hasClassToken());
  }

  /** Rows of an image of that side. */
  final double rowCount(int side) {
    return readout.rows(side, backbone.patch());
  }

  private String outputName() {
    return readout.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public final boolean foldsOutput(String output) {
    return true;
  }

  /**
   * Puts an affine map behind the head, {@code y -> A y + c}, by changing its last linear layers:
   * with the inverse of a standardisation, the head gives the teacher's own features.
   */
  @Override
  public final void foldOutput(NDArray matrix, NDArray offset) {
    OutputFold.into(lastLayers(), matrix, offset);
  }

  @Override
  public final Module module() {
    return this;
  }

  @Override
  public final Map<String, HeadOutput> outputs() {
    return Map.of(
        outputName(), new HeadOutput(outputWidth, readout == Readout.SPATIAL, backbone.patch()));
  }

  @Override
  public Set<Integer> blocks() {
    return Set.of();
  }

  @Override
  public final HeadPass pass(BackboneFeatures features) {
    return new HeadPass() {
      @Override
      public NDArray output(String name) {
        if (!name.equals(outputName())) {
          throw noOutput(name);
        }
        return readout.channelsFirst(rows(features));
      }

      @Override
      public void backward(Autograd on) {
        // Autograd recorded all of it.
      }
    };
  }

  @Override
  protected final NDList forward(NDList inputs) {
    throw new IllegalStateException("a head is run by its student");
  }

  @Override
  public final Shape[] getOutputShapes(Shape[] inputShapes) {
    throw new IllegalStateException("a head is run by its student");
  }
}
