package org.samclip.train.optim;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Names of parameters in short: a part of the model that is named as a whole is one pattern. */
public final class FoldedNames {

  private FoldedNames() {}

  /**
   * @param some of the names, each with dots between its parts
   * @param all names
   * @return such as {@code mask_decoder.iou_prediction_head.* (6)}; the number is how many it
   *     stands for
   */
  public static List<String> of(List<String> some, List<String> all) {
    List<String> folded = new ArrayList<>();
    fold("", some, all, folded);
    return folded;
  }

  private static void fold(
      String prefix, List<String> some, List<String> all, List<String> folded) {
    if (some.size() == 1) {
      folded.add(some.get(0));
    } else if (some.size() == all.size()) {
      folded.add(prefix + "* (" + some.size() + ")");
    } else {
      Map<String, List<String>> allByPart = byPart(prefix, all);
      byPart(prefix, some).forEach((part, names) -> fold(part, names, allByPart.get(part), folded));
    }
  }

  /** By the prefix and one part more. */
  private static Map<String, List<String>> byPart(String prefix, List<String> names) {
    Map<String, List<String>> parts = new LinkedHashMap<>();
    for (String name : names) {
      int dot = name.indexOf('.', prefix.length());
      String part = dot < 0 ? name : name.substring(0, dot + 1);
      parts.computeIfAbsent(part, p -> new ArrayList<>()).add(name);
    }
    return parts;
  }
}
