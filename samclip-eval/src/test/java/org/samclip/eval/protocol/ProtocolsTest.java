package org.samclip.eval.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samclip.UserError;
import org.samclip.eval.ColourVision;
import org.samclip.eval.InvalidOption;
import org.samclip.eval.segment.InstanceSegmentation.Prompt;
import org.samclip.model.VisionModel;

/** The protocols that are there, and how options given by name become theirs. */
class ProtocolsTest {

  private static ProtocolChoice<?> choice(String name, String json) throws Exception {
    ObjectNode tree = (ObjectNode) new ObjectMapper().readTree(json);
    return ProtocolChoice.of(Protocols.installed().of("task", name), tree);
  }

  @Test
  void samclipsOwnAreInstalled() {
    assertEquals(
        Set.of("instance", "classify", "semantic", "compose", "knn"),
        Protocols.installed().names());
    String message =
        assertThrows(UserError.class, () -> Protocols.installed().of("task", "clasify"))
            .getMessage();
    assertEquals(
        "task: 'clasify' found; allowed: instance, classify, semantic, compose, knn."
            + " Did you mean 'classify'?",
        message);
  }

  @Test
  void noTwoProtocolsHaveAMetricInCommon() throws Exception {
    Set<String> ids = new HashSet<>();
    for (String name : Protocols.installed().names()) {
      for (Metric metric : choice(name, "{}").metrics(Optional.of("teacher"))) {
        assertTrue(ids.add(metric.id()), metric.id());
      }
    }
    assertTrue(ids.contains("teacher_cosine"), ids::toString);
  }

  @Test
  void twoOfANameAreRefused() {
    UserError error =
        assertThrows(
            UserError.class, () -> new Protocols(List.of(new KnnProtocol(), new KnnProtocol())));
    assertTrue(error.getMessage().contains("'knn'"), error.getMessage());
  }

  /** Measures nothing; only its name and its options matter. */
  private record Named<O extends Record>(String name, O defaults) implements Protocol<O> {

    @Override
    public String description() {
      return "";
    }

    @Override
    public Set<DataKind> reads() {
      return Set.of();
    }

    @Override
    public Class<VisionModel> needs() {
      return VisionModel.class;
    }

    @Override
    public List<Metric> metrics(O options, Optional<String> teacher) {
      return List.of();
    }

    @Override
    public ProtocolResult run(VisionModel model, EvaluationData data, O options, ProtocolRun run) {
      return new ProtocolResult(Map.of(), Map.of());
    }
  }

  private record Plain(int k) {}

  private record Teaching(String teacher) {}

  @Test
  void namesThatARecipeCannotUseAreRefused() {
    assertEquals(
        Set.of("own_1"), new Protocols(List.of(new Named<>("own_1", new Plain(1)))).names());
    for (String name : List.of("Own", "1own", "own-1", "")) {
      assertThrows(
          UserError.class, () -> new Protocols(List.of(new Named<>(name, new Plain(1)))), name);
    }
    UserError error =
        assertThrows(
            UserError.class, () -> new Protocols(List.of(new Named<>("own", new Teaching("sam")))));
    assertTrue(error.getMessage().contains("called teacher"), error.getMessage());
  }

  @Test
  void whatIsNotGivenHasTheDefault() throws Exception {
    for (String name : Protocols.installed().names()) {
      Protocol<?> protocol = Protocols.installed().of("task", name);
      assertEquals(protocol.defaults(), choice(name, "{}").options());
    }
    ComposeProtocol.Options compose =
        (ComposeProtocol.Options)
            choice("compose", "{\"form\": \"masks_first\", \"masks\": {\"grid\": 4}}").options();
    assertEquals(4, compose.masks().grid());
    assertEquals(.88, compose.masks().predictedIou());
    assertEquals("MASKS_FIRST", compose.form().name());
  }

  @Test
  void aTreeOfAllOptionsGivesTheSame() throws Exception {
    ProtocolChoice<?> some =
        choice("compose", "{\"logit_range\": 3, \"background\": \"threshold\"}");
    assertEquals(3, some.tree().get("logit_range").doubleValue());
    assertEquals("threshold", some.tree().get("background").textValue());
    assertEquals(some, ProtocolChoice.of(some.protocol(), some.tree()));
  }

  /** As a command line gives them. */
  @Test
  void textsAreReadAsTheOptionsKind() throws Exception {
    KnnProtocol.Options knn =
        (KnnProtocol.Options) choice("knn", "{\"k\": \"5\", \"temperature\": \"0.1\"}").options();
    assertEquals(5, knn.k());
    assertEquals(.1, knn.temperature());
    InstanceProtocol.Options instance =
        (InstanceProtocol.Options)
            choice("instance", "{\"prompts\": \"box, point\", \"refine\": \"true\"}").options();
    assertEquals(List.of(Prompt.BOX, Prompt.POINT), instance.prompts());
    assertTrue(instance.refine());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "knn | {\"kk\": 1} | kk | is no option of the protocol knn; allowed: output, teacher_output, k, temperature. Did you mean 'k'?",
        "knn | {\"k\": 0} | k | is 0; allowed: 1 or more",
        "knn | {\"k\": 1.5} | k | is 1.5; allowed: a whole number",
        "knn | {\"k\": \"many\"} | k | is \"many\"; allowed: a whole number",
        "knn | {\"temperature\": 0} | temperature | is 0.0; allowed: above 0",
        "semantic | {\"background\": \"txt\"} | background | is \"txt\"; allowed: text, threshold, excluded. Did you mean 'text'?",
        "classify | {\"templates\": \"none.txt\"} | templates | is none.txt; allowed: brief, openai, or a file of lines; there is no such file",
        "compose | {\"masks\": 3} | masks | is 3; allowed: a section of proposals, grid, predicted_iou, stability, overlap",
        "compose | {\"masks\": {\"grd\": 3}} | masks.grd | is no option of the protocol compose; allowed: proposals, grid, predicted_iou, stability, overlap. Did you mean 'grid'?",
        "compose | {\"masks\": {\"grid\": 0}} | masks.grid | is 0; allowed: 1 to 256",
        "instance | {\"prompts\": []} | prompts | is []; allowed: at least one of point, box",
        "instance | {\"prompts\": \"box,box\"} | prompts | is [BOX, BOX]; allowed: each only once",
      })
  void wrongOptionsNameTheirKey(String protocol, String json, String key, String problem) {
    InvalidOption error = assertThrows(InvalidOption.class, () -> choice(protocol, json));
    assertEquals(key, error.key());
    assertEquals(problem, error.problem());
  }

  @Test
  void aModelThatCannotIsRefused() throws Exception {
    ProtocolChoice<?> choice = choice("instance", "{}");
    UserError error =
        assertThrows(
            UserError.class,
            () -> choice.run(new ColourVision(8), new EvaluationData(), new ProtocolRun(0, 1, 0)));
    assertEquals(
        "protocol instance: the model cannot do what it needs; a sam or samclip model is needed",
        error.getMessage());
  }

  @Test
  void aSideIsAMultipleOfThePatch() {
    assertEquals(8, new ProtocolRun(0, 1, 0).sideOf(new ColourVision(8)));
    assertEquals(16, new ProtocolRun(16, 1, 0).sideOf(new ColourVision(8)));
    UserError error =
        assertThrows(UserError.class, () -> new ProtocolRun(18, 1, 0).sideOf(new ColourVision(8)));
    assertTrue(error.getMessage().contains("side: 18"), error.getMessage());
    assertTrue(error.getMessage().contains("try 20"), error.getMessage());
    assertThrows(UserError.class, () -> new ProtocolRun(-4, 1, 0));
    assertThrows(UserError.class, () -> new ProtocolRun(0, 1, -1));
  }
}
