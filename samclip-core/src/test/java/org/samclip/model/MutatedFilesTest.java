package org.samclip.model;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.samclip.UserError;
import org.samclip.checkpoint.Checkpoints;
import org.samclip.checkpoint.TensorSource;
import org.samclip.parity.Vectors;

/**
 * Sound files of every format with a few bytes changed, cut or moved: opening and reading them
 * gives values or a {@link UserError}, and nothing else; it ends, and opening takes memory of the
 * file's own size class.
 */
class MutatedFilesTest {

  private static final int TRIES = 100;
  private static final String SEED = "20231015";

  /** Far beyond what any takes; only a hang gets there. */
  private static final Duration HANG = Duration.ofSeconds(60);

  /** Bytes that mean something to one of the formats. */
  private static final byte[] TELLING =
      "\0\1\u007f{}[]\",9-().tRQbcsuhqe0NJX".getBytes(StandardCharsets.ISO_8859_1);

  private static final byte[] TELLING_HIGH = {
    (byte) 0xff, (byte) 0x80, (byte) 0x81, (byte) 0x8a, (byte) 0x93
  };

  private static final AtomicInteger opened = new AtomicInteger();
  private static final AtomicInteger refused = new AtomicInteger();
  private static Path folder;

  @BeforeContainer
  static void makeFolder() throws IOException {
    folder = Files.createTempDirectory("samclip-mutated-");
    Path shards = OfficialWeightsTest.fixture("hugging-face-clip/shards");
    try (Stream<Path> files = Files.list(shards)) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
    Files.copy(
        OfficialWeightsTest.fixture("open-clip/open_clip_model.safetensors"),
        folder.resolve("open_clip_model.safetensors"));
  }

  /** Tests whose files were all refused, or all sound, would find nothing. */
  @AfterContainer
  static void bothHappened() {
    assertTrue(
        refused.get() > opened.get() / 10 && refused.get() < opened.get() * 19 / 20,
        refused + " refused of " + opened);
  }

  @AfterContainer
  static void removeFolder() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  /**
   * One change. Places are parts of the file, from 0 to 1, so that they fit every file.
   *
   * @param kind what is done
   * @param place where
   * @param other another place
   * @param value a byte, a length or a bit
   */
  record Mutation(int kind, double place, double other, int value) {

    byte[] apply(byte[] bytes) {
      if (bytes.length < 2) {
        return bytes;
      }
      int at = (int) (place * (bytes.length - 1));
      int length = Math.min(1 + value % 64, bytes.length - at);
      switch (kind) {
        case 0 -> {
          return Arrays.copyOf(bytes, at);
        }
        case 1 -> { // cut a stretch out
          System.arraycopy(bytes, at + length, bytes, at, bytes.length - at - length);
          return Arrays.copyOf(bytes, bytes.length - length);
        }
        case 2 -> { // copy one stretch over another
          int from = Math.min((int) (other * (bytes.length - 1)), bytes.length - length);
          System.arraycopy(bytes, from, bytes, at, length);
        }
        case 3 -> bytes[at] ^= (byte) (1 << value % 8);
        case 4 -> bytes[at] = TELLING_HIGH[value % TELLING_HIGH.length];
        default -> bytes[at] = TELLING[value % TELLING.length];
      }
      return bytes;
    }
  }

  /** Places near both ends are likelier: headers, directories and pickles are there. */
  @Provide
  Arbitrary<List<Mutation>> mutations() {
    Arbitrary<Double> anywhere = Arbitraries.doubles().between(0, 1);
    Arbitrary<Double> place =
        Arbitraries.oneOf(
            anywhere, anywhere.map(x -> x * x * x * x), anywhere.map(x -> 1 - x * x * x * x));
    return Combinators.combine(
            Arbitraries.integers().between(0, 9),
            place,
            anywhere,
            Arbitraries.integers().between(0, 255))
        .as(Mutation::new)
        .list()
        .ofMinSize(1)
        .ofMaxSize(4);
  }

  @Property(tries = TRIES, seed = SEED, edgeCases = EdgeCasesMode.NONE)
  void safetensors(@ForAll("mutations") List<Mutation> mutations) throws IOException {
    check(Vectors.find("torch_zip.safetensors"), "a.safetensors", mutations);
  }

  @Property(tries = TRIES, seed = SEED, edgeCases = EdgeCasesMode.NONE)
  void torchArchives(@ForAll("mutations") List<Mutation> mutations) throws IOException {
    check(Vectors.find("torch_zip.pth"), "b.pth", mutations);
  }

  @Property(tries = TRIES, seed = SEED, edgeCases = EdgeCasesMode.NONE)
  void trainingCheckpoints(@ForAll("mutations") List<Mutation> mutations) throws IOException {
    check(OfficialWeightsTest.fixture("open-clip/epoch_32.pt"), "epoch_32.pt", mutations);
  }

  @Property(tries = TRIES, seed = SEED, edgeCases = EdgeCasesMode.NONE)
  void torchScriptArchives(@ForAll("mutations") List<Mutation> mutations) throws IOException {
    check(OfficialWeightsTest.fixture("openai/ViT-tiny.pt"), "ViT-tiny.pt", mutations);
  }

  @Property(tries = TRIES, seed = SEED, edgeCases = EdgeCasesMode.NONE)
  void samOfHuggingFace(@ForAll("mutations") List<Mutation> mutations) throws IOException {
    check(OfficialWeightsTest.fixture("hugging-face-sam/pytorch_model.bin"), "c.bin", mutations);
  }

  @Property(tries = TRIES, seed = SEED, edgeCases = EdgeCasesMode.NONE)
  void indexes(@ForAll("mutations") List<Mutation> mutations) throws IOException {
    String name = "model.safetensors.index.json";
    check(OfficialWeightsTest.fixture("hugging-face-clip/shards/" + name), name, mutations);
  }

  @Property(tries = TRIES, seed = SEED, edgeCases = EdgeCasesMode.NONE)
  void openClipConfigs(@ForAll("mutations") List<Mutation> mutations) throws IOException {
    Path sound = OfficialWeightsTest.fixture("open-clip/open_clip_config.json");
    Path config = folder.resolve("open_clip_config.json");
    write(config, sound, mutations);
    open(folder.resolve("open_clip_model.safetensors"));
    Files.delete(config);
  }

  @Property(tries = TRIES, seed = SEED, edgeCases = EdgeCasesMode.NONE)
  void huggingFaceConfigs(@ForAll("mutations") List<Mutation> mutations) throws IOException {
    Path sound = OfficialWeightsTest.fixture("hugging-face-clip/config.json");
    write(folder.resolve("config.json"), sound, mutations);
    open(folder.resolve("model.safetensors.index.json"));
    Files.copy(sound, folder.resolve("config.json"), StandardCopyOption.REPLACE_EXISTING);
  }

  private static void check(Path sound, String name, List<Mutation> mutations) throws IOException {
    Path path = folder.resolve(name);
    write(path, sound, mutations);
    read(path);
    Files.copy(sound, path, StandardCopyOption.REPLACE_EXISTING);
  }

  private static void write(Path path, Path sound, List<Mutation> mutations) throws IOException {
    byte[] bytes = Files.readAllBytes(sound);
    for (Mutation mutation : mutations) {
      bytes = mutation.apply(bytes);
    }
    Files.write(path, bytes);
  }

  private static void read(Path path) {
    assertTimeoutPreemptively(
        HANG,
        () -> {
          openBounded(path);
          assertUserErrorsOnly(
              () -> {
                try (TensorSource source = Checkpoints.open(path)) {
                  source.names().forEach(source::readDoubles);
                }
              });
        });
  }

  private static void open(Path path) {
    assertTimeoutPreemptively(HANG, () -> openBounded(path));
  }

  /** Opening and finding the sizes: names and shapes only. */
  private static void openBounded(Path path) throws IOException {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    assertUserErrorsOnly(
        () -> {
          try (ModelWeights weights = ModelWeights.open(path, WeightsOptions.NONE)) {
            weights.sizes();
          }
        });
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    long allowed = (32 << 20) + 64 * Files.size(path);
    assertTrue(allocated < allowed, allocated + " bytes for a file of " + Files.size(path));
  }

  private interface Action {
    void run() throws IOException;
  }

  private static void assertUserErrorsOnly(Action action) throws IOException {
    try {
      opened.incrementAndGet();
      action.run();
    } catch (UserError expected) {
      refused.incrementAndGet();
      assertTrue(expected.getMessage().contains(folder.toString()), () -> expected.getMessage());
    }
  }
}
