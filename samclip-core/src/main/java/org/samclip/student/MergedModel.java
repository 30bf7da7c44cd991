package org.samclip.student;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.samclip.UserError;
import org.samclip.checkpoint.Provenance;
import org.samclip.kernel.Kernels;
import org.samclip.model.ImageInput;
import org.samclip.model.ImageOutput;
import org.samclip.model.TextAlignedModel;
import org.samclip.model.VisionModel;
import org.samclip.nn.Layer;
import org.samclip.nn.Module;
import org.samclip.nn.SizeLimits;
import org.samclip.text.TextSizes;

/**
 * A student that can be used, perhaps with a frozen text tower. What it can do depends on its heads
 * ({@link #as}): with a text tower it compares with texts, with a mask head it draws masks.
 *
 * <p>Outputs: of a text-aligned head {@code summary} and {@code spatial}, of unit length in the
 * texts' space; of a mask head {@link #NECK}; of every head its first output under the head's name,
 * the others under {@code NAME.OUTPUT}, as the head gives them.
 *
 * @param student backbone and heads
 * @param language the text side, if there is one
 * @param provenance where the weights come from, if the file says it
 */
public record MergedModel(
    Student student, Optional<Language> language, Optional<Provenance> provenance)
    implements VisionModel {

  /** Kind of a file that holds a merged model. */
  public static final String KIND = "samclip";

  /** Name of the output [B, N, h, w] that a mask decoder reads. */
  public static final String NECK = "neck";

  private static final String TEXT = "text.";

  /**
   * One of a head's outputs.
   *
   * @param head name of the head
   * @param output name of the output
   * @param unit whether it is brought to unit length
   */
  private record Source(String head, String output, boolean unit) {}

  /** Modules by what stands before their names in a file. */
  static Map<String, Module> modules(Student student, Optional<Layer> text) {
    Map<String, Module> modules = new LinkedHashMap<>();
    modules.put("", student);
    text.ifPresent(tower -> modules.put(TEXT, tower));
    return modules;
  }

  @Override
  public ImageInput input() {
    return student.config().backbone().input();
  }

  /** The head that speaks the text tower's language. */
  Optional<AlignedHead> alignedHead() {
    return language.map(own -> (AlignedHead) student.head(own.head()));
  }

  /** The head that draws masks. */
  Optional<MaskHead> maskHead() {
    return student.heads().values().stream()
        .filter(MaskHead.class::isInstance)
        .map(MaskHead.class::cast)
        .findFirst();
  }

  private Map<String, Source> sources() {
    Map<String, Source> sources = new LinkedHashMap<>();
    student
        .heads()
        .forEach(
            (name, head) -> {
              boolean first = true;
              for (String output : head.outputs().keySet()) {
                sources.put(first ? name : name + "." + output, new Source(name, output, false));
                first = false;
              }
              if (head instanceof MaskHead) {
                sources.put(NECK, new Source(name, MaskHead.EMBEDDING, false));
              }
            });
    language.ifPresent(
        own -> {
          sources.put(SUMMARY, new Source(own.head(), Head.SUMMARY, true));
          sources.put(SPATIAL, new Source(own.head(), Head.SPATIAL, false)); // is of unit length
        });
    return sources;
  }

  @Override
  public Map<String, ImageOutput> outputs() {
    Map<String, ImageOutput> outputs = new LinkedHashMap<>();
    sources()
        .forEach(
            (name, source) -> {
              HeadOutput of = student.head(source.head).outputs().get(source.output);
              outputs.put(
                  name,
                  new ImageOutput(
                      of.width(), of::row, images -> forward(images, Set.of(name)).get(name)));
            });
    return outputs;
  }

  @Override
  public Map<String, NDArray> forward(NDArray images, Set<String> names) {
    requireOutputs(names);
    Map<String, Source> sources = sources();
    Map<String, Set<String>> wanted = new LinkedHashMap<>();
    for (String name : names) {
      Source source = sources.get(name);
      wanted.computeIfAbsent(source.head, head -> new LinkedHashSet<>()).add(source.output);
    }
    Map<String, Map<String, NDArray>> results = student.forward(images, wanted);
    Map<String, NDArray> outputs = new LinkedHashMap<>();
    for (String name : names) {
      Source source = sources.get(name);
      NDArray output = results.get(source.head).get(source.output);
      outputs.put(name, source.unit ? Kernels.normalize(output) : output);
    }
    return outputs;
  }

  @Override
  public <C> Optional<C> as(Class<C> capability) {
    if (capability.isInstance(this)) {
      return Optional.of(capability.cast(this));
    }
    return MergedView.of(this).filter(capability::isInstance).map(capability::cast);
  }

  @Override
  public Optional<String> lacking(Class<?> capability) {
    List<String> missing = new ArrayList<>();
    if (TextAlignedModel.class.isAssignableFrom(capability) && language.isEmpty()) {
      missing.add("a text tower with a head that speaks its language, of kind " + ClipHead.KIND);
    }
    if (MergedView.drawsMasks(capability) && maskHead().isEmpty()) {
      missing.add("a head that draws masks, of kind " + MaskDecoderHead.KIND);
    }
    String heads = student.heads().isEmpty() ? "none" : String.join(", ", student.heads().keySet());
    return missing.isEmpty()
        ? Optional.empty()
        : Optional.of(String.join(" and ", missing) + "; its heads are: " + heads);
  }

  @Override
  public double operations(int side) {
    double heads =
        student.heads().values().stream().mapToDouble(head -> head.operations(side)).sum();
    return student.backbone().operations(side) + heads;
  }

  @Override
  public Block imageBlock() {
    return student;
  }

  @Override
  public Map<String, Module> modules() {
    return modules(student, language.map(own -> own.text().tower()));
  }

  @Override
  public Sizes sizes() {
    return new Sizes(
        student.config(),
        language.map(own -> new LanguageSizes(own.text().sizes(), own.head())).orElse(null));
  }

  /**
   * Sizes of a merged model.
   *
   * @param student backbone and heads
   * @param language the text side; or null
   */
  public record Sizes(StudentConfig student, LanguageSizes language) {
    public Sizes {
      SizeLimits.present("merged model", "student", student);
      if (language != null && !student.heads().containsKey(language.head())) {
        throw new UserError(
            "merged model: language.head \"%s\" is none of the heads; allowed: %s"
                .formatted(language.head(), String.join(", ", student.heads().keySet())));
      }
    }
  }

  /**
   * Sizes of the text side.
   *
   * @param text of the tower
   * @param head name of the head that speaks its language
   */
  public record LanguageSizes(TextSizes text, String head) {
    public LanguageSizes {
      SizeLimits.present("merged model", "language.text", text);
      SizeLimits.present("merged model", "language.head", head);
    }
  }
}
