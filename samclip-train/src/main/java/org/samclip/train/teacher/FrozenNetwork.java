package org.samclip.train.teacher;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;
import org.samclip.checkpoint.ContentHash;
import org.samclip.kernel.Autocast;
import org.samclip.model.VisionModel;
import org.samclip.nn.Module;
import org.samclip.student.Backbone;
import org.samclip.student.Student;

/**
 * A network that does not learn, seen as named outputs for each image.
 *
 * @param name for people, and of its files
 * @param modules its parameters
 * @param sizes all that its outputs depend on beside parameters and images
 * @param rows shape of an image's output, by the output's name and the image's side in pixels
 * @param outputs from [B, 3, S, S] to [B, row...], those that are asked for
 */
public record FrozenNetwork(
    String name,
    Collection<Module> modules,
    String sizes,
    Map<String, IntFunction<Shape>> rows,
    Outputs outputs) {

  /** Name of a backbone's only output. */
  public static final String TOKENS = "tokens";

  /** What a network gives. */
  @FunctionalInterface
  public interface Outputs {

    /**
     * @param images [B, 3, S, S], normalised
     * @param names of outputs
     * @return [B, row...] by name
     */
    Map<String, NDArray> of(NDArray images, Set<String> names);
  }

  /**
   * @param teacher of a run
   * @return its outputs
   */
  public static FrozenNetwork of(Teacher teacher) {
    VisionModel model = teacher.model();
    Map<String, IntFunction<Shape>> rows = new LinkedHashMap<>();
    model.outputs().forEach((name, output) -> rows.put(name, output.row()));
    return new FrozenNetwork(
        teacher.name(),
        model.modules().values(),
        model.sizes() + " " + model.input(),
        rows,
        model::forward);
  }

  /**
   * @param student whose backbone does not learn
   * @return the backbone's last tokens, which the heads read
   */
  public static FrozenNetwork of(Student student) {
    Backbone backbone = student.backbone();
    return new FrozenNetwork(
        "backbone",
        List.of(backbone.module()),
        backbone.kind() + " " + student.config().backbone(),
        Map.of(TOKENS, backbone::row),
        (images, names) -> Map.of(TOKENS, backbone.output(images)));
  }

  /**
   * @param output name of an output
   * @return SHA-256 of everything that the output depends on beside the images: 64 digits
   */
  public String hash(String output) {
    String precision = Autocast.isBf16() ? "bf16" : "float32";
    StringBuilder all = new StringBuilder();
    all.append(String.join("\n", name, output, precision, sizes));
    modules.forEach(module -> all.append('\n').append(ContentHash.sha256(module.arrays())));
    return ContentHash.sha256(all.toString());
  }
}
