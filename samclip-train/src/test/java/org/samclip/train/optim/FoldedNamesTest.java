package org.samclip.train.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class FoldedNamesTest {

  private static final List<String> ALL =
      List.of("a.b.weight", "a.b.bias", "a.c.0.weight", "a.c.0.bias", "a.c.1.weight", "d", "e.f");

  @Test
  void wholePartsAreOnePattern() {
    assertEquals(List.of("* (7)"), FoldedNames.of(ALL, ALL));
    assertEquals(
        List.of("a.* (5)", "e.f"),
        FoldedNames.of(ALL.stream().filter(name -> !name.equals("d")).toList(), ALL));
    assertEquals(
        List.of("a.c.0.* (2)", "d"),
        FoldedNames.of(List.of("a.c.0.weight", "a.c.0.bias", "d"), ALL));
  }

  @Test
  void singleNamesStay() {
    assertEquals(List.of("e.f"), FoldedNames.of(List.of("e.f"), ALL));
    assertEquals(
        List.of("a.b.bias", "a.c.0.weight"),
        FoldedNames.of(List.of("a.b.bias", "a.c.0.weight"), ALL));
    assertEquals(List.of(), FoldedNames.of(List.of(), ALL));
  }
}
