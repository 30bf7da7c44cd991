package org.samclip.clip;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.samclip.TextFile;
import org.samclip.UserError;

/**
 * Texts to token ids by a Hugging Face {@code tokenizer.json} or CLIP's public vocabulary, after
 * open_clip's cleaning of texts.
 */
public final class Tokenizer implements AutoCloseable {

  /** Ten times CLIP's own; those of the largest vocabularies have 20 MB. */
  private static final long MAX_BYTES = 32 << 20;

  private final HuggingFaceTokenizer tokenizer;
  private final String json;
  private final int contextLength;

  /**
   * @param json the text of a {@code tokenizer.json}
   * @param contextLength T, tokens of a text, start and end included
   * @throws UserError if it is not a tokenizer
   */
  public Tokenizer(String json, int contextLength) {
    this.json = json;
    this.contextLength = contextLength;
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
   * @param file a {@code tokenizer.json} or {@code bpe_simple_vocab_16e6.txt.gz}
   * @param contextLength T
   * @return the tokenizer
   * @throws UserError if it is neither
   */
  public static Tokenizer read(Path file, int contextLength) {
    byte[] content;
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new UserError(
            "tokenizer: %s has %d bytes, at most %d are read"
                .formatted(file, Files.size(file), MAX_BYTES));
      }
      content = Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UserError("tokenizer: cannot read " + file + ": " + e.getMessage(), e);
    }
    if (BpeVocabulary.isGzip(content)) {
      return new Tokenizer(BpeVocabulary.tokenizerJson(file, content), contextLength);
    }
    try {
      return new Tokenizer(TextFile.decode(content), contextLength);
    } catch (CharacterCodingException e) {
      throw new UserError("tokenizer: " + file + ": not UTF-8 text", e);
    } catch (UserError e) {
      throw new UserError("tokenizer: " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * @param texts N texts
   * @return N rows of T ids, padded with zeros
   */
  public long[][] encode(List<String> texts) {
    long[][] rows = new long[texts.size()][contextLength];
    for (int i = 0; i < rows.length; i++) {
      Encoding encoding = tokenizer.encode(TextCleaning.clean(texts.get(i)));
      long[] ids = encoding.getIds();
      System.arraycopy(ids, 0, rows[i], 0, Math.min(ids.length, contextLength));
    }
    return rows;
  }

  /**
   * @param manager of the result
   * @param texts N texts
   * @return ids [N, T], int64
   */
  public NDArray encode(NDManager manager, List<String> texts) {
    long[][] rows = encode(texts);
    long[] flat = new long[rows.length * contextLength];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, flat, i * contextLength, contextLength);
    }
    return manager.create(flat, new Shape(rows.length, contextLength));
  }

  /**
   * @return the text of the {@code tokenizer.json}, to be stored with a model
   */
  public String json() {
    return json;
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
