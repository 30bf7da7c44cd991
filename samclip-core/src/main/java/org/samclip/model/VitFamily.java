package org.samclip.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.samclip.UserError;
import org.samclip.checkpoint.HubConfig;
import org.samclip.checkpoint.TensorSource;
import org.samclip.vit.Positions;
import org.samclip.vit.VitConfig;
import org.samclip.vit.VitEncoder;
import org.samclip.vit.VitFormat;
import org.samclip.vit.VitSizes;

/** Plain ViTs: DINOv2 and DINOv3 of Hugging Face, DINOv2 of facebookresearch, ViTs of timm. */
public final class VitFamily implements ModelFamily<VitModel.Sizes, VitModel> {

  private static final Map<WeightFormat, VitFormat> FORMATS = formatsOfVit();

  /** ImageNet's, with which DINOv2 and DINOv3 were trained. */
  private static final List<Double> MEAN = List.of(.485, .456, .406);

  private static final List<Double> STD = List.of(.229, .224, .225);

  /** Side for which a ViT without learned positions was made, nearly: DINOv3's. */
  private static final int SIDE = 224;

  /** Where timm's config says how images were normalised. */
  private static final String TIMM = "pretrained_cfg";

  private static Map<WeightFormat, VitFormat> formatsOfVit() {
    Map<WeightFormat, VitFormat> formats = new LinkedHashMap<>();
    for (VitFormat format : VitFormat.values()) {
      // The plain names of blocks stand within SAM's encoder and others as well.
      boolean ofHub =
          format == VitFormat.HUGGING_FACE_DINOV2 || format == VitFormat.HUGGING_FACE_DINOV3;
      formats.put(
          new WeightFormat(format.label(), format.ownSigns(), format::names, ofHub), format);
    }
    return formats;
  }

  @Override
  public String kind() {
    return VitModel.KIND;
  }

  @Override
  public Class<VitModel.Sizes> sizesType() {
    return VitModel.Sizes.class;
  }

  @Override
  public Class<VitModel> modelType() {
    return VitModel.class;
  }

  @Override
  public List<WeightFormat> formats() {
    return List.copyOf(FORMATS.keySet());
  }

  @Override
  public VitModel.Sizes sizes(TensorSource tensors, WeightFormat format, WeightsOptions options) {
    VitFormat own = FORMATS.get(format);
    VitConfig config = VitSizes.of(tensors, own);
    int side =
        config.positions() instanceof Positions.Learned learned
            ? learned.grid() * config.patch()
            : SIDE / config.patch() * config.patch();
    if (own != VitFormat.TIMM) {
      return new VitModel.Sizes(config, side, MEAN, STD);
    }
    Path file = tensors.path();
    Optional<HubConfig> beside = HubConfig.beside(file).filter(found -> found.has(TIMM));
    HubConfig timm =
        beside
            .orElseThrow(
                () ->
                    new UserError(
                        "%s: timm's models differ in how pixels are normalised; put its config.json with %s.mean and %s.std beside it"
                            .formatted(file, TIMM, TIMM)))
            .part(TIMM);
    return new VitModel.Sizes(config, side, three(timm, "mean"), three(timm, "std"));
  }

  private static List<Double> three(HubConfig config, String key) {
    List<Double> values = new ArrayList<>();
    JsonNode found = config.values().path(key);
    found.forEach(value -> values.add(value.isNumber() ? value.asDouble() : Double.NaN));
    if (values.size() != 3 || values.contains(Double.NaN)) {
      throw new UserError(
          "%s: %s%s is %s; allowed: three numbers"
              .formatted(config.file(), config.part(), key, found));
    }
    return values;
  }

  @Override
  public Network<VitModel> build(VitModel.Sizes sizes) {
    VitEncoder encoder = new VitEncoder(sizes.encoder());
    return Network.of(encoder, weights -> new VitModel(encoder, sizes, weights.provenance()));
  }
}
