package org.samclip.model.export;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.samclip.NearestName;
import org.samclip.UserError;

/** Formats in which a model can be written for other programs. */
public enum ExportFormat {
  /** segment-anything's state dict: image encoder, prompt encoder, mask decoder. */
  SAM(List.of(".pth", ".pt", ".bin", ".safetensors")),
  /** OpenCLIP's state dict: both towers of a CLIP, or a text tower alone. */
  OPENCLIP(List.of(".bin", ".pt", ".pth", ".safetensors")),
  /** A whole merged model with its arithmetic, for {@code torch.jit.load}. */
  TORCHSCRIPT(List.of(".pt", ".pth", ".ts"));

  /** The extension that asks for safetensors; all others ask for a torch archive. */
  static final String SAFETENSORS = ".safetensors";

  private final List<String> extensions;

  ExportFormat(List<String> extensions) {
    this.extensions = extensions;
  }

  /**
   * @return the name, in lower case
   */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * @param label a name
   * @return the format
   * @throws UserError if there is none of that name
   */
  public static ExportFormat of(String label) {
    List<String> labels = Arrays.stream(values()).map(ExportFormat::label).toList();
    int index = labels.indexOf(label.toLowerCase(Locale.ROOT));
    if (index < 0) {
      throw new UserError(
          "format %s: no such format; allowed: %s.%s"
              .formatted(label, String.join(", ", labels), NearestName.hint(label, labels)));
    }
    return values()[index];
  }

  /**
   * @param fileName whose extension says the container
   * @throws UserError if this format has no such container
   */
  void requireExtension(String fileName) {
    if (extensions.stream().noneMatch(fileName::endsWith)) {
      throw new UserError(
          "%s: the name of a file of format %s must end in one of: %s"
              .formatted(fileName, label(), String.join(", ", extensions)));
    }
  }
}
