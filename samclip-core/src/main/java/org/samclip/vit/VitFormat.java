package org.samclip.vit;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.samclip.checkpoint.HuggingFaceDinov2Names;
import org.samclip.checkpoint.HuggingFaceDinov3Names;
import org.samclip.checkpoint.KeyMap;
import org.samclip.checkpoint.PlainVitNames;
import org.samclip.checkpoint.TensorSource;

/** A public format of a plain ViT's weights, told by the tensors' names. */
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

  /** SAM's encoder has the same blocks, but for these. */
  private static final String OF_SAM = "blocks.0.attn.rel_pos_h";

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

  /**
   * @return tensors, of which each model that is read has one
   */
  public static Set<String> signs() {
    return Arrays.stream(values())
        .map(format -> format.signs.get(0))
        .collect(Collectors.toCollection(LinkedHashSet::new));
  }

  /**
   * @param source an open checkpoint
   * @return its format; empty if it is of none
   */
  public static Optional<VitFormat> of(TensorSource source) {
    Set<String> names = source.names();
    return Stream.of(values())
        .filter(format -> names.containsAll(format.signs) && !names.contains(OF_SAM))
        .findFirst();
  }

  /**
   * @param source an open checkpoint of this format, which the result closes
   * @return the same tensors under our names
   */
  public TensorSource renamed(TensorSource source) {
    return names.apply(source.names()).apply(source);
  }
}
