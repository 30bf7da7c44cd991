package org.samclip.model;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.samclip.UserError;
import org.samclip.sam.SamHeadConfig;
import org.samclip.vitdet.ViTDetConfig;

/** Named sizes: the three of SAM (segment-anything, build_sam.py) and one for the quickstart. */
public enum Preset {
  /** 128 px, patch 8: the embedded quickstart, on a laptop's CPU. */
  TINY(
      "tiny",
      new ViTDetConfig(8, 16, 128, 4, 4, 4, 4, List.of(1, 3), 64),
      new SamHeadConfig(64, 4, 2, 128, 16, 3, 3, 64)),
  /** SAM ViT-B, the paper's base. */
  VIT_B("vit-b", sam(768, 12, 12, List.of(2, 5, 8, 11)), SamHeadConfig.standard()),
  /** SAM ViT-L. */
  VIT_L("vit-l", sam(1024, 24, 16, List.of(5, 11, 17, 23)), SamHeadConfig.standard()),
  /** SAM ViT-H. */
  VIT_H("vit-h", sam(1280, 32, 16, List.of(7, 15, 23, 31)), SamHeadConfig.standard());

  private final String label;
  private final ViTDetConfig encoder;
  private final SamHeadConfig samHead;

  Preset(String label, ViTDetConfig encoder, SamHeadConfig samHead) {
    this.label = label;
    this.encoder = encoder;
    this.samHead = samHead;
  }

  private static ViTDetConfig sam(int width, int depth, int heads, List<Integer> global) {
    return new ViTDetConfig(16, 64, width, depth, heads, 4, 14, global, 256);
  }

  /**
   * @param label {@code tiny}, {@code vit-b}, {@code vit-l} or {@code vit-h}
   * @return the preset
   * @throws UserError if there is none of that name
   */
  public static Preset of(String label) {
    return Arrays.stream(values())
        .filter(preset -> preset.label.equals(label))
        .findFirst()
        .orElseThrow(
            () ->
                new UserError(
                    "preset: \""
                        + label
                        + "\" is unknown; allowed: "
                        + Arrays.stream(values())
                            .map(Preset::label)
                            .collect(Collectors.joining(", "))));
  }

  /**
   * @return the name in configs
   */
  public String label() {
    return label;
  }

  /**
   * @return sizes of the backbone
   */
  public ViTDetConfig encoder() {
    return encoder;
  }

  /**
   * @return sizes of SAM's head
   */
  public SamHeadConfig samHead() {
    return samHead;
  }
}
