package org.samclip.model.export;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.samclip.clip.Clip;
import org.samclip.clip.ClipConfig;

/** Sizes of a CLIP as {@code open_clip_config.json}, which open_clip reads beside the weights. */
final class OpenClipConfig {

  private static final ObjectMapper JSON = new ObjectMapper();

  private OpenClipConfig() {}

  /**
   * @param config the sizes
   * @return JSON (open_clip, factory.py, schema {@code local-dir:})
   */
  static String json(ClipConfig config) {
    ObjectNode root = JSON.createObjectNode();
    ObjectNode model = root.putObject("model_cfg");
    model.put("embed_dim", config.embedDim());
    model.put("quick_gelu", config.quickGelu());
    ClipConfig.Vision v = config.vision();
    ObjectNode vision = model.putObject("vision_cfg");
    vision.put("image_size", v.imageSide());
    vision.put("patch_size", v.patch());
    vision.put("width", v.width());
    vision.put("layers", v.layers());
    vision.put("head_width", v.width() / v.heads());
    vision.put("mlp_ratio", v.mlpRatio());
    ClipConfig.Text t = config.text();
    ObjectNode text = model.putObject("text_cfg");
    text.put("context_length", t.contextLength());
    text.put("vocab_size", t.vocabSize());
    text.put("width", t.width());
    text.put("heads", t.heads());
    text.put("layers", t.layers());
    text.put("mlp_ratio", t.mlpRatio());
    ObjectNode preprocess = root.putObject("preprocess_cfg");
    numbers(preprocess.putArray("mean"), Clip.PIXEL_MEAN);
    numbers(preprocess.putArray("std"), Clip.PIXEL_STD);
    return root.toPrettyString() + "\n";
  }

  private static void numbers(ArrayNode array, double[] values) {
    for (double value : values) {
      array.add(value);
    }
  }
}
