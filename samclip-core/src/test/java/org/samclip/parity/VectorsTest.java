package org.samclip.parity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

class VectorsTest {

  @TempDir Path folder;

  private static String failure(float[] got, float[] expected, double rtol, double atol) {
    return assertThrows(
            AssertionFailedError.class,
            () -> Vectors.assertClose("label", got, expected, rtol, atol))
        .getMessage();
  }

  @Test
  void comparesEveryElementAndNamesTheWorst() {
    float[] expected = {1, 2, -4};
    Vectors.assertClose("equal", expected.clone(), expected, 0, 0);
    Vectors.assertClose("within", new float[] {1.5f, 2, -4}, expected, 0.25, 0.25);
    String message = failure(new float[] {1.5f, 2, -7}, expected, 0.1, 0.1);
    assertTrue(message.contains("2 of 3 values differ; worst at 2: got -7.0"), message);
    failure(new float[] {1, 2}, expected, 1, 1);
    failure(new float[] {1, 2, Float.NaN}, expected, 1, 1);
    failure(new float[] {1, 2, Float.POSITIVE_INFINITY}, expected, 1, 1);
    failure(new float[] {Float.NaN}, new float[] {Float.NaN}, 1, 1);
    failure(new float[] {1}, new float[] {Float.POSITIVE_INFINITY}, 1, 1);
  }

  @Test
  void aSetMissingInTheUsersFolderSkipsAndOneMissingInTheResourcesFails() {
    String before = System.getProperty("samclip.vectors", "");
    try {
      System.setProperty("samclip.vectors", folder.toString());
      assertThrows(TestAbortedException.class, () -> Vectors.load("torch_zip"));
      System.setProperty("samclip.vectors", folder.resolve("mistyped").toString());
      assertThrows(AssertionFailedError.class, () -> Vectors.load("torch_zip"));
      System.setProperty("samclip.vectors", "");
      assertThrows(AssertionFailedError.class, () -> Vectors.load("no_such_set"));
      assertEquals("exact", Vectors.load("torch_zip").json().get("tolerance").asText());
    } finally {
      System.setProperty("samclip.vectors", before);
    }
  }

  @Test
  void resourcesInsideAJarAreFound() throws Exception {
    String before = System.getProperty("samclip.vectors", "");
    System.setProperty("samclip.vectors", "");
    try (URLClassLoader loader = new ChildFirst(urls(jarOfTestClasses()))) {
      Class<?> vectors = loader.loadClass(Vectors.class.getName());
      assertEquals(loader, vectors.getClassLoader());
      Path copy = (Path) vectors.getMethod("find", String.class).invoke(null, "torch_zip.json");
      assertEquals(Files.readString(Vectors.find("torch_zip.json")), Files.readString(copy));
    } finally {
      System.setProperty("samclip.vectors", before);
    }
  }

  private Path jarOfTestClasses() throws IOException {
    Path jar = folder.resolve("tests.jar");
    List<String> names =
        List.of(
            "org/samclip/parity/Vectors.class",
            "org/samclip/parity/Vectors$Tolerance.class",
            "vectors/torch_zip.json");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      for (String name : names) {
        out.putNextEntry(new JarEntry(name));
        Vectors.class.getResourceAsStream("/" + name).transferTo(out);
        out.closeEntry();
      }
    }
    return jar;
  }

  private static URL[] urls(Path first) throws IOException {
    String[] path = System.getProperty("java.class.path").split(File.pathSeparator);
    List<URL> urls = new java.util.ArrayList<>(List.of(first.toUri().toURL()));
    for (String entry : Arrays.asList(path)) {
      urls.add(Path.of(entry).toUri().toURL());
    }
    return urls.toArray(URL[]::new);
  }

  /** Takes the harness from the jar instead of the test's own class path. */
  private static final class ChildFirst extends URLClassLoader {
    ChildFirst(URL[] urls) {
      super(urls, ClassLoader.getPlatformClassLoader());
    }
  }
}
