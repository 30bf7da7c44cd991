package org.samclip.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.samclip.clip.Clip;
import org.samclip.clip.ClipConfig;
import org.samclip.clip.Tokenizer;
import org.samclip.model.ClipHeadConfig;
import org.samclip.model.SamClip;
import org.samclip.model.SamClipConfig;
import org.samclip.nn.Module;
import org.samclip.sam.Sam;
import org.samclip.sam.SamHeadConfig;
import org.samclip.vitdet.ViTDetConfig;

/** Models for {@link InMemorySource}, small enough for hundreds of steps. */
public final class TinyModels {

  public static final int SIDE = 32;
  public static final int TEACHER_SIDE = 16;

  private static final ViTDetConfig ENCODER = new ViTDetConfig(8, 4, 16, 2, 2, 2, 3, List.of(1), 8);
  private static final SamHeadConfig SAM_HEAD = new SamHeadConfig(8, 2, 2, 16, 4, 3, 3, 8);
  private static final ClipConfig CLIP =
      new ClipConfig(
          6,
          false,
          new ClipConfig.Vision(TEACHER_SIDE, 8, 16, 2, 2, 2),
          new ClipConfig.Text(5, 9, 12, 2, 1, 2));

  private TinyModels() {}

  public static SamClip samClip(NDManager manager, long seed) {
    ClipHeadConfig head = new ClipHeadConfig(1, ClipHeadConfig.Pool.MAX, CLIP.embedDim(), 1);
    return stirred(new SamClip(new SamClipConfig(ENCODER, SAM_HEAD, head)), manager, seed);
  }

  public static Sam sam(NDManager manager, long seed) {
    return stirred(new Sam(ENCODER, SAM_HEAD), manager, seed);
  }

  public static Clip clip(NDManager manager, long seed) {
    return stirred(new Clip(CLIP), manager, seed);
  }

  /** Words w0 to w6; the largest id ends a text. */
  public static Tokenizer tokenizer() {
    StringBuilder vocabulary = new StringBuilder("\"[UNK]\": 0");
    for (int i = 0; i < 7; i++) {
      vocabulary.append(", \"w").append(i).append("\": ").append(i + 1);
    }
    String json =
        """
        {"version": "1.0", "pre_tokenizer": {"type": "Whitespace"},
         "model": {"type": "WordLevel", "vocab": {%s}, "unk_token": "[UNK]"}}
        """
            .formatted(vocabulary);
    return new Tokenizer(json, CLIP.text().contextLength());
  }

  private static <M extends Module> M stirred(M module, NDManager manager, long seed) {
    module.initialize(manager, seed);
    SplittableRandom random = new SplittableRandom(seed);
    for (NDArray array : module.arrays().values()) {
      array.addi(noise(array, random));
    }
    return module;
  }

  private static NDArray noise(NDArray like, SplittableRandom random) {
    float[] values = new float[(int) like.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (.1 * random.nextGaussian());
    }
    Shape shape = like.getShape();
    return like.getManager().create(values, shape);
  }

  public static Map<String, float[]> values(Map<String, NDArray> arrays) {
    Map<String, float[]> values = new java.util.LinkedHashMap<>();
    arrays.forEach((name, array) -> values.put(name, array.toFloatArray()));
    return values;
  }
}
