package org.samclip.train.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LicenceCheckTest {

  @ParameterizedTest
  @CsvSource({
    "Apache-2.0, Apache-2.0",
    "Apache-2.0, MIT",
    "MIT, CC-BY-4.0",
    "CC-BY-NC-4.0, CC-BY-NC-4.0",
    "DINOv3 License, DINOv3 License",
    "CC-BY-NC-4.0, Apache-2.0"
  })
  void whatIsAllowedIsNotSpokenOf(String declared, String given) {
    assertEquals(List.of(), LicenceCheck.problems(declared, Map.of("sam", given)));
  }

  @ParameterizedTest
  @CsvSource({
    "Apache-2.0, CC-BY-NC-4.0, not for commercial use",
    "MIT, NVIDIA non-commercial, not for commercial use",
    "Apache-2.0, CC-BY-SA-4.0, under its own terms",
    "Apache-2.0, GPL-3.0, under its own terms",
    "Apache-2.0, DINOv3 License, terms of its own",
    "Apache-2.0, '', states no terms"
  })
  void whatIsNotIsNamed(String declared, String given, String said) {
    List<String> problems = LicenceCheck.problems(declared, Map.of("dino", given));
    assertEquals(1, problems.size());
    assertTrue(problems.get(0).contains(said), problems.get(0));
    assertTrue(problems.get(0).contains("dino") && problems.get(0).contains(declared));
  }

  @Test
  void withoutADeclarationNothingIsSaid() {
    assertEquals(List.of(), LicenceCheck.problems(null, Map.of("dino", "GPL-3.0")));
  }
}
