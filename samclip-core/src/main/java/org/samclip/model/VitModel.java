package org.samclip.model;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.samclip.UserError;
import org.samclip.checkpoint.Provenance;
import org.samclip.nn.Module;
import org.samclip.nn.SizeLimits;
import org.samclip.vit.ImageFeatures;
import org.samclip.vit.VitConfig;
import org.samclip.vit.VitEncoder;

/**
 * A plain ViT, such as DINOv2 and DINOv3: a summary of the image and a feature for every patch.
 *
 * @param encoder the model
 * @param sizes of it, and what it takes
 * @param provenance where the weights come from, if the file says it
 */
public record VitModel(VitEncoder encoder, Sizes sizes, Optional<Provenance> provenance)
    implements VisionModel {

  /** Kind of a file that holds a plain ViT. */
  public static final String KIND = "vit";

  /**
   * What is known before the weights are read.
   *
   * @param encoder sizes of the network
   * @param side of the square image in pixels for which it was made
   * @param mean of the pixels, red, green, blue, 0 to 1
   * @param std of the pixels, red, green, blue, positive
   */
  public record Sizes(VitConfig encoder, int side, List<Double> mean, List<Double> std) {
    public Sizes {
      SizeLimits.present("ViT", "encoder", encoder);
      SizeLimits.present("ViT", "mean", mean);
      SizeLimits.present("ViT", "std", std);
      mean = List.copyOf(mean);
      std = List.copyOf(std);
      boolean three = mean.size() == 3 && std.size() == 3;
      if (!three || !std.stream().allMatch(s -> s > 0 && s < Double.MAX_VALUE)) {
        throw new UserError(
            "ViT: pixels of mean %s and deviation %s; allowed: three numbers each, deviations above 0"
                .formatted(mean, std));
      }
      if (side < encoder.patch() || side % encoder.patch() != 0) {
        throw new UserError(
            "ViT: images of %d pixels are not whole patches of %d"
                .formatted(side, encoder.patch()));
      }
    }

    /**
     * @return what such a network takes
     */
    public ImageInput input() {
      return ImageInput.ofUnits(side, encoder.patch(), numbers(mean), numbers(std));
    }

    private static double[] numbers(List<Double> values) {
      return values.stream().mapToDouble(Double::doubleValue).toArray();
    }
  }

  @Override
  public ImageInput input() {
    return sizes.input();
  }

  @Override
  public Map<String, ImageOutput> outputs() {
    VitConfig config = sizes.encoder();
    return Map.of(
        SUMMARY,
        ImageOutput.summary(config.width(), images -> encoder.features(images).summary()),
        SPATIAL,
        ImageOutput.spatial(
            config.width(), config.patch(), images -> encoder.features(images).spatial()));
  }

  @Override
  public Map<String, NDArray> forward(NDArray images, Set<String> names) {
    requireOutputs(names);
    ImageFeatures features = encoder.features(images);
    Map<String, NDArray> outputs = new LinkedHashMap<>();
    for (String name : names) {
      outputs.put(name, name.equals(SUMMARY) ? features.summary() : features.spatial());
    }
    return outputs;
  }

  @Override
  public Block imageBlock() {
    return encoder;
  }

  @Override
  public Map<String, Module> modules() {
    return Map.of("", encoder);
  }
}
