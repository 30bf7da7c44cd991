package org.samclip.model;

/** The part of a model to which a tensor belongs, for tables. */
final class ModelParts {

  private ModelParts() {}

  /**
   * @param kind of the model
   * @param name of a tensor of ours
   * @return {@code image_encoder}, {@code visual}, {@code text} and so on
   */
  static String of(String kind, String name) {
    if (kind.equals(ModelFile.CLIP) && !name.startsWith("visual.") && !name.equals("logit_scale")) {
      return "text"; // its names carry no prefix
    }
    int dot = name.indexOf('.');
    return dot < 0 ? name : name.substring(0, dot);
  }
}
