package org.samclip.clip;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.samclip.UserError;
import org.samclip.nn.SizeLimits;
import org.samclip.text.TextSizes;

/**
 * Sizes of a CLIP's text tower alone.
 *
 * @param embedDim E, width of the shared space
 * @param quickGelu true for OpenAI's activation, false for GELU
 * @param text the tower
 */
public record ClipText(int embedDim, boolean quickGelu, ClipConfig.Text text) implements TextSizes {

  public ClipText {
    SizeLimits.check("CLIP text", "embed_dim", embedDim, 1, SizeLimits.WIDTH);
    SizeLimits.present("CLIP text", "text", text);
  }

  @Override
  public int contextLength() {
    return text.contextLength();
  }

  @Override
  public int vocabSize() {
    return text.vocabSize();
  }

  @Override
  public int space() {
    return embedDim;
  }

  @Override
  public TextTower build() {
    return new TextTower(this);
  }

  @Override
  public List<String> tokenizerFiles() {
    return List.of("tokenizer.json", "bpe_simple_vocab_16e6.txt.gz");
  }

  @Override
  public Tokenizer tokenizer(Path file) {
    Tokenizer read = Tokenizer.read(file, contextLength());
    try {
      requireFit(file, read);
      return read;
    } catch (UserError e) {
      read.close();
      throw e;
    }
  }

  @Override
  public Tokenizer tokenizer(String json) {
    return new Tokenizer(json, contextLength());
  }

  /** The text tower looks up every id, and takes the place of the largest one as a text's end. */
  private void requireFit(Path file, Tokenizer tokenizer) {
    long[] ids = tokenizer.encode(List.of("a photo"))[0];
    long largest = Arrays.stream(ids).max().orElse(0);
    int last = ids.length - 1;
    while (last > 0 && ids[last] == 0) {
      last--;
    }
    if (largest >= vocabSize()) {
      throw new UserError(
          "tokenizer %s gives token id %d; the text tower has %d tokens. Give the model's own"
              .formatted(file, largest, vocabSize()));
    }
    if (ids[last] != largest) {
      throw new UserError(
          "tokenizer %s does not end a text with its largest token id, as CLIP's text tower needs it. Give the model's own"
              .formatted(file));
    }
  }
}
