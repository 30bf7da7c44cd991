package org.samclip.train.bench;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.samclip.nn.Module;
import org.samclip.train.optim.AdamW;

/** An optimiser over part of a model with the groups of a recipe's defaults. */
final class ParameterGroups {

  private static final AdamW.Settings SETTINGS = new AdamW.Settings(.9, .98, 1e-6);
  private static final double RATE = 1e-6;
  private static final double DECAY = .1;

  private ParameterGroups() {}

  /**
   * @param module whose parameters learn
   * @param learns which of them, by name
   * @param manager owns the moments
   * @return the optimiser; positions, norms and biases without decay
   */
  static AdamW optimizer(Module module, Predicate<String> learns, NDManager manager) {
    Map<String, NDArray> decayed = new LinkedHashMap<>();
    Map<String, NDArray> plain = new LinkedHashMap<>();
    module
        .arrays()
        .forEach(
            (name, array) -> {
              if (learns.test(name)) {
                boolean position = name.contains("pos_embed") || name.contains("rel_pos");
                boolean decays = array.getShape().dimension() > 1 && !position;
                (decays ? decayed : plain).put(name, array);
              }
            });
    List<AdamW.Group> groups = new ArrayList<>();
    groups.add(new AdamW.Group(decayed, RATE, DECAY));
    groups.add(new AdamW.Group(plain, RATE, 0));
    return new AdamW(SETTINGS, groups, manager);
  }
}
