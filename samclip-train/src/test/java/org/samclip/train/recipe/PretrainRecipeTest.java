package org.samclip.train.recipe;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.samclip.train.recipe.RecipeReaderTest.assertMentions;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samclip.UserError;

/** What a teacher's own recipe may not say. */
class PretrainRecipeTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "sam | sam.preset=tinny | tinny",
        "sam | stages.1.feeds.masks.prompts=null | 'stages.1.feeds.masks.prompts' is missing; allowed: a section for a SAM",
        "sam | stages.1.feeds.masks.prompts.rounds=2 | 'stages.1.feeds.masks.prompts.rounds' is 2; allowed: 1",
        "sam | stages.1.feeds.masks.objectives.truth.target=soft | 'stages.1.feeds.masks.objectives.truth.target' is soft; allowed: hard",
        "sam | stages.1.feeds.masks.objectives.truth.target=null | 'stages.1.feeds.masks.objectives.truth.target' is missing; allowed: hard",
        "sam | stages.1.feeds.masks.objectives.truth.loss.cosine=1 | 'stages.1.feeds.masks.objectives.truth.loss' is a section of focal, dice, iou, cosine; allowed: focal, dice, iou",
        "sam | stages.1.feeds.masks.objectives.truth.weight=2 | 'stages.1.feeds.masks.objectives.truth' is a section with head, teacher, weight, balance or standardise; allowed: none",
        "sam | stages.1.feeds.masks.data=images | 'stages.1.feeds.masks.prompts' is given for data without masks",
        "sam | stages.1.feeds.masks.data=scenes | 'stages.1.feeds.masks.data' is 'scenes'; allowed: images, masks",
        "sam | stages.1.feeds.more={data: images, batch_size: 1, resolutions: [64], objectives: {}} | 'stages.1.feeds' is 2 feeds; allowed: one",
        "sam | stages.1.cache_features=true | 'stages.1.cache_features' is true; allowed: false",
        "sam | stages.1.checkpoint_activations=true | 'stages.1.checkpoint_activations' is true; allowed: false",
        "clip | stages.1.feeds.images.objectives.captions.loss={cosine: 1} | 'stages.1.feeds.images.objectives.captions.loss' is a section of cosine; allowed: {contrastive: 1}",
        "clip | stages.1.feeds.images.objectives.captions.teacher=clip.summary | 'stages.1.feeds.images.objectives.captions' is a section with head",
        "clip | stages.1.feeds.images.objectives={} | 'stages.1.feeds.images.objectives' is 0 objectives; allowed: one",
        "clip | teachers={} | unknown key 'teachers'",
      })
  void wrongValuesNameThePathAndWhatIsAllowed(String model, String override, String expected) {
    assertMentions(error(model, override), "--set " + override, expected);
  }

  @Test
  void thereIsOneModel() {
    String one = "allowed: one of clip, sam and vit";
    assertMentions(error("sam", "sam=null"), "of 0 models", one);
    assertMentions(error("clip", "sam={preset: tiny}"), "of 2 models", one);
    assertMentions(error("dino", "self_distillation=null"), "self_distillation", "missing");
  }

  private static String error(String model, String override) {
    Path file = Path.of("..", "configs", "pretrain-" + model + ".yaml");
    return assertThrows(
            UserError.class, () -> RecipeReader.readPretraining(file, List.of(override)))
        .getMessage();
  }
}
