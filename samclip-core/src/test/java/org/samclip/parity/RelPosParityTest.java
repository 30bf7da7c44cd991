package org.samclip.parity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Block;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.samclip.checkpoint.SafetensorsFile;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.Kernels;
import org.samclip.kernel.LibTorch;
import org.samclip.nn.Layer;
import org.samclip.nn.PositionGrid;
import org.samclip.vitdet.ImageEncoder;

/** Relative positions whose tables do not fit: the operator, whole encoders, gradients. */
class RelPosParityTest {

  private static final String SET = "sam_rel_pos";
  private static final String PREFIX = "image_encoder.";
  private static final Pattern UNIT = Pattern.compile("unit\\.q(\\d+)_k(\\d+)_l(\\d+)");
  private static final Pattern IMAGE = Pattern.compile("input\\.image\\.(.+)");

  private final Vectors vectors = Vectors.load(SET);
  private NDManager manager;

  @BeforeEach
  void open() {
    manager = LibTorch.newManager(Device.cpu());
  }

  @AfterEach
  void close() {
    manager.close();
  }

  @Test
  void queryAndKeyGridsOfOtherSizes() {
    Vectors.Tolerance limit = vectors.tolerance("unit");
    int count = 0;
    for (String name : vectors.names(SET)) {
      Matcher sizes = UNIT.matcher(name);
      if (sizes.matches()) {
        NDArray table = vectors.array("input.table" + sizes.group(3), manager);
        int q = Integer.parseInt(sizes.group(1));
        int k = Integer.parseInt(sizes.group(2));
        vectors.assertClose(name, Kernels.relPos(table, q, k), SET, name, limit);
        count++;
      }
    }
    assertFalse(count == 0, "no unit values");
  }

  private ImageEncoder encoder() {
    JsonNode config = vectors.json().get("config");
    ImageEncoder encoder =
        new ImageEncoder(SamVectors.encoder(config, config.get("out_chans").asInt()));
    encoder.initialize(manager, 0);
    SafetensorsFile file = vectors.file(SamVectors.WEIGHTS);
    Map<String, NDArray> arrays = encoder.arrays();
    assertEquals(
        file.names().stream().filter(n -> n.startsWith(PREFIX)).collect(Collectors.toSet()),
        arrays.keySet().stream().map(n -> PREFIX + n).collect(Collectors.toSet()));
    arrays.forEach((name, array) -> file.read(PREFIX + name, manager).copyTo(array));
    return encoder;
  }

  private Set<String> grids() {
    Set<String> grids = new TreeSet<>();
    for (String name : vectors.names(SET)) {
      Matcher image = IMAGE.matcher(name);
      if (image.matches()) {
        grids.add(image.group(1));
      }
    }
    assertFalse(grids.isEmpty());
    return grids;
  }

  private void check(String tensor, NDArray got) {
    vectors.assertClose(tensor, got, SET, tensor, vectors.tolerance("encoder_and_gradients"));
  }

  @Test
  void everyStageAtOtherGrids() {
    ImageEncoder encoder = encoder();
    for (String grid : grids()) {
      String prefix = "encoder." + grid + ".";
      NDArray images = vectors.array("input.image." + grid, manager);
      NDArray x = encoder.embed(images);
      long h = x.getShape().get(1);
      long w = x.getShape().get(2);
      assertEquals(grid, h + "x" + w);
      NDArray positions = encoder.arrays().get("pos_embed");
      check(prefix + "pos_embed", PositionGrid.resize(manager, positions, h, w));
      int i = 0;
      for (Block block : encoder.blocks().getChildren().values()) {
        x = ((Layer) block).forward(x);
        check(prefix + "block" + i++, x);
      }
      check(prefix + "embedding", encoder.forward(images));
    }
  }

  @Test
  void gradientsReachTheTablesInTheirOwnLength() {
    for (String grid : grids()) {
      ImageEncoder encoder = encoder();
      Map<String, NDArray> arrays = encoder.arrays();
      arrays.values().forEach(array -> array.setRequiresGradient(true));
      NDArray images = vectors.array("input.image." + grid, manager);
      String prefix = "grad." + grid + ".";
      try (Autograd on = Autograd.enabled()) {
        NDArray embedding = encoder.forward(images);
        int n = Math.toIntExact(embedding.size());
        NDArray weight = manager.linspace(-1f, 1f, n).mul(Math.pow(n, -.5));
        NDArray loss = embedding.flatten().mul(weight).sum();
        on.backward(loss);
        check(prefix + "loss", loss);
      }
      int count = 0;
      for (String name : vectors.names(SET)) {
        if (name.startsWith(prefix) && !name.equals(prefix + "loss")) {
          check(name, arrays.get(name.substring(prefix.length())).getGradient());
          count++;
        }
      }
      assertEquals(2 * encoder.config().depth(), count);
      assertFalse(arrays.get("pos_embed").getGradient().abs().max().getFloat() == 0, grid);
    }
  }
}
