package org.samclip.student;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.Formulas;
import org.samclip.kernel.LibTorch;
import org.samclip.parity.Vectors;

/** Each kind of adaptor against its definition in plain operators and float64. */
class AdaptorHeadTest {

  private NDManager manager;
  private Autograd off;
  private Map<String, NDArray> weights;

  @BeforeEach
  void start() {
    manager = LibTorch.newManager(Device.cpu());
    off = Autograd.disabled();
  }

  @AfterEach
  void stop() {
    off.close();
    manager.close();
  }

  private static BackboneConfig backbone(String name) {
    return switch (name) {
      case "vit-det" -> Students.VIT_DET;
      case "learned" -> Students.learned();
      default -> Students.bare();
    };
  }

  private NDArray w(String name) {
    return weights.get(name);
  }

  private NDArray linear(NDArray x, String name) {
    return Formulas.linear(x, w(name + ".weight"), w(name + ".bias"));
  }

  private NDArray norm(NDArray x, String name, double eps) {
    return Formulas.layerNorm(x, w(name + ".weight"), w(name + ".bias"), eps, 2);
  }

  private NDArray normGeluLinear(NDArray x, String name) {
    return linear(Formulas.gelu(norm(x, name + ".0", 1e-5)), name + ".2");
  }

  private NDArray mlp(NDArray x, String name, int inner, boolean preNorm) {
    NDArray y = preNorm ? Formulas.gelu(norm(x, name + ".pre_norm.0", 1e-5)) : x;
    y = linear(y, name + ".fc1");
    for (int i = 0; i < inner; i++) {
      y = y.add(normGeluLinear(y, name + ".blocks." + i));
    }
    return normGeluLinear(y, name + ".final");
  }

  private NDArray ladder(Map<Integer, NDArray> tokens, String name) {
    NDArray sum = null;
    for (Map.Entry<Integer, NDArray> entry : tokens.entrySet()) {
      String mlp = name + ".blocks." + entry.getKey();
      NDArray y = linear(Formulas.gelu(linear(entry.getValue(), mlp + ".0")), mlp + ".2");
      sum = sum == null ? y : sum.add(y);
    }
    return sum;
  }

  private NDArray block(NDArray x, String name, int heads) {
    NDArray[] attention = {
      w(name + ".attn.qkv.weight"),
      w(name + ".attn.qkv.bias"),
      w(name + ".attn.proj.weight"),
      w(name + ".attn.proj.bias")
    };
    NDArray a = Formulas.stackedMultiHead(norm(x, name + ".norm1", 1e-6), attention, heads, null);
    NDArray y = x.add(a.mul(w(name + ".ls1.gamma")));
    NDArray m =
        linear(
            Formulas.gelu(linear(norm(y, name + ".norm2", 1e-6), name + ".mlp.fc1")),
            name + ".mlp.fc2");
    return y.add(m.mul(w(name + ".ls2.gamma")));
  }

  /** [B, P + h w, C], float64. */
  private static NDArray all(Tokens tokens) {
    Shape s = tokens.patches().getShape();
    NDArray flat = tokens.patches().reshape(s.get(0), s.get(1) * s.get(2), s.get(3));
    NDArray all = tokens.prefix() == null ? flat : tokens.prefix().concat(flat, 1);
    return all.toType(DataType.FLOAT64, true);
  }

  /** Of all tokens those that a readout takes, [B, n, C]. */
  private static NDArray read(NDArray all, Backbone backbone, boolean summary) {
    if (!summary) {
      return all.get(":, " + backbone.prefix() + ":");
    }
    return backbone.hasClassToken() ? all.get(":, 0:1") : all.mean(new int[] {1}, true);
  }

  @ParameterizedTest
  @ValueSource(strings = {"vit-det", "learned", "bare"})
  void valuesAreThoseOfTheDefinition(String name) {
    Student student = Students.student(backbone(name), manager);
    Backbone backbone = student.backbone();
    weights = new LinkedHashMap<>();
    student
        .arrays()
        .forEach((key, array) -> weights.put(key, array.toType(DataType.FLOAT64, true)));
    NDArray images = Students.noise(1, manager, new Shape(2, 3, 16, 24));
    BackboneFeatures features = backbone.features(images, Set.of(0, 1, 2));
    NDArray last = all(features.last());
    Map<Integer, NDArray> blocks = new LinkedHashMap<>();
    features.blocks().forEach((block, tokens) -> blocks.put(block, all(tokens)));
    blocks.put(3, last);
    for (boolean summary : new boolean[] {false, true}) {
      NDArray own = read(last, backbone, summary);
      check(
          student,
          features,
          summary ? "image" : "patches",
          linear(own, (summary ? "image" : "patches") + ".fc"));
      String mlp = summary ? "mlp-i" : "mlp-s";
      check(student, features, mlp, mlp(own, mlp, summary ? 1 : 2, summary));
      Map<Integer, NDArray> rungs = new LinkedHashMap<>();
      for (int block : summary ? List.of(1, 2) : List.of(0, 2, 3)) {
        rungs.put(block, read(blocks.get(block), backbone, summary));
      }
      String ladder = summary ? "ladder-i" : "ladder-s";
      check(student, features, ladder, ladder(rungs, ladder));
      String several = summary ? "blocks-i" : "blocks-s";
      NDArray x = last;
      for (int i = 0; i < (summary ? 1 : 2); i++) {
        x = block(x, several + ".blocks." + i, summary ? 2 : 4);
      }
      check(student, features, several, linear(read(x, backbone, summary), several + ".fc"));
    }
  }

  /** Expected are rows [B, n, D] of float64. */
  private static void check(
      Student student, BackboneFeatures features, String head, NDArray expected) {
    Head of = student.head(head);
    String output = of.outputs().keySet().iterator().next();
    NDArray got = of.forward(features, Set.of(output)).get(output);
    Shape rows = expected.getShape();
    HeadOutput size = of.outputs().get(output);
    assertEquals(rows.get(2), size.width(), head);
    assertEquals(size.of(new Shape(2, 3, 16, 24)), got.getShape(), head);
    NDArray flat = got.reshape(rows.get(0), rows.get(2), rows.get(1)).transpose(0, 2, 1);
    Vectors.assertClose(
        head,
        flat.toFloatArray(),
        expected.toType(DataType.FLOAT32, false).toFloatArray(),
        1e-4,
        1e-4);
  }

  @ParameterizedTest
  @CsvSource({"patches", "image", "mlp-s", "blocks-i", "ladder-s", "ladder-i"})
  void aMapFoldedIntoTheLastLayersIsAppliedToTheOutput(String name) {
    Student student = Students.student(Students.learned(), manager);
    AdaptorHead head = (AdaptorHead) student.head(name);
    String output = head.outputs().keySet().iterator().next();
    int d = head.outputs().get(output).width();
    BackboneFeatures features =
        student
            .backbone()
            .features(Students.noise(1, manager, new Shape(2, 3, 16, 16)), head.blocks());
    NDArray before = rows(head, features, output, d);
    NDArray matrix = Students.noise(2, manager, new Shape(d, d)).toType(DataType.FLOAT64, true);
    NDArray offset = Students.noise(3, manager, new Shape(d)).toType(DataType.FLOAT64, true);
    head.foldOutput(matrix, offset);
    NDArray expected = before.matMul(matrix.transpose()).add(offset);
    Vectors.assertClose(
        name,
        rows(head, features, output, d).toType(DataType.FLOAT32, false).toFloatArray(),
        expected.toType(DataType.FLOAT32, false).toFloatArray(),
        1e-4,
        1e-4);
    assertThrows(
        IllegalArgumentException.class, () -> head.foldOutput(matrix.get(":, 1:"), offset));
  }

  /** [B n, D], float64. */
  private static NDArray rows(Head head, BackboneFeatures features, String output, int d) {
    NDArray got = head.forward(features, Set.of(output)).get(output);
    NDArray rows = got.reshape(got.getShape().get(0), d, -1).transpose(0, 2, 1).reshape(-1, d);
    return rows.toType(DataType.FLOAT64, true);
  }

  @Test
  void operationsAreThoseOfTheLayers() {
    Student student = new Student(new StudentConfig(Students.learned(), Students.adaptors()));
    // 16 px: 16 patches of 16 channels, and 3 tokens before them
    assertEquals(2. * 16 * 16 * 5, student.head("patches").operations(16));
    assertEquals(2. * (16 * 12 + 12 * 12 + 12 * 7), student.head("mlp-i").operations(16));
    assertEquals(
        2. * 16 * (2 * (16 * 9 + 9 * 5) + 16 * 11 + 11 * 5),
        student.head("ladder-s").operations(16));
    double block = 2. * 19 * 16 * 16 * 4 + 4. * 19 * 19 * 16 + 2. * 19 * 16 * 20 * 2;
    assertEquals(block + 2. * 16 * 4, student.head("blocks-i").operations(16));
    double own = 2. * 19 * 16 * 16 * 4 + 4. * 19 * 19 * 16 + 2. * 19 * 16 * 24 * 2;
    assertEquals(4 * own + 2. * 16 * 48 * 16, student.backbone().operations(16));
  }

  @Test
  void aHeadKnowsItsOutputsAndStarts() {
    Student student = Students.student(Students.bare(), manager);
    Head head = student.head("image");
    HeadPass pass =
        head.pass(
            student
                .backbone()
                .features(Students.noise(1, manager, new Shape(1, 3, 8, 8)), Set.of()));
    String message =
        assertThrows(IllegalArgumentException.class, () -> pass.output("spatial")).getMessage();
    assertTrue(message.contains("summary"), message);
    assertThrows(UserError.class, () -> head.start("last_layer", student.backbone()));
  }
}
