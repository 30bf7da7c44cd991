package org.samclip.eval.predict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.checkpoint.SafetensorsWriter;
import org.samclip.checkpoint.TensorType;
import org.samclip.eval.Pictures;
import org.samclip.eval.protocol.Protocol;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ModelFamily;
import org.samclip.model.ModelFile;
import org.samclip.model.RandomModels;

/** The examples of docs/library.md are cut out, compiled and run. */
class LibraryDocumentTest {

  private static final Path DOCUMENT = Path.of("..", "docs", "library.md");

  @TempDir Path folder;
  private Path image;
  private Path merged;
  private Path sam;
  private Path clip;

  @BeforeEach
  void write() throws IOException {
    image =
        Files.write(
            folder.resolve("image.png"),
            Pictures.image(8, "RRGGBB", "RRGGBB", "....GG", "RRRRRR", "BBBBBB").toPng());
    merged = folder.resolve("merged.safetensors");
    sam = folder.resolve("sam.safetensors");
    clip = folder.resolve("clip.safetensors");
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      ModelFile.write(merged, RandomModels.merged(manager), TensorType.F32);
      ModelFile.write(sam, RandomModels.sam(manager), TensorType.F32);
      ModelFile.write(clip, RandomModels.clip(manager), TensorType.F32);
    }
  }

  private static String classPath() {
    return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
  }

  /** Compiles the example under a name into the folder. */
  private void compile(String example, String className) throws IOException {
    Matcher block =
        Pattern.compile("<!-- example " + example + ":.*?```java\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(DOCUMENT));
    assertTrue(block.find(), example);
    Path source = Files.writeString(folder.resolve(className + ".java"), block.group(1));
    ByteArrayOutputStream messages = new ByteArrayOutputStream();
    int code =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                messages,
                messages,
                "-cp",
                classPath(),
                "-d",
                folder.toString(),
                "-proc:none",
                source.toString());
    assertEquals(0, code, messages.toString(StandardCharsets.UTF_8));
  }

  /** Compiles the example under a name and returns what it prints. */
  private String run(String example, String className, Path... arguments) throws Exception {
    compile(example, className);
    String[] args = new String[arguments.length];
    for (int i = 0; i < args.length; i++) {
      args[i] = arguments[i].toString();
    }
    PrintStream console = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
      System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
      loader.loadClass(className).getMethod("main", String[].class).invoke(null, (Object) args);
    } finally {
      System.setOut(console);
    }
    return printed.toString(StandardCharsets.UTF_8);
  }

  @Test
  void masks() throws Exception {
    for (Path model : new Path[] {merged, sam}) {
      Path mask = folder.resolve("mask.png");
      String printed = run("masks", "Masks", model, image, mask);
      assertTrue(printed.contains("predicted IoU "), printed);
      assertEquals(48, ImageIO.read(mask.toFile()).getWidth());
      Files.delete(mask);
    }
  }

  @Test
  void names() throws Exception {
    for (Path model : new Path[] {merged, clip}) {
      String printed = run("names", "Names", model, image);
      assertTrue(Pattern.compile("red|green|blue").matcher(printed).find(), printed);
    }
  }

  /** In a Java of its own, which finds the family on its class path as a user's would. */
  @Test
  void family() throws Exception {
    compile("family", "PatchFamily");
    Path services = Files.createDirectories(folder.resolve("META-INF/services"));
    Files.writeString(services.resolve(ModelFamily.class.getName()), "PatchFamily\n");
    Path weights = folder.resolve("patches.safetensors");
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      Map<String, NDArray> arrays =
          Map.of(
              "stem.weight", manager.full(new Shape(4, 3, 2, 2), .5f),
              "stem.bias", manager.ones(new Shape(4)));
      SafetensorsWriter.write(weights, arrays, Map.of());
    }
    String printed = runAlone("PatchFamily", weights);
    assertTrue(printed.contains("patches, patch file"), printed);
    assertTrue(printed.contains("{\"width\":4,\"patch\":2}"), printed);
    assertTrue(printed.contains("patches: 52 values in 2 tensors"), printed);
    assertTrue(printed.contains("its architecture: nothing missing, nothing extra"), printed);
    // 3 channels of 2 x 2 ones, each times 0.5, and the bias of 1.
    assertTrue(printed.contains("(1, 4, 8, 8) begins with 7.0"), printed);
  }

  /** Compiled classes of the folder in a Java of their own, whose class path has the folder. */
  private String runAlone(String className, Path... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                folder + File.pathSeparator + classPath(),
                className));
    for (Path argument : arguments) {
      command.add(argument.toString());
    }
    Process java = new ProcessBuilder(command).redirectErrorStream(true).start();
    String printed = new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, java.waitFor(), printed);
    return printed;
  }

  /** One that is its own mirror image, beside samclip's own protocols. */
  @Test
  void protocol() throws Exception {
    compile("protocol", "MirrorProtocol");
    Path services = Files.createDirectories(folder.resolve("META-INF/services"));
    Files.writeString(services.resolve(Protocol.class.getName()), "MirrorProtocol\n");
    Path classes = folder.resolve("classes");
    Path one = Files.createDirectories(classes.resolve("one"));
    Files.write(one.resolve("a.png"), Pictures.image(8, "RGGR", "B..B", "RRRR").toPng());
    Files.write(one.resolve("b.png"), Pictures.image(8, "GGGG", "RRRR", "BGGB").toPng());
    // A centre crop of such an image is symmetric, too.
    assertEquals(1, mirrorCosine(classes), 1e-6);
    Files.write(one.resolve("b.png"), Pictures.image(8, "RGB.", "RG..", "RGGG").toPng());
    assertTrue(mirrorCosine(classes) < 1 - 2e-6);
  }

  private double mirrorCosine(Path classes) throws Exception {
    String printed = runAlone("MirrorProtocol", clip, classes);
    assertTrue(printed.contains("\"task\" : \"mirror\""), printed);
    Matcher value =
        Pattern.compile("\"mirror_cosine\" : \\{\\s+\"value\" : ([0-9.]+),\\s+\"n\" : 2")
            .matcher(printed);
    assertTrue(value.find(), printed);
    return Double.parseDouble(value.group(1));
  }
}
