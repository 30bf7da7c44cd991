package org.samclip.clip;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.samclip.UserError;

/**
 * CLIP's public vocabulary, {@code bpe_simple_vocab_16e6.txt.gz}, as a Hugging Face {@code
 * tokenizer.json}: byte pairs whose words end in {@code </w>} (OpenAI CLIP, simple_tokenizer.py;
 * names of the special tokens as in open_clip, tokenizer.py).
 */
final class BpeVocabulary {

  /** The public file unpacks to 3.1 MB. */
  private static final int MAX_UNPACKED = 16 << 20;

  private static final int BYTES = 256;
  private static final int MERGES = 49_152 - BYTES - 2;
  private static final String WORD_END = "</w>";
  private static final String START = "<start_of_text>";
  private static final String END = "<end_of_text>";

  /** Contractions, words, single digits, runs of other signs; open_clip's pattern. */
  private static final String WORDS =
      "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

  private static final ObjectMapper JSON = new ObjectMapper();

  private BpeVocabulary() {}

  static boolean isGzip(byte[] content) {
    return content.length > 1 && content[0] == 0x1f && (content[1] & 0xff) == 0x8b;
  }

  /**
   * @param file for messages
   * @param gzip its content
   * @return the text of the {@code tokenizer.json}
   * @throws UserError if it is not the vocabulary
   */
  static String tokenizerJson(Path file, byte[] gzip) {
    List<String> merges = merges(file, gzip);
    ObjectNode root = JSON.createObjectNode().put("version", "1.0");
    root.putNull("truncation").putNull("padding");
    ArrayNode added = root.putArray("added_tokens");
    List<String> tokens = tokens(merges);
    added(added, tokens.size(), START);
    added(added, tokens.size() + 1, END);
    root.putObject("normalizer").put("type", "Lowercase");
    preTokenizer(root.putObject("pre_tokenizer"));
    postProcessor(root.putObject("post_processor"), tokens.size());
    root.putObject("decoder")
        .put("type", "ByteLevel")
        .put("add_prefix_space", true)
        .put("trim_offsets", true)
        .put("use_regex", true);
    ObjectNode model = root.putObject("model").put("type", "BPE").putNull("dropout");
    model
        .put("unk_token", END)
        .put("continuing_subword_prefix", "")
        .put("end_of_word_suffix", WORD_END)
        .put("fuse_unk", false)
        .put("byte_fallback", false);
    ObjectNode vocabulary = model.putObject("vocab");
    for (int id = 0; id < tokens.size(); id++) {
      vocabulary.put(tokens.get(id), id);
    }
    vocabulary.put(START, tokens.size()).put(END, tokens.size() + 1);
    ArrayNode list = model.putArray("merges");
    merges.forEach(list::add);
    return root.toString();
  }

  private static void added(ArrayNode list, int id, String token) {
    list.addObject()
        .put("id", id)
        .put("content", token)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", true);
  }

  private static void preTokenizer(ObjectNode node) {
    ArrayNode steps = node.put("type", "Sequence").putArray("pretokenizers");
    ObjectNode split = steps.addObject().put("type", "Split");
    split.putObject("pattern").put("Regex", WORDS);
    split.put("behavior", "Removed").put("invert", true);
    steps
        .addObject()
        .put("type", "ByteLevel")
        .put("add_prefix_space", false)
        .put("trim_offsets", true)
        .put("use_regex", false);
  }

  private static void postProcessor(ObjectNode node, int startId) {
    node.put("type", "RobertaProcessing").put("trim_offsets", false).put("add_prefix_space", false);
    node.putArray("sep").add(END).add(startId + 1);
    node.putArray("cls").add(START).add(startId);
  }

  /** Ids 0 to 255 are bytes, 256 to 511 bytes that end a word, then what the merges give. */
  private static List<String> tokens(List<String> merges) {
    List<String> tokens = new ArrayList<>(byteSigns());
    byteSigns().forEach(sign -> tokens.add(sign + WORD_END));
    merges.forEach(pair -> tokens.add(pair.replace(" ", "")));
    return tokens;
  }

  /**
   * A visible character for each byte (GPT-2, encoder.py {@code bytes_to_unicode}), in the order of
   * the ids: first the bytes that are visible in Latin-1, then the rest, from U+0100 on.
   */
  private static List<String> byteSigns() {
    List<String> visible = new ArrayList<>();
    List<String> rest = new ArrayList<>();
    for (int b = 0; b < BYTES; b++) {
      if (b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae) {
        visible.add(Character.toString(b));
      } else {
        rest.add(Character.toString(BYTES + rest.size()));
      }
    }
    visible.addAll(rest);
    return visible;
  }

  private static List<String> merges(Path file, byte[] gzip) {
    String text;
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(gzip))) {
      byte[] unpacked = in.readNBytes(MAX_UNPACKED + 1);
      if (unpacked.length > MAX_UNPACKED) {
        throw broken(file, "it unpacks to more than " + MAX_UNPACKED + " bytes", null);
      }
      text = new String(unpacked, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw broken(file, "it cannot be unpacked: " + e.getMessage(), e);
    }
    List<String> merges = text.lines().skip(1).limit(MERGES).toList();
    if (merges.size() < MERGES) {
      throw broken(file, "it has " + merges.size() + " merges, not " + MERGES, null);
    }
    for (String merge : merges) {
      int space = merge.indexOf(' ');
      if (space < 1 || space == merge.length() - 1 || merge.indexOf(' ', space + 1) >= 0) {
        throw broken(file, "a line is not two parts of a word", null);
      }
    }
    return merges;
  }

  private static UserError broken(Path file, String cause, Throwable from) {
    return new UserError(
        file
            + " is not CLIP's vocabulary bpe_simple_vocab_16e6.txt.gz: "
            + cause
            + ". Fetch it again.",
        from);
  }
}
