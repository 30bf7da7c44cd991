package org.samclip.model;

import java.util.List;
import java.util.Optional;
import org.samclip.checkpoint.HuggingFaceClipNames;
import org.samclip.checkpoint.HuggingFaceSiglipNames;
import org.samclip.checkpoint.TensorSource;
import org.samclip.siglip.Siglip;
import org.samclip.siglip.SiglipConfig;
import org.samclip.siglip.SiglipSizes;
import org.samclip.text.TextSizes;

/** SigLIP, and SigLIP 2 of fixed resolution. */
public final class SiglipFamily implements ModelFamily<SiglipConfig, SiglipModel> {

  /** Both of Hugging Face transformers ({@code SiglipModel}). */
  static final WeightFormat HUGGING_FACE =
      new WeightFormat(
          "Hugging Face SigLIP",
          // A CLIP's sign as well, so that it is not taken for one.
          List.of(
              HuggingFaceSiglipNames.SIGN, HuggingFaceSiglipNames.BIAS, HuggingFaceClipNames.SIGN),
          names -> HuggingFaceSiglipNames.map());

  @Override
  public String kind() {
    return SiglipModel.KIND;
  }

  @Override
  public Class<SiglipConfig> sizesType() {
    return SiglipConfig.class;
  }

  @Override
  public Class<SiglipModel> modelType() {
    return SiglipModel.class;
  }

  @Override
  public Optional<Class<? extends TextSizes>> textSizes() {
    return Optional.of(SiglipConfig.Text.class);
  }

  @Override
  public List<WeightFormat> formats() {
    return List.of(HUGGING_FACE);
  }

  @Override
  public List<WeightFormat.Refusal> refusals() {
    return List.of(
        new WeightFormat.Refusal(
            HuggingFaceSiglipNames.SIGN,
            "it is the image tower of a SigLIP without its text tower"));
  }

  @Override
  public SiglipConfig sizes(TensorSource tensors, WeightFormat format, WeightsOptions options) {
    return SiglipSizes.of(tensors);
  }

  @Override
  public Network<SiglipModel> build(SiglipConfig sizes) {
    Siglip siglip = new Siglip(sizes);
    return Network.of(
        siglip,
        weights -> new SiglipModel(siglip, weights.tokenizer(sizes.text()), weights.provenance()));
  }
}
