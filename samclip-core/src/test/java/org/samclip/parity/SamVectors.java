package org.samclip.parity;

import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.samclip.checkpoint.SafetensorsFile;
import org.samclip.nn.Module;
import org.samclip.sam.Sam;
import org.samclip.sam.SamHeadConfig;
import org.samclip.vitdet.ViTDetConfig;

/** SAM as the side files of the vectors describe it, with the vectors' weights. */
final class SamVectors {

  static final String WEIGHTS = "sam_tiny_weights";

  private SamVectors() {}

  static ViTDetConfig encoder(JsonNode e, int neck) {
    List<Integer> global = new ArrayList<>();
    e.get("global_attn_indexes").forEach(index -> global.add(index.asInt()));
    int patch = e.get("patch_size").asInt();
    return new ViTDetConfig(
        patch,
        e.get("img_size").asInt() / patch,
        e.get("embed_dim").asInt(),
        e.get("depth").asInt(),
        e.get("num_heads").asInt(),
        e.get("mlp_ratio").asDouble(),
        e.get("window_size").asInt(),
        global,
        neck);
  }

  static Sam load(NDManager manager) {
    Vectors vectors = Vectors.load("sam_tiny");
    JsonNode config = vectors.json().get("config");
    JsonNode e = config.get("image_encoder");
    JsonNode d = config.get("mask_decoder");
    JsonNode t = config.get("transformer");
    SamHeadConfig head =
        new SamHeadConfig(
            d.get("transformer_dim").asInt(),
            t.get("num_heads").asInt(),
            t.get("depth").asInt(),
            t.get("mlp_dim").asInt(),
            config.get("prompt_encoder").get("mask_in_chans").asInt(),
            d.get("num_multimask_outputs").asInt(),
            d.get("iou_head_depth").asInt(),
            d.get("iou_head_hidden_dim").asInt());
    Sam sam = new Sam(encoder(e, e.get("out_chans").asInt()), head);
    sam.initialize(manager, 0);
    fill(sam, vectors.file(WEIGHTS));
    return sam;
  }

  /** Every parameter must be in the file and every tensor of the file must be a parameter. */
  static void fill(Module module, SafetensorsFile file) {
    var arrays = module.arrays();
    org.junit.jupiter.api.Assertions.assertEquals(
        new java.util.TreeSet<>(file.names()), new java.util.TreeSet<>(arrays.keySet()));
    arrays.forEach(
        (name, array) -> {
          try (var value = file.read(name, array.getManager())) {
            org.junit.jupiter.api.Assertions.assertEquals(value.getShape(), array.getShape(), name);
            value.copyTo(array);
          }
        });
  }
}
