package org.samclip.cli;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class SamclipTest {

  private static final String QUICKSTART = Path.of("..", "configs", "quickstart.yaml").toString();

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir Path folder;

  private int run(String... arguments) {
    return Samclip.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
  }

  @Test
  void versionIsTheBuilds() {
    assertEquals(0, run("--version"));
    assertTrue(
        out.toString().matches("(?s)samclip [0-9]+\\.[0-9]+\\.[0-9]+\\S*\\RJava .*"),
        out::toString);
  }

  @Test
  void helpListsTheCommands() {
    assertEquals(0, run("--help"));
    assertTrue(out.toString().contains("merge") && out.toString().contains("data"));
  }

  /**
   * A lone per cent sign is told as a warning on the user's terminal, and the text is not wrapped.
   */
  @Test
  void everySentenceOfTheHelpIsAFormat() {
    List<String> sentences = new ArrayList<>();
    collect(new CommandLine(new Samclip()), sentences);
    assertTrue(sentences.size() > 100, () -> sentences.size() + " sentences");
    for (String sentence : sentences) {
      assertDoesNotThrow(() -> String.format(Locale.ROOT, sentence), sentence);
    }
  }

  private static void collect(CommandLine command, List<String> into) {
    into.addAll(List.of(command.getCommandSpec().usageMessage().description()));
    command.getCommandSpec().args().forEach(arg -> into.addAll(List.of(arg.description())));
    command.getSubcommands().values().forEach(below -> collect(below, into));
  }

  @Test
  void wrongUsageExitsWithTwo() {
    assertEquals(2, run());
    assertTrue(err.toString().startsWith("samclip: A command is missing"), err::toString);
    assertEquals(2, run("merge"));
    assertEquals(2, run("nothing"));
    assertEquals(2, run("merge", QUICKSTART, "--dry-rum"));
    assertTrue(err.toString().contains("--dry-run"), err::toString);
    assertEquals(2, run("data"));
    assertEquals(2, run("data", "scenes", "--out", folder.toString(), "--clip", "many"));
    assertEquals("", out.toString());
  }

  @Test
  void dryRunTellsTheStages() {
    String weight = "stages.2.feeds.masks.objectives.sam.weight=100";
    assertEquals(0, run("merge", QUICKSTART, "--dry-run", "--set", weight));
    assertEquals("", err.toString());
    String text = out.toString();
    assertTrue(text.contains("stage 2 multi_task: "), text);
    assertTrue(
        text.contains("    sam x 100: masks against sam.masks, 1 focal + 1 dice + 1 iou\n"), text);
    assertTrue(text.contains("baseline naive-kd, stage 1 distillation"), text);
    assertTrue(text.contains("image_encoder.*          frozen"), text);
  }

  @Test
  void userErrorIsOneMessageWithoutStackTrace() {
    assertEquals(2, run("merge", QUICKSTART, "--dry-run", "--set", "stages.2.emma=100"));
    assertEquals(1, err.toString().lines().count(), err::toString);
    assertTrue(
        err.toString().startsWith("samclip: --set stages.2.emma=100: unknown key 'stages.2.emma'"),
        err::toString);
    assertEquals("", out.toString());
  }

  @Test
  void debugAddsTheStackTrace() {
    assertEquals(2, run("merge", "missing.yaml", "--dry-run", "--debug"));
    assertTrue(err.toString().contains("no such file"), err::toString);
    assertTrue(err.toString().contains("\tat org.samclip.train.recipe."), err::toString);
  }

  @Test
  void otherFailuresExitWithOneAndPointToDebug() throws Exception {
    // A folder cannot be made below a file.
    Path file = Files.writeString(folder.resolve("file"), "");
    int code =
        run(
            "data",
            "scenes",
            "--out",
            file.resolve("x").toString(),
            "--clip",
            "1",
            "--sam",
            "0",
            "--crops",
            "0",
            "--scenes",
            "0",
            "--size",
            "32");
    assertTrue(code == 1 || code == 2, err::toString);
    assertFalse(err.toString().contains("\tat "), err::toString);
    assertEquals(code == 1, err.toString().contains("--debug"), err::toString);
  }

  @Test
  void scenesAreWrittenOnce() {
    String[] arguments = {
      "data",
      "scenes",
      "--out",
      folder.resolve("set").toString(),
      "--clip",
      "4",
      "--sam",
      "2",
      "--crops",
      "4",
      "--scenes",
      "2",
      "--size",
      "32"
    };
    assertEquals(0, run(arguments), err::toString);
    assertTrue(out.toString().strip().endsWith("set: written"), out::toString);
    assertTrue(Files.exists(folder.resolve("set").resolve("manifest.json")));
    assertEquals(0, run(arguments), err::toString);
    assertTrue(out.toString().strip().endsWith("set: was there already"), out::toString);
  }
}
