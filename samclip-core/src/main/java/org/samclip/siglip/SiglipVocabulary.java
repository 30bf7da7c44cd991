package org.samclip.siglip;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Base64;
import java.util.Optional;
import org.samclip.UserError;
import org.samclip.checkpoint.Printable;

/**
 * The part of a SigLIP's tokenizer that is learned, and the whole {@code tokenizer.json} around it.
 * The same vocabulary gives the same text, so that a text made here is read as itself.
 */
final class SiglipVocabulary {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Sentencepiece's sign for a space. */
  private static final String SPACE = "\u2581";

  /** Python's {@code string.punctuation}: all of ASCII but letters, digits, spaces, controls. */
  private static final String PUNCTUATION = "[!-/:-@\\[-`{-~]";

  /** Python's {@code \s}, which has four controls more than others. */
  private static final String WHITE_SPACE = "[\\s\\x1c-\\x1f]+";

  private final ObjectNode whole = JSON.createObjectNode();
  private final long largestId;
  private final int pad;

  private SiglipVocabulary(JsonNode model, long largestId, int pad) {
    this.largestId = largestId;
    this.pad = pad;
    whole.put("version", "1.0").putNull("truncation").putNull("padding");
    whole.putArray("added_tokens");
    whole.putObject("normalizer");
    whole.putObject("pre_tokenizer");
    whole.putObject("post_processor");
    whole.putNull("decoder");
    whole.set("model", model);
  }

  /**
   * @param json the text of a {@code tokenizer.json}
   * @return its vocabulary
   * @throws JsonProcessingException if it is no JSON
   * @throws UserError if it is of another model
   */
  static SiglipVocabulary ofJson(String json) throws JsonProcessingException {
    JsonNode file = JSON.readTree(json);
    JsonNode model = file.path("model");
    JsonNode vocabulary = model.path("vocab");
    if (vocabulary.isArray()) {
      return unigram((ObjectNode) model, precompiled(file.path("normalizer")));
    }
    if (vocabulary.isObject()) {
      return bytePairs((ObjectNode) model, file.path("added_tokens"));
    }
    throw new UserError(
        "tokenizer.json of type %s is not a SigLIP's: model.vocab is neither a list (unigram) nor an object (BPE)"
            .formatted(Printable.of(model.path("type").asText("unknown"))));
  }

  /**
   * @param pieces of a {@code spiece.model}
   * @return its vocabulary
   */
  static SiglipVocabulary of(SentencePieceModel pieces) {
    ObjectNode model = JSON.createObjectNode();
    model.put("type", "Unigram").put("unk_id", pieces.unknown());
    ArrayNode vocabulary = model.putArray("vocab");
    for (int id = 0; id < pieces.pieces().size(); id++) {
      vocabulary.addArray().add(pieces.pieces().get(id)).add(pieces.scores().get(id));
    }
    model.put("byte_fallback", false);
    byte[] rules = pieces.charsmap();
    return unigram(
        model,
        rules.length == 0
            ? Optional.empty()
            : Optional.of(Base64.getEncoder().encodeToString(rules)));
  }

  /** The rules by which sentencepiece replaces characters, wherever they stand. */
  private static Optional<String> precompiled(JsonNode normalizer) {
    return Optional.ofNullable(normalizer.findValue("precompiled_charsmap"))
        .filter(JsonNode::isTextual)
        .map(JsonNode::textValue);
  }

  /**
   * transformers, tokenization_siglip.py: each text gets the sign of a space in front before it is
   * cleaned, so that a text whose cleaned form begins with a space begins with two such signs.
   */
  private static SiglipVocabulary unigram(ObjectNode model, Optional<String> charsmap) {
    JsonNode vocabulary = model.path("vocab");
    int end = -1;
    for (int id = 0; id < vocabulary.size() && end < 0; id++) {
      end = vocabulary.get(id).path(0).asText().equals("</s>") ? id : -1;
    }
    if (end < 0) {
      throw new UserError("the unigram tokenizer is not a SigLIP's: it has no token </s>");
    }
    SiglipVocabulary made = new SiglipVocabulary(model, vocabulary.size() - 1L, end);
    ArrayNode steps = made.normalizers();
    replace(steps, "String", SPACE, " ");
    steps.addObject().put("type", "Prepend").put("prepend", SPACE);
    steps.addObject().put("type", "Lowercase");
    replace(steps, "Regex", PUNCTUATION, "");
    replace(steps, "Regex", WHITE_SPACE, " ");
    strip(steps, true);
    charsmap.ifPresent(
        rules -> steps.addObject().put("type", "Precompiled").put("precompiled_charsmap", rules));
    replace(steps, "Regex", " {2,}", " ");
    strip(steps, false);
    replace(steps, "Regex", "^" + SPACE + "$", "");
    made.object("pre_tokenizer")
        .put("type", "Metaspace")
        .put("replacement", SPACE)
        .put("prepend_scheme", "always")
        .put("split", true);
    made.endWith("</s>", end);
    return made;
  }

  /** transformers, tokenization_siglip2.py. */
  private static SiglipVocabulary bytePairs(ObjectNode model, JsonNode added) {
    JsonNode vocabulary = model.path("vocab");
    int end = id(vocabulary, "<eos>");
    int pad = id(vocabulary, "<pad>");
    long largest = 0;
    for (JsonNode id : vocabulary) {
      largest = Math.max(largest, id.asLong(Long.MAX_VALUE));
    }
    for (JsonNode token : added) {
      largest = Math.max(largest, token.path("id").asLong(Long.MAX_VALUE));
    }
    SiglipVocabulary made = new SiglipVocabulary(model, largest, pad);
    if (added.isArray()) {
      made.whole.set("added_tokens", added);
    }
    ArrayNode steps = made.normalizers();
    steps.addObject().put("type", "Lowercase");
    replace(steps, "String", " ", SPACE);
    ObjectNode split = made.object("pre_tokenizer").put("type", "Split");
    split.putObject("pattern").put("String", " ");
    split.put("behavior", "MergedWithPrevious").put("invert", false);
    made.endWith("<eos>", end);
    return made;
  }

  private static int id(JsonNode vocabulary, String token) {
    if (!vocabulary.path(token).canConvertToInt()) {
      throw new UserError(
          "the BPE tokenizer is not a SigLIP 2's: it has no token %s".formatted(token));
    }
    return vocabulary.get(token).intValue();
  }

  private ObjectNode object(String key) {
    return (ObjectNode) whole.get(key);
  }

  private ArrayNode normalizers() {
    return object("normalizer").put("type", "Sequence").putArray("normalizers");
  }

  private static void replace(ArrayNode steps, String kind, String pattern, String content) {
    ObjectNode step = steps.addObject().put("type", "Replace");
    step.putObject("pattern").put(kind, pattern);
    step.put("content", content);
  }

  private static void strip(ArrayNode steps, boolean left) {
    steps.addObject().put("type", "Strip").put("strip_left", left).put("strip_right", true);
  }

  private void endWith(String token, int id) {
    ObjectNode post = object("post_processor").put("type", "TemplateProcessing");
    for (String form : new String[] {"single", "pair"}) {
      ArrayNode parts = post.putArray(form);
      for (String text : form.equals("single") ? new String[] {"A"} : new String[] {"A", "B"}) {
        parts.addObject().putObject("Sequence").put("id", text).put("type_id", 0);
      }
      parts.addObject().putObject("SpecialToken").put("id", token).put("type_id", 0);
    }
    ObjectNode special = post.putObject("special_tokens").putObject(token).put("id", token);
    special.putArray("ids").add(id);
    special.putArray("tokens").add(token);
  }

  /**
   * @return the largest token id
   */
  long largestId() {
    return largestId;
  }

  /**
   * @return the id behind a text's end
   */
  int pad() {
    return pad;
  }

  /**
   * @return the text of a {@code tokenizer.json}
   */
  String tokenizerJson() {
    return whole.toString();
  }
}
