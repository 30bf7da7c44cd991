package org.samclip.checkpoint;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;
import org.samclip.parity.Vectors;

/**
 * Sound files with a few bytes changed, cut or moved: reading them gives values or a {@link
 * UserError}, and nothing else.
 */
class MutatedFilesTest {

  private static final int ROUNDS = 3_000;

  /** Bytes that mean something to one of the formats. */
  private static final byte[] TELLING = {
    0,
    1,
    (byte) 0xff,
    0x7f,
    (byte) 0x80,
    '{',
    '}',
    '[',
    ']',
    '"',
    ',',
    '9',
    '-',
    '(',
    ')',
    '.',
    't',
    'R',
    'Q',
    'b',
    'c',
    's',
    'u',
    'h',
    'q',
    'e',
    '0',
    'N',
    'J',
    'X',
    (byte) 0x8a,
    (byte) 0x93
  };

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"torch_zip.safetensors", "torch_zip.pth"})
  void mutationsGiveValuesOrUserErrors(String name) throws IOException {
    byte[] sound = Files.readAllBytes(Vectors.find(name));
    SplittableRandom random = new SplittableRandom(20231015);
    Path path = folder.resolve(name);
    int refused = 0;
    for (int round = 0; round < ROUNDS; round++) {
      byte[] mutated = mutate(sound, random);
      Files.write(path, mutated);
      try (TensorSource source = Checkpoints.open(path)) {
        source.names().forEach(source::readDoubles);
      } catch (UserError expected) {
        refused++;
        assertTrue(expected.getMessage().contains(path.toString()), expected.getMessage());
      } catch (RuntimeException | Error e) {
        fail("round " + round + " of " + name + ": " + e, e);
      }
      Files.delete(path);
    }
    // One mutation in eight is a truncation, which is never sound.
    assertTrue(refused > ROUNDS / 10, refused + " refused of " + ROUNDS);
  }

  private static byte[] mutate(byte[] sound, SplittableRandom random) {
    byte[] bytes = sound.clone();
    switch (random.nextInt(8)) {
      case 0 -> {
        return Arrays.copyOf(bytes, random.nextInt(bytes.length));
      }
      case 1 -> { // copy one stretch over another
        int length = random.nextInt(1, 64);
        int from = random.nextInt(bytes.length - length);
        System.arraycopy(sound, from, bytes, random.nextInt(bytes.length - length), length);
      }
      case 2 -> { // cut a stretch out
        int length = random.nextInt(1, 16);
        int at = random.nextInt(bytes.length - length);
        System.arraycopy(sound, at + length, bytes, at, bytes.length - at - length);
        return Arrays.copyOf(bytes, bytes.length - length);
      }
      case 3 -> bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      default -> {
        int count = random.nextInt(1, 5);
        for (int i = 0; i < count; i++) {
          bytes[random.nextInt(bytes.length)] = TELLING[random.nextInt(TELLING.length)];
        }
      }
    }
    return bytes;
  }
}
