package org.samclip.model;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.samclip.checkpoint.HuggingFaceClipNames;
import org.samclip.checkpoint.OpenClipNames;
import org.samclip.checkpoint.TensorSource;
import org.samclip.clip.Clip;
import org.samclip.clip.ClipConfig;
import org.samclip.clip.ClipText;
import org.samclip.text.TextSizes;

/** CLIP with two plain transformers. */
public final class ClipFamily implements ModelFamily<ClipConfig, ClipModel> {

  /** CLIP of OpenAI, whose archives hold three numbers beside the weights. */
  static final WeightFormat OPENAI =
      new WeightFormat(
          "OpenAI CLIP",
          Stream.concat(Stream.of(OpenClipNames.SIGN), OpenClipNames.OPENAI_SIGNS.stream())
              .toList(),
          names -> OpenClipNames.map());

  /** CLIP of open_clip. */
  static final WeightFormat OPEN_CLIP =
      new WeightFormat("OpenCLIP", List.of(OpenClipNames.SIGN), names -> OpenClipNames.map());

  /** CLIP of Hugging Face transformers. */
  static final WeightFormat HUGGING_FACE =
      new WeightFormat(
          "Hugging Face CLIP",
          List.of(HuggingFaceClipNames.SIGN),
          names -> HuggingFaceClipNames.map());

  private static final List<WeightFormat.Refusal> REFUSALS =
      List.of(
          new WeightFormat.Refusal("visual.trunk.", "its image tower is a timm model"),
          new WeightFormat.Refusal("text_decoder.", "it is a CoCa with a text decoder"),
          new WeightFormat.Refusal("visual.attn_pool", "its image tower pools by attention (CoCa)"),
          new WeightFormat.Refusal("visual.attnpool.", "its image tower is a ResNet"),
          new WeightFormat.Refusal("visual.layer1.", "its image tower is a ResNet"),
          new WeightFormat.Refusal(".ls_1.", "its blocks have LayerScale (ls_1)"),
          new WeightFormat.Refusal(
              "logit_bias", "it is a SigLIP, trained with a sigmoid loss (logit_bias)"),
          new WeightFormat.Refusal(
              "text.transformer.embeddings.", "its text tower is a Hugging Face model"),
          new WeightFormat.Refusal(
              "text.transformer.encoder.", "its text tower is a Hugging Face model"),
          new WeightFormat.Refusal(
              "text.transformer.shared.", "its text tower is a Hugging Face model"),
          new WeightFormat.Refusal("text.cls_emb", "its text tower has a class token (CoCa)"),
          new WeightFormat.Refusal("text_model.roberta.", "its text tower is a RoBERTa"),
          new WeightFormat.Refusal("visual.blocks.", "its image tower is an EVA or timm model"));

  @Override
  public String kind() {
    return ClipModel.KIND;
  }

  @Override
  public Class<ClipConfig> sizesType() {
    return ClipConfig.class;
  }

  @Override
  public Class<ClipModel> modelType() {
    return ClipModel.class;
  }

  @Override
  public Optional<Class<? extends TextSizes>> textSizes() {
    return Optional.of(ClipText.class);
  }

  @Override
  public List<WeightFormat> formats() {
    return List.of(OPENAI, OPEN_CLIP, HUGGING_FACE);
  }

  @Override
  public List<WeightFormat.Refusal> refusals() {
    return REFUSALS;
  }

  @Override
  public ClipConfig sizes(TensorSource tensors, WeightFormat format, WeightsOptions options) {
    return ClipSizes.of(tensors, format, options.description(tensors.path()));
  }

  @Override
  public Network<ClipModel> build(ClipConfig sizes) {
    Clip clip = new Clip(sizes);
    return Network.of(
        clip,
        weights -> new ClipModel(clip, weights.tokenizer(sizes.textSide()), weights.provenance()));
  }

  /** The text tower's names carry no prefix. */
  @Override
  public String part(String tensor) {
    boolean ofText = !tensor.startsWith("visual.") && !tensor.equals("logit_scale");
    return ofText ? "text" : ModelFamily.firstName(tensor);
  }
}
