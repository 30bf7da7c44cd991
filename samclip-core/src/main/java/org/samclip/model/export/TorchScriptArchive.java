package org.samclip.model.export;

import ai.djl.ndarray.NDArray;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.samclip.checkpoint.AtomicFile;
import org.samclip.checkpoint.PickleWriter;
import org.samclip.checkpoint.TorchArchiveWriter;
import org.samclip.model.SamClipModel;

/**
 * Writes a merged model as a TorchScript archive, which {@code torch.jit.load} runs without
 * samclip. Its parameters carry the names of the model file. Methods:
 *
 * <ul>
 *   <li>{@code forward(images [B, 3, H, W])}: image embedding [B, E], patch features [B, E, h, w],
 *       SAM's image embedding [B, C, h, w], as {@link org.samclip.model.SamClip#features}
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

  private TorchScriptArchive() {}

  /**
   * @param path the file to replace or create
   * @param model what to write
   * @param metadata goes into the archive as {@link TorchArchiveWriter#METADATA}
   */
  static void write(Path path, SamClipModel model, Map<String, String> metadata) {
    TorchScriptModule root = TorchScriptModule.of(model.model()).with("text", model.text());
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
            archive.text(TOKENIZER, model.tokenizer().json());
          }
        });
  }
}
