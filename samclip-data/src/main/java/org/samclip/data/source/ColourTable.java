package org.samclip.data.source;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.transform.RgbImage;
import org.samclip.data.transform.StoredLabels;

/**
 * Which number a colour stands for in label maps that are painted, as Cityscapes' and CamVid's are.
 * A text file with one colour a line, {@code R G B} or {@code R G B NAME}, apart by spaces, tabs or
 * commas; or {@code NAME,R,G,B} below a heading without digits. A line's place from 0 is the
 * colour's number, unless NAME is a number itself: so several colours may be one class.
 */
final class ColourTable {

  private static final int LARGEST = 65_535;

  private final Path file;

  /** Colours {@code R << 16 | G << 8 | B}, sorted, and their numbers. */
  private final int[] colours;

  private final char[] numbers;

  /**
   * @param file the table
   * @throws UserError if it is missing, a line is no colour, or a colour has two numbers
   */
  ColourTable(Path file) {
    this.file = file;
    TreeMap<Integer, Integer> table = new TreeMap<>();
    int place = 0;
    List<String> lines = EvaluationFiles.lines(file, "expected a table of colours");
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      boolean heading = i == 0 && line.chars().noneMatch(Character::isDigit);
      if (!heading) {
        add(table, line, place++);
      }
    }
    if (table.isEmpty()) {
      throw new UserError(file + ": no colour; expected R G B, one a line");
    }
    colours = table.keySet().stream().mapToInt(Integer::intValue).toArray();
    numbers = new char[colours.length];
    int at = 0;
    for (Map.Entry<Integer, Integer> entry : table.entrySet()) {
      numbers[at++] = (char) (int) entry.getValue();
    }
  }

  private void add(Map<Integer, Integer> table, String line, int place) {
    List<String> parts = new ArrayList<>(Arrays.asList(line.strip().split("[,;\\s]+")));
    if (parts.size() == 4 && !parts.get(0).matches("\\d+")) {
      parts.add(parts.remove(0));
    }
    int colour = 0;
    for (int i = 0; i < 3; i++) {
      String part = i < parts.size() ? parts.get(i) : "";
      if (!part.matches("\\d{1,3}") || Integer.parseInt(part) > 255) {
        throw new UserError(
            file + ": line \"" + line + "\", expected R G B (0..255 each) and perhaps a name");
      }
      colour = colour << 8 | Integer.parseInt(part);
    }
    int number = place;
    if (parts.size() == 4 && parts.get(3).matches("\\d+")) {
      number = parts.get(3).length() > 5 ? LARGEST + 1 : Integer.parseInt(parts.get(3));
    }
    if (number > LARGEST) {
      throw new UserError(file + ": line \"" + line + "\", allowed as a number: 0.." + LARGEST);
    }
    Integer other = table.putIfAbsent(colour, number);
    if (other != null && other != number) {
      throw new UserError(
          file
              + ": line \""
              + line
              + "\" gives a colour the number "
              + number
              + ", it has "
              + other
              + " already; one colour is one class");
    }
  }

  /**
   * Reads a painted map.
   *
   * @param map its colours
   * @param name what messages call it
   * @return the numbers
   * @throws BrokenSampleException if a colour is not in the table
   */
  StoredLabels numbers(RgbImage map, String name) {
    byte[] rgb = map.rgb();
    char[] found = new char[rgb.length / 3];
    int last = -1;
    char number = 0;
    for (int i = 0; i < found.length; i++) {
      int colour = (rgb[3 * i] & 0xFF) << 16 | (rgb[3 * i + 1] & 0xFF) << 8 | rgb[3 * i + 2] & 0xFF;
      if (colour != last) {
        int at = Arrays.binarySearch(colours, colour);
        if (at < 0) {
          throw new BrokenSampleException(
              Kind.BAD_MASK,
              name
                  + ": colour "
                  + (colour >> 16)
                  + " "
                  + (colour >> 8 & 0xFF)
                  + " "
                  + (colour & 0xFF)
                  + " at x "
                  + i % map.width()
                  + ", y "
                  + i / map.width()
                  + " is not in "
                  + file);
        }
        number = numbers[at];
        last = colour;
      }
      found[i] = number;
    }
    return new StoredLabels(map.width(), map.height(), found);
  }
}
