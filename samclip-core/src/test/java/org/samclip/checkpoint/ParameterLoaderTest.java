package org.samclip.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.nn.ParameterList;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;

class ParameterLoaderTest {

  @TempDir Path folder;
  private Path path;
  private NDManager manager;
  private final Map<String, NDArray> model = new LinkedHashMap<>();

  @BeforeEach
  void makeFileAndModel() {
    path = folder.resolve("weights.safetensors");
    manager = NDManager.newBaseManager();
    new SafetensorsWriter()
        .add("block.weight", new float[] {1, 2, 3, 4, 5, 6}, 2, 3)
        .add("block.bias", new float[] {7, 8}, 2)
        .add("scale", new float[] {9})
        .write(path);
    model.put("block.weight", manager.zeros(new Shape(2, 3)));
    model.put("block.bias", manager.zeros(new Shape(2)));
    model.put("scale", manager.zeros(new Shape()));
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private ParameterLoader.Report load(ParameterLoader loader) {
    try (TensorSource source = Checkpoints.open(path)) {
      return loader.load(model, source);
    }
  }

  @Test
  void copiesIntoTheArraysTheirViewsAndKeepsGradientFlags() throws Exception {
    NDArray weight = model.get("block.weight");
    weight.setRequiresGradient(true);
    NDArray view = weight.stopGradient();
    // New threads have gradient mode on, in which changing a leaf needs care.
    Thread thread = new Thread(() -> load(new ParameterLoader()));
    thread.start();
    thread.join();
    assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, weight.toFloatArray());
    assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, view.toFloatArray());
    assertTrue(weight.hasGradient());
    assertArrayEquals(new float[] {7, 8}, model.get("block.bias").toFloatArray());
    assertEquals(9, model.get("scale").getFloat());
  }

  @Test
  void reportsAllDisagreementsAndChangesNothing() {
    model.put("block.weigth", model.remove("block.weight"));
    model.put("block.bias", manager.zeros(new Shape(3)));
    model.put("scale", manager.zeros(new Shape(), DataType.INT64));
    UserError error = assertThrows(UserError.class, () -> load(new ParameterLoader()));
    String message = error.getMessage();
    assertTrue(message.contains("1 missing: block.weigth (did you mean block.weight?)"), message);
    assertTrue(message.contains("1 that the model does not have: block.weight"), message);
    assertTrue(message.contains("2 of another shape or type: block.bias is F32 [2]"), message);
    for (NDArray array : model.values()) {
      assertEquals(0, array.toType(DataType.FLOAT32, true).abs().sum().getFloat());
    }
  }

  @Test
  void longListsAreCounted() {
    for (int i = 0; i < 12; i++) {
      model.put("layer" + i, manager.zeros(new Shape(1)));
    }
    UserError error = assertThrows(UserError.class, () -> load(new ParameterLoader()));
    assertTrue(error.getMessage().contains("12 missing"), error.getMessage());
    assertTrue(error.getMessage().contains("and 7 more"), error.getMessage());
  }

  @Test
  void optionsMapIgnoreAndKeepNames() {
    Map<String, NDArray> part =
        Map.of("weight", model.get("block.weight"), "new", model.get("scale"));
    try (TensorSource source = Checkpoints.open(path)) {
      ParameterLoader.Report report =
          new ParameterLoader()
              .optSourceName(name -> "block." + name)
              .optKeptInModel("new"::equals)
              .optIgnoredInFile(name -> !name.equals("block.weight"))
              .load(part, source);
      assertEquals(List.of("weight"), report.loaded());
      assertEquals(List.of("new"), report.kept());
      assertEquals(2, report.ignored().size());
    }
    assertEquals(6, model.get("block.weight").max().getFloat());
  }

  @Test
  void loadsHalfPrecisionAndNamesValuesThatAreNotFinite() {
    new SafetensorsWriter()
        .optFloatType(TensorType.BF16)
        .add("block.weight", new float[] {1, 2, 3, 4, 5, Float.NaN}, 2, 3)
        .add("block.bias", new float[] {7, Float.NEGATIVE_INFINITY}, 2)
        .add("scale", new float[] {9})
        .write(path);
    assertEquals(List.of("block.weight", "block.bias"), load(new ParameterLoader()).notFinite());
    assertEquals(9, model.get("scale").getFloat());
  }

  @Test
  void acceptsParameterLists() {
    Parameter bias = Parameter.builder().setName("bias").setType(Parameter.Type.BIAS).build();
    bias.setArray(manager.zeros(new Shape(2)));
    ParameterList list = new ParameterList();
    list.add("block.bias", bias);
    try (TensorSource source = Checkpoints.open(path)) {
      new ParameterLoader().optIgnoredInFile(name -> true).load(list, source);
    }
    assertArrayEquals(new float[] {7, 8}, bias.getArray().toFloatArray());
  }
}
