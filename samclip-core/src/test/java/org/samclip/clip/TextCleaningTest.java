package org.samclip.clip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/**
 * Against Python: {@code html.unescape}, ftfy 6.3.1 and open_clip's {@code _clean_lower}, on sound,
 * broken and hostile texts (scripts/parity/make-text-cleaning.py).
 */
class TextCleaningTest {

  private static void assertAll(String field, UnaryOperator<String> ours) throws IOException {
    JsonNode texts;
    try (InputStream in = TextCleaningTest.class.getResourceAsStream("text-cleaning.json")) {
      texts = new ObjectMapper().readTree(in).get("texts");
    }
    List<String> wrong = new ArrayList<>();
    for (JsonNode one : texts) {
      String text = one.get("text").asText();
      String expected = one.path(field).asText(text);
      String got = ours.apply(text);
      if (!got.equals(expected)) {
        wrong.add(text + " -> " + got + ", not " + expected);
      }
    }
    assertEquals(List.of(), wrong);
    assertTrue(texts.size() > 500, texts.size() + " texts");
  }

  @Test
  void entitiesAreThoseOfPython() throws IOException {
    assertAll("unescaped", HtmlEntities::unescape);
  }

  @Test
  void repairsAreThoseOfFtfy() throws IOException {
    assertAll("repaired", TextRepair::repair);
  }

  @Test
  void textsAreCleanedAsByOpenClip() throws IOException {
    assertAll("cleaned", TextCleaning::clean);
  }

  /** Text that is mangled again and again, and text of nothing but signs: it ends, and soon. */
  @Test
  void hostileTextsEnd() {
    String mangled = "é";
    for (int i = 0; i < 12; i++) {
      mangled = new String(mangled.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }
    String deep = mangled;
    assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () -> {
          assertEquals("é", TextCleaning.clean(deep));
          for (String piece :
              List.of("&", "&a", "&#", "&#1", "Ã", "Ã©é", "â€", "<&amp;", "\u001b[", "\u0301")) {
            TextCleaning.clean(piece.repeat(200_000));
          }
          TextCleaning.clean("&#" + "9".repeat(1_000_000) + ";");
        });
  }
}
