package org.samclip.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The launcher script, with a Java and a Maven that only tell how they were called. */
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {

  @TempDir Path folder;
  private Path root;
  private Path tools;
  private Path caller;

  private String allocator = "none";
  private Map<String, String> locale = Map.of("LANG", "C.UTF-8");

  private record Outcome(int code, String out, String err) {}

  @BeforeEach
  void copyProject() throws IOException {
    // As the script sees it: without links on the way.
    Path base = folder.toRealPath();
    root = Files.createDirectories(base.resolve("my project"));
    tools = Files.createDirectories(base.resolve("bin"));
    caller = Files.createDirectories(base.resolve("else where"));
    Files.copy(Path.of("..", "samclip"), root.resolve("samclip"));
    assertTrue(root.resolve("samclip").toFile().setExecutable(true));
    Files.createDirectories(root.resolve("scripts"));
    Files.copy(Path.of("..", "scripts", "environment.sh"), root.resolve("scripts/environment.sh"));
    Files.writeString(root.resolve("pom.xml"), "");
    Files.createDirectories(root.resolve("samclip-train/src/main"));
    Files.writeString(root.resolve("samclip-train/pom.xml"), "");
    Files.writeString(root.resolve("samclip-train/src/main/A.java"), "");
    java("17");
    tool(
        "mvn",
        "echo \"$PWD $*\" >> '" + tools.resolve("builds") + "'",
        "mkdir -p samclip-train/target",
        "touch samclip-train/target/samclip-train-0.1.0.jar",
        "printf %s \"$PWD/samclip-core/target/core.jar\" > samclip-train/target/class-path.txt");
  }

  private void java(String version) throws IOException {
    tool(
        "java",
        "case $1 in -XshowSettings*)",
        "  echo '    java.specification.version = " + version + "' >&2; exit 0;; esac",
        "echo \"$LD_PRELOAD\" > '" + tools.resolve("preloaded") + "'",
        "echo \"$LC_ALL|$LC_CTYPE|$LANG\" > '" + tools.resolve("locale") + "'",
        "echo \"$PWD\"; for a in \"$@\"; do echo \"<$a>\"; done; exit 7");
  }

  private void tool(String name, String... lines) throws IOException {
    Path tool = tools.resolve(name);
    Files.writeString(tool, "#!/bin/sh\n" + String.join("\n", lines) + "\n");
    assertTrue(tool.toFile().setExecutable(true));
  }

  private Outcome launch(Path script, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(script.toString()));
    command.addAll(Arrays.asList(arguments));
    Path err = folder.resolve("err.txt");
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(caller.toFile()).redirectError(err.toFile());
    builder.environment().put("PATH", tools + ":/usr/bin:/bin");
    builder.environment().remove("JAVA_HOME");
    builder.environment().put("SAMCLIP_JAVA_OPTS", "-Xmx9g -Da=b");
    builder.environment().put("SAMCLIP_ALLOCATOR", allocator);
    builder.environment().remove("LD_PRELOAD");
    builder.environment().keySet().removeAll(List.of("LC_ALL", "LC_CTYPE", "LANG"));
    builder.environment().putAll(locale);
    Process process = builder.start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(30, TimeUnit.SECONDS));
    return new Outcome(process.exitValue(), out, Files.readString(err));
  }

  private long builds() throws IOException {
    Path log = tools.resolve("builds");
    return Files.exists(log) ? Files.readAllLines(log).size() : 0;
  }

  @Test
  void buildsOnFirstUseAndRunsWhereItWasCalled() throws Exception {
    Outcome first = launch(root.resolve("samclip"), "merge", "a b", "");
    assertEquals(7, first.code(), first.err());
    List<String> lines = first.out().lines().toList();
    assertEquals(caller.toString(), lines.get(0));
    assertEquals(
        List.of("<org.samclip.cli.Samclip>", "<merge>", "<a b>", "<>"),
        lines.subList(lines.size() - 4, lines.size()));
    assertTrue(lines.contains("<-XX:MaxRAMPercentage=50>"), first.out());
    assertTrue(lines.contains("<-Xmx9g>"), "stands over the share: " + first.out());
    assertTrue(lines.contains("<-Da=b>"));
    String classPath =
        root
            + "/samclip-train/target/samclip-train-0.1.0.jar:"
            + root
            + "/samclip-core/target/core.jar";
    assertTrue(lines.contains("<" + classPath + ">"), first.out());
    assertTrue(first.err().contains("samclip: building"), first.err());
    assertEquals(
        List.of(root + " -B -q -DskipTests package"), Files.readAllLines(tools.resolve("builds")));

    Outcome second = launch(root.resolve("samclip"));
    assertEquals("", second.err());
    assertEquals(1, builds());
  }

  @Test
  void buildsAgainWhenASourceIsNewer() throws Exception {
    launch(root.resolve("samclip"));
    Files.setLastModifiedTime(
        root.resolve("samclip-train/src/main/A.java"),
        FileTime.fromMillis(System.currentTimeMillis() + 60_000));
    launch(root.resolve("samclip"));
    assertEquals(2, builds());
  }

  @Test
  void buildsAgainWhenTheFolderWasMoved() throws Exception {
    launch(root.resolve("samclip"));
    Path moved = Files.move(root, root.resolveSibling("moved"));
    Outcome outcome = launch(moved.resolve("samclip"));
    assertEquals(2, builds());
    assertTrue(outcome.out().contains(moved + "/samclip-core/target/core.jar"), outcome.out());
  }

  @Test
  void worksThroughLinks() throws Exception {
    Path inner = Files.createSymbolicLink(caller.resolve("inner"), root.resolve("samclip"));
    Path outer = Files.createSymbolicLink(tools.resolve("samclip"), Path.of("../else where/inner"));
    assertEquals(7, launch(outer).code());
    assertEquals(7, launch(inner).code());
    assertEquals(1, builds());
  }

  @Test
  void failedBuildShowsTheEndOfItsLog() throws Exception {
    tool("mvn", "echo first; echo '[ERROR] last words'; exit 1");
    Outcome outcome = launch(root.resolve("samclip"));
    assertEquals(1, outcome.code());
    assertEquals("", outcome.out());
    assertTrue(outcome.err().contains("the build failed"), outcome.err());
    assertTrue(outcome.err().contains("[ERROR] last words"), outcome.err());
  }

  @Test
  void oldJavaIsRefused() throws Exception {
    for (String version : List.of("1.8", "11", "16")) {
      java(version);
      Outcome outcome = launch(root.resolve("samclip"));
      assertEquals(2, outcome.code());
      assertTrue(outcome.err().contains("is Java " + version + "; 17 or later"), outcome.err());
    }
    java("21");
    assertEquals(7, launch(root.resolve("samclip")).code());
  }

  private String localeOf(Map<String, String> given) throws Exception {
    locale = given;
    launch(root.resolve("samclip"));
    return Files.readString(tools.resolve("locale")).strip();
  }

  /** POSIX: LC_ALL comes before LC_CTYPE, that before LANG; the first that is set and not empty. */
  @Test
  void namesOfFilesAreUtf8WhereThereIsNoLocale() throws Exception {
    assertEquals("C.UTF-8||", localeOf(Map.of()));
    assertEquals("C.UTF-8||C", localeOf(Map.of("LANG", "C")));
    assertEquals("C.UTF-8||fr_FR.UTF-8", localeOf(Map.of("LC_ALL", "C", "LANG", "fr_FR.UTF-8")));
    assertEquals("C.UTF-8|POSIX|", localeOf(Map.of("LC_ALL", "", "LC_CTYPE", "POSIX")));
    assertEquals("||fr_FR.UTF-8", localeOf(Map.of("LANG", "fr_FR.UTF-8")));
    assertEquals("|fr_FR|C", localeOf(Map.of("LC_CTYPE", "fr_FR", "LANG", "C")));
  }

  private String preloaded() throws IOException {
    return Files.readString(tools.resolve("preloaded")).strip();
  }

  @Test
  void anAllocatorIsPreloaded() throws Exception {
    launch(root.resolve("samclip"));
    assertEquals("", preloaded());
    allocator = Files.writeString(tools.resolve("malloc.so"), "").toString();
    launch(root.resolve("samclip"));
    assertEquals(allocator, preloaded());
    allocator = tools.resolve("absent.so").toString();
    Outcome outcome = launch(root.resolve("samclip"));
    assertEquals(2, outcome.code());
    assertTrue(outcome.err().contains(allocator + ", which is no file"), outcome.err());
  }

  /** What ldconfig lists, tcmalloc before jemalloc; libraries for other processors are left out. */
  @Test
  void theSystemsAllocatorIsFound() throws Exception {
    Assumptions.assumeTrue(
        System.getProperty("os.name").equals("Linux")
            && System.getProperty("os.arch").equals("amd64"),
        "preloading is for Linux on x86-64");
    allocator = "";
    Path jemalloc = Files.writeString(tools.resolve("libjemalloc.so.2"), "");
    Path tcmalloc = Files.writeString(tools.resolve("libtcmalloc_minimal.so.4"), "");
    String other = "echo '\tlibtcmalloc_minimal.so.4 (libc6) => /lib32/libtcmalloc_minimal.so.4'";
    String first = "echo '\tlibjemalloc.so.2 (libc6,x86-64) => " + jemalloc + "'";
    tool("ldconfig", other, first);
    launch(root.resolve("samclip"));
    assertEquals(jemalloc.toString(), preloaded());
    tool(
        "ldconfig",
        other,
        first,
        "echo '\tlibtcmalloc_minimal.so.4 (libc6,x86-64) => " + tcmalloc + "'");
    launch(root.resolve("samclip"));
    assertEquals(tcmalloc.toString(), preloaded());
    tool("ldconfig", "exit 1");
    launch(root.resolve("samclip"));
    assertEquals("", preloaded());
  }

  @Test
  void missingMavenIsTold() throws Exception {
    Files.delete(tools.resolve("mvn"));
    Outcome outcome = launch(root.resolve("samclip"));
    if (outcome.code() != 2) {
      // The system's own Maven was found in /usr/bin and failed on the empty project.
      assertEquals(1, outcome.code());
      assertTrue(outcome.err().contains("the build failed"), outcome.err());
    } else {
      assertTrue(outcome.err().contains("there is no Maven"), outcome.err());
    }
    assertFalse(Files.exists(root.resolve("samclip-train/target/class-path.txt")));
  }
}
