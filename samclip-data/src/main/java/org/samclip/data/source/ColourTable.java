package org.samclip.data.source;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.transform.RgbImage;
import org.samclip.data.transform.StoredLabels;

/**
 * Which number a colour stands for in label maps that are painted, as Cityscapes' and CamVid's are.
 * A text file with one colour a line, {@code R G B} or {@code R G B NAME}, apart by spaces, tabs or
 * commas; or {@code NAME,R,G,B}, which a heading without digits tells, or a NAME that is no number.
 * A line's place from 0 is the colour's number, unless NAME is a number itself: so several colours
 * may be one class.
 */
final class ColourTable {

  private static final int LARGEST = 65_535;

  private static final String APART = "[,;\\s]{1,99}";
  private static final String RGB =
      "(?<r>\\d{1,3})" + APART + "(?<g>\\d{1,3})" + APART + "(?<b>\\d{1,3})";

  /** With a further number before the name it could not be told which ones are the colour. */
  private static final Pattern NAME_LAST =
      Pattern.compile(RGB + "(?:" + APART + "(?!\\d+[,;\\s])(?<name>.+))?");

  private static final Pattern NAME_FIRST = Pattern.compile("(?<name>.+?)" + APART + RGB);

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
    boolean nameFirst = false;
    List<String> lines = EvaluationFiles.lines(file, "expected a table of colours");
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (i == 0 && line.chars().noneMatch(Character::isDigit)) {
        // Where names are numbers only the heading tells them from the colour.
        nameFirst = !line.toLowerCase(Locale.ROOT).matches("\\W*r(ed)?\\b.*");
      } else {
        add(table, line, nameFirst, place++);
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

  private void add(Map<Integer, Integer> table, String line, boolean nameFirst, int place) {
    Matcher parts = (nameFirst ? NAME_FIRST : NAME_LAST).matcher(line);
    if (!parts.matches() && !parts.usePattern(nameFirst ? NAME_LAST : NAME_FIRST).matches()) {
      throw noColour(line);
    }
    int colour = 0;
    for (String channel : List.of("r", "g", "b")) {
      int value = Integer.parseInt(parts.group(channel));
      if (value > 255) {
        throw noColour(line);
      }
      colour = colour << 8 | value;
    }
    int number = place;
    String name = parts.group("name");
    if (name != null && name.matches("\\d+")) {
      number = name.length() > 5 ? LARGEST + 1 : Integer.parseInt(name);
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

  private UserError noColour(String line) {
    return new UserError(
        file
            + ": line \""
            + line
            + "\", expected R G B (0..255 each) and perhaps a name, or NAME,R,G,B");
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
