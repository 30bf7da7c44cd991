package org.samclip.data.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.source.ShardServer.Manner;

/**
 * Archives under names that do not tell how they are packed. What is read, and what is not, was
 * tried with Python 3.11's {@code tarfile.open(mode="r:*")} on files made in the same way.
 */
@Timeout(60)
class PackingTest {

  private static final String FETCH = "fetch the file again";

  @TempDir Path folder;

  private interface Packer {
    OutputStream into(OutputStream out) throws IOException;
  }

  private static byte[] packed(Packer packer, byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out = packer.into(bytes)) {
      out.write(content);
    }
    return bytes.toByteArray();
  }

  private static byte[] gzip(byte[] content) throws IOException {
    return packed(GZIPOutputStream::new, content);
  }

  private static byte[] join(byte[]... parts) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.write(part);
    }
    return all.toByteArray();
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private static byte[] hex(String digits) {
    return HexFormat.of().parseHex(digits.replace(" ", ""));
  }

  /** Twenty images with two masks each. */
  private static byte[] sa1b() throws IOException {
    TestArchive archive = new TestArchive();
    String mask = "{\"segmentation\":{\"size\":[5,6],\"counts\":[5,2,23]}}";
    for (int i = 0; i < 20; i++) {
      archive.add("sa_" + i + ".png", TestArchive.png(6, 5, i));
      archive.add("sa_" + i + ".json", "{\"annotations\":[" + mask + "," + mask + "]}");
    }
    return archive.bytes();
  }

  private List<SampleRef> list(SampleSource source) {
    return source.shards().stream().flatMap(shard -> source.list(shard).stream()).toList();
  }

  private Sa1bSource source(String name, byte[] content) throws IOException {
    Path file = Files.write(folder.resolve(name), content);
    return new Sa1bSource("sam", List.of(file.toString()), DataLimits.DEFAULT);
  }

  private void assertTwenty(SampleSource source) {
    List<SampleRef> refs = list(source);
    assertEquals(20, refs.size(), () -> source.shards() + ": " + refs);
    for (int i = 0; i < 20; i++) {
      Sample sample = source.decode(source.read(refs.get(i)));
      assertEquals(i, sample.image().at(0, 0, 0));
      assertEquals(2, sample.masks().size());
    }
  }

  @Test
  void readsWhatIsInTheFileWhateverItsName() throws IOException {
    byte[] tar = sa1b();
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("sa_000000.tar", gzip(tar));
    files.put("plain.tar.gz", tar);
    files.put("zstd.tgz", Zstd.compress(tar));
    files.put("plain", tar);
    files.put("gzip.bin", gzip(tar));
    files.put(
        "pigz.tar", join(gzip(Arrays.copyOf(tar, 700)), gzip(rest(tar, 700)), new byte[1024]));
    files.put("garbage.tar", join(gzip(tar), ascii("behind the end")));
    files.put("pzstd.tar", join(hex("502a4d18 04000000 01020304"), Zstd.compress(tar)));
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      assertTwenty(source(file.getKey(), file.getValue()));
    }
  }

  private static byte[] rest(byte[] bytes, int from) {
    return Arrays.copyOfRange(bytes, from, bytes.length);
  }

  @Test
  void readsWhatAServerSendsWhateverItsName() throws IOException {
    byte[] tar = sa1b();
    try (ShardServer server = new ShardServer();
        ShardStore store = new ShardStore()) {
      List<String> addresses =
          List.of(
              server.serve("gzip.tar", gzip(tar), Manner.SOUND),
              server.serve("plain.tar.zst", tar, Manner.SOUND),
              server.serve("zstd", Zstd.compress(tar), Manner.SOUND));
      for (String address : addresses) {
        assertTwenty(
            new Sa1bSource(
                new SourceOptions(
                    "sam", List.of(address), false, false, Map.of(), DataLimits.DEFAULT, store)));
      }
      String zip = server.serve("zip.tar", zip(tar), Manner.SOUND);
      Sa1bSource refused =
          new Sa1bSource(
              new SourceOptions(
                  "sam", List.of(zip), false, false, Map.of(), DataLimits.DEFAULT, store));
      String message = list(refused).get(0).failure().getMessage();
      assertTrue(message.startsWith(zip + ": the file is a zip archive; allowed:"), message);
    }
  }

  private static byte[] zip(byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.putNextEntry(new ZipEntry("sa_1.tar"));
      zip.write(content);
    }
    return bytes.toByteArray();
  }

  /** What the file is stands in the message, and nobody is told to fetch the same file again. */
  @Test
  void refusesOtherPackingsByTheirNames() throws IOException {
    byte[] tar = sa1b();
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("packed with bzip2", packed(BZip2CompressorOutputStream::new, tar));
    // xz and lz4 out of liblzma 5.4 and lz4 1.9; their first bytes are all that is looked at.
    files.put("packed with xz", join(hex("fd377a585a000004e6d6b446"), new byte[600]));
    files.put("packed with lz4", join(hex("04224d186440a7"), new byte[600]));
    files.put("a zip archive", zip(tar));
    files.put("a 7z archive", join(hex("377abcaf271c0004"), new byte[600]));
    files.put("a Parquet file", join(ascii("PAR1"), new byte[600]));
    files.put(
        "a pointer of Git LFS", ascii("version https://git-lfs.github.com/spec/v1\noid sha256:0"));
    files.put("a web page", ascii("<!DOCTYPE html><html><title>Log in</title></html>"));
    files.put("unpacked, the file is packed with gzip", gzip(gzip(tar)));
    files.put("unpacked, the file is packed with zstd", gzip(Zstd.compress(tar)));
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      List<SampleRef> refs = list(source("sa_000000.tar", file.getValue()));
      assertEquals(1, refs.size(), file.getKey());
      assertTrue(refs.get(0).isRest());
      assertEquals(Kind.NOT_AN_ARCHIVE, refs.get(0).failure().kind());
      String message = refs.get(0).failure().getMessage();
      assertTrue(message.contains("sa_000000.tar: "), message);
      assertTrue(message.contains(file.getKey()), message);
      assertTrue(message.contains("plain or packed with gzip or zstd"), message);
      assertFalse(message.contains(FETCH), message);
    }
  }

  @Test
  void onlyDamagedFilesAreToBeFetchedAgain() throws IOException {
    byte[] tar = sa1b();
    byte[] flipped = gzip(tar);
    flipped[0] ^= 1;
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("nothing", new byte[0]);
    files.put("a flipped mark", flipped);
    files.put("half a header", Arrays.copyOf(tar, 300));
    files.put("half an archive", Arrays.copyOf(tar, tar.length / 2));
    files.put("half a packed archive", Arrays.copyOf(gzip(tar), 500));
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      List<SampleRef> refs = list(source("sa_000000.tar", file.getValue()));
      SampleRef rest = refs.get(refs.size() - 1);
      assertTrue(rest.isRest(), file.getKey());
      assertTrue(rest.failure().getMessage().contains(FETCH), rest.failure().getMessage());
    }
  }

  /** {@code tar cf empty.tar -T /dev/null}; tarfile finds no members, and nothing wrong. */
  @Test
  void emptyArchivesHaveNoSamplesAndNoFault() throws IOException {
    byte[] empty = new TestArchive().bytes();
    for (byte[] file : List.of(empty, gzip(empty), Zstd.compress(empty), new byte[1024])) {
      assertEquals(List.of(), list(source("empty.tar", file)));
    }
  }

  @Test
  void aMembersNameDoesNotDecide() throws IOException {
    for (String name : List.of("<html.png", "PAR1.png", "version https://git-lfs.png")) {
      byte[] tar = new TestArchive().add(name, TestArchive.png(1, 1, 0)).bytes();
      assertEquals(1, list(source("x.tar", tar)).size(), name);
      // Archives of the first Unix tar have no mark behind their header.
      Arrays.fill(tar, 257, 265, (byte) 0);
      TarIndexTest.checksum(tar, 0);
      assertEquals(1, list(source("x.tar", tar)).size(), name);
    }
  }
}
