package org.samclip.eval;

import ai.djl.Device;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import java.util.Map;
import java.util.Optional;
import org.samclip.checkpoint.Provenance;
import org.samclip.model.ImageInput;
import org.samclip.model.ImageOutput;
import org.samclip.model.VisionModel;
import org.samclip.nn.Module;

/**
 * A model without weights: an image is its mean red, green, blue, from 0 to 1; its output "blind"
 * is the same for all.
 *
 * @param side of the input, a multiple of 4
 */
public record ColourVision(int side) implements VisionModel {

  @Override
  public Record sizes() {
    return this;
  }

  @Override
  public ImageInput input() {
    return ImageInput.ofUnits(side, 4, new double[] {0, 0, 0}, new double[] {1, 1, 1});
  }

  @Override
  public Map<String, ImageOutput> outputs() {
    return Map.of(
        SUMMARY,
        ImageOutput.summary(3, images -> images.mean(new int[] {3}).mean(new int[] {2})),
        "blind",
        ImageOutput.summary(
            3, images -> images.mean(new int[] {3}).mean(new int[] {2}).mul(0).add(1)),
        SPATIAL,
        ImageOutput.spatial(3, 1, images -> images));
  }

  @Override
  public Block imageBlock() {
    return Blocks.identityBlock();
  }

  @Override
  public Map<String, Module> modules() {
    return Map.of();
  }

  @Override
  public Optional<Provenance> provenance() {
    return Optional.empty();
  }

  @Override
  public Device device() {
    return Device.cpu();
  }
}
