package org.samclip.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;

class ProvenanceTest {

  /** SHA-256 of "abc", FIPS 180-2, appendix B.1. */
  private static final String ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  @TempDir Path folder;

  @Test
  void travelsInsideTheCheckpoint() {
    Provenance provenance =
        new Provenance(
            "0.1.0",
            "samclip",
            "{\"width\":768}",
            ABC,
            Map.of("sam", ABC, "clip", ABC),
            "",
            Map.of("sam", "Apache-2.0"));
    Path path = folder.resolve("model.safetensors");
    SafetensorsWriter.write(path, Map.of(), provenance.toMetadata());
    try (TensorSource source = Checkpoints.open(path)) {
      assertEquals(Optional.of(provenance), Provenance.fromMetadata(source.metadata()));
    }
  }

  @Test
  void otherFilesHaveNoneAndDamagedOnesAreRefused() {
    assertEquals(Optional.empty(), Provenance.fromMetadata(Map.of("format", "pt")));
    Map<String, String> damaged =
        Map.of("samclip.version", "1", "samclip.kind", "sam", "samclip.recipe.sha256", "12");
    assertThrows(UserError.class, () -> Provenance.fromMetadata(damaged));
  }

  @Test
  void hashesOfTextAndFilesFollowTheStandard() throws Exception {
    assertEquals(ABC, ContentHash.sha256("abc"));
    Path file = Files.writeString(folder.resolve("abc"), "abc");
    assertEquals(ABC, ContentHash.sha256(file));
    assertThrows(UserError.class, () -> ContentHash.sha256(folder.resolve("none")));
  }

  @Test
  void hashOfTensorsDependsOnNamesShapesAndValuesOnly() {
    Path path = folder.resolve("half.safetensors");
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray a = manager.create(new float[] {1, 2});
      NDArray b = manager.create(new float[] {3});
      Map<String, NDArray> tensors = Map.of("a", a, "b", b);
      String hash = ContentHash.sha256(tensors);
      SafetensorsWriter.write(path, tensors, Map.of("x", "y"), TensorType.F16);
      try (TensorSource source = Checkpoints.open(path)) {
        assertEquals(hash, ContentHash.sha256(source));
      }
      assertNotEquals(hash, ContentHash.sha256(Map.of("a", b, "b", a)));
      assertNotEquals(hash, ContentHash.sha256(Map.of("a", a.reshape(new Shape(1, 2)), "b", b)));
    }
  }
}
