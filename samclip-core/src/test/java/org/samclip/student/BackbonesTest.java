package org.samclip.student;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.parity.Vectors;

/** Passes with several heads on last and inner blocks, against autograd through everything. */
class BackbonesTest {

  private NDManager manager;

  @BeforeEach
  void start() {
    manager = LibTorch.newManager(Device.cpu());
  }

  @AfterEach
  void stop() {
    manager.close();
  }

  private static BackboneConfig backbone(String name) {
    return switch (name) {
      case "vit-det" -> Students.VIT_DET;
      case "learned" -> Students.learned();
      case "rotary" -> Students.rotary();
      default -> Students.bare();
    };
  }

  /** What a head's outputs are multiplied with, to make a number of them. */
  private static NDArray weights(String head, String output, NDArray of) {
    long seed = (head + "." + output).hashCode();
    return Students.noise(seed, of.getManager(), of.getShape());
  }

  private NDArray images(NDManager local, int height, int width) {
    return Students.noise(3, local, new Shape(2, 3, height, width));
  }

  /** Gradients as autograd gives them. */
  private Map<String, float[]> expected(Student student, int height, int width) {
    try (NDScope scope = new NDScope();
        NDManager local = manager.newSubManager();
        Autograd on = Autograd.enabled()) {
      scope.suppressNotUsedWarning();
      BackboneFeatures features =
          student
              .backbone()
              .features(images(local, height, width), student.blocks(student.heads().keySet()));
      NDArray sum = local.create(0f);
      for (Map.Entry<String, Head> entry : student.heads().entrySet()) {
        Head head = entry.getValue();
        for (Map.Entry<String, NDArray> output :
            head.forward(features, head.outputs().keySet()).entrySet()) {
          NDArray value = output.getValue();
          sum = sum.add(value.mul(weights(entry.getKey(), output.getKey(), value)).sum());
        }
      }
      on.backward(sum);
    }
    return taken(student);
  }

  /** Gradients of passes. */
  private Map<String, float[]> got(Student student, int height, int width, boolean checkpoint) {
    try (NDScope scope = new NDScope();
        NDManager local = manager.newSubManager();
        Autograd on = Autograd.enabled()) {
      scope.suppressNotUsedWarning();
      BackbonePass pass =
          student
              .backbone()
              .pass(
                  images(local, height, width),
                  student.blocks(student.heads().keySet()),
                  checkpoint);
      BackboneFeatures features = pass.features();
      student
          .heads()
          .forEach(
              (name, head) -> {
                HeadPass read = head.pass(features);
                NDArray loss = local.create(0f);
                for (String output : head.outputs().keySet()) {
                  NDArray value = read.output(output);
                  loss = loss.add(value.mul(weights(name, output, value)).sum());
                }
                if (head.isOutputLearning() || student.backbone().isLearning()) {
                  on.backward(loss);
                }
                read.backward(on);
              });
      pass.backward(on);
    }
    return taken(student);
  }

  private static Map<String, float[]> taken(Student student) {
    Map<String, float[]> gradients = new LinkedHashMap<>();
    student
        .arrays()
        .forEach(
            (name, array) -> {
              if (array.hasGradient()) {
                NDArray gradient = array.getGradient();
                gradients.put(name, gradient.toFloatArray());
                gradient.subi(gradient);
              }
            });
    return gradients;
  }

  private static void learn(Student student, Predicate<String> which) {
    student.arrays().forEach((name, array) -> array.setRequiresGradient(which.test(name)));
  }

  private static void assertClose(Map<String, float[]> expected, Map<String, float[]> got) {
    assertEquals(expected.keySet(), got.keySet());
    expected.forEach(
        (name, values) -> {
          float largest = 0;
          for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
          }
          Vectors.assertClose(name, got.get(name), values, 1e-3, 1e-4 * largest + 1e-7);
        });
  }

  private void compare(String name, int height, int width, Predicate<String> learning) {
    Student student = Students.student(backbone(name), manager);
    learn(student, learning);
    Map<String, float[]> expected = expected(student, height, width);
    assertFalse(expected.isEmpty());
    for (boolean checkpoint : new boolean[] {false, true}) {
      assertClose(expected, got(student, height, width, checkpoint));
    }
  }

  /** SAM's decoder takes no part: nothing is drawn here. */
  private static boolean used(String name) {
    return !name.startsWith("prompt_encoder") && !name.startsWith("mask_decoder");
  }

  @ParameterizedTest
  @ValueSource(strings = {"vit-det", "learned", "rotary", "bare"})
  void allHeadsTogetherGiveAutogradsGradients(String name) {
    compare(name, 16, 24, BackbonesTest::used);
  }

  /** 32 x 36 tokens: blocks with a backward pass of their own, in the CLIP head as well. */
  @Test
  void leanBlocksTakeWhatHeadsBringToInnerBlocks() {
    compare("vit-det", 128, 144, BackbonesTest::used);
  }

  /** The tapped block 0 is frozen, block 1 not: gradients end there. */
  @ParameterizedTest
  @ValueSource(strings = {"vit-det", "learned"})
  void frozenFirstBlocksStayWithoutGradient(String name) {
    compare(
        name,
        16,
        24,
        parameter ->
            used(parameter)
                && !parameter.matches("image_encoder\\.(?!blocks\\.[123]|neck|norm).*"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"vit-det", "rotary"})
  void headsLearnOnAFrozenBackbone(String name) {
    compare(name, 16, 24, parameter -> used(parameter) && !parameter.startsWith("image_encoder"));
    Student student = Students.student(backbone(name), manager);
    learn(student, parameter -> !parameter.startsWith("image_encoder"));
    assertFalse(student.backbone().isLearning());
    learn(student, parameter -> parameter.startsWith("image_encoder.blocks.0"));
    assertTrue(student.backbone().isLearning());
    Head masks = student.head("masks");
    assertFalse(masks.isOutputLearning());
    learn(student, parameter -> parameter.contains(".neck.0."));
    assertTrue(masks.isOutputLearning());
    assertFalse(student.backbone().isLearning());
  }

  @ParameterizedTest
  @CsvSource({"vit-det, 0", "learned, 3", "rotary, 2", "bare, 0"})
  void aCachedOutputGivesTheSameFeatures(String name, int prefix) {
    Backbone backbone = Students.student(backbone(name), manager).backbone();
    assertEquals(prefix, backbone.prefix());
    try (Autograd off = Autograd.disabled()) {
      NDArray images = images(manager, 24, 24);
      NDArray output = backbone.output(images);
      assertEquals(new Shape(2).addAll(backbone.row(24)), output.getShape());
      BackboneFeatures whole = backbone.features(images, Set.of(1));
      BackboneFeatures cached = backbone.features(output, 6, 6);
      close(whole.last().patches(), cached.last().patches());
      assertEquals(new Shape(2, 6, 6, 16), cached.last().patches().getShape());
      if (prefix > 0) {
        close(whole.last().prefix(), cached.last().prefix());
        assertEquals(new Shape(2, prefix, 16), cached.last().prefix().getShape());
      }
      BackboneFeatures trained = backbone.pass(images, Set.of(1), false).features();
      close(whole.last().patches(), trained.last().patches());
      close(whole.blocks().get(1).patches(), trained.blocks().get(1).patches());
    }
  }

  private static void close(NDArray expected, NDArray got) {
    Vectors.assertClose("", got.toFloatArray(), expected.toFloatArray(), 1e-5, 1e-5);
  }

  @Test
  void blocksThatDoNotExistAreRefused() {
    Backbone backbone = Students.student(Students.bare(), manager).backbone();
    NDArray images = images(manager, 16, 16);
    assertThrows(IllegalArgumentException.class, () -> backbone.pass(images, Set.of(4), false));
    assertThrows(IllegalArgumentException.class, () -> backbone.features(images, Set.of(-1)));
  }
}
