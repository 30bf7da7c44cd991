package org.samclip.model;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.samclip.UserError;
import org.samclip.checkpoint.HuggingFaceClipNames;
import org.samclip.checkpoint.HuggingFaceSamNames;
import org.samclip.checkpoint.KeyMap;
import org.samclip.checkpoint.OpenClipNames;
import org.samclip.checkpoint.Printable;
import org.samclip.checkpoint.SegmentAnythingNames;
import org.samclip.checkpoint.TensorSource;

/** A public format of weights, told by the tensors' names. */
public enum WeightFormat {
  /** SAM of Meta's segment-anything. */
  SEGMENT_ANYTHING(
      ModelFile.SAM,
      "segment-anything",
      List.of(SegmentAnythingNames.SIGN),
      names -> SegmentAnythingNames.map()),
  /** SAM of Hugging Face transformers. */
  HUGGING_FACE_SAM(
      ModelFile.SAM,
      "Hugging Face SAM",
      List.of(HuggingFaceSamNames.SIGN),
      HuggingFaceSamNames::map),
  /** CLIP of OpenAI, whose archives hold three numbers beside the weights. */
  OPENAI_CLIP(
      ModelFile.CLIP,
      "OpenAI CLIP",
      Stream.concat(Stream.of(OpenClipNames.SIGN), OpenClipNames.OPENAI_SIGNS.stream()).toList(),
      names -> OpenClipNames.map()),
  /** CLIP of open_clip. */
  OPEN_CLIP(ModelFile.CLIP, "OpenCLIP", List.of(OpenClipNames.SIGN), names -> OpenClipNames.map()),
  /** CLIP of Hugging Face transformers. */
  HUGGING_FACE_CLIP(
      ModelFile.CLIP,
      "Hugging Face CLIP",
      List.of(HuggingFaceClipNames.SIGN),
      names -> HuggingFaceClipNames.map());

  private final String kind;
  private final String label;
  private final List<String> signs;
  private final Function<Set<String>, KeyMap> names;

  /** All signs are tensors of every such file; the first is enough to look for one. */
  WeightFormat(String kind, String label, List<String> signs, Function<Set<String>, KeyMap> names) {
    this.kind = kind;
    this.label = label;
    this.signs = signs;
    this.names = names;
  }

  /** Models that look near, each told by a part of a name, with what keeps them out. */
  private record Refusal(String sign, String cause) {}

  private static final List<Refusal> REFUSALS =
      List.of(
          new Refusal("visual.trunk.", "its image tower is a timm model"),
          new Refusal("text_decoder.", "it is a CoCa with a text decoder"),
          new Refusal("visual.attn_pool", "its image tower pools by attention (CoCa)"),
          new Refusal("visual.attnpool.", "its image tower is a ResNet"),
          new Refusal("visual.layer1.", "its image tower is a ResNet"),
          new Refusal(".ls_1.", "its blocks have LayerScale (ls_1)"),
          new Refusal("vision_model.head.probe", "it is a SigLIP"),
          new Refusal("logit_bias", "it is a SigLIP, trained with a sigmoid loss (logit_bias)"),
          new Refusal("text.transformer.embeddings.", "its text tower is a Hugging Face model"),
          new Refusal("text.transformer.encoder.", "its text tower is a Hugging Face model"),
          new Refusal("text.transformer.shared.", "its text tower is a Hugging Face model"),
          new Refusal("text.cls_emb", "its text tower has a class token (CoCa)"),
          new Refusal("text_model.roberta.", "its text tower is a RoBERTa"),
          new Refusal("visual.blocks.", "its image tower is an EVA or timm model"),
          new Refusal("sam_mask_decoder.", "it is a SAM 2"),
          new Refusal("memory_attention.", "it is a SAM 2"),
          new Refusal("image_encoder.trunk.", "it is a SAM 2, on a Hiera"),
          new Refusal("vision_encoder.backbone.timm_model.", "it is an EdgeTAM of Hugging Face"),
          new Refusal("vision_encoder.backbone.embeddings.", "it is a SAM 3 of Hugging Face"),
          new Refusal("vision_encoder.backbone.", "it is a SAM 2 of Hugging Face, on a Hiera"),
          new Refusal("mask_decoder.hf_token", "it is an HQ-SAM, with a token of its own"),
          new Refusal(
              "mask_decoder.hq_token", "it is an HQ-SAM of Hugging Face, with a token of its own"),
          new Refusal("image_encoder.patch_embed.seq.", "it is a MobileSAM, on a TinyViT"));

  /**
   * @param source an open checkpoint that samclip did not write
   * @return its format
   * @throws UserError if it is of none, or of a model that cannot be represented
   */
  public static WeightFormat of(TensorSource source) {
    Set<String> names = new LinkedHashSet<>(source.names());
    names.addAll(source.unread().keySet()); // a model is told by a tensor that is not read, too
    for (Refusal refusal : REFUSALS) {
      Optional<String> found = names.stream().filter(n -> n.contains(refusal.sign)).findFirst();
      if (found.isPresent()) {
        throw new UserError(
            "%s: this model cannot be read: %s, as its tensor %s tells; read are SAM (ViT-B, L, H) and CLIP with two plain transformers"
                .formatted(source.path(), refusal.cause, Printable.of(found.get())));
      }
    }
    return Arrays.stream(values())
        .filter(format -> names.containsAll(format.signs))
        .findFirst()
        .orElseThrow(
            () ->
                new UserError(
                    "%s: the metadata and the tensors' names do not say what the weights are (the first tensors are %s); read are samclip's own files, SAM of segment-anything and of Hugging Face, and CLIP of OpenAI, open_clip and Hugging Face"
                        .formatted(source.path(), first(names))));
  }

  /**
   * @return tensors, of which each model that is read has one
   */
  public static Set<String> signs() {
    return Arrays.stream(values()).map(format -> format.signs.get(0)).collect(Collectors.toSet());
  }

  private static String first(Set<String> names) {
    return String.join(", ", names.stream().limit(3).map(Printable::of).toList());
  }

  /**
   * @param source an open checkpoint of this format, which the result closes
   * @return the same tensors under our names
   */
  public TensorSource renamed(TensorSource source) {
    return names.apply(source.names()).apply(source);
  }

  /**
   * @return {@link ModelFile#SAM} or {@link ModelFile#CLIP}
   */
  public String kind() {
    return kind;
  }

  /**
   * @return its name for people
   */
  public String label() {
    return label;
  }
}
