package org.samclip.train.recipe;

import java.util.Collection;
import java.util.List;
import org.samclip.NearestName;
import org.samclip.eval.protocol.ComposeProtocol;
import org.samclip.eval.protocol.Protocol;
import org.samclip.eval.protocol.SemanticProtocol;

/**
 * What is measured after each stage, always on held-out data.
 *
 * @param split which sets the table is measured on: {@code test}, or {@code validation} while
 *     anything is still being chosen
 * @param data the test's sets; the embedded scenes bring their own
 * @param validation the validation's sets, which looks at a model in training use as well; the
 *     embedded scenes bring their own
 * @param maxImages at most this many images of each set; 0 means all
 * @param panels pictures drawn of the model after the last stage
 * @param protocols what is measured, by names of one's own
 */
public record EvaluationSpec(
    Split split,
    @Optional SetsSpec data,
    @Optional SetsSpec validation,
    int maxImages,
    int panels,
    ProtocolsSpec protocols) {

  /** Sets that share nothing. */
  public enum Split {
    /** For what is reported: measured once, by a recipe of which nothing is chosen any more. */
    TEST,
    /** For everything that is chosen. */
    VALIDATION
  }

  /**
   * Held-out sets on disk; those that are absent are not measured.
   *
   * @param classes root of class folders
   * @param classesTrain root of class folders, of the images that others are compared with
   * @param semantic folder of images, label maps and class list
   * @param instances COCO instances JSON
   * @param images folder of that JSON's images
   * @param heldout file of the names, one a line, of classes that no training image shows; they
   *     have columns of their own
   */
  public record SetsSpec(
      @Optional String classes,
      @Optional String classesTrain,
      @Optional String semantic,
      @Optional String instances,
      @Optional String images,
      @Optional String heldout) {

    /** No sets at all. */
    public static final SetsSpec NONE = new SetsSpec(null, null, null, null, null, null);

    /** Checks that instances come with their images. */
    public SetsSpec {
      Check.that(
          (instances == null) == (images == null),
          "images",
          images == null ? "missing" : "'" + images + "'",
          "the folder of the images of instances, and only with it");
      Check.that(
          heldout == null || classes != null || semantic != null,
          "heldout",
          "'" + heldout + "'",
          "names of classes or of semantic, and only with one of them");
    }
  }

  /** Checks counts. */
  public EvaluationSpec {
    Check.atLeast(0, "max_images", maxImages);
    Check.that(panels >= 0 && panels <= 1000, "panels", panels, "0 to 1000");
  }

  /**
   * @param images at most so many of each set; 0: all
   * @return what is cheap enough of it, at the first resolutions only, for a look at a model in
   *     training
   */
  public EvaluationSpec look(int images) {
    int most =
        images == 0 || maxImages == 0 ? Math.max(images, maxImages) : Math.min(images, maxImages);
    List<ProtocolSpec> cheap =
        protocols.entries().stream()
            .filter(entry -> entry.choice().protocol().isForLooks())
            .map(ProtocolSpec::atFirst)
            .toList();
    return new EvaluationSpec(split, data, validation, most, panels, new ProtocolsSpec(cheap));
  }

  /**
   * @return names of the teachers that some entry holds the student against, in the entries' order
   */
  public List<String> teachers() {
    return protocols.entries().stream().flatMap(e -> e.teacher().stream()).distinct().toList();
  }

  /**
   * @param protocol a class of protocols
   * @return the first entry of that protocol
   */
  public java.util.Optional<ProtocolSpec> first(Class<? extends Protocol<?>> protocol) {
    return protocols.entries().stream()
        .filter(entry -> protocol.isInstance(entry.choice().protocol()))
        .findFirst();
  }

  /**
   * @return whether there are the entries that pictures are drawn by
   */
  public boolean hasPictures() {
    return first(SemanticProtocol.class).isPresent() && first(ComposeProtocol.class).isPresent();
  }

  /**
   * Checks that the entries name teachers of the recipe, and sides that the student takes.
   *
   * @param known names of the teachers
   * @param model the student
   */
  void check(Collection<String> known) {
    for (ProtocolSpec entry : protocols.entries()) {
      String key = "evaluation.protocols." + entry.name();
      entry
          .teacher()
          .ifPresent(
              name ->
                  Check.that(
                      known.contains(name),
                      key + ".teacher",
                      "'" + name + "'",
                      String.join(", ", known) + "." + NearestName.hint(name, known)));
    }
  }
}
