package org.samclip.train.student;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.samclip.NearestName;
import org.samclip.UserError;
import org.samclip.checkpoint.ParameterLoader;
import org.samclip.checkpoint.Provenance;
import org.samclip.model.ImageOutput;
import org.samclip.model.VisionModel;
import org.samclip.nn.Module;
import org.samclip.student.BackboneConfig;
import org.samclip.student.HeadConfig;
import org.samclip.student.Kind.Found;
import org.samclip.student.Language;
import org.samclip.student.MergedModel;
import org.samclip.student.Parts;
import org.samclip.student.Student;
import org.samclip.student.StudentConfig;
import org.samclip.student.VitBackboneConfig;
import org.samclip.student.VitDetBackboneConfig;
import org.samclip.train.recipe.BackboneSpec;
import org.samclip.train.recipe.HeadSpec;
import org.samclip.train.recipe.StudentSpec;
import org.samclip.train.teacher.Teachers;

/**
 * Makes a recipe's student.
 *
 * @param spec what it is
 * @param teachers from which it may start; with memory if weights are wanted
 */
public record StudentBuilder(StudentSpec spec, Teachers teachers) {

  private static final String KEY = "student.";

  /**
   * @return its sizes
   * @throws UserError if a teacher has not what is to be taken from it, or parts do not fit
   */
  public StudentConfig config() {
    Map<String, HeadConfig> heads = new LinkedHashMap<>();
    spec.heads().forEach((name, head) -> heads.put(name, head(name, head)));
    return new StudentConfig(backbone(), heads);
  }

  /**
   * @return the student without memory
   * @throws UserError as {@link #config}
   */
  public Student sized() {
    Student student = new Student(config());
    spec.heads()
        .forEach(
            (name, head) -> {
              Collection<String> known = student.head(name).inits();
              if (head.init() != null && !known.contains(head.init())) {
                throw new UserError(
                    "'%sheads.%s.init' is '%s'; allowed: %s.%s"
                        .formatted(
                            KEY,
                            name,
                            head.init(),
                            known.isEmpty()
                                ? "nothing, as a head of kind "
                                    + head.kind()
                                    + " has no choice of it"
                                : String.join(", ", known),
                            NearestName.hint(head.init(), known)));
              }
            });
    return student;
  }

  /**
   * @return the student without memory, with the text tower that it keeps
   * @throws UserError as {@link #config}
   */
  public MergedModel model() {
    return new MergedModel(sized(), language(), Optional.empty());
  }

  private BackboneConfig backbone() {
    BackboneSpec backbone = spec.backbone();
    if (backbone.vit() != null) {
      return new VitBackboneConfig(backbone.vit().sizes());
    }
    BackboneConfig stated =
        backbone.preset() == null ? null : new VitDetBackboneConfig(backbone.encoder());
    if (backbone.from() == null) {
      return stated;
    }
    BackboneConfig found = foundBackbone().config();
    if (stated != null && !stated.equals(found)) {
      throw new UserError(
          KEY
              + "backbone: the sizes differ from those of teachers."
              + backbone.from()
              + ", from which it starts: "
              + stated
              + " against "
              + found
              + "; leave out preset and what changes it, or set them to the teacher's");
    }
    return found;
  }

  private Found<? extends BackboneConfig> foundBackbone() {
    String from = spec.backbone().from();
    return Parts.backbone(teachers.model(from))
        .orElseThrow(
            () ->
                new UserError(
                    "'%sbackbone.from' is '%s', which has no encoder that a student can have;"
                            .formatted(KEY, from)
                        + " allowed: a SAM, a plain ViT such as DINOv2, or a merged model"));
  }

  private HeadConfig head(String name, HeadSpec head) {
    String key = KEY + "heads." + name;
    if (head.from() != null) {
      return foundHead(name, head).config();
    }
    return Parts.head(
        key, head.kind(), head.section(), head.to() == null ? null : width(key, head));
  }

  private int width(String key, HeadSpec head) {
    VisionModel teacher = teachers.model(head.to().owner());
    ImageOutput output = teacher.outputs().get(head.to().output());
    if (output == null) {
      Set<String> known = new TreeSet<>(teacher.outputs().keySet());
      throw new UserError(
          "'%s.to' is '%s'; allowed: an output of %s: %s.%s"
              .formatted(
                  key,
                  head.to(),
                  head.to().owner(),
                  String.join(", ", known),
                  NearestName.hint(head.to().output(), known)));
    }
    return output.width();
  }

  private Found<? extends HeadConfig> foundHead(String name, HeadSpec head) {
    return Parts.head(teachers.model(head.from()), name, head.kind())
        .orElseThrow(
            () ->
                new UserError(
                    "'%sheads.%s.from' is '%s', which has no head of kind %s; allowed: a teacher"
                            .formatted(KEY, name, head.from(), head.kind())
                        + " that has one, or a fresh head, with 'to' in place of 'from'"));
  }

  /** The text tower that the model keeps. */
  private Optional<Language> language() {
    if (spec.text() == null) {
      return Optional.empty();
    }
    String from = spec.text().from();
    return Optional.of(
        Language.of(teachers.model(from), spec.text().head())
            .orElseThrow(
                () ->
                    new UserError(
                        "'%stext.from' is '%s', which has no text tower; allowed: a CLIP or SigLIP"
                                .formatted(KEY, from)
                            + " with its tokenizer, or no 'text'")));
  }

  /**
   * The student as training begins.
   *
   * @param manager owns the parameters
   * @param seed of fresh weights
   * @param provenance of the model
   * @return the model
   */
  public MergedModel start(NDManager manager, long seed, Provenance provenance) {
    Student student = sized();
    student.initialize(manager, seed);
    if (spec.backbone().from() != null) {
      copy(KEY + "backbone", foundBackbone().modules(), List.of(student.backbone().module()));
    }
    spec.heads()
        .forEach(
            (name, head) -> {
              if (head.from() != null) {
                copy(
                    KEY + "heads." + name,
                    foundHead(name, head).modules(),
                    Parts.modules(name, student.head(name)));
              }
              if (head.init() != null) {
                student.head(name).start(head.init(), student.backbone());
              }
            });
    return new MergedModel(student, language(), Optional.of(provenance));
  }

  /** A mask decoder's own neck, which comes last, stays fresh where the teacher's head has none. */
  private static void copy(String key, List<Module> from, List<Module> to) {
    for (int i = 0; i < Math.min(from.size(), to.size()); i++) {
      Map<String, NDArray> source = from.get(i).arrays();
      to.get(i)
          .arrays()
          .forEach(
              (name, array) -> {
                NDArray given = source.get(name);
                if (!given.getShape().equals(array.getShape())) {
                  throw new UserError(
                      "%s.from: %s is %s there and %s here, as the backbones differ; leave out from for fresh weights"
                          .formatted(key, name, given.getShape(), array.getShape()));
                }
                ParameterLoader.copyInPlace(given, array);
              });
    }
  }
}
