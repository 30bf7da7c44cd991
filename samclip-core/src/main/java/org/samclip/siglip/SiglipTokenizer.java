package org.samclip.siglip;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Path;
import java.util.List;
import org.samclip.TextFile;
import org.samclip.UserError;
import org.samclip.text.HubTokenizer;
import org.samclip.text.TextTokenizer;

/**
 * Texts to SigLIP's token ids. Vocabulary and merges are those of the file; what is done before and
 * behind them is what the models were trained with, whatever the file says of it, as in
 * transformers' {@code SiglipTokenizer} and {@code Siglip2Tokenizer}:
 *
 * <ul>
 *   <li>SigLIP (sentencepiece, unigram): lower case, ASCII punctuation removed, white space single;
 *       the end {@code </s>}, which is also the padding. The name of a special token within a text
 *       is text.
 *   <li>SigLIP 2 (Gemma's, BPE with bytes): lower case; the end {@code <eos>}, then {@code <pad>}.
 * </ul>
 *
 * A longer text is cut before its end.
 */
public final class SiglipTokenizer implements TextTokenizer {

  private final HubTokenizer tokenizer;

  /**
   * @param json the text of a {@code tokenizer.json}
   * @param contextLength T, tokens of a text, its end included
   * @param vocabSize ids that the text tower has
   * @throws UserError if it is not a SigLIP's tokenizer, or has more ids
   */
  public SiglipTokenizer(String json, int contextLength, int vocabSize) {
    this(vocabulary(json), contextLength, vocabSize);
  }

  private SiglipTokenizer(SiglipVocabulary vocabulary, int contextLength, int vocabSize) {
    if (vocabulary.largestId() >= vocabSize) {
      throw new UserError(
          "the tokenizer has token ids up to %d; the text tower has %d tokens. Give the model's own"
              .formatted(vocabulary.largestId(), vocabSize));
    }
    tokenizer = new HubTokenizer(vocabulary.tokenizerJson(), contextLength, vocabulary.pad());
  }

  private static SiglipVocabulary vocabulary(String json) {
    try {
      return SiglipVocabulary.ofJson(json);
    } catch (JsonProcessingException e) {
      throw new UserError("tokenizer.json is not JSON: " + e.getOriginalMessage(), e);
    }
  }

  /**
   * @param file a {@code tokenizer.json} or {@code spiece.model}
   * @param contextLength T
   * @param vocabSize ids that the text tower has
   * @return the tokenizer
   * @throws UserError if it is neither, or does not fit
   */
  public static SiglipTokenizer read(Path file, int contextLength, int vocabSize) {
    byte[] content = HubTokenizer.content(file);
    boolean json = content.length > 0 && (content[0] == '{' || content[0] == (byte) 0xEF);
    try {
      SiglipVocabulary vocabulary =
          json
              ? vocabulary(TextFile.decode(content))
              : SiglipVocabulary.of(SentencePieceModel.parse(content));
      return new SiglipTokenizer(vocabulary, contextLength, vocabSize);
    } catch (CharacterCodingException e) {
      throw new UserError("tokenizer: " + file + ": not UTF-8 text", e);
    } catch (UserError e) {
      throw new UserError("tokenizer: " + file + ": " + e.getMessage(), e);
    }
  }

  @Override
  public int contextLength() {
    return tokenizer.contextLength();
  }

  @Override
  public long[][] encode(List<String> texts) {
    return tokenizer.encode(texts);
  }

  @Override
  public String json() {
    return tokenizer.json();
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
