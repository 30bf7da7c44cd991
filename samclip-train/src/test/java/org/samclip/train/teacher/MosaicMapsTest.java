package org.samclip.train.teacher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.transform.Mosaic;
import org.samclip.data.transform.Normalisation;
import org.samclip.kernel.LibTorch;
import org.samclip.train.FeedBuilder;
import org.samclip.train.InMemorySource;
import org.samclip.train.feed.FeedBatches;
import org.samclip.train.feed.ImageBatch;
import org.samclip.train.feed.MicroBatch;
import org.samclip.train.feed.Viewer;

class MosaicMapsTest {

  private final NDManager manager = LibTorch.newManager(Device.cpu());

  @AfterEach
  void close() {
    manager.close();
  }

  /** Against the cells that the mosaic itself names. */
  @Test
  void eachImageGetsItsQuarter() {
    int side = 6;
    int count = 2 * 3 * side * side;
    float[] values = new float[count];
    IntStream.range(0, count).forEach(i -> values[i] = i);
    NDArray apart = MosaicMaps.apart(manager.create(values, new Shape(2, 3, side, side)));
    assertEquals(new Shape(8, 3, 3, 3), apart.getShape());
    float[] got = apart.toFloatArray();
    for (int image = 0; image < 8; image++) {
      int[] cells = Mosaic.cells(image % 4, side);
      for (int channel = 0; channel < 3; channel++) {
        for (int i = 0; i < 9; i++) {
          int from = (image / 4 * 3 + channel) * side * side + cells[i];
          assertEquals(values[from], got[(image * 3 + channel) * 9 + i]);
        }
      }
    }
  }

  @Test
  void partsAreWholeMosaics() {
    assertEquals(new MicroBatch.Part(1, 3), MosaicMaps.mosaics(new MicroBatch.Part(4, 12)));
    for (MicroBatch.Part odd : new MicroBatch.Part[] {part(2, 8), part(0, 6)}) {
      assertThrows(IllegalArgumentException.class, () -> MosaicMaps.mosaics(odd));
    }
  }

  private static MicroBatch.Part part(int from, int to) {
    return new MicroBatch.Part(from, to);
  }

  @Test
  void aMapOfOneImageIsRefused() {
    for (Shape shape :
        new Shape[] {new Shape(4, 3), new Shape(1, 3, 5, 4), new Shape(1, 3, 4, 5)}) {
      NDArray map = manager.zeros(shape);
      assertThrows(IllegalArgumentException.class, () -> MosaicMaps.apart(map));
    }
  }

  /** From the batch to the maps: a network that sees each pixel alone says the same of a tile. */
  @Test
  void whatIsSaidOfAMosaicIsSaidOfItsImages() {
    Viewer student = new Viewer("student", Normalisation.SAM, 8, side -> side, false);
    Viewer mosaic = new Viewer("mosaic", Normalisation.CLIP, 8, any -> 64, true);
    Viewer alone = new Viewer("alone", Normalisation.CLIP, 8, any -> 32, false);
    FrozenNetwork pixels =
        new FrozenNetwork(
            "pixels",
            Set.of(),
            "",
            Map.of("map", side -> new Shape(3, side, side)),
            (images, names) -> Map.of("map", images.mul(images)));
    FrozenOutputs outputs = new FrozenOutputs(pixels, Optional.empty());
    try (ReplayStream stream = new InMemorySource(InMemorySource.pictures(20)).stream(1, 1)) {
      ImageBatch batch =
          FeedBatches.of(
                  new FeedBuilder(8, 32).build(),
                  stream,
                  java.util.List.of(student, mosaic, alone),
                  1)
              .apply(0)
              .batches()
              .get(0);
      Set<String> map = Set.of("map");
      MicroBatch.Part second = part(4, 8);
      NDArray of4 =
          outputs
              .of(batch.views().get("mosaic"), MosaicMaps.mosaics(second), map, manager)
              .get("map");
      NDArray of1 = outputs.of(batch.views().get("alone"), second, map, manager).get("map");
      assertTrue(MosaicMaps.apart(of4).contentEquals(of1));
    }
  }
}
