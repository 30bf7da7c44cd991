package org.samclip.student;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.samclip.UserError;
import org.samclip.model.Architecture;
import org.samclip.model.VisionModel;
import org.samclip.nn.Module;

/** Parts of students by their kinds: sizes from JSON, and what models have of them. */
public final class Parts {

  private Parts() {}

  /**
   * @return the kinds of heads on the class path
   */
  public static Collection<String> headKinds() {
    return Kinds.heads().names();
  }

  /**
   * @param kind of a head
   * @return the key of its sizes that says how wide its outputs are, if there is one
   * @throws UserError if there is no such kind
   */
  public static Optional<String> widthKey(String kind) {
    return Kinds.heads().named(kind).widthKey();
  }

  /**
   * @param what is read, for messages
   * @param kind of a head
   * @param sizes its keys, without the kind
   * @param width of its outputs, for the key of {@link #widthKey}; null: the sizes have it
   * @return its sizes
   * @throws UserError if there is no such kind, or the sizes are not those of such a head
   */
  public static HeadConfig head(String what, String kind, ObjectNode sizes, Integer width) {
    ObjectNode all = sizes.deepCopy();
    if (width != null) {
      all.put(widthKey(kind).orElseThrow(), width);
    }
    all.put("kind", kind);
    return Architecture.read(what, all, HeadConfig.class);
  }

  /**
   * @param model any
   * @return the backbone that a student can start from, if the model has one
   */
  public static Optional<Kind.Found<? extends BackboneConfig>> backbone(VisionModel model) {
    if (model.as(MergedModel.class).isPresent()) {
      Student student = model.as(MergedModel.class).get().student();
      return Optional.of(
          new Kind.Found<>(student.config().backbone(), List.of(student.backbone().module())));
    }
    return Kinds.backbones().all().stream()
        .<Optional<? extends Kind.Found<? extends BackboneConfig>>>map(kind -> kind.in(model))
        .flatMap(Optional::stream)
        .findFirst()
        .map(found -> (Kind.Found<? extends BackboneConfig>) found);
  }

  /**
   * @param model any
   * @param name of the head, in a model that has heads of names
   * @param kind of the head
   * @return the head that a student's can start from, if the model has one
   */
  public static Optional<Kind.Found<? extends HeadConfig>> head(
      VisionModel model, String name, String kind) {
    if (model.as(MergedModel.class).isPresent()) {
      Student student = model.as(MergedModel.class).get().student();
      return student.heads().entrySet().stream()
          .filter(entry -> entry.getValue().kind().equals(kind))
          .sorted(Comparator.comparing(entry -> !entry.getKey().equals(name)))
          .findFirst()
          .map(
              entry ->
                  new Kind.Found<>(
                      student.config().heads().get(entry.getKey()),
                      modules(entry.getKey(), entry.getValue())));
    }
    return found(Kinds.heads().named(kind), model);
  }

  private static <C extends Record & HeadConfig> Optional<Kind.Found<? extends HeadConfig>> found(
      HeadKind<C> kind, VisionModel model) {
    return kind.in(model).map(found -> found);
  }

  /**
   * @param name of a head
   * @param head of a student
   * @return its modules, in the order of {@link Kind.Found#modules}
   */
  public static List<Module> modules(String name, Head head) {
    return List.copyOf(head.parts(name).values());
  }
}
