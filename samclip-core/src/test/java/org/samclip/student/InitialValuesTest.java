package org.samclip.student;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.samclip.kernel.LibTorch;
import org.samclip.sam.SamHeadConfig;
import org.samclip.vitdet.ViTDetConfig;

/**
 * A seed gives the same student for ever: the hashes are those of the class that held exactly the
 * paper's two heads, before there were students.
 */
class InitialValuesTest {

  private static final StudentConfig CONFIG =
      SamClipPair.config(
          new ViTDetConfig(4, 4, 16, 2, 2, 2, 3, List.of(1), 8),
          new SamHeadConfig(8, 2, 1, 16, 4, 3, 2, 8),
          new ClipHeadConfig(2, ClipHeadConfig.Pool.MAX, 12, 1));

  @Test
  void valuesOfASeed() throws NoSuchAlgorithmException {
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      Student student = new Student(CONFIG);
      student.initialize(manager, 7);
      Head head = student.head(SamClipPair.CLIP_HEAD);
      head.start("random", student.backbone());
      assertEquals(
          "da85fe92faef97d40f5b6efebb063285b297c6c1332afe647efd3ac81fe1e5dc", hash(student));
      head.start("last_attention", student.backbone());
      assertEquals(
          "284ac84ea85334f7026b5266ac61acc870e21ea14c05cd27f088e83d3266c189", hash(student));
      head.start("last_layer", student.backbone());
      assertEquals(
          "742143edd2bd217e882cc08f22d87f6f454d2292f179db07af6ae583ae0c9871", hash(student));
    }
  }

  /** Names and values, in the order of the names. */
  private static String hash(Student student) throws NoSuchAlgorithmException {
    MessageDigest sha = MessageDigest.getInstance("SHA-256");
    for (Map.Entry<String, NDArray> entry : new TreeMap<>(student.arrays()).entrySet()) {
      sha.update(entry.getKey().getBytes(StandardCharsets.UTF_8));
      float[] values = entry.getValue().toFloatArray();
      ByteBuffer bytes =
          ByteBuffer.allocate(Float.BYTES * values.length).order(ByteOrder.LITTLE_ENDIAN);
      for (float value : values) {
        bytes.putFloat(value);
      }
      sha.update(bytes.array());
    }
    return HexFormat.of().formatHex(sha.digest());
  }
}
