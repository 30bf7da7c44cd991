package org.samclip.model.export;

import ai.djl.ndarray.NDArray;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.samclip.checkpoint.AtomicFile;
import org.samclip.checkpoint.PickleWriter;
import org.samclip.checkpoint.TorchArchiveWriter;
import org.samclip.clip.ClipText;
import org.samclip.student.ClipHead;
import org.samclip.student.Head;
import org.samclip.student.Language;
import org.samclip.student.MaskDecoderHead;
import org.samclip.student.MergedModel;
import org.samclip.student.Student;
import org.samclip.student.VitDetBackbone;
import org.samclip.text.TextTokenizer;

/**
 * Writes a merged model as a TorchScript archive, which {@code torch.jit.load} runs without
 * samclip. Its parameters carry the names of the model file; the head that speaks CLIP is {@code
 * clip_head} whatever its name. Methods:
 *
 * <ul>
 *   <li>{@code forward(images [B, 3, H, W])}: image embedding [B, E], patch features [B, E, h, w],
 *       SAM's image embedding [B, C, h, w], as {@link org.samclip.model.TwoHeadedModel#features}
 *   <li>{@code decode(neck, points [B, P, K, 2], labels [B, P, K], masks=None)}: mask logits [B, P,
 *       M, 4 h, 4 w] and predicted IoU [B, P, M], as {@link org.samclip.sam.SamHead#masksOfTokens}
 *   <li>{@code encode_text(ids [B, T])}: text features [B, E], as {@link
 *       org.samclip.clip.TextTower#forward}
 * </ul>
 */
final class TorchScriptArchive {

  /** Entry with the text tower's tokenizer, a Hugging Face {@code tokenizer.json}. */
  static final String TOKENIZER = "extra/tokenizer.json";

  private static final int VERSION = 3;

  /** The class in {@code SamClip.py}, and the names of parts that it knows. */
  private static final String ROOT = "SamClip";

  private static final String CLIP_HEAD = "clip_head";

  private final TorchScriptModule root;
  private final TextTokenizer tokenizer;

  private TorchScriptArchive(TorchScriptModule root, TextTokenizer tokenizer) {
    this.root = root;
    this.tokenizer = tokenizer;
  }

  /**
   * @param model any merged model
   * @return what is to be written; empty if it is not SAM's encoder with the two heads and a text
   *     tower, for which the forwards are written
   */
  static Optional<TorchScriptArchive> of(MergedModel model) {
    Student student = model.student();
    Map<String, Head> heads = new LinkedHashMap<>(student.heads());
    Optional<ClipHead> clip =
        model
            .language()
            .map(language -> heads.remove(language.head()))
            .filter(ClipHead.class::isInstance)
            .map(ClipHead.class::cast);
    boolean masksAlone =
        heads.size() == 1 && heads.values().iterator().next() instanceof MaskDecoderHead;
    if (clip.isEmpty() || !masksAlone || !(student.backbone() instanceof VitDetBackbone)) {
      return Optional.empty();
    }
    Language language = model.language().orElseThrow();
    if (!(language.text().sizes() instanceof ClipText)) {
      return Optional.empty();
    }
    Map<String, TorchScriptModule> parts = new LinkedHashMap<>();
    parts.put(Student.BACKBONE, TorchScriptModule.of(student.backbone().module()));
    heads
        .values()
        .forEach(
            head ->
                head.parts("")
                    .forEach((name, part) -> parts.put(name, TorchScriptModule.of(part))));
    parts.put(CLIP_HEAD, TorchScriptModule.of(clip.get()));
    parts.put("text", TorchScriptModule.of(language.text().tower()));
    return Optional.of(
        new TorchScriptArchive(
            new TorchScriptModule(ROOT, Map.of(), student.constants(), parts),
            language.text().tokenizer()));
  }

  /**
   * @return of the text tower, to be closed by the model's owner
   */
  TextTokenizer tokenizer() {
    return tokenizer;
  }

  /**
   * @param path the file to replace or create
   * @param metadata goes into the archive as {@link TorchArchiveWriter#METADATA}
   */
  void write(Path path, Map<String, String> metadata) {
    TorchScriptSource source = new TorchScriptSource();
    Map<String, NDArray> storages = new LinkedHashMap<>();
    PickleWriter pickle = new PickleWriter();
    root.pickle(pickle, source, storages);
    AtomicFile.write(
        path,
        out -> {
          try (TorchArchiveWriter archive = new TorchArchiveWriter(out, "samclip", VERSION)) {
            archive.entry("data.pkl", pickle.finish());
            archive.text("code/__torch__.py", source.classes());
            archive.text("code/__torch__/Kernels.py", TorchScriptSource.kernels());
            archive.entry("constants.pkl", new PickleWriter().tuple().finish());
            archive.storages(storages.values());
            archive.metadata(metadata);
            archive.text(TOKENIZER, tokenizer.json());
          }
        });
  }
}
