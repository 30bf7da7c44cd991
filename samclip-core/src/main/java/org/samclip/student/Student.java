package org.samclip.student;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.samclip.NearestName;
import org.samclip.UserError;
import org.samclip.nn.Module;

/**
 * One backbone with named heads. The backbone's parameters begin with {@code image_encoder.}, a
 * head's with its name; a mask decoder keeps SAM's names.
 */
public final class Student extends Module {

  /** First part of the names of the backbone's parameters. */
  public static final String BACKBONE = "image_encoder";

  private final StudentConfig config;
  private final Backbone backbone;
  private final Map<String, Head> heads;

  /**
   * @param config the sizes
   * @throws UserError if a head cannot stand on the backbone, or two need the same names
   */
  public Student(StudentConfig config) {
    this.config = config;
    backbone = built(Kinds.backbones().of(config.backbone()), config.backbone());
    child(BACKBONE, backbone.module());
    Map<String, Head> built = new LinkedHashMap<>();
    Map<String, String> owners = new LinkedHashMap<>();
    config
        .heads()
        .forEach(
            (name, sizes) -> {
              Head head = built(name, Kinds.heads().of(sizes), sizes);
              built.put(name, head);
              head.parts(name).forEach((part, module) -> add(owners, name, part, module));
            });
    heads = Collections.unmodifiableMap(built);
  }

  private static <C extends Record & BackboneConfig> Backbone built(
      BackboneKind<C> kind, BackboneConfig sizes) {
    return kind.build(kind.configType().cast(sizes));
  }

  private <C extends Record & HeadConfig> Head built(
      String name, HeadKind<C> kind, HeadConfig sizes) {
    try {
      Head head = kind.build(kind.configType().cast(sizes), backbone);
      backbone.requireBlocks(head.blocks());
      return head;
    } catch (UserError | IllegalArgumentException e) {
      throw new UserError("head %s: %s".formatted(name, e.getMessage()), e);
    }
  }

  private void add(Map<String, String> owners, String head, String part, Module module) {
    String other = owners.putIfAbsent(part, head);
    if (other != null) {
      throw new UserError(
          "heads %s and %s both have parameters named %s; a student has one such head at most"
              .formatted(other, head, part));
    }
    child(part, module);
  }

  /**
   * @return the sizes
   */
  public StudentConfig config() {
    return config;
  }

  /**
   * @return what all heads stand on
   */
  public Backbone backbone() {
    return backbone;
  }

  /**
   * @return the heads by name, in order
   */
  public Map<String, Head> heads() {
    return heads;
  }

  /**
   * @param name of a head
   * @return the head
   * @throws UserError if there is none of that name
   */
  public Head head(String name) {
    Head head = heads.get(name);
    if (head == null) {
      throw new UserError(
          "head \"%s\" is unknown; the student has %s.%s"
              .formatted(
                  name,
                  heads.isEmpty() ? "none" : String.join(", ", heads.keySet()),
                  NearestName.hint(name, heads.keySet())));
    }
    return head;
  }

  /**
   * @param names of heads
   * @return all inner blocks that they read
   */
  public Set<Integer> blocks(Set<String> names) {
    Set<Integer> blocks = new TreeSet<>();
    names.forEach(name -> blocks.addAll(head(name).blocks()));
    return blocks;
  }

  /**
   * One pass of the backbone for outputs of several heads, where no backward pass follows.
   *
   * @param images [B, 3, H, W], normalised; H and W multiples of the patch
   * @param outputs names of outputs by head
   * @return the outputs by head and name
   */
  public Map<String, Map<String, NDArray>> forward(
      NDArray images, Map<String, Set<String>> outputs) {
    BackboneFeatures features = backbone.features(images, blocks(outputs.keySet()));
    Map<String, Map<String, NDArray>> results = new LinkedHashMap<>();
    outputs.forEach((name, wanted) -> results.put(name, head(name).forward(features, wanted)));
    return results;
  }

  /** Input: images. Outputs: all of every head in order, the image embedding for masks last. */
  @Override
  protected NDList forward(NDList inputs) {
    BackboneFeatures features =
        backbone.features(inputs.singletonOrThrow(), blocks(heads.keySet()));
    NDList outputs = new NDList();
    for (Head head : masksLast()) {
      outputs.addAll(head.forward(features, head.outputs().keySet()).values());
    }
    return outputs;
  }

  private List<Head> masksLast() {
    List<Head> order = new ArrayList<>(heads.values());
    order.sort((a, b) -> Boolean.compare(a instanceof MaskHead, b instanceof MaskHead));
    return order;
  }

  @Override
  public Map<String, Object> constants() {
    return Map.of("patch", backbone.patch());
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return masksLast().stream()
        .flatMap(head -> head.outputs().values().stream())
        .map(output -> output.of(inputShapes[0]))
        .toArray(Shape[]::new);
  }
}
