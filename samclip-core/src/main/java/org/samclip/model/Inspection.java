package org.samclip.model;

import ai.djl.nn.ParameterList;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.samclip.UserError;
import org.samclip.checkpoint.ParameterLoader;
import org.samclip.checkpoint.ParameterLoader.Differences;
import org.samclip.checkpoint.Provenance;
import org.samclip.checkpoint.TensorInfo;
import org.samclip.checkpoint.TensorSource;

/**
 * What a file of weights holds, from names, shapes and metadata alone.
 *
 * @param files all files, the given one first
 * @param bytes of all files
 * @param kind of model, such as {@code sam}, {@code clip} or {@code samclip}
 * @param format who writes such files
 * @param architecture the sizes, a record of the kind; or null when {@code problem} says why not
 * @param problem why the file does not hold a whole model that can be read; or null
 * @param parts tensors and values by part of the model, in the file's order
 * @param types number of values by element type
 * @param metadata free text of the file, without large entries
 * @param notes how the tensors were found, a sentence each: prefixes taken off, tensors left out
 * @param unread what else is in the file: by name, what it is
 * @param provenance what a file of ours says of its origin; or null
 * @param against the name of what it was compared with, or null
 * @param differences from the model that the sizes describe, or from the preset in {@code against};
 *     or null when there is nothing to compare with
 */
public record Inspection(
    List<String> files,
    long bytes,
    String kind,
    String format,
    Record architecture,
    String problem,
    Map<String, Part> parts,
    Map<String, Long> types,
    Map<String, String> metadata,
    List<String> notes,
    Map<String, String> unread,
    Provenance provenance,
    String against,
    Differences differences) {

  /** Longer texts, such as a whole tokenizer, are told by their length. */
  private static final int MAX_TEXT = 200;

  /**
   * @param tensors how many
   * @param values in all of them
   */
  public record Part(long tensors, long values) {}

  /**
   * Reads no values.
   *
   * @param path any file of weights that is read
   * @param options what is said of the file
   * @param preset what to compare a SAM or merged model with; or null
   * @return what it holds
   * @throws UserError if it is missing, damaged, or of a model that cannot be represented
   */
  public static Inspection of(Path path, WeightsOptions options, Preset preset) {
    try (ModelWeights weights = ModelWeights.open(path, options)) {
      Record sizes = null;
      String problem = null;
      try {
        sizes = weights.sizes();
      } catch (UserError e) {
        problem = e.getMessage();
      }
      TensorSource tensors = weights.tensors();
      Map<String, Part> parts = new LinkedHashMap<>();
      Map<String, Long> types = new TreeMap<>();
      for (String name : tensors.names()) {
        TensorInfo info = tensors.info(name);
        parts.merge(
            weights.part(name),
            new Part(1, info.elementCount()),
            (a, b) -> new Part(a.tensors + b.tensors, a.values + b.values));
        types.merge(info.type().name(), info.elementCount(), Long::sum);
      }
      Optional<Record> own = Optional.ofNullable(sizes);
      Optional<ParameterList> expected =
          weights.family().flatMap(family -> expected(family, own, preset));
      if (preset != null && expected.isEmpty()) {
        throw new UserError(
            "%s: holds a %s model; presets, such as %s, are of SAM and merged models"
                .formatted(path, weights.kind(), preset.label()));
      }
      return new Inspection(
          tensors.files().stream().map(Path::toString).toList(),
          tensors.files().stream().mapToLong(Inspection::size).sum(),
          weights.kind(),
          weights.format(),
          sizes,
          problem,
          parts,
          types,
          brief(tensors.metadata()),
          tensors.notes(),
          tensors.unread(),
          weights.provenance().orElse(null),
          preset == null ? null : preset.label(),
          expected.map(list -> new ParameterLoader().differences(list, tensors)).orElse(null));
    }
  }

  private static <S extends Record> Optional<ParameterList> expected(
      ModelFamily<S, ?> family, Optional<Record> sizes, Preset preset) {
    Optional<S> own = sizes.map(family.sizesType()::cast);
    Optional<S> wanted = preset == null ? own : family.preset(preset, own);
    return wanted.map(known -> family.build(known).parameters());
  }

  private static Map<String, String> brief(Map<String, String> metadata) {
    Map<String, String> brief = new TreeMap<>();
    metadata.forEach(
        (key, text) ->
            brief.put(key, text.length() > MAX_TEXT ? text.length() + " characters" : text));
    return brief;
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * @return whether the file holds exactly what the model, or the preset, needs
   */
  public boolean fits() {
    return differences != null && differences.isEmpty();
  }

  /**
   * @return a table for people
   */
  public String text() {
    List<String> lines = new ArrayList<>();
    lines.add("%-13s %s".formatted("file", files.get(0)));
    if (files.size() > 1) {
      lines.add("%-13s %d more".formatted("", files.size() - 1));
    }
    lines.add("%-13s %s".formatted("size", Numbers.bytes(bytes)));
    lines.add("%-13s %s, %s".formatted("kind", kind, format));
    lines.add(
        "%-13s %s"
            .formatted(
                "architecture",
                architecture == null ? "unknown: " + problem : Architecture.write(architecture)));
    types.forEach((type, n) -> lines.add("%-13s %s: %,d values".formatted("type", type, n)));
    parts.forEach(
        (part, n) ->
            lines.add(
                "%-13s %s: %,d values in %,d tensors"
                    .formatted("part", part, n.values, n.tensors)));
    metadata.forEach((key, text) -> lines.add("%-13s %s = %s".formatted("metadata", key, text)));
    notes.forEach(note -> lines.add("%-13s %s".formatted("note", note)));
    list(
        lines,
        "not read",
        unread.entrySet().stream().map(e -> e.getKey() + " (" + e.getValue() + ")").toList());
    if (differences != null) {
      String model = against == null ? "its architecture" : "preset " + against;
      lines.add(
          "%-13s %s"
              .formatted("against", model + (fits() ? ": nothing missing, nothing extra" : "")));
      list(lines, "missing", differences.missing());
      list(lines, "extra", differences.extra());
      list(lines, "other shape", differences.misfits());
    }
    return String.join("\n", lines) + "\n";
  }

  private static void list(List<String> lines, String what, List<String> names) {
    if (!names.isEmpty()) {
      lines.add("%-13s %s".formatted(what, Numbers.list(names)));
    }
  }
}
