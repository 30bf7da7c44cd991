package org.samclip.data.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunLengthNumbersTest {

  private static RunLengthNumbers of(String hex, int width) throws IOException {
    return new RunLengthNumbers(new ByteArrayInputStream(HexFormat.of().parseHex(hex)), width);
  }

  private static int[] read(RunLengthNumbers from, int count) throws IOException {
    int[] numbers = new int[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = from.next();
    }
    return numbers;
  }

  /** The example of the format's specification (Encodings.md): 0 to 7 in three bits each. */
  @Test
  void packedBitsBeginAtTheLowestOne() throws IOException {
    assertArrayEquals(new int[] {0, 1, 2, 3, 4, 5, 6, 7}, read(of("0388c6fa", 3), 8));
  }

  @Test
  void runsAndPackedBitsFollowEachOther() throws IOException {
    // 300 times 5 (header 300 * 2), 8 packed numbers, twice 0.
    RunLengthNumbers numbers = of("d804050388c6fa0400", 3);
    for (int value : read(numbers, 300)) {
      assertEquals(5, value);
    }
    assertArrayEquals(new int[] {0, 1, 2, 3, 4, 5, 6, 7, 0, 0}, read(numbers, 10));
    assertThrows(EOFException.class, numbers::next);
  }

  @ParameterizedTest
  @CsvSource({
    "04ff, 8, 255",
    "043412, 16, 4660",
    "0434127f, 23, 8327732",
    "04ffffffff, 32, -1",
    "04, 0, 0"
  })
  void runsHaveWholeBytes(String hex, int width, int value) throws IOException {
    assertArrayEquals(new int[] {value, value}, read(of(hex, width), 2));
  }

  /** As pages end: eight numbers are announced, the bytes of the last ones are not there. */
  @Test
  void packedBitsMayEndWithTheirPage() throws IOException {
    RunLengthNumbers numbers = of("0388c6", 3);
    assertArrayEquals(new int[] {0, 1, 2, 3, 4}, read(numbers, 5));
    assertThrows(EOFException.class, numbers::next);
  }

  @Test
  void whatAHeaderStatesIsNotAllocated() throws IOException {
    RunLengthNumbers numbers = of("ffffffff0f88", 1);
    assertArrayEquals(new int[] {0, 0, 0, 1, 0, 0, 0, 1}, read(numbers, 8));
    assertThrows(EOFException.class, numbers::next);
    assertThrows(IOException.class, () -> of("ffffffffffff01", 1).next());
    assertThrows(IOException.class, () -> of("", 33));
  }
}
