package org.samclip.clip;

import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;
import java.util.List;
import org.samclip.TextFile;
import org.samclip.UserError;
import org.samclip.text.HubTokenizer;
import org.samclip.text.TextTokenizer;

/**
 * Texts to token ids by a Hugging Face {@code tokenizer.json} or CLIP's public vocabulary, after
 * open_clip's cleaning of texts. Behind the end stand zeros.
 */
public final class Tokenizer implements TextTokenizer {

  private final HubTokenizer cleaned;

  /**
   * @param json the text of a {@code tokenizer.json}
   * @param contextLength T, tokens of a text, start and end included
   * @throws UserError if it is not a tokenizer
   */
  public Tokenizer(String json, int contextLength) {
    cleaned = new HubTokenizer(json, contextLength, 0);
  }

  /**
   * @param file a {@code tokenizer.json} or {@code bpe_simple_vocab_16e6.txt.gz}
   * @param contextLength T
   * @return the tokenizer
   * @throws UserError if it is neither
   */
  public static Tokenizer read(Path file, int contextLength) {
    byte[] content = HubTokenizer.content(file);
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

  @Override
  public int contextLength() {
    return cleaned.contextLength();
  }

  @Override
  public long[][] encode(List<String> texts) {
    return cleaned.encode(texts.stream().map(TextCleaning::clean).toList());
  }

  @Override
  public String json() {
    return cleaned.json();
  }

  @Override
  public void close() {
    cleaned.close();
  }
}
