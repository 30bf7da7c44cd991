package org.samclip.text;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.BitSet;
import java.util.Deque;
import org.samclip.UserError;

/**
 * Sentencepiece's {@code precompiled_charsmap}: the bytes of a double-array trie from texts to
 * places in a block of texts that end with a zero (sentencepiece, normalizer.cc; darts-clone). The
 * native library follows its numbers unchecked and ends the process where one leads outside, so
 * they are followed here first.
 */
final class CharacterRules {

  private static final JsonFactory JSON = new JsonFactory();

  private final int[] units;
  private final byte[] texts;

  private CharacterRules(int[] units, byte[] texts) {
    this.units = units;
    this.texts = texts;
  }

  /**
   * Looks for rules anywhere in a file and checks them.
   *
   * @param json the text of a {@code tokenizer.json}
   * @throws UserError if a number in the rules leads outside, or the text is no JSON
   */
  static void checkAll(String json) {
    try (JsonParser parser = JSON.createParser(json)) {
      while (parser.nextToken() != null) {
        boolean rules = "precompiled_charsmap".equals(parser.currentName());
        if (rules && parser.currentToken() == JsonToken.VALUE_STRING) {
          check(parser.getText());
        }
      }
    } catch (IOException e) {
      String said = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      throw new UserError("tokenizer.json is not JSON: " + said, e);
    }
  }

  /**
   * @param base64 the rules
   * @throws UserError if a number in them leads outside
   */
  private static void check(String base64) {
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw new UserError("precompiled_charsmap is not base64: " + e.getMessage(), e);
    }
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int length = bytes.length < 4 ? -1 : in.getInt();
    if (length < 4 || length % 4 != 0 || length > in.remaining()) {
      throw damaged("its trie has " + length + " bytes");
    }
    int[] units = new int[length / 4];
    in.asIntBuffer().get(units);
    byte[] texts = new byte[in.remaining() - length];
    in.position(4 + length).get(texts);
    new CharacterRules(units, texts).check();
  }

  private static UserError damaged(String cause) {
    return new UserError("precompiled_charsmap is damaged: " + cause);
  }

  /** Bits 10 to 30 of a unit, by 256 if bit 9 is set. */
  private static int offset(int unit) {
    return (unit >>> 10) << ((unit & (1 << 9)) >>> 6);
  }

  private static boolean hasLeaf(int unit) {
    return (unit & (1 << 8)) != 0;
  }

  private static boolean isNode(int unit, int label) {
    return (unit & (1 << 31 | 0xFF)) == label;
  }

  private void check() {
    if (texts.length == 0 || texts[texts.length - 1] != 0) {
      throw damaged("its last text does not end");
    }
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(texts));
    } catch (CharacterCodingException e) {
      throw new UserError("precompiled_charsmap is damaged: its texts are not UTF-8", e);
    }
    BitSet seen = new BitSet(units.length);
    Deque<Integer> open = new ArrayDeque<>();
    open.push(0);
    while (!open.isEmpty()) {
      int place = open.pop();
      int unit = units[place];
      int children = place ^ offset(unit);
      if ((children | 0xFF) >= units.length || children < 0) {
        throw damaged("unit %d leads to %d of %d".formatted(place, children, units.length));
      }
      if (place > 0 && hasLeaf(unit)) {
        requireText(units[children] & Integer.MAX_VALUE);
      }
      for (int label = 1; label < 256; label++) {
        int child = children ^ label;
        if (isNode(units[child], label) && !seen.get(child)) {
          seen.set(child);
          open.push(child);
        }
      }
    }
  }

  /** A text begins with a whole character of UTF-8. */
  private void requireText(int place) {
    if (place >= texts.length || (texts[place] & 0xC0) == 0x80) {
      throw damaged("a rule leads to byte %d of %d".formatted(place, texts.length));
    }
  }
}
