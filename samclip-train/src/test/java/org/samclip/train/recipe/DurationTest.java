package org.samclip.train.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;

class DurationTest {

  @ParameterizedTest
  @CsvSource({
    "500 steps,500 steps",
    "1 step,1 steps",
    "3 epochs,3 epochs",
    "0.25epochs,0.25 epochs",
    "1e3 steps,1000 steps",
    "90 s,90 s",
    "30 min,30 min",
    "2 hours,2 h",
    "10 %,10 %",
    "2.5%,2.5 %"
  })
  void readsAndWritesEveryUnit(String text, String written) {
    Duration duration = Duration.parse(text);
    assertEquals(written, duration.toString());
    assertEquals(duration, Duration.parse(written));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "500",
        "steps",
        "-1 steps",
        "1.5 steps",
        "3 weeks",
        "1e99 steps",
        "2 h 5 min",
        "NaN s"
      })
  void refusesAnythingElse(String text) {
    assertThrows(UserError.class, () -> Duration.parse(text));
  }

  @Test
  void missingUnitListsTheUnits() {
    String message = assertThrows(UserError.class, () -> Duration.parse("500")).getMessage();
    for (String unit : new String[] {"500 steps", "3 epochs", "90 s", "30 min", "2 h", "10 %"}) {
      assertTrue(message.contains(unit), message);
    }
  }

  @Test
  void countsSteps() {
    assertEquals(500, Duration.parse("500 steps").steps(7.5));
    assertEquals(23, Duration.parse("3 epochs").steps(7.5));
    assertThrows(IllegalStateException.class, () -> Duration.parse("2 h").steps(7.5));
    assertThrows(IllegalStateException.class, () -> Duration.parse("10 %").steps(7.5));
    assertEquals(7200, Duration.parse("2 h").seconds());
    assertThrows(IllegalStateException.class, () -> Duration.parse("1 steps").seconds());
  }

  @Test
  void measuresProgress() {
    assertEquals(0.5, Duration.parse("10 steps").progress(5, 99, 4, 0.9));
    assertEquals(0.625, Duration.parse("2 epochs").progress(5, 99, 4, 0.9));
    assertEquals(0.25, Duration.parse("2 min").progress(5, 30, 4, 0.9));
    assertEquals(2, Duration.parse("10 %").progress(5, 99, 4, 0.2), 1e-12);
    assertEquals(1, Duration.parse("0 steps").progress(0, 0, 4, 0));
  }
}
