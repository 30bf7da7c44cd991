package org.samclip.data.scenes;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SceneVocabularyTest {

  private static InputStream resource() {
    return SceneVocabulary.class.getResourceAsStream(SceneVocabulary.TOKENIZER);
  }

  @Test
  void theResourceIsWhatTheVocabularyWrites() throws IOException {
    try (InputStream in = resource()) {
      assertEquals(
          SceneVocabulary.tokenizerJson(), new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  @Test
  void everyCaptionEncodesWithoutUnknownWords() throws IOException {
    SceneGenerator generator = new SceneGenerator(3, 16, SceneOptions.defaults(), Nouns.ALL);
    int end = SceneVocabulary.tokens().size() - 1;
    try (InputStream in = resource();
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.newInstance(in, Map.of())) {
      for (int i = 0; i < 2000; i++) {
        String caption = generator.captioned(SceneSplit.TRAIN, i).caption();
        long[] ids = tokenizer.encode(caption).getIds();
        assertEquals(end - 1, ids[0], "start");
        assertEquals(end, ids[ids.length - 1], "end");
        assertTrue(ids.length <= 32, caption);
        for (int t = 1; t < ids.length - 1; t++) {
          assertTrue(ids[t] > 1 && ids[t] < end - 1, caption);
        }
      }
      assertArrayEquals(
          tokenizer.encode("a photo of a red apple").getIds(),
          tokenizer.encode("A photo of a Red Apple.").getIds());
      assertEquals(1, tokenizer.encode("a photo of a quasar").getIds()[5]);
      for (String label : SpriteLibrary.embedded().labels()) {
        for (long id : tokenizer.encode(label).getIds()) {
          assertTrue(id > 1, label);
        }
      }
    }
  }
}
