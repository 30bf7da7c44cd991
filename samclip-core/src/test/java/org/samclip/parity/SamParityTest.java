package org.samclip.parity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.Kernels;
import org.samclip.kernel.LibTorch;
import org.samclip.nn.Layer;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;
import org.samclip.sam.Prompts.CornerLabels;
import org.samclip.sam.Sam;
import org.samclip.sam.TwoWayBlock;
import org.samclip.vitdet.ImageEncoder;

/** SAM against segment-anything's own code: every stage, all prompt kinds, gradients. */
class SamParityTest {

  private static final String IO = "sam_tiny_io";

  private final Vectors vectors = Vectors.load("sam_tiny");
  private final Vectors.Tolerance tolerance = vectors.tolerance("outputs");
  private NDManager manager;
  private Sam sam;

  @BeforeEach
  void load() {
    manager = LibTorch.newManager(Device.cpu());
    sam = SamVectors.load(manager);
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private NDArray io(String name) {
    return vectors.array(IO, name, manager);
  }

  private void check(String tensor, NDArray got) {
    vectors.assertClose(tensor, got, IO, tensor, tolerance);
  }

  @Test
  void everyStageOfTheEncoder() {
    ImageEncoder encoder = sam.imageEncoder();
    NDArray images = io("input.image");
    Layer patches = (Layer) encoder.getChildren().get("patch_embed");
    check("encoder.patch_embed", patches.forward(images));
    NDArray x = encoder.embed(images);
    check("encoder.plus_pos_embed", x);
    int i = 0;
    for (Block block : encoder.blocks().getChildren().values()) {
      Layer norm = (Layer) block.getChildren().get("norm1");
      Layer attn = (Layer) block.getChildren().get("attn");
      int window = encoder.config().windowOf(i);
      String name = "encoder.block" + i + ".attn";
      if (vectors.names(IO).contains(name)) {
        NDArray in = norm.forward(x);
        check(name, attn.forward(window > 0 ? partition(in, window) : in));
      }
      x = ((Layer) block).forward(x);
      check("encoder.block" + i, x);
      i++;
    }
    NDArray y = x.transpose(0, 3, 1, 2);
    int j = 0;
    for (Block layer : encoder.neckLayers().getChildren().values()) {
      y = ((Layer) layer).forward(y);
      check("encoder.neck" + j++, y);
    }
    check("encoder.embedding", encoder.forward(images));
  }

  /** [B, H, W, C] to [B x windows, w, w, C]: a window of its own size has no padding left. */
  private NDArray partition(NDArray x, int window) {
    Shape s = x.getShape();
    long h = (s.get(1) + window - 1) / window * window;
    long w = (s.get(2) + window - 1) / window * window;
    NDArray y = x;
    if (h > s.get(1)) {
      y = y.concat(manager.zeros(new Shape(s.get(0), h - s.get(1), s.get(2), s.get(3))), 1);
    }
    if (w > s.get(2)) {
      y = y.concat(manager.zeros(new Shape(s.get(0), h, w - s.get(2), s.get(3))), 2);
    }
    return y.reshape(s.get(0), h / window, window, w / window, window, s.get(3))
        .transpose(0, 1, 3, 2, 4, 5)
        .reshape(-1, window, window, s.get(3));
  }

  private record Case(String name, int image, Prompts prompts) {}

  private List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    Iterator<Map.Entry<String, JsonNode>> fields = vectors.json().get("cases").fields();
    while (fields.hasNext()) {
      Map.Entry<String, JsonNode> field = fields.next();
      Set<String> inputs = new HashSet<>();
      field.getValue().get("inputs").forEach(input -> inputs.add(input.asText()));
      String prefix = "input." + field.getKey() + ".";
      NDArray coords = inputs.contains("coords") ? io(prefix + "coords").expandDims(0) : null;
      NDArray labels = inputs.contains("labels") ? io(prefix + "labels").expandDims(0) : null;
      NDArray boxes = inputs.contains("boxes") ? io(prefix + "boxes").expandDims(0) : null;
      NDArray masks = inputs.contains("mask") ? io(prefix + "mask").expandDims(0) : null;
      Prompts prompts = inputs.isEmpty() ? null : new Prompts(coords, labels, boxes, masks);
      cases.add(new Case(field.getKey(), field.getValue().get("image").asInt(), prompts));
    }
    return cases;
  }

  private Masks decode(NDArray embedding, Case one) {
    NDArray image = embedding.get(one.image + ":" + (one.image + 1));
    return one.prompts == null
        ? sam.head().unprompted(image)
        : sam.head().masks(image, one.prompts, CornerLabels.IGNORED);
  }

  @Test
  void everyKindOfPrompt() {
    NDArray embedding = sam.imageEncoder().forward(io("input.image"));
    long side = sam.imageEncoder().config().imageSide();
    long g = sam.imageEncoder().config().grid();
    check("prompt.dense_pe", sam.head().prompts().densePositions(manager, g, g));
    for (Case one : cases()) {
      NDArray sparse =
          one.prompts == null
              ? null
              : sam.head().prompts().sparse(one.prompts, side, side, CornerLabels.IGNORED);
      if (vectors.shape(IO, one.name + ".sparse")[1] == 0) {
        assertNull(sparse, one.name);
      } else {
        check(one.name + ".sparse", sparse.squeeze(0));
      }
      long count = one.prompts == null ? 1 : one.prompts.count();
      NDArray dense = sam.head().prompts().dense(one.prompts, 1, count, g, g, manager);
      check(one.name + ".dense", dense.squeeze(0));
      Masks masks = decode(embedding, one);
      check(one.name + ".multi.masks", masks.multi().logits().squeeze(0));
      check(one.name + ".multi.iou", masks.multi().iou().squeeze(0));
      check(one.name + ".single.masks", masks.single().logits().squeeze(0));
      check(one.name + ".single.iou", masks.single().iou().squeeze(0));
    }
  }

  @Test
  void cornerLabelsOfTheOnnxExport() {
    Prompts prompts =
        cases().stream().filter(c -> c.name.equals("points")).findFirst().get().prompts;
    long side = sam.imageEncoder().config().imageSide();
    NDArray sparse = sam.head().prompts().sparse(prompts, side, side, CornerLabels.EMBEDDED);
    check("points.sparse_onnx", sparse.squeeze(0));
  }

  @Test
  void severalImagesWithSeveralPromptsAtOnce() {
    NDArray embedding = sam.imageEncoder().forward(io("input.image"));
    NDArray boxes = io("input.boxes.boxes").expandDims(0);
    long b = embedding.getShape().get(0);
    NDArray repeated = boxes.repeat(0, b);
    Masks all = sam.head().masks(embedding, Prompts.boxes(repeated), CornerLabels.IGNORED);
    int image = vectors.json().get("cases").get("boxes").get("image").asInt();
    check("boxes.multi.masks", all.multi().logits().get(image));
    for (int i = 0; i < b; i++) {
      NDArray one = embedding.get(i + ":" + (i + 1));
      Masks single = sam.head().masks(one, Prompts.boxes(boxes), CornerLabels.IGNORED);
      Vectors.assertClose(
          "image " + i,
          all.logits().get(i).toFloatArray(),
          single.logits().toFloatArray(),
          tolerance.rtol(),
          tolerance.atol());
    }
  }

  @Test
  void everyStageOfTheDecoder() {
    NDArray embedding = sam.imageEncoder().forward(io("input.image"));
    Case points = cases().stream().filter(c -> c.name.equals("points")).findFirst().get();
    var decoder = sam.head().decoder();
    NDArray sparse = io("points.sparse");
    long n = sparse.getShape().get(0);
    NDArray image = embedding.get(points.image).expandDims(0).add(io("points.dense"));
    Shape s = image.getShape();
    NDArray keys = image.reshape(n, s.get(1), s.get(2) * s.get(3)).transpose(0, 2, 1);
    NDArray pe = io("prompt.dense_pe").reshape(1, s.get(1), -1).transpose(0, 2, 1);
    Map<String, NDArray> weights = sam.arrays();
    NDArray output =
        weights
            .get("mask_decoder.iou_token.weight")
            .concat(weights.get("mask_decoder.mask_tokens.weight"), 0)
            .expandDims(0)
            .repeat(0, n);
    NDArray tokens = output.concat(sparse, 1);
    NDArray queries = tokens;
    NDArray grid = keys;
    int i = 0;
    for (TwoWayBlock layer : decoder.transformer().layers()) {
      NDList both = layer.forward(queries, grid, tokens, pe);
      queries = both.get(0);
      grid = both.get(1);
      check("points.decoder.layer" + i + ".queries", queries);
      check("points.decoder.layer" + i + ".keys", grid);
      i++;
    }
    NDList both = decoder.transformer().forward(keys, pe, tokens);
    check("points.decoder.transformer.queries", both.get(0));
    check("points.decoder.transformer.keys", both.get(1));
    NDArray map = both.get(1).transpose(0, 2, 1).reshape(n, s.get(1), s.get(2), s.get(3));
    check("points.decoder.upscaled", decoder.upscaling().forward(map));
  }

  @Test
  void gradientsOfEveryParameter() {
    NDArray images = io("input.image");
    images.setRequiresGradient(true);
    Map<String, NDArray> weights = sam.arrays();
    weights.values().forEach(w -> w.setRequiresGradient(true));
    try (Autograd on = Autograd.enabled()) {
      NDArray embedding = sam.imageEncoder().forward(images);
      NDArray loss = manager.zeros(new Shape());
      for (Case one : cases()) {
        Masks masks = decode(embedding, one);
        loss = loss.add(weighted(one.name + ".multi.masks", masks.multi().logits()));
        loss = loss.add(weighted(one.name + ".multi.iou", masks.multi().iou()));
        loss = loss.add(weighted(one.name + ".single.masks", masks.single().logits()));
        loss = loss.add(weighted(one.name + ".single.iou", masks.single().iou()));
      }
      on.backward(loss);
      check("loss", loss);
    }
    Vectors.Tolerance limit = vectors.tolerance("gradients");
    Set<String> expected = vectors.names("sam_tiny_grads");
    Set<String> own = new HashSet<>(weights.keySet());
    own.remove("prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"); // a buffer
    own.add("input.image");
    assertEquals(own, expected);
    for (String name : expected) {
      NDArray of = name.equals("input.image") ? images : weights.get(name);
      vectors.assertClose(name, of.getGradient(), "sam_tiny_grads", name, limit);
    }
  }

  private NDArray weighted(String name, NDArray output) {
    return output.squeeze(0).mul(io("loss_weight." + name)).sum();
  }

  @Test
  void epsilonsAtFaintInputs() {
    ImageEncoder encoder = sam.imageEncoder();
    Block first = encoder.blocks().getChildren().values().get(0);
    check(
        "faint.block_norm",
        ((Layer) first.getChildren().get("norm1")).forward(io("input.faint.block_norm")));
    Layer norm2d = (Layer) encoder.neckLayers().getChildren().values().get(1);
    check("faint.layer_norm_2d", norm2d.forward(io("input.faint.layer_norm_2d")));
    Block layer = sam.head().decoder().transformer().layers().get(0);
    check(
        "faint.decoder_norm",
        ((Layer) layer.getChildren().get("norm1")).forward(io("input.faint.decoder_norm")));
  }

  @Test
  void postprocessing() {
    NDArray logits = io("points.multi.masks").get("0:1");
    long side = sam.imageEncoder().config().imageSide();
    int i = 0;
    for (JsonNode sizes : vectors.json().get("postprocess")) {
      JsonNode in = sizes.get("input_size");
      JsonNode out = sizes.get("original_size");
      NDArray got =
          Sam.postprocess(
              logits,
              side,
              in.get(0).asLong(),
              in.get(1).asLong(),
              out.get(0).asLong(),
              out.get(1).asLong());
      check("postprocess" + i++, got);
    }
  }

  @Test
  void wholeRequests() {
    int i = 0;
    for (JsonNode sizes : vectors.json().get("e2e")) {
      JsonNode in = sizes.get("image_size");
      JsonNode out = sizes.get("original_size");
      String name = "e2e" + i;
      NDArray image = io("input." + name + ".image").toType(DataType.FLOAT32, false);
      NDArray preprocessed = sam.preprocess(image);
      if (vectors.names(IO).contains(name + ".preprocessed")) {
        check(name + ".preprocessed", preprocessed);
      }
      Prompts prompts =
          new Prompts(
              io("input." + name + ".coords").expandDims(0),
              io("input." + name + ".labels").expandDims(0),
              io("input." + name + ".boxes").expandDims(0),
              null);
      NDArray embedding = sam.imageEncoder().forward(preprocessed.expandDims(0));
      Masks all = sam.head().masks(embedding, prompts, CornerLabels.IGNORED);
      for (String mode : List.of("multi", "single")) {
        Masks masks = mode.equals("multi") ? all.multi() : all.single();
        check(name + "." + mode + ".low_res_logits", masks.logits().squeeze(0));
        check(name + "." + mode + ".iou", masks.iou().squeeze(0));
        if (vectors.names(IO).contains(name + "." + mode + ".masks")) {
          NDArray full =
              Sam.postprocess(
                  masks.logits().squeeze(0),
                  sam.imageEncoder().config().imageSide(),
                  in.get(0).asLong(),
                  in.get(1).asLong(),
                  out.get(0).asLong(),
                  out.get(1).asLong());
          boolean[] expected = io(name + "." + mode + ".masks").toBooleanArray();
          org.junit.jupiter.api.Assertions.assertArrayEquals(
              expected, full.gt(0).toBooleanArray(), name + " " + mode);
        }
      }
      i++;
    }
  }

  @Test
  void kernelsRefuseNothingSilently() {
    org.junit.jupiter.api.Assertions.assertThrows(
        IllegalArgumentException.class,
        () -> sam.imageEncoder().forward(manager.zeros(new Shape(1, 3, 15, 16))));
    org.junit.jupiter.api.Assertions.assertThrows(
        RuntimeException.class,
        () ->
            Kernels.linear(
                manager.zeros(new Shape(2, 3)),
                manager.zeros(new Shape(4, 5)),
                manager.zeros(new Shape(4))));
  }
}
