package org.samclip.train.optim;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samclip.train.recipe.OptimizerSpec;
import org.samclip.train.recipe.ParameterTable;

/** From a stage's table of parameters to an optimiser. */
public final class Optimizers {

  /** Parameters that share a fused call. */
  private record Rate(double lr, double weightDecay) {}

  private Optimizers() {}

  /**
   * @param spec the numbers of AdamW
   * @param table which parameter learns at which rate
   * @param arrays all parameters under their full names
   * @param manager owns the moments
   * @return the optimiser; frozen parameters are not in it and need no gradient
   */
  public static AdamW of(
      OptimizerSpec spec, ParameterTable table, Map<String, NDArray> arrays, NDManager manager) {
    Map<Rate, Map<String, NDArray>> groups = new LinkedHashMap<>();
    for (ParameterTable.Entry entry : table.entries()) {
      NDArray array = arrays.get(entry.name());
      if (entry.frozen()) {
        array.setRequiresGradient(false);
      } else {
        groups
            .computeIfAbsent(
                new Rate(entry.lr(), entry.weightDecay()), rate -> new LinkedHashMap<>())
            .put(entry.name(), array);
      }
    }
    List<AdamW.Group> list = new ArrayList<>();
    groups.forEach((rate, part) -> list.add(new AdamW.Group(part, rate.lr, rate.weightDecay)));
    AdamW.Settings settings =
        new AdamW.Settings(spec.betas().get(0), spec.betas().get(1), spec.eps());
    return new AdamW(settings, list, manager);
  }

  /**
   * @param arrays all parameters under their full names
   * @return names and shapes, for {@link ParameterTable#of}
   */
  public static List<ParameterTable.NamedShape> shapes(Map<String, NDArray> arrays) {
    return arrays.entrySet().stream()
        .map(entry -> new ParameterTable.NamedShape(entry.getKey(), entry.getValue().getShape()))
        .toList();
  }
}
