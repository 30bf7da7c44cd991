package org.samclip.eval.adapter;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.samclip.NearestName;
import org.samclip.data.transform.Normalisation;
import org.samclip.eval.InvalidOption;
import org.samclip.kernel.Kernels;
import org.samclip.model.ImageOutput;
import org.samclip.model.VisionModel;

/** An output of a model for whole images, as the protocols see it. */
public final class SummaryAdapter {

  private final VisionModel model;
  private final ImageOutput output;

  /**
   * @param model the model, which stays the caller's
   * @param output name of one of its outputs
   * @throws InvalidOption if it has none of that name, or one for every patch
   */
  public SummaryAdapter(VisionModel model, String output) {
    this.model = model;
    List<String> names = new ArrayList<>();
    for (String name : new TreeSet<>(model.outputs().keySet())) {
      if (isSummary(model.outputs().get(name), model)) {
        names.add(name);
      }
    }
    if (!names.contains(output)) {
      throw InvalidOption.value(
          "output",
          "'" + output + "'",
          (names.isEmpty()
                  ? "none, as this model has no output for whole images"
                  : String.join(", ", names))
              + "."
              + NearestName.hint(output, names));
    }
    this.output = model.outputs().get(output);
  }

  private static boolean isSummary(ImageOutput output, VisionModel model) {
    return output.row().apply(model.input().side()).dimension() == 1;
  }

  /**
   * @return how bytes become input values
   */
  public Normalisation normalisation() {
    return Inference.normalisation(model);
  }

  /**
   * @param images {@code [B, 3, S, S]} float32, normalised
   * @return {@code [B, D]} float32, each row of L2 norm 1
   */
  public NDArray embed(NDArray images) {
    return Inference.one(
        images.getManager(), () -> Kernels.normalize(output.forward().apply(images)));
  }
}
