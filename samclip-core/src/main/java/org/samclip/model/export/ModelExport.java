package org.samclip.model.export;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.samclip.UserError;
import org.samclip.checkpoint.AtomicFile;
import org.samclip.checkpoint.Provenance;
import org.samclip.checkpoint.SafetensorsWriter;
import org.samclip.checkpoint.TorchArchiveWriter;
import org.samclip.clip.ClipConfig;
import org.samclip.clip.ClipText;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ClipModel;
import org.samclip.model.ModelFile;
import org.samclip.model.SamModel;
import org.samclip.model.WeightsOptions;
import org.samclip.student.Language;
import org.samclip.student.MaskDecoderHead;
import org.samclip.student.MaskHead;
import org.samclip.student.MergedModel;
import org.samclip.student.Student;
import org.samclip.student.VitDetBackbone;
import org.samclip.text.TextEncoder;
import org.samclip.text.TextTokenizer;

/**
 * A model file written again in another program's format, float32. The extension of the file says
 * the container: {@code .safetensors}, or a torch archive otherwise.
 *
 * @param model file of kind samclip, sam or clip
 * @param options what is said of the model file
 * @param out file to write
 * @param replace whether existing files may be replaced
 * @param version of samclip, for the provenance
 * @param licences by name, added to those that the model file states
 */
public record ModelExport(
    Path model,
    WeightsOptions options,
    Path out,
    boolean replace,
    String version,
    Map<String, String> licences) {

  /** Open_clip looks for its sizes under this name, beside the weights. */
  private static final String OPENCLIP_CONFIG = "open_clip_config.json";

  private static final String TOKENIZER_FILE = "tokenizer.json";

  /** Kind of a file that holds a CLIP's text tower; samclip itself does not read it. */
  private static final String CLIP_TEXT = "clip-text";

  /** What of a CLIP is written. */
  public enum Part {
    /** Both towers. */
    ALL,
    /** The text tower. */
    TEXT
  }

  /**
   * Writes the model.
   *
   * @param format of the file
   * @param part of the model; {@link Part#TEXT} for OpenCLIP only
   * @return the files written, the model first
   * @throws UserError if the model is not of a kind that the format can hold, or a file cannot be
   *     written
   */
  public List<Path> write(ExportFormat format, Part part) {
    format.requireExtension(out.getFileName().toString());
    requireFree(out);
    if (part == Part.TEXT && format != ExportFormat.OPENCLIP) {
      throw new UserError("part text: only format openclip has it, not " + format.label());
    }
    String kind = ModelFile.kind(model, options);
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      return switch (format) {
        case SAM -> sam(kind, manager);
        case OPENCLIP -> part == Part.TEXT ? text(kind, manager) : clip(kind, manager);
        case TORCHSCRIPT -> torchScript(kind, manager);
      };
    }
  }

  private List<Path> sam(String kind, NDManager manager) {
    switch (kind) {
      case SamModel.KIND -> {
        SamModel sam = ModelFile.read(SamModel.class, model, options, manager);
        sam(sam.sam().arrays(), sam.sizes(), sam.provenance());
      }
      case MergedModel.KIND -> {
        MergedModel merged = ModelFile.read(MergedModel.class, model, options, manager);
        sam(merged);
      }
      default -> throw wrongKind(kind, ExportFormat.SAM, "a sam or samclip model");
    }
    return List.of(out);
  }

  /** Backbone and mask head; every other head is left out. */
  private void sam(MergedModel merged) {
    Student student = merged.student();
    List<MaskHead> masks =
        student.heads().values().stream()
            .filter(MaskHead.class::isInstance)
            .map(MaskHead.class::cast)
            .toList();
    if (!(student.backbone() instanceof VitDetBackbone backbone) || masks.isEmpty()) {
      throw new UserError(
          "%s: the format sam needs a backbone of kind %s and a head of kind %s; the backbone is of kind %s, the heads are %s"
              .formatted(
                  model,
                  VitDetBackbone.KIND,
                  MaskDecoderHead.KIND,
                  student.backbone().kind(),
                  kinds(student)));
    }
    Map<String, NDArray> arrays = new LinkedHashMap<>();
    backbone
        .encoder()
        .arrays()
        .forEach((name, array) -> arrays.put(Student.BACKBONE + "." + name, array));
    MaskHead head = masks.get(0);
    arrays.putAll(head.module().arrays());
    SamModel.Sizes sizes = new SamModel.Sizes(backbone.encoder().config(), head.sizes());
    sam(arrays, sizes, merged.provenance());
  }

  private static String kinds(Student student) {
    List<String> kinds = new ArrayList<>();
    student.heads().forEach((name, head) -> kinds.add(name + " of kind " + head.kind()));
    return kinds.isEmpty() ? "none" : String.join(", ", kinds);
  }

  private void sam(Map<String, NDArray> arrays, SamModel.Sizes sizes, Optional<Provenance> origin) {
    stateDict(arrays, provenance(origin, SamModel.KIND, sizes).toMetadata());
  }

  private List<Path> clip(String kind, NDManager manager) {
    if (kind.equals(MergedModel.KIND)) {
      throw new UserError(
          model
              + ": the image side of a merged model is SAM's encoder with a head, which no OpenCLIP"
              + " class can hold. Part text writes its text tower; format torchscript writes the"
              + " whole model for Python");
    }
    if (!kind.equals(ClipModel.KIND)) {
      throw wrongKind(kind, ExportFormat.OPENCLIP, "a clip model, or a samclip with part text");
    }
    Path config = beside(OPENCLIP_CONFIG);
    Path words = beside(TOKENIZER_FILE);
    ClipModel clip = ModelFile.read(ClipModel.class, model, options, manager);
    try (TextTokenizer tokenizer = clip.tokenizer()) {
      ClipConfig sizes = clip.clip().config();
      Provenance provenance = provenance(clip.provenance(), ClipModel.KIND, sizes);
      stateDict(clip.clip().arrays(), metadata(provenance, tokenizer));
      AtomicFile.writeString(config, OpenClipConfig.json(sizes));
      AtomicFile.writeString(words, tokenizer.json());
    }
    return List.of(out, config, words);
  }

  private List<Path> text(String kind, NDManager manager) {
    Path words = beside(TOKENIZER_FILE);
    switch (kind) {
      case ClipModel.KIND -> {
        ClipModel clip = ModelFile.read(ClipModel.class, model, options, manager);
        text(clip.textEncoder().orElseThrow(), clip.provenance(), words);
      }
      case MergedModel.KIND -> {
        MergedModel merged = ModelFile.read(MergedModel.class, model, options, manager);
        Language language =
            merged
                .language()
                .orElseThrow(
                    () ->
                        new UserError(
                            model + ": part text needs a text tower, and this model has none"));
        text(language.text(), merged.provenance(), words);
      }
      default -> throw wrongKind(kind, ExportFormat.OPENCLIP, "a clip or samclip model");
    }
    return List.of(out, words);
  }

  private void text(TextEncoder text, Optional<Provenance> origin, Path words) {
    try (TextTokenizer tokenizer = text.tokenizer()) {
      if (!(text.sizes() instanceof ClipText sizes)) {
        throw new UserError(
            model + ": its text tower is not a CLIP's; format openclip holds no other");
      }
      Provenance provenance = provenance(origin, CLIP_TEXT, sizes);
      stateDict(text.tower().arrays(), metadata(provenance, tokenizer));
      AtomicFile.writeString(words, tokenizer.json());
    }
  }

  private List<Path> torchScript(String kind, NDManager manager) {
    if (!kind.equals(MergedModel.KIND)) {
      throw wrongKind(
          kind,
          ExportFormat.TORCHSCRIPT,
          "a samclip model; the formats sam and openclip take others");
    }
    MergedModel merged = ModelFile.read(MergedModel.class, model, options, manager);
    TorchScriptArchive archive =
        TorchScriptArchive.of(merged)
            .orElseThrow(
                () ->
                    new UserError(
                        "%s: format torchscript holds a backbone of kind vit-det, one head of kind mask-decoder, one of kind clip-head and its text tower, nothing else; the backbone is of kind %s, the heads are %s"
                            .formatted(
                                model,
                                merged.student().backbone().kind(),
                                kinds(merged.student()))));
    try (TextTokenizer tokenizer = archive.tokenizer()) {
      Provenance provenance = provenance(merged.provenance(), MergedModel.KIND, merged.sizes());
      archive.write(out, provenance.toMetadata());
      return List.of(out);
    }
  }

  private void stateDict(Map<String, NDArray> arrays, Map<String, String> metadata) {
    if (out.getFileName().toString().endsWith(ExportFormat.SAFETENSORS)) {
      SafetensorsWriter.write(out, arrays, metadata);
    } else {
      TorchArchiveWriter.writeStateDict(out, arrays, metadata);
    }
  }

  /** A file of a fixed name that belongs to the model; looked at before anything is written. */
  private Path beside(String name) {
    Path file = out.resolveSibling(name);
    requireFree(file);
    return file;
  }

  private Provenance provenance(Optional<Provenance> origin, String kind, Record sizes) {
    String architecture = ModelFile.architecture(sizes);
    return origin
        .orElseGet(() -> new Provenance(version, kind, architecture, "", Map.of(), "", Map.of()))
        .rewritten(version, kind, architecture, licences);
  }

  private static Map<String, String> metadata(Provenance provenance, TextTokenizer tokenizer) {
    Map<String, String> metadata = new LinkedHashMap<>(provenance.toMetadata());
    metadata.put(ModelFile.TOKENIZER, tokenizer.json());
    return metadata;
  }

  private UserError wrongKind(String kind, ExportFormat format, String needed) {
    return new UserError(
        "%s: holds a %s model; format %s needs %s".formatted(model, kind, format.label(), needed));
  }

  private void requireFree(Path file) {
    if (!replace && Files.exists(file)) {
      throw new UserError(file + " exists; choose another file, or force its replacement");
    }
  }
}
