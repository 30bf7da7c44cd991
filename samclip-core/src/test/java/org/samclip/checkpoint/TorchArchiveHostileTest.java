package org.samclip.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samclip.UserError;

/** Torch archives that lie or want to run something: each is refused with file and cause. */
class TorchArchiveHostileTest {

  private static final long[] SIX = {6};
  private static final long[] ONE = {1};

  @TempDir Path folder;

  private Path save(byte[] archive) throws IOException {
    return Files.write(folder.resolve("hostile.pth"), archive);
  }

  private void assertRefused(TorchArchiveBuilder builder, String cause) throws IOException {
    assertRefused(builder.build(), cause);
  }

  private void assertRefused(byte[] archive, String cause) throws IOException {
    Path path = save(archive);
    UserError error = assertThrows(UserError.class, () -> Checkpoints.open(path));
    assertTrue(error.getMessage().contains(path.toString()), error.getMessage());
    assertTrue(error.getMessage().contains(cause), error.getMessage());
  }

  private static TorchArchiveBuilder withStorage() throws IOException {
    ByteBuffer values = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < 6; i++) {
      values.putFloat(i);
    }
    return new TorchArchiveBuilder().entry("a/data/0", values.array());
  }

  private static TorchArchiveBuilder oneTensor(
      long count, long offset, long[] sizes, long[] strides) throws IOException {
    return withStorage()
        .raw('}')
        .string("w")
        .tensor("FloatStorage", count, offset, sizes, strides)
        .raw('s', '.');
  }

  @Test
  void theBuilderMakesSoundArchives() throws IOException {
    Path path = save(oneTensor(6, 1, new long[] {2, 2}, new long[] {1, 3}).build());
    try (TensorSource source = Checkpoints.open(path)) {
      assertArrayEquals(new float[] {1, 4, 2, 5}, source.readFloats("w"));
    }
  }

  @Test
  void dictsInDictsGiveNamesWithDots() throws IOException {
    TorchArchiveBuilder builder = withStorage().raw('}').string("state_dict").raw('}');
    for (String name : new String[] {"module.a", "module.b"}) {
      builder.string(name).tensor("FloatStorage", 6, 0, SIX, ONE).raw('s');
    }
    try (TensorSource source = Checkpoints.open(save(builder.raw('s', '.').build()))) {
      assertEquals(Set.of("state_dict.module.a", "state_dict.module.b"), source.names());
    }
    // The same name by two ways.
    builder = withStorage().raw('}').string("a.b").tensor("FloatStorage", 6, 0, SIX, ONE).raw('s');
    builder.string("a").raw('}').string("b").tensor("FloatStorage", 6, 0, SIX, ONE);
    assertRefused(builder.raw('s', 's', '.'), "two tensors are named 'a.b'");
  }

  @ParameterizedTest
  @CsvSource({
    "os, system",
    "posix, system",
    "builtins, eval",
    "builtins, getattr",
    "__builtin__, exec",
    "subprocess, Popen",
    "torch, load",
    "torch.storage, _load_from_bytes",
    "builtins, frozenset",
    "torch._utils, _rebuild_tensor_v2.__globals__",
    "collections, defaultdict",
    "collections.OrderedDict, __reduce__",
    "numpy.core.multiarray, _reconstruct",
    "argparse, Namespace",
  })
  void functionsThatAreNotDataAreNamedAndNotRun(String module, String name) throws IOException {
    String full = module.replace("__builtin__", "builtins") + "." + name;
    Path witness = folder.resolve("owned");
    // Alone, there are no weights; by way of strings on the stack (protocol 4) it is the same.
    assertRefused(
        new TorchArchiveBuilder()
            .global(module, name)
            .raw('(')
            .string("touch " + witness)
            .raw('t', 'R', '.'),
        full);
    assertRefused(
        new TorchArchiveBuilder().string(module).string(name).raw(0x93, ')', 'R', '.'), full);
    // Among weights, as a call, an object with attributes and items, and an argument: all stays
    // out.
    TorchArchiveBuilder builder = withStorage().raw('}').string("w");
    builder.tensor("FloatStorage", 6, 0, SIX, ONE).raw('s').string("call");
    builder.global(module, name).raw('(').string("touch " + witness).raw('t', 'R', 's');
    builder.string("object").global(module, name).raw(')', 0x81, '}', 'b');
    builder.string("k").raw('N', 's', 'N', 'a', 's');
    builder.string("list").raw(']').global(module, name).raw('a', 's', '.');
    try (TensorSource source = Checkpoints.open(save(builder.build()))) {
      assertEquals(Set.of("w"), source.names());
      assertEquals(Map.of("call", full, "object", full, "list", "list"), source.unread());
      assertTrue(source.notes().get(0).contains(full), source.notes().toString());
    }
    assertFalse(Files.exists(witness));
  }

  /** What torch before 0.4 wrote, which its safe loader reads. */
  @Test
  void tensorsOfTheOldestFunctionAreRead() throws IOException {
    TorchArchiveBuilder old = withStorage().raw('}').string("w");
    old.global("torch._utils", "_rebuild_tensor").raw('(', '(').string("storage");
    old.global("torch", "FloatStorage").string("0").string("cpu").number(6).raw('t', 'Q');
    old.number(2).tuple(2).tuple(3).raw('t', 'R', 's', '.');
    try (TensorSource source = Checkpoints.open(save(old.build()))) {
      assertArrayEquals(new float[] {2, 5}, source.readFloats("w"));
    }
  }

  /** A known function's name on an unknown one's arguments, and the other way round. */
  @Test
  void placeholdersAreNoTensorsAndNoArguments() throws IOException {
    TorchArchiveBuilder storage = new TorchArchiveBuilder().raw('}').string("w");
    storage.global("torch._utils", "_rebuild_tensor_v2").raw('(').global("os", "system");
    assertRefused(
        storage.number(0).tuple(6).tuple(1).raw(0x89, 'N', 't', 'R', 's', '.'),
        "a tensor is not described");
    TorchArchiveBuilder parameter = new TorchArchiveBuilder().raw('}').string("w");
    parameter.global("torch._utils", "_rebuild_parameter").raw('(').global("os", "system");
    assertRefused(parameter.raw(0x89, 'N', 't', 'R', 's', '.'), "w (os.system)");
    // A rebuild that calls any function, or itself, would be a way to call.
    for (String function : new String[] {"torch._tensor _rebuild_from_type_v2", "os system"}) {
      String[] names = function.split(" ");
      TorchArchiveBuilder by =
          new TorchArchiveBuilder().global("torch._tensor", "_rebuild_from_type_v2").raw('(');
      by.global(names[0], names[1]).global("torch", "Tensor").raw(')', '}', 't', 'R', '.');
      assertRefused(by, "a tensor with attributes is not described");
    }
    assertRefused(
        new TorchArchiveBuilder().string("x".repeat(300)).string("y").raw(0x93, '.'),
        "a name is too long");
  }

  @Test
  void callsThatAreNotCallsAreRefused() throws IOException {
    String notAFunction = "calls something that is not a function";
    assertRefused(new TorchArchiveBuilder().string("os").raw(')', 'R', '.'), notAFunction);
    assertRefused(
        new TorchArchiveBuilder().global("torch", "FloatStorage").raw(')', 'R', '.'), notAFunction);
    // A call whose function is the result of a call.
    assertRefused(
        new TorchArchiveBuilder().global("collections", "OrderedDict").raw(')', 'R', ')', 'R', '.'),
        notAFunction);
    assertRefused(
        new TorchArchiveBuilder().global("collections", "OrderedDict").raw('N', 'R', '.'),
        "without a tuple of arguments");
    assertRefused(
        new TorchArchiveBuilder().global("torch._utils", "_rebuild_tensor_v2").raw(')', 'R', '.'),
        "a tensor is not described");
    assertRefused(
        new TorchArchiveBuilder().global("torch._utils", "_rebuild_parameter").raw(')', 'R', '.'),
        "a parameter is not described");
    assertRefused(
        new TorchArchiveBuilder().global("collections", "Counter").raw(')', 'R', '.'),
        "a Counter is not");
    assertRefused(new TorchArchiveBuilder().raw(')', 'Q', '.'), "a storage is not described");
    assertRefused(new TorchArchiveBuilder().raw(')', ')', 0x81, '.'), notAFunction);
    assertRefused(new TorchArchiveBuilder().raw(')', ')', '}', 0x92, '.'), notAFunction);
    // OBJ, INST, EXT1, PERSID, NEXT_BUFFER
    for (int opcode : new int[] {'o', 'i', 0x82, 'P', 0x97}) {
      assertRefused(new TorchArchiveBuilder().raw(')', ')', opcode, '.'), "is not needed for data");
    }
    assertRefused(
        withStorage().tensor("FloatStorage", 6, 0, SIX, ONE).raw('}', 'b', '.'),
        "attributes of something that is not a dict");
  }

  @Test
  void stackMemoAndKeyTricks() throws IOException {
    assertRefused(new TorchArchiveBuilder().raw('.'), "stack is empty");
    assertRefused(new TorchArchiveBuilder().raw('0', '.'), "stack is empty");
    assertRefused(new TorchArchiveBuilder().raw('K', 1, '(', 0x85, '.'), "stack is empty");
    assertRefused(new TorchArchiveBuilder().raw('q', 0, '.'), "stack is empty");
    assertRefused(new TorchArchiveBuilder().raw('t', '.'), "no mark");
    assertRefused(new TorchArchiveBuilder().raw('h', 7, '.'), "was not kept");
    assertRefused(new TorchArchiveBuilder().raw('j', 255, 255, 255, 255, '.'), "was not kept");
    assertRefused(new TorchArchiveBuilder().raw('N', 'N', 'a', '.'), "not a list");
    assertRefused(new TorchArchiveBuilder().raw('}', '(', 'N', 'u', '.'), "not a dict");
    // A list that contains itself has no hash; as a key it would recurse for ever.
    assertRefused(
        new TorchArchiveBuilder().raw('}', ']', 'q', 0, 'h', 0, 'a', 'N', 's', '.'), "a dict key");
    assertRefused(new TorchArchiveBuilder().raw('X', 255, 255, 255, 127, '.'), "too early");
    assertRefused(new TorchArchiveBuilder().raw(0x8b, 255, 255, 255, 255, '.'), "an integer of");
    assertRefused(new TorchArchiveBuilder().raw('}'), "too early");
    assertRefused(new TorchArchiveBuilder().raw(0x80, 9, '}', '.'), "protocol 9");
  }

  private static TorchArchiveBuilder script() throws IOException {
    return withStorage().entry("a/constants.pkl", new byte[] {(byte) 0x80, 2, ')', '.'});
  }

  /** An object of a class of the archive's own code, on the stack, without attributes. */
  private static TorchArchiveBuilder module(TorchArchiveBuilder builder) {
    return builder.global("__torch__.clip", "Model").raw(')', 0x81);
  }

  @Test
  void torchScriptModulesAreAttributesAndNothingElse() throws IOException {
    TorchArchiveBuilder sound = module(script()).raw('}', '(').string("visual");
    module(sound).raw('}', '(').string("w").tensor("FloatStorage", 6, 0, SIX, ONE);
    sound.raw('u', 'b').string("training").raw(0x88, 'u', 'b', '.');
    try (TensorSource source = Checkpoints.open(save(sound.build()))) {
      assertEquals(Set.of("visual.w"), source.names());
    }
    // Outside of TorchScript archives the same class is a stranger.
    assertRefused(module(withStorage()).raw('.'), "it holds no dict but: __torch__.clip.Model");
    assertRefused(script().global("os", "system").raw(')', 0x81, '.'), "os.system");
    assertRefused(
        script().global("__torch__", "Model").string("x").raw(0x85, 0x81, '.'),
        "with arguments, which no data needs");
    assertRefused(script().global("__torch__", "Model").raw(')', 'R', '.'), "a class of its own");
    assertRefused(
        script().global("torch.jit._pickle", "build_intlist").raw(')', 'R', '.'), "a typed list");
    assertRefused(
        script().global("torch.jit._pickle", "restore_type_tag").raw(')', 'R', '.'), "type");
    assertRefused(
        script().global("torch.jit._pickle", "build_tensor_from_id").raw('.'),
        "torch.jit._pickle.build_tensor_from_id");
    // A module that is its own child, and nothing else.
    TorchArchiveBuilder cycle = module(script()).raw('q', 0, '}').string("self");
    assertRefused(cycle.raw('h', 0, 's', 'b', '.'), "no dict of tensors");
    TorchArchiveBuilder deep = module(script()).raw('q', 0, '}').string("x".repeat(2000));
    assertRefused(module(deep).raw('s', 'b', '.'), "nested too deeply");
  }

  @Test
  void structuresThatContainThemselvesEnd() throws IOException {
    // d = {}; d["model"] = d
    assertRefused(
        new TorchArchiveBuilder().raw('}', 'q', 0).string("model").raw('h', 0, 's', '.'),
        "no dict of tensors");
    // Two dicts in each other.
    assertRefused(
        new TorchArchiveBuilder()
            .raw('}', 'q', 0)
            .string("model")
            .raw('}')
            .string("state_dict")
            .raw('h', 0, 's', 's', '.'),
        "no dict of tensors");
    // Lists that double at every level: 2^60 leaves for whoever walks them.
    TorchArchiveBuilder bomb = new TorchArchiveBuilder().raw('}').string("state_dict");
    bomb.raw(']', 'q', 0);
    for (int i = 0; i < 60; i++) {
      bomb.raw('0', ']', '(', 'h', i, 'h', i, 'e', 'q', i + 1);
    }
    assertRefused(bomb.raw('s', '.'), "no dict of tensors");
    assertRefused(new TorchArchiveBuilder().raw('N', '.'), "it holds no dict but: None");
  }

  @Test
  void instructionsAreCounted() throws IOException {
    int[] lists = new int[5_000_000];
    Arrays.fill(lists, ']');
    assertRefused(new TorchArchiveBuilder().raw(lists).raw('.'), "instructions");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "6 | 0 | 7 | 1 | leave the storage",
        "6 | 1 | 6 | 1 | leave the storage",
        "6 | 0 | 3 | 3 | leave the storage",
        "6 | 7 | 0 | 1 | leave the storage",
        "6 | -1 | 2 | 1 | leave the storage",
        "6 | 9223372036854775807 | 2 | 1 | leave the storage",
        "6 | 0 | 2 | 9223372036854775807 | leave the storage",
        "6 | 5 | 2 | -1 | are not allowed",
        "7 | 0 | 6 | 1 | claims 7 elements",
        "-1 | 0 | 0 | 1 | claims -1 elements",
        "4611686018427387904 | 0 | 6 | 1 | claims 4611686018427387904 elements",
        "6 | 0 | -1 | 1 | negative size",
        "6 | 0 | 9223372036854775807 | 0 | overflows",
        "6 | 0 | 1000000000 | 0 | larger than the whole file",
      })
  void viewsThatLeaveTheirStorage(long count, long offset, long size, long stride, String cause)
      throws IOException {
    assertRefused(oneTensor(count, offset, new long[] {size}, new long[] {stride}), cause);
  }

  @Test
  void stridesThatDoNotMatchTheSizes() throws IOException {
    assertRefused(oneTensor(6, 0, new long[] {2, 3}, ONE), "are not allowed");
    long[] many = new long[70];
    Arrays.fill(many, 1);
    assertRefused(oneTensor(6, 0, many, many), "at most 64");
  }

  @Test
  void storageEntries() throws IOException {
    TorchArchiveBuilder missing = new TorchArchiveBuilder().raw('}').string("w");
    assertRefused(missing.tensor("FloatStorage", 6, 0, SIX, ONE).raw('s', '.'), "is missing");
    TorchArchiveBuilder packed =
        new TorchArchiveBuilder().entry("a/data/0", new byte[24], ZipEntry.DEFLATED).raw('}');
    packed.string("w").tensor("FloatStorage", 6, 0, SIX, ONE).raw('s', '.');
    assertRefused(packed, "compressed");
    assertRefused(
        withStorage()
            .raw('}')
            .string("w")
            .tensor("ComplexFloatStorage", 3, 0, ONE, ONE)
            .raw('s', '.'),
        "w (tensor of type torch.ComplexFloat)");
  }

  @ParameterizedTest
  @CsvSource({"a/../../etc/passwd", "/etc/passwd", "..", "a\\b", "C:/x", "a/.."})
  void namesThatLeaveTheArchive(String name) throws IOException {
    assertRefused(oneTensor(6, 0, SIX, ONE).entry(name, new byte[0]), "not a plain relative path");
  }

  @Test
  void archivesOfOtherKinds() throws IOException {
    byte[] big = "big".getBytes(StandardCharsets.UTF_8);
    assertRefused(oneTensor(6, 0, SIX, ONE).entry("a/byteorder", big), "not little-endian");
    assertRefused(oneTensor(6, 0, SIX, ONE).entry("b/data.pkl", big), "two pickles");
    byte[] renamed = oneTensor(6, 0, SIX, ONE).build();
    replaceAll(renamed, "a/data.pkl", "a/data.txt");
    assertRefused(renamed, "no data.pkl");
  }

  @Test
  void directoriesThatLie() throws IOException {
    byte[] twice = oneTensor(6, 0, SIX, ONE).entry("a/data/1", new byte[24]).build();
    replaceAll(twice, "a/data/1", "a/data/0");
    assertRefused(twice, "appears twice");

    byte[] sound = oneTensor(6, 0, SIX, ONE).build();
    ByteBuffer zip = ByteBuffer.wrap(sound).order(ByteOrder.LITTLE_ENDIAN);
    int end = sound.length - 22;
    int directory = zip.getInt(end + 16);

    assertRefused(changed(sound, directory + 24, 1 << 30), "claims two sizes");
    byte[] large = changed(sound, directory + 24, 1 << 30);
    assertRefused(changed(large, directory + 20, 1 << 30), "more than the file has");
    assertRefused(changed(sound, directory + 42, 1), "no matching local header");
    assertRefused(changed(sound, directory + 42, -2), "lies outside the file");
    assertRefused(changed(sound, end + 16, -1), "lies outside the file");
    assertRefused(changed(sound, end + 12, -1), "lies outside the file");
    assertRefused(changed(sound, directory, 0), "damaged");
    assertRefused(changed(sound, end, 0), "no end record");
    byte[] count = sound.clone();
    count[end + 10] = 9;
    assertRefused(count, "shorter than its entry count says");
    for (int length = 0; length < sound.length; length++) {
      Path path = save(Arrays.copyOf(sound, length));
      assertThrows(UserError.class, () -> Checkpoints.open(path), "of " + length + " bytes");
    }
  }

  private static byte[] changed(byte[] bytes, int position, int value) {
    byte[] copy = bytes.clone();
    ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN).putInt(position, value);
    return copy;
  }

  private static void replaceAll(byte[] bytes, String from, String to) {
    byte[] old = from.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i <= bytes.length - old.length; i++) {
      if (Arrays.equals(bytes, i, i + old.length, old, 0, old.length)) {
        System.arraycopy(to.getBytes(StandardCharsets.UTF_8), 0, bytes, i, old.length);
      }
    }
  }
}
