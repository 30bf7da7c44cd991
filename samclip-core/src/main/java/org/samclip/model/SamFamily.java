package org.samclip.model;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.samclip.checkpoint.HubConfig;
import org.samclip.checkpoint.HuggingFaceSamNames;
import org.samclip.checkpoint.SegmentAnythingNames;
import org.samclip.checkpoint.TensorSource;
import org.samclip.sam.Sam;

/** SAM with a plain ViT: image encoder, prompt encoder, mask decoder. */
public final class SamFamily implements ModelFamily<SamModel.Sizes, SamModel> {

  /** SAM of Meta's segment-anything. */
  static final WeightFormat SEGMENT_ANYTHING =
      new WeightFormat(
          "segment-anything",
          List.of(SegmentAnythingNames.SIGN),
          names -> SegmentAnythingNames.map());

  /** SAM of Hugging Face transformers. */
  static final WeightFormat HUGGING_FACE =
      new WeightFormat(
          "Hugging Face SAM", List.of(HuggingFaceSamNames.SIGN), HuggingFaceSamNames::map);

  private static final List<WeightFormat.Refusal> REFUSALS =
      List.of(
          new WeightFormat.Refusal("sam_mask_decoder.", "it is a SAM 2"),
          new WeightFormat.Refusal("memory_attention.", "it is a SAM 2"),
          new WeightFormat.Refusal("image_encoder.trunk.", "it is a SAM 2, on a Hiera"),
          new WeightFormat.Refusal(
              "vision_encoder.backbone.timm_model.", "it is an EdgeTAM of Hugging Face"),
          new WeightFormat.Refusal(
              "vision_encoder.backbone.embeddings.", "it is a SAM 3 of Hugging Face"),
          new WeightFormat.Refusal(
              "vision_encoder.backbone.", "it is a SAM 2 of Hugging Face, on a Hiera"),
          new WeightFormat.Refusal(
              "mask_decoder.hf_token", "it is an HQ-SAM, with a token of its own"),
          new WeightFormat.Refusal(
              "mask_decoder.hq_token", "it is an HQ-SAM of Hugging Face, with a token of its own"),
          new WeightFormat.Refusal(
              "image_encoder.patch_embed.seq.", "it is a MobileSAM, on a TinyViT"));

  private static final List<String> CONFIG = List.of("config.json");

  @Override
  public String kind() {
    return SamModel.KIND;
  }

  @Override
  public Class<SamModel.Sizes> sizesType() {
    return SamModel.Sizes.class;
  }

  @Override
  public Class<SamModel> modelType() {
    return SamModel.class;
  }

  @Override
  public List<WeightFormat> formats() {
    return List.of(SEGMENT_ANYTHING, HUGGING_FACE);
  }

  @Override
  public List<WeightFormat.Refusal> refusals() {
    return REFUSALS;
  }

  @Override
  public SamModel.Sizes sizes(TensorSource tensors, WeightFormat format, WeightsOptions options) {
    return SamSizes.of(tensors, decoderHeads(tensors.path()));
  }

  /** Hugging Face's config, which may also stand beside other formats. */
  private static OptionalInt decoderHeads(Path weights) {
    for (Path file : WeightsOptions.beside(weights, CONFIG)) {
      var json = HubConfig.json(file);
      if (json.path("model_type").asText().equals("sam")) {
        ConfigJson decoder =
            new ConfigJson(
                file.toString(), "mask_decoder_config", json.path("mask_decoder_config"));
        return OptionalInt.of(decoder.number("num_attention_heads", 8));
      }
    }
    return OptionalInt.empty();
  }

  @Override
  public Network<SamModel> build(SamModel.Sizes sizes) {
    Sam sam = new Sam(sizes.encoder(), sizes.samHead());
    return Network.of(sam, weights -> new SamModel(sam, sizes, weights.provenance()));
  }

  @Override
  public Optional<SamModel.Sizes> preset(Preset preset, Optional<SamModel.Sizes> own) {
    return Optional.of(new SamModel.Sizes(preset.encoder(), preset.samHead()));
  }
}
