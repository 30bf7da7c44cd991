package org.samclip.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.samclip.UserError;
import org.samclip.checkpoint.HubConfig;
import org.samclip.checkpoint.Printable;
import org.samclip.clip.Clip;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A CLIP's config in either public format: open_clip's ({@code open_clip_config.json}, or a file of
 * its {@code model_configs}) and Hugging Face's ({@code config.json}). Keys that change the
 * architecture in a way that our towers do not have are refused by name.
 */
final class ClipConfigFile {

  private static final Logger LOG = LoggerFactory.getLogger(ClipConfigFile.class);

  /** open_clip's keys that must be absent, null or have this value (model.py, CLIPVisionCfg). */
  private static final Map<String, String> VISION_VALUES =
      Map.ofEntries(
          Map.entry("timm_model_name", "null"),
          Map.entry("ls_init_value", "null"),
          Map.entry("attentional_pool", "false"),
          Map.entry("attn_pooler_queries", "256"),
          Map.entry("no_ln_pre", "false"),
          Map.entry("pos_embed_type", "learnable"),
          Map.entry("final_ln_after_pool", "false"),
          Map.entry("pool_type", "tok"),
          Map.entry("act_kwargs", "null"),
          Map.entry("norm_kwargs", "null"),
          Map.entry("block_type", "null"),
          Map.entry("qk_norm", "false"));

  /** The same for CLIPTextCfg. */
  private static final Map<String, String> TEXT_VALUES =
      Map.of(
          "hf_model_name", "null",
          "ls_init_value", "null",
          "embed_cls", "false",
          "no_causal_mask", "false",
          "pool_type", "argmax",
          "proj_type", "linear",
          "proj_bias", "false",
          "act_kwargs", "null",
          "norm_kwargs", "null",
          "qk_norm", "false");

  private ClipConfigFile() {}

  /**
   * @param file a config
   * @return what it says, or empty when it is not of a CLIP
   * @throws UserError if it is damaged, or of a CLIP that cannot be represented
   */
  static Optional<ClipDescription> read(Path file) {
    JsonNode json = HubConfig.json(file);
    String origin = file.toString();
    warnOfNormalisation(origin, json.path("preprocess_cfg").path("mean"));
    JsonNode openClip = json.has("model_cfg") ? json.get("model_cfg") : json;
    if (openClip.has("vision_cfg")) {
      return Optional.of(openClip(origin, openClip));
    }
    if (json.path("model_type").asText().equals("clip")) {
      return Optional.of(huggingFace(origin, json));
    }
    return Optional.empty();
  }

  private static void warnOfNormalisation(String origin, JsonNode mean) {
    for (int i = 0; i < mean.size(); i++) {
      if (i >= Clip.PIXEL_MEAN.length
          || Math.abs(mean.get(i).asDouble() - Clip.PIXEL_MEAN[i]) > 1e-4) {
        LOG.warn(
            "{}: preprocess_cfg.mean is {}; samclip normalises images as OpenAI's CLIP does, so"
                + " features will be off",
            origin,
            Printable.of(mean.toString()));
        return;
      }
    }
  }

  static ClipDescription openClip(String origin, JsonNode json) {
    if (json.hasNonNull("multimodal_cfg")) {
      throw refusal(origin, "multimodal_cfg: it is a CoCa, with a text decoder");
    }
    JsonNode vision = json.get("vision_cfg");
    JsonNode text = json.path("text_cfg");
    if (vision.path("layers").isArray()) {
      throw refusal(origin, "vision_cfg.layers is a list: its image tower is a ResNet");
    }
    requireValues(origin, "vision_cfg", vision, VISION_VALUES);
    requireValues(origin, "text_cfg", text, TEXT_VALUES);
    ConfigJson v = new ConfigJson(origin, "vision_cfg", vision);
    ConfigJson t = new ConfigJson(origin, "text_cfg", text);
    int width = v.number("width", 768);
    int headWidth = v.number("head_width", 64);
    if (width % headWidth != 0) {
      throw refusal(origin, "vision_cfg.head_width " + headWidth + " does not divide " + width);
    }
    return new ClipDescription(
        origin,
        new ConfigJson(origin, "", json).number("embed_dim"),
        json.path("quick_gelu").asBoolean(false),
        v.number("patch_size", 16),
        new ClipDescription.Tower(width, v.number("layers", 12), width / headWidth),
        new ClipDescription.Tower(
            t.number("width", 512), t.number("layers", 12), t.number("heads", 8)));
  }

  private static void requireValues(
      String origin, String part, JsonNode node, Map<String, String> values) {
    values.forEach(
        (key, value) -> {
          String found = node.path(key).isMissingNode() ? value : node.get(key).asText();
          if (!found.equals(value) && !found.equals("null")) {
            throw refusal(
                origin,
                "%s.%s is %s; only %s can be represented"
                    .formatted(part, key, found, value.equals("null") ? "none" : value));
          }
        });
  }

  private static ClipDescription huggingFace(String origin, JsonNode json) {
    ConfigJson v = part(origin, json, "vision_config");
    ConfigJson t = part(origin, json, "text_config");
    String activation = v.text("hidden_act", "quick_gelu");
    if (!t.text("hidden_act", "quick_gelu").equals(activation)) {
      throw refusal(origin, "the two towers have different activations (hidden_act)");
    }
    if (!activation.equals("quick_gelu") && !activation.equals("gelu")) {
      throw refusal(origin, "hidden_act is " + activation + "; known are quick_gelu and gelu");
    }
    for (ConfigJson tower : new ConfigJson[] {v, t}) {
      if (Math.abs(tower.real("layer_norm_eps", 1e-5) - 1e-5) > 1e-9) {
        throw refusal(origin, "layer_norm_eps is not 1e-5");
      }
    }
    // transformers: 2 is the value of old configs and means the largest id (modeling_clip.py).
    int end = t.number("eos_token_id", 49407);
    if (end != 2 && end != t.number("vocab_size", 49408) - 1) {
      throw refusal(origin, "text_config.eos_token_id " + end + " is not the largest token id");
    }
    return new ClipDescription(
        origin,
        new ConfigJson(origin, "", json).number("projection_dim", 512),
        activation.equals("quick_gelu"),
        v.number("patch_size", 32),
        tower(v, 768, 12),
        tower(t, 512, 8));
  }

  private static ClipDescription.Tower tower(ConfigJson config, int width, int heads) {
    return new ClipDescription.Tower(
        config.number("hidden_size", width),
        config.number("num_hidden_layers", 12),
        config.number("num_attention_heads", heads));
  }

  /** Old configs say the same twice; transformers lets the values under NAME_dict decide. */
  private static ConfigJson part(String origin, JsonNode json, String name) {
    ObjectNode merged = ConfigJson.emptyObject();
    if (json.get(name) instanceof ObjectNode values) {
      merged.setAll(values);
    }
    if (json.get(name + "_dict") instanceof ObjectNode values) {
      merged.setAll(values);
    }
    return new ConfigJson(origin, name, merged);
  }

  private static UserError refusal(String origin, String cause) {
    return new UserError(origin + ": this CLIP cannot be read: " + cause);
  }
}
