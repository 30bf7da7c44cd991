package org.samclip.text;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.samclip.UserError;

/** What a Hugging Face {@code tokenizer.json} says, cut and padded to one length. */
public final class HubTokenizer implements TextTokenizer {

  /** The largest public vocabulary that is read, Gemma's, has 34 MB in indented form. */
  private static final long MAX_BYTES = 64 << 20;

  private final HuggingFaceTokenizer tokenizer;
  private final String json;
  private final int contextLength;
  private final long pad;

  /**
   * @param json the text of a {@code tokenizer.json}
   * @param contextLength T, tokens of a text, those of the end included
   * @param pad id behind the end
   * @throws UserError if it is not a tokenizer
   */
  public HubTokenizer(String json, int contextLength, long pad) {
    this.json = json;
    this.contextLength = contextLength;
    this.pad = pad;
    CharacterRules.checkAll(json);
    try (ByteArrayInputStream in =
        new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8))) {
      tokenizer =
          HuggingFaceTokenizer.newInstance(
              in,
              Map.of(
                  "addSpecialTokens", "true",
                  "truncation", "true",
                  "maxLength", Integer.toString(contextLength)));
    } catch (IOException | RuntimeException e) {
      throw new UserError("tokenizer.json is not a Hugging Face tokenizer: " + e.getMessage(), e);
    }
  }

  /**
   * @param file of a tokenizer
   * @return its bytes
   * @throws UserError if it cannot be read, or is too large
   */
  public static byte[] content(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new UserError(
            "tokenizer: %s has %d bytes, at most %d are read"
                .formatted(file, Files.size(file), MAX_BYTES));
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UserError("tokenizer: cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  @Override
  public int contextLength() {
    return contextLength;
  }

  @Override
  public long[][] encode(List<String> texts) {
    long[][] rows = new long[texts.size()][contextLength];
    for (int i = 0; i < rows.length; i++) {
      Encoding encoding = tokenizer.encode(texts.get(i));
      long[] ids = encoding.getIds();
      int length = Math.min(ids.length, contextLength);
      System.arraycopy(ids, 0, rows[i], 0, length);
      Arrays.fill(rows[i], length, contextLength, pad);
    }
    return rows;
  }

  @Override
  public String json() {
    return json;
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
