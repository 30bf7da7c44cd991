package org.samclip.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The CLIPs of two plain transformers that open_clip publishes, by their names there. */
final class OpenClipModels {

  private static final String RESOURCE = "open-clip-models.json";
  private static final List<ClipDescription> ALL = read();

  private OpenClipModels() {}

  static List<ClipDescription> all() {
    return ALL;
  }

  static Optional<ClipDescription> named(String name) {
    return ALL.stream().filter(model -> model.origin().equals(name)).findFirst();
  }

  private static List<ClipDescription> read() {
    try (InputStream in = OpenClipModels.class.getResourceAsStream(RESOURCE)) {
      JsonNode models = new ObjectMapper().readTree(in);
      List<ClipDescription> all = new ArrayList<>();
      models
          .fields()
          .forEachRemaining(
              model -> all.add(ClipConfigFile.openClip(model.getKey(), model.getValue())));
      return List.copyOf(all);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + RESOURCE, e);
    }
  }
}
