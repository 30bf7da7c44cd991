package org.samclip.train;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.samclip.clip.Clip;
import org.samclip.clip.ClipConfig;
import org.samclip.clip.Tokenizer;
import org.samclip.kernel.Kernels.Resize;
import org.samclip.kernel.Kernels.VitMlp;
import org.samclip.model.ClipModel;
import org.samclip.model.SamModel;
import org.samclip.model.VitModel;
import org.samclip.nn.Module;
import org.samclip.sam.Sam;
import org.samclip.sam.SamHeadConfig;
import org.samclip.student.ClipHeadConfig;
import org.samclip.student.HeadConfig;
import org.samclip.student.MaskDecoderConfig;
import org.samclip.student.Student;
import org.samclip.student.StudentConfig;
import org.samclip.student.VitDetBackboneConfig;
import org.samclip.train.objective.PrototypeHead;
import org.samclip.train.objective.SelfDistillation;
import org.samclip.train.recipe.SelfDistillationSpec;
import org.samclip.train.recipe.VitSpec;
import org.samclip.train.teacher.Teacher;
import org.samclip.train.teacher.Teachers;
import org.samclip.vit.BlockConfig;
import org.samclip.vit.Positions;
import org.samclip.vit.VitConfig;
import org.samclip.vit.VitEncoder;
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

  /** The pair's student: heads {@code masks} and {@code clip_head}. */
  public static Student student(NDManager manager, long seed) {
    Map<String, HeadConfig> heads = new LinkedHashMap<>();
    heads.put("masks", new MaskDecoderConfig(SAM_HEAD));
    heads.put("clip_head", new ClipHeadConfig(1, ClipHeadConfig.Pool.MAX, CLIP.embedDim(), 1));
    return student(heads, manager, seed);
  }

  /** A student on the same backbone with other heads. */
  public static Student student(Map<String, HeadConfig> heads, NDManager manager, long seed) {
    StudentConfig config = new StudentConfig(new VitDetBackboneConfig(ENCODER), heads);
    return stirred(new Student(config), manager, seed);
  }

  public static SamModel sam(NDManager manager, long seed) {
    Sam sam = stirred(new Sam(ENCODER, SAM_HEAD), manager, seed);
    return new SamModel(sam, new SamModel.Sizes(ENCODER, SAM_HEAD), Optional.empty());
  }

  /** Its tokenizer is the caller's to close. */
  public static ClipModel clip(NDManager manager, long seed) {
    return clip(CLIP, manager, seed);
  }

  /** One with another patch; its tokenizer is the caller's to close. */
  public static ClipModel clip(NDManager manager, long seed, int patch) {
    ClipConfig.Vision own = CLIP.vision();
    ClipConfig.Vision vision =
        new ClipConfig.Vision(
            own.imageSide(), patch, own.width(), own.layers(), own.heads(), own.mlpRatio());
    ClipConfig config = new ClipConfig(CLIP.embedDim(), CLIP.quickGelu(), vision, CLIP.text());
    return clip(config, manager, seed);
  }

  private static ClipModel clip(ClipConfig config, NDManager manager, long seed) {
    return new ClipModel(stirred(new Clip(config), manager, seed), tokenizer(), Optional.empty());
  }

  /** A plain ViT with a class token; summary and patches are 12 numbers wide. */
  public static VitModel vit(NDManager manager, long seed, int patch) {
    BlockConfig block = new BlockConfig(12, 2, 24, VitMlp.GELU, BlockConfig.Bias.ALL, false, 1e-6);
    Positions positions = new Positions.Learned(TEACHER_SIDE / patch, true, Resize.BICUBIC);
    VitConfig config = new VitConfig(patch, 2, block, true, 0, positions, VitConfig.Summary.CLASS);
    VitModel.Sizes sizes =
        new VitModel.Sizes(config, TEACHER_SIDE, List.of(.5, .5, .5), List.of(.2, .25, .3));
    return new VitModel(stirred(new VitEncoder(config), manager, seed), sizes, Optional.empty());
  }

  /** Teachers named {@code sam} and {@code clip}. */
  public static Teachers teachers(NDManager manager, long seed) {
    Map<String, Teacher> all = new LinkedHashMap<>();
    all.put("sam", new Teacher("sam", sam(manager, seed), "", null));
    all.put("clip", new Teacher("clip", clip(manager, seed + 1), "", null));
    return new Teachers(all);
  }

  /** Every term has a weight. */
  public static SelfDistillationSpec selfDistillation() {
    return new SelfDistillationSpec(
        12, 16, 8, List.of(.4, 1.), 2, 16, List.of(.1, .4), .5, .1, .05, .9, 1, 1, .2, 1, .1);
  }

  /** Two calls give equal networks. */
  public static SelfDistillation.Branch branch(NDManager manager, SelfDistillationSpec how) {
    VitEncoder encoder = new VitEncoder(new VitSpec(32, 8, 16, 2, 2, 2, 2).sizes().encoder());
    encoder.initialize(manager, 1);
    PrototypeHead head = new PrototypeHead(16, how.hidden(), how.bottleneck(), how.prototypes());
    head.initialize(manager, 1);
    return new SelfDistillation.Branch(encoder, head);
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
    stir(module, seed);
    return module;
  }

  /** Adds noise to all parameters, so that none is 0 or another's copy. */
  public static void stir(Module module, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (NDArray array : module.arrays().values()) {
      array.addi(noise(array, random));
    }
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
    Map<String, float[]> values = new LinkedHashMap<>();
    arrays.forEach((name, array) -> values.put(name, array.toFloatArray()));
    return values;
  }
}
