package org.samclip.vit;

import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.samclip.checkpoint.HuggingFaceDinov2Names;
import org.samclip.checkpoint.HuggingFaceDinov3Names;
import org.samclip.checkpoint.KeyMap;
import org.samclip.checkpoint.PlainVitNames;

/** A public format of a plain ViT's weights. */
public enum VitFormat {
  /** DINOv2 of Hugging Face transformers, with or without registers. */
  HUGGING_FACE_DINOV2(
      "Hugging Face DINOv2", HuggingFaceDinov2Names.SIGNS, names -> HuggingFaceDinov2Names.map()),
  /** DINOv3 of Hugging Face transformers. */
  HUGGING_FACE_DINOV3(
      "Hugging Face DINOv3", HuggingFaceDinov3Names.SIGNS, HuggingFaceDinov3Names::map),
  /** DINOv2 of facebookresearch. */
  DINOV2(
      "DINOv2",
      List.of(PlainVitNames.SIGN, PlainVitNames.DINOV2_SIGN),
      names -> PlainVitNames.map()),
  /** A plain ViT of timm, {@code vit_*}. */
  TIMM("timm ViT", List.of(PlainVitNames.SIGN), names -> PlainVitNames.map());

  private final String label;
  private final List<String> signs;
  private final Function<Set<String>, KeyMap> names;

  VitFormat(String label, List<String> signs, Function<Set<String>, KeyMap> names) {
    this.label = label;
    this.signs = signs;
    this.names = names;
  }

  /**
   * @return its name for people
   */
  public String label() {
    return label;
  }

  /**
   * @return tensors that every such file has
   */
  public List<String> ownSigns() {
    return signs;
  }

  /**
   * @param file names in a file of this format
   * @return from these names to ours
   */
  public KeyMap names(Set<String> file) {
    return names.apply(file);
  }
}
