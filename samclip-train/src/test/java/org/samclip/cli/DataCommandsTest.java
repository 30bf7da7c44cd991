package org.samclip.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.TestShard;

@Timeout(120)
class DataCommandsTest {

  @TempDir Path folder;
  private String out;
  private String err;

  @BeforeEach
  void write() throws IOException {
    for (int i = 0; i < 40; i++) {
      Path file = folder.resolve("images/c" + i % 4 + "/" + i + ".png");
      Files.createDirectories(file.getParent());
      Files.write(file, TestShard.png(20, 10, i));
    }
  }

  private int run(String... arguments) {
    StringWriter outText = new StringWriter();
    StringWriter errText = new StringWriter();
    int code =
        Samclip.run(new PrintWriter(outText, true), new PrintWriter(errText, true), arguments);
    out = outText.toString();
    err = errText.toString();
    return code;
  }

  private String pack() {
    String shards = folder.resolve("shards").toString();
    assertEquals(
        Samclip.DONE,
        run("data", "pack", "--images", folder + "/images", "--out", shards, "--shard-samples=15"),
        () -> err);
    assertTrue(out.contains("40 samples in 3 shards; 0 broken"), out);
    return shards;
  }

  @Test
  void packsVerifiesInspectsAndLists() throws IOException {
    String shards = pack();
    assertEquals(Samclip.DONE, run("data", "verify", "--shards", shards), () -> err);
    assertTrue(out.contains("40 good, 0 broken"), out);

    Path sheet = folder.resolve("sheet.png");
    Path json = folder.resolve("survey.json");
    assertEquals(
        Samclip.DONE,
        run("data", "inspect", "--shards", shards, "--sheet", "" + sheet, "--json", "" + json),
        () -> err);
    assertTrue(out.contains("decoded 40 samples"), out);
    assertTrue(Files.readString(json).contains("\"decoded\" : 40"));
    // 24 images of 192 pixels, six in a row.
    assertTrue(ImageIO.read(sheet.toFile()).getWidth() > 6 * 192);

    Path manifest = folder.resolve("manifest.json");
    assertEquals(Samclip.DONE, run("data", "manifest", "--shards", shards, "--out", "" + manifest));
    assertTrue(out.contains("3 files, "), out);
    assertTrue(Files.readString(manifest).contains("shard-00002.tar"));
  }

  @Test
  void provesTheOrder() {
    String shards = pack();
    int code = run("data", "verify-order", "--shards", shards, "--shuffle-buffer=8", "--seed=3");
    assertEquals(Samclip.DONE, code, () -> out + err);
    assertTrue(out.contains("40 samples, 80 draws: 80 given without a stop"), out);
    assertTrue(out.contains("the order holds"), out);
  }

  @Test
  void takesTheMixtureOfARecipe() {
    String shards = pack().replace('\\', '/');
    String mix =
        String.format(
            "data.sources={own: {mix: [{name: a, shards: %s, weight: 1},"
                + " {name: b, shards: %s/shard-00000.tar, weight: 1}], hold_out: 0},"
                + " other: {shards: none}}",
            shards, shards);
    String recipe = Path.of("..", "configs", "quickstart.yaml").toString();
    assertEquals(
        Samclip.DONE,
        run(
            "data",
            "verify-order",
            "--recipe",
            recipe,
            "--set",
            mix,
            "--data=own",
            "--shuffle-buffer=5"),
        () -> out + err);
    assertTrue(out.contains("55 samples, 110 draws: 110 given"), out);
    assertEquals(
        Samclip.DONE,
        run("data", "inspect", "--recipe", recipe, "--set", mix, "--data", "own"),
        () -> err);
    assertTrue(out.contains("data.sources.own.b: 1 shards"), out);
    assertTrue(out.matches("(?s).*15 samples selected, 2[78] draws an epoch.*"), out);
    assertEquals(
        Samclip.USER_ERROR,
        run("data", "inspect", "--recipe", recipe, "--set", mix, "--subset=0.5"));
    assertTrue(err.contains("a recipe has its own"), err);
    assertEquals(
        Samclip.USER_ERROR, run("data", "inspect", "--recipe", recipe, "--set", mix, "--data=owm"));
    assertTrue(err.contains("--data owm: allowed: images, masks, own, other."), err);
    assertTrue(err.contains("Did you mean 'own'?"), err);
    // Unless told otherwise the first, of which nothing is there: the scenes' images.
    String without = "data.scenes.dir=" + folder.resolve("none");
    assertEquals(Samclip.USER_ERROR, run("data", "inspect", "--recipe", recipe, "--set", without));
    assertTrue(err.contains("none"), err);
  }

  @Test
  void aSubsetIsTheSameByNameAndInShards() throws IOException {
    String shards = pack();
    Path keys = folder.resolve("keys.tsv");
    Path out2 = folder.resolve("subset");
    int code =
        run(
            "data",
            "subset",
            "--shards",
            shards,
            "--subset=0.5",
            "--keys",
            "" + keys,
            "--out",
            "" + out2);
    assertEquals(Samclip.DONE, code, () -> err);
    int count = Files.readAllLines(keys).size();
    assertTrue(count > 5 && count < 35, out);
    assertTrue(out.contains(count + " samples in 1 shards"), out);
  }

  @Test
  void brokenDataEndWithTheUsersErrorCode() throws IOException {
    String shards = pack();
    try (TestShard rotten = new TestShard(Path.of(shards, "rotten.tar"))) {
      for (int i = 0; i < 9; i++) {
        rotten.add("x" + i + ".jpg", new byte[] {1});
      }
    }
    Path list = folder.resolve("broken.tsv");
    int code = run("data", "verify", "--shards", shards, "--quarantine", "" + list);
    assertEquals(Samclip.USER_ERROR, code);
    assertTrue(err.contains("40 good, 9 broken {UNDECODABLE_IMAGE=9}"), err);
    assertEquals(9, Files.readAllLines(list).size());
    assertEquals(Samclip.DONE, run("data", "verify", "--shards", shards, "--max-broken-share=0.2"));
  }

  @Test
  void badAnnotationsAndImagesWithoutObjectsAreCounted() throws IOException {
    StringBuilder entries = new StringBuilder();
    StringBuilder objects = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      String comma = i == 0 ? "" : ",";
      entries.append(comma).append("{\"id\":" + i + ",\"file_name\":\"c" + i % 4 + "/" + i);
      entries.append(".png\"}");
      if (i < 38) {
        String corners = i == 5 ? "2,2,9,5" : "2,2,9,2,9,8,2,8";
        objects.append(comma).append("{\"image_id\":\"" + i + "\",\"segmentation\":[[");
        objects.append(corners + "]]}");
      }
    }
    Path coco =
        Files.writeString(
            folder.resolve("x.json"),
            "{\"images\":[" + entries + "],\"annotations\":[" + objects + "]}");
    String images = folder.resolve("images").toString();
    String shards = folder.resolve("sam").toString();
    assertEquals(
        Samclip.DONE,
        run("data", "pack", "--images", images, "--coco", "" + coco, "--out", shards),
        () -> err);
    assertTrue(
        out.contains(
            "37 samples in 1 shards; 0 broken ones, 3 without objects and 1 bad annotations"
                + " {BAD_MASK=1} left out"),
        out);
    String[] verify = {
      "data", "verify", "--source", "coco", "--shards", "" + coco, "--option", "images=" + images
    };
    assertEquals(Samclip.DONE, run(verify), () -> err);
    assertTrue(out.contains("40 good, 0 broken {}, 37 masks, 1 bad annotations {BAD_MASK=1}"), out);
    String[] strict = java.util.Arrays.copyOf(verify, verify.length + 1);
    strict[verify.length] = "--max-bad-annotation-share=0.01";
    assertEquals(Samclip.USER_ERROR, run(strict));
    assertTrue(err.contains("allowed: 1.0 % of the annotations bad"), err);
    assertTrue(err.contains("or raise --max-bad-annotation-share"), err);
  }

  @Test
  void saysWhatIsMissing() {
    assertEquals(Samclip.USER_ERROR, run("data", "verify"));
    assertTrue(err.contains("give either --recipe FILE or --shards PATTERN"), err);
    assertEquals(Samclip.USER_ERROR, run("data", "inspect", "--shards", folder + "/none.tar"));
    assertTrue(err.contains("none.tar: no such file"), err);
    assertEquals(
        Samclip.USER_ERROR,
        run("data", "pack", "--images", "" + folder, "--out", folder + "/o", "--shard-samples=0"));
    assertTrue(err.contains("shard samples 0"), err);
    String shards = pack();
    assertEquals(Samclip.USER_ERROR, run("data", "verify-order", "--shards", shards, "--passes=0"));
    assertTrue(err.contains("passes 0"), err);
    assertEquals(Samclip.USER_ERROR, run("data", "inspect", "--shards", shards, "--limit=-1"));
    assertTrue(err.contains("limit -1"), err);
    assertFalse(Files.exists(folder.resolve("o")));
  }
}
