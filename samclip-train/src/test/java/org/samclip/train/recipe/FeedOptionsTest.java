package org.samclip.train.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samclip.UserError;
import org.samclip.data.transform.AugmentOptions;

/** What a feed does to its images beside cutting them. */
class FeedOptionsTest {

  private static final Path QUICKSTART = Path.of("..", "configs", "quickstart.yaml");
  private static final String FEED = "stages.1.feeds.images.";

  private static FeedSpec feed(String... overrides) {
    return RecipeReader.read(QUICKSTART, List.of(overrides)).stages().get(0).epochFeed();
  }

  @Test
  void everyAugmentationIsOffUnlessAskedFor() {
    assertEquals(null, feed().augment());
    assertEquals(AugmentOptions.NONE, feed(FEED + "augment={}").augment().options());
    assertEquals(0, feed().shift());
  }

  /** UNIC's, written as in a recipe. */
  @Test
  void augmentationsAreThoseOfTheRecipe() {
    String unic =
        FEED
            + "augment={flip: 0.5, grey: 0.2, blur: {probability: 0.2}, solarise: {probability: 0.2},"
            + " jitter: {probability: 0.8, brightness: 0.4, contrast: 0.4, saturation: 0.2,"
            + " hue: 0.1}}";
    assertEquals(AugmentOptions.UNIC, feed(unic).augment().options());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "augment.flip=1.5|augment.flip|0 to 1",
        "augment.jitter.hue=0.6|augment.jitter.hue|0 to 0.5",
        "augment.jitter.contrast=-1|augment.jitter.contrast|0 to 10",
        "augment.blur.kernel=8|augment.blur.kernel|odd numbers",
        "augment.blur.sigma_max=0.05|augment.blur.sigma_max|sigma_min (0.1)",
        "augment.solarise.threshold=256|augment.solarise.threshold|0 to 255",
        "augment.grey=2|augment.grey|0 to 1",
        "shift=65|shift|0 to 64",
        "sides.clip=mosaics|sides.clip|own, same, grid, mosaic",
      })
  void valuesOutOfTheirRangeAreNamed(String override, String key, String allowed) {
    UserError error = assertThrows(UserError.class, () -> feed(FEED + override));
    assertTrue(error.getMessage().contains("'" + FEED + key + "'"), error.getMessage());
    assertTrue(error.getMessage().contains(allowed), error.getMessage());
  }

  /** Stage 1 has 24 images at 64 px, of which stage 3's resolutions make 24 and 6. */
  @Test
  void mosaicsNeedFoursOfImages() {
    String mosaic = FEED + "sides.clip=mosaic";
    String live = "stages.1.cache_features=false";
    assertTrue(feed(live, mosaic).hasMosaic());
    assertEquals(Map.of("clip", "mosaic"), feed(live, mosaic).sides());
    refused("'" + FEED + "batch_size' is 22", live, mosaic, FEED + "batch_size=22");
    refused(
        "'" + FEED + "batch_size' is 24, 6 images at 128 px",
        live,
        mosaic,
        FEED + "resolutions=[64, 128]");
    refused("'" + FEED + "micro_batch' is 6", live, mosaic, FEED + "micro_batch=6");
    assertTrue(feed(live, mosaic, FEED + "micro_batch=8").hasMosaic());
  }

  @Test
  void paddedImagesAreNeitherVariedNorMoved() {
    String padded = FEED + "fit=pad";
    refused("'" + FEED + "augment' is given", padded, FEED + "augment.flip=0.5");
    refused("'" + FEED + "shift' is 1", padded, FEED + "shift=1");
    refused("'" + FEED + "sides.clip' is mosaic", padded, FEED + "sides.clip=mosaic");
  }

  /** What is never seen twice is not kept. */
  @Test
  void whatChangesInEveryStepIsNotCached() {
    refused("feeds.images.shift moves the images anew", FEED + "shift=1");
    refused("feeds.images.sides has mosaics", FEED + "sides.clip=mosaic");
    refused("feeds.images.views is 0", FEED + "views=0");
    assertEquals(1, feed("stages.1.cache_features=false", FEED + "shift=1").shift());
  }

  private static void refused(String says, String... overrides) {
    UserError error = assertThrows(UserError.class, () -> feed(overrides));
    assertTrue(error.getMessage().contains(says), error.getMessage());
  }
}
