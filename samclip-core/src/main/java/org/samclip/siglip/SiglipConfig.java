package org.samclip.siglip;

import java.nio.file.Path;
import java.util.List;
import org.samclip.UserError;
import org.samclip.nn.SizeLimits;
import org.samclip.text.TextSizes;
import org.samclip.vit.BlockConfig;
import org.samclip.vit.Positions;
import org.samclip.vit.VitConfig;

/**
 * Sizes of a SigLIP.
 *
 * @param vision the image tower
 * @param text the text tower
 */
public record SiglipConfig(VitConfig vision, Text text) {

  private static final String PART = "SigLIP text";

  public SiglipConfig {
    SizeLimits.present("SigLIP", "vision", vision);
    SizeLimits.present("SigLIP", "text", text);
    if (!(vision.positions() instanceof Positions.Learned)) {
      throw new UserError(
          "SigLIP: positions of its patches are learned, not " + vision.positions());
    }
    if (vision.summary() != VitConfig.Summary.ATTENTION) {
      throw new UserError("SigLIP: its images are pooled by attention, not " + vision.summary());
    }
    if (text.projection() != vision.width()) {
      throw new UserError(
          "SigLIP: texts are projected to %d channels, images have %d"
              .formatted(text.projection(), vision.width()));
    }
  }

  /**
   * @param contextLength T, tokens of a text
   * @param vocabSize number of token ids
   * @param depth number of blocks
   * @param block the blocks' sizes
   * @param projection E, width of the shared space
   */
  public record Text(int contextLength, int vocabSize, int depth, BlockConfig block, int projection)
      implements TextSizes {
    public Text {
      SizeLimits.present(PART, "block", block);
      SizeLimits.check(PART, "context_length", contextLength, 1, SizeLimits.CONTEXT);
      SizeLimits.check(PART, "vocab_size", vocabSize, 1, SizeLimits.VOCABULARY);
      SizeLimits.check(PART, "depth", depth, 1, SizeLimits.DEPTH);
      SizeLimits.check(PART, "projection", projection, 1, SizeLimits.WIDTH);
    }

    @Override
    public int space() {
      return projection;
    }

    @Override
    public TextTower build() {
      return new TextTower(this);
    }

    @Override
    public List<String> tokenizerFiles() {
      return List.of("tokenizer.json", "spiece.model");
    }

    @Override
    public SiglipTokenizer tokenizer(Path file) {
      return SiglipTokenizer.read(file, contextLength, vocabSize);
    }

    @Override
    public SiglipTokenizer tokenizer(String json) {
      return new SiglipTokenizer(json, contextLength, vocabSize);
    }
  }
}
