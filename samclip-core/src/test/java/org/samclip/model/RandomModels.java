package org.samclip.model;

import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.samclip.checkpoint.Provenance;
import org.samclip.clip.Clip;
import org.samclip.clip.ClipConfig;
import org.samclip.clip.TextTower;
import org.samclip.clip.Tokenizer;
import org.samclip.kernel.Kernels.Resize;
import org.samclip.kernel.Kernels.VitMlp;
import org.samclip.sam.Sam;
import org.samclip.sam.SamHeadConfig;
import org.samclip.siglip.Siglip;
import org.samclip.siglip.SiglipConfig;
import org.samclip.student.ClipHeadConfig;
import org.samclip.student.ClipHeadConfig.Pool;
import org.samclip.student.Language;
import org.samclip.student.MergedModel;
import org.samclip.student.SamClipPair;
import org.samclip.student.StudentConfig;
import org.samclip.text.TextEncoder;
import org.samclip.vit.BlockConfig;
import org.samclip.vit.Positions;
import org.samclip.vit.VitConfig;
import org.samclip.vitdet.ViTDetConfig;

/** Whole models with random weights that are made in milliseconds, for the tests of any module. */
public final class RandomModels {

  /** Side of the input in pixels of all of them. */
  public static final int SIDE = 32;

  private static final int CONTEXT = 8;
  private static final ViTDetConfig ENCODER =
      new ViTDetConfig(8, SIDE / 8, 32, 2, 2, 2, 2, List.of(1), 32);
  private static final SamHeadConfig SAM_HEAD = new SamHeadConfig(32, 2, 1, 32, 4, 3, 2, 32);
  private static final ClipConfig CLIP =
      new ClipConfig(
          8,
          false,
          new ClipConfig.Vision(SIDE, 8, 16, 1, 2, 2),
          new ClipConfig.Text(CONTEXT, words().size(), 16, 2, 1, 2));

  private static final BlockConfig BLOCK =
      new BlockConfig(16, 2, 32, VitMlp.GELU_TANH, BlockConfig.Bias.ALL, false, 1e-6);
  private static final SiglipConfig SIGLIP =
      new SiglipConfig(
          new VitConfig(
              8,
              1,
              BLOCK,
              false,
              0,
              new Positions.Learned(SIDE / 8, false, Resize.BICUBIC),
              VitConfig.Summary.ATTENTION),
          new SiglipConfig.Text(CONTEXT, 30, 1, BLOCK, 16));

  private RandomModels() {}

  /**
   * @param manager owns the parameters
   * @return a SAM
   */
  public static SamModel sam(NDManager manager) {
    Sam sam = new Sam(ENCODER, SAM_HEAD);
    sam.initialize(manager, 5);
    SamModel.Sizes sizes = new SamModel.Sizes(ENCODER, SAM_HEAD);
    return new SamModel(sam, sizes, provenance(SamModel.KIND, sizes));
  }

  /**
   * @param manager owns the parameters
   * @return a CLIP that knows a few colours
   */
  public static ClipModel clip(NDManager manager) {
    Clip clip = new Clip(CLIP);
    clip.initialize(manager, 6);
    return new ClipModel(clip, tokenizer(), provenance(ClipModel.KIND, CLIP));
  }

  /**
   * @param manager owns the parameters
   * @return a SigLIP that knows the letters
   */
  public static SiglipModel siglip(NDManager manager) {
    Siglip siglip = new Siglip(SIGLIP);
    siglip.initialize(manager, 9);
    return new SiglipModel(
        siglip, SIGLIP.text().tokenizer(letters()), provenance(SiglipModel.KIND, SIGLIP));
  }

  /**
   * @param manager owns the parameters
   * @return a merged model that knows a few colours
   */
  public static MergedModel merged(NDManager manager) {
    StudentConfig config =
        SamClipPair.config(ENCODER, SAM_HEAD, new ClipHeadConfig(1, Pool.MAX, CLIP.embedDim(), 3));
    SamClipPair model = SamClipPair.of(config);
    model.student().initialize(manager, 7);
    TextTower text = new TextTower(CLIP.textSide());
    text.initialize(manager, 8);
    return new MergedModel(
        model.student(),
        Optional.of(
            new Language(
                new TextEncoder(CLIP.textSide(), text, tokenizer()), SamClipPair.CLIP_HEAD)),
        provenance(
            MergedModel.KIND,
            new MergedModel.Sizes(
                config, new MergedModel.LanguageSizes(CLIP.textSide(), SamClipPair.CLIP_HEAD))));
  }

  /**
   * @param manager owns the parameters
   * @return the same as what it can do
   */
  public static TwoHeadedModel twoHeaded(NDManager manager) {
    return merged(manager).as(TwoHeadedModel.class).orElseThrow();
  }

  private static Optional<Provenance> provenance(String kind, Record sizes) {
    return Optional.of(
        new Provenance("test", kind, ModelFile.architecture(sizes), "", Map.of(), "", Map.of()));
  }

  private static List<String> words() {
    return Stream.of(
            "<pad> <unk> a an of photo picture image drawing background red green blue yellow",
            "<start> <end>")
        .flatMap(line -> Stream.of(line.split(" ")))
        .toList();
  }

  /** A letter is a token. */
  private static String letters() {
    String letters =
        IntStream.rangeClosed('a', 'z')
            .mapToObj(letter -> ",[\"%c\",-3]".formatted((char) letter))
            .collect(Collectors.joining());
    return "{\"model\":{\"type\":\"Unigram\",\"unk_id\":2,\"vocab\":[[\"<pad>\",0],[\"</s>\",0],"
        + "[\"<unk>\",0],[\"\u2581\",-3]"
        + letters
        + "]}}";
  }

  /** Words to their numbers; the end has the largest, as the text tower needs it. */
  static Tokenizer tokenizer() {
    List<String> words = words();
    int start = words.indexOf("<start>");
    int end = words.indexOf("<end>");
    String vocabulary =
        IntStream.range(0, words.size())
            .mapToObj(i -> "\"" + words.get(i) + "\":" + i)
            .collect(Collectors.joining(",", "{", "}"));
    String piece = "{\"SpecialToken\":{\"id\":\"%s\",\"type_id\":0}}";
    String special = "\"%1$s\":{\"id\":\"%1$s\",\"ids\":[%2$d],\"tokens\":[\"%1$s\"]}";
    String sequence = "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}";
    String json =
        "{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":[],"
            + "\"normalizer\":{\"type\":\"Lowercase\"},\"pre_tokenizer\":{\"type\":\"Whitespace\"},"
            + "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":["
            + String.join(",", piece.formatted("<start>"), sequence, piece.formatted("<end>"))
            + "],\"pair\":["
            + String.join(",", piece.formatted("<start>"), sequence, piece.formatted("<end>"))
            + "],\"special_tokens\":{"
            + special.formatted("<start>", start)
            + ","
            + special.formatted("<end>", end)
            + "}},\"decoder\":null,\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"<unk>\","
            + "\"vocab\":"
            + vocabulary
            + "}}";
    return new Tokenizer(json, CONTEXT);
  }
}
