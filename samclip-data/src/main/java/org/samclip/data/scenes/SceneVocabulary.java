package org.samclip.data.scenes;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The words of all captions, and the {@code tokenizer.json} made of them. As in CLIP's own
 * vocabulary, {@code <start>} and {@code <end>} come last, so the end token has the highest id of
 * any text.
 */
public final class SceneVocabulary {

  /** Fills a text up to its length; id 0. */
  public static final String PAD = "<pad>";

  /** Stands for a word that captions never use; id 1. */
  public static final String UNKNOWN = "<unk>";

  /** First token of every text. */
  public static final String START = "<start>";

  /** Last token of every text. */
  public static final String END = "<end>";

  /** Resource with the tokenizer, beside this class. */
  public static final String TOKENIZER = "tokenizer.json";

  /** Same words as the tokenizer's "Whitespace" splitting. */
  private static final Pattern WORD = Pattern.compile("\\w+|[^\\w\\s]+");

  private SceneVocabulary() {}

  /** Every word (and the comma) that a caption can contain, sorted. */
  public static List<String> words() {
    TreeSet<String> words = new TreeSet<>();
    SceneCaptions.pieces()
        .forEach(
            piece -> {
              Matcher matcher = WORD.matcher(piece);
              while (matcher.find()) {
                words.add(matcher.group());
              }
            });
    return List.copyOf(words);
  }

  /** All tokens in the order of their ids: padding, unknown, the words, start, end. */
  public static List<String> tokens() {
    List<String> tokens = new ArrayList<>(List.of(PAD, UNKNOWN));
    tokens.addAll(words());
    tokens.add(START);
    tokens.add(END);
    return List.copyOf(tokens);
  }

  /**
   * The tokenizer in the format of Hugging Face tokenizers: lower case, split at whitespace and
   * punctuation, one token a word; a full stop and its like are dropped.
   */
  public static String tokenizerJson() {
    ObjectMapper mapper = new ObjectMapper();
    List<String> tokens = tokens();
    ObjectNode root = mapper.createObjectNode();
    root.put("version", "1.0");
    root.putNull("truncation");
    root.putNull("padding");
    ArrayNode added = root.putArray("added_tokens");
    for (String special : List.of(PAD, UNKNOWN, START, END)) {
      ObjectNode token = added.addObject();
      token.put("id", tokens.indexOf(special));
      token.put("content", special);
      token.put("single_word", false);
      token.put("lstrip", false);
      token.put("rstrip", false);
      token.put("normalized", false);
      token.put("special", true);
    }
    ObjectNode normalizer = root.putObject("normalizer");
    normalizer.put("type", "Sequence");
    ArrayNode steps = normalizer.putArray("normalizers");
    steps.addObject().put("type", "Lowercase");
    ObjectNode stops = steps.addObject().put("type", "Replace");
    stops.putObject("pattern").put("Regex", "[.!?;:\"]");
    stops.put("content", " ");
    root.putObject("pre_tokenizer").put("type", "Whitespace");
    root.set("post_processor", postProcessor(mapper, tokens));
    root.putNull("decoder");
    ObjectNode model = root.putObject("model");
    model.put("type", "WordLevel");
    ObjectNode vocabulary = model.putObject("vocab");
    for (int id = 0; id < tokens.size(); id++) {
      vocabulary.put(tokens.get(id), id);
    }
    model.put("unk_token", UNKNOWN);
    try {
      return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Puts start and end around a text. */
  private static ObjectNode postProcessor(ObjectMapper mapper, List<String> tokens) {
    ObjectNode processor = mapper.createObjectNode();
    processor.put("type", "TemplateProcessing");
    for (String form : List.of("single", "pair")) {
      ArrayNode parts = processor.putArray(form);
      special(parts, START);
      parts.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
      if (form.equals("pair")) {
        parts.addObject().putObject("Sequence").put("id", "B").put("type_id", 0);
      }
      special(parts, END);
    }
    ObjectNode specials = processor.putObject("special_tokens");
    for (String token : List.of(START, END)) {
      ObjectNode one = specials.putObject(token);
      one.put("id", token);
      one.putArray("ids").add(tokens.indexOf(token));
      one.putArray("tokens").add(token);
    }
    return processor;
  }

  private static void special(ArrayNode parts, String token) {
    parts.addObject().putObject("SpecialToken").put("id", token).put("type_id", 0);
  }
}
