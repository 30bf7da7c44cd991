package org.samclip.text;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.nio.file.Path;
import java.util.List;
import org.samclip.nn.Layer;

/**
 * Sizes of a text tower of any kind: a record whose constructor refuses what no such tower has. In
 * JSON its {@code kind} stands among its keys. It knows how to build the tower and how to read what
 * goes before it.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
public interface TextSizes {

  /**
   * @return T, tokens of a text
   */
  int contextLength();

  /**
   * @return number of token ids
   */
  int vocabSize();

  /**
   * @return E, width of the space that texts share with images
   */
  int space();

  /**
   * @return the tower without memory: from ids [N, T] to features [N, E], not normalised
   */
  Layer build();

  /**
   * @return names under which the tokenizer's files stand beside public weights
   */
  List<String> tokenizerFiles();

  /**
   * @param file one of {@link #tokenizerFiles()}, under any name
   * @return the tokenizer, to be closed by the caller
   * @throws org.samclip.UserError if it is none, or does not fit the tower
   */
  TextTokenizer tokenizer(Path file);

  /**
   * @param json what {@link TextTokenizer#json()} gave
   * @return the tokenizer, to be closed by the caller
   * @throws org.samclip.UserError if it is none, or does not fit the tower
   */
  TextTokenizer tokenizer(String json);
}
