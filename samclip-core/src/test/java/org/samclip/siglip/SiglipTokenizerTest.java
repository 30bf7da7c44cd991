package org.samclip.siglip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;
import org.samclip.vit.TeacherFixtures;

/** Ids are those that transformers gave for scripts/make-text-fixtures.py. */
class SiglipTokenizerTest {

  private static final int CONTEXT = 12;
  private static final int VOCABULARY = 360;
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder;

  private static Path file(String name) {
    return TeacherFixtures.find("../texts/" + name);
  }

  private static void assertAsReference(SiglipTokenizer tokenizer, String set) throws IOException {
    JsonNode rows = JSON.readTree(file(set + "/ids.json").toFile());
    assertTrue(rows.size() > 30, rows.size() + " texts");
    List<String> texts = new ArrayList<>();
    rows.forEach(row -> texts.add(row.get("text").textValue()));
    long[][] ids = tokenizer.encode(texts);
    for (int i = 0; i < ids.length; i++) {
      long[] expected = JSON.convertValue(rows.get(i).get("ids"), long[].class);
      assertArrayEquals(expected, ids[i], rows.get(i).get("text").toString());
    }
  }

  @ParameterizedTest
  @CsvSource({"siglip, spiece.model", "siglip2, tokenizer.json"})
  void idsAreTheReferences(String set, String name) throws IOException {
    try (SiglipTokenizer read = SiglipTokenizer.read(file(set + "/" + name), CONTEXT, VOCABULARY)) {
      assertAsReference(read, set);
      try (SiglipTokenizer again = new SiglipTokenizer(read.json(), CONTEXT, VOCABULARY)) {
        assertAsReference(again, set);
        assertEquals(read.json(), again.json());
      }
    }
  }

  /** What others put around the vocabulary says nothing; only sentencepiece's rules are kept. */
  @Test
  void aUnigramTokenizerJsonGivesTheSame() throws IOException {
    Path converted = folder.resolve("tokenizer.json");
    Path spiece = file("siglip/spiece.model");
    try (SiglipTokenizer read = SiglipTokenizer.read(spiece, CONTEXT, VOCABULARY)) {
      ObjectNode json = (ObjectNode) JSON.readTree(read.json());
      json.set("normalizer", json.get("normalizer").get("normalizers").get(6));
      assertEquals("Precompiled", json.get("normalizer").get("type").textValue());
      json.putObject("post_processor").put("type", "ByteLevel");
      json.putNull("pre_tokenizer");
      json.putObject("padding").put("strategy", "BatchLongest");
      JSON.writeValue(converted.toFile(), json);
    }
    try (SiglipTokenizer read = SiglipTokenizer.read(converted, CONTEXT, VOCABULARY)) {
      assertAsReference(read, "siglip");
    }
  }

  /** In transformers it ends the text there. */
  @Test
  void theNameOfASpecialTokenIsText() {
    Path spiece = file("siglip/spiece.model");
    try (SiglipTokenizer read = SiglipTokenizer.read(spiece, CONTEXT, VOCABULARY)) {
      long[][] ids = read.encode(List.of("boat </s> red", "boat s red"));
      assertArrayEquals(ids[1], ids[0]);
      assertEquals(CONTEXT, read.contextLength());
    }
  }

  @Test
  void moreIdsThanTheTowerHasAreRefused() {
    Path json = file("siglip2/tokenizer.json");
    UserError error =
        assertThrows(UserError.class, () -> SiglipTokenizer.read(json, CONTEXT, VOCABULARY - 1));
    assertTrue(error.getMessage().contains("ids up to 359"), error::getMessage);
    assertTrue(error.getMessage().contains("359 tokens"), error::getMessage);
    assertTrue(error.getMessage().contains(json.toString()), error::getMessage);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{",
        "[1]",
        "{\"model\":{\"type\":\"WordPiece\"}}",
        "{\"model\":{\"vocab\":[[\"<unk>\",0]]}}",
        "{\"model\":{\"vocab\":{\"<pad>\":0}}}",
        "{\"model\":{\"vocab\":{\"<pad>\":0,\"<eos>\":\"x\"}}}",
        "{\"model\":{\"type\":\"Unigram\",\"unk_id\":9,\"vocab\":[[\"</s>\",0]]}}",
        "{\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"</s>\",\"x\"]]}}",
        "{\"model\":{\"type\":\"BPE\",\"merges\":[\"a b\"],\"vocab\":{\"<pad>\":0,\"<eos>\":1}}}",
        "no tokenizer at all",
      })
  void whatIsNoTokenizerIsRefused(String content) throws IOException {
    Path wrong = Files.writeString(folder.resolve("tokenizer.json"), content);
    UserError error =
        assertThrows(UserError.class, () -> SiglipTokenizer.read(wrong, CONTEXT, VOCABULARY));
    assertTrue(error.getMessage().contains(wrong.toString()), error::getMessage);
  }

  @Test
  void anotherTypeOfSentencepieceIsRefused() throws IOException {
    // trainer_spec (2), 2 bytes: model_type (3) is 2, BPE.
    Path bpe = Files.write(folder.resolve("spiece.model"), new byte[] {0x12, 2, 0x18, 2});
    UserError error =
        assertThrows(UserError.class, () -> SiglipTokenizer.read(bpe, CONTEXT, VOCABULARY));
    assertTrue(error.getMessage().contains("tokenizer.json"), error::getMessage);
  }

  /** The native library would end the process. */
  @Test
  void damagedRulesOfCharactersAreRefused() throws IOException {
    byte[] content = Files.readAllBytes(file("siglip/spiece.model"));
    byte[] rules = SentencePieceModel.parse(content).charsmap();
    SplittableRandom random = new SplittableRandom(3);
    int refused = 0;
    for (int i = 0; i < 300; i++) {
      byte[] changed = rules.clone();
      changed[random.nextInt(changed.length)] = (byte) random.nextInt();
      String base64 = Base64.getEncoder().encodeToString(changed);
      String json =
          "{\"normalizer\":{\"precompiled_charsmap\":\"%s\"},\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"</s>\",0]]}}"
              .formatted(base64);
      try (SiglipTokenizer read = new SiglipTokenizer(json, CONTEXT, VOCABULARY)) {
        read.encode(List.of("\u00a0boat\u3000\ufb01eld", "ＲＥＤ e\u0301 \u2026", "x\u0007"));
      } catch (UserError e) {
        refused++;
      }
    }
    assertTrue(refused > 20 && refused < 300, refused + " of 300 were refused");
  }
}
