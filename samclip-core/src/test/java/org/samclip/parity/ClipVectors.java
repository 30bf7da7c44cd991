package org.samclip.parity;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.samclip.clip.Clip;
import org.samclip.clip.ClipConfig;

/** CLIP as the side file of the vectors describes it, with the vectors' weights. */
final class ClipVectors {

  static final String SET = "clip_tiny";
  private static final String QUICK_GELU = "quick_gelu";

  private ClipVectors() {}

  /** Activations in the side file; one that the models do not know fails the test. */
  static List<String> variants() {
    List<String> variants = new ArrayList<>();
    Vectors.load(SET)
        .json()
        .get("config")
        .get("variants")
        .fieldNames()
        .forEachRemaining(variants::add);
    assertTrue(Set.of(QUICK_GELU, "gelu").containsAll(variants), variants::toString);
    return variants;
  }

  static Clip load(Vectors vectors, String variant, NDManager manager) {
    JsonNode config = vectors.json().get("config");
    JsonNode v = config.get("vision_cfg");
    JsonNode t = config.get("text_cfg");
    ClipConfig sizes =
        new ClipConfig(
            config.get("embed_dim").asInt(),
            variant.equals(QUICK_GELU),
            new ClipConfig.Vision(
                v.get("image_size").asInt(),
                v.get("patch_size").asInt(),
                v.get("width").asInt(),
                v.get("layers").asInt(),
                v.get("heads").asInt(),
                v.get("mlp_ratio").asDouble()),
            new ClipConfig.Text(
                t.get("context_length").asInt(),
                t.get("vocab_size").asInt(),
                t.get("width").asInt(),
                t.get("heads").asInt(),
                t.get("layers").asInt(),
                t.get("mlp_ratio").asDouble()));
    Clip clip = new Clip(sizes);
    clip.initialize(manager, 0);
    SamVectors.fill(clip, vectors.file(SET + "_weights"));
    return clip;
  }
}
