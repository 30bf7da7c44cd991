package org.samclip.student;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.samclip.UserError;
import org.samclip.model.Arithmetic;
import org.samclip.nn.Gelu;
import org.samclip.nn.Linear;
import org.samclip.nn.Stack;

/**
 * UNIC's ladder of projectors: an MLP of linear layer, GELU, linear layer for each of some blocks,
 * named {@code blocks.INDEX}; their results are added up.
 */
public final class LadderHead extends AdaptorHead {

  /** Name in configs and files. */
  public static final String KIND = "ladder";

  private final LadderHeadConfig config;
  private final Map<Integer, Stack> mlps = new LinkedHashMap<>();
  private final List<Linear> last = new ArrayList<>();

  LadderHead(LadderHeadConfig config, Backbone backbone) {
    super(config.output(), config.width(), backbone);
    this.config = config;
    Blocks blocks = child("blocks", new Blocks());
    for (int block : config.blocks()) {
      if (block < 0 || block >= backbone.depth()) {
        throw new UserError(
            "%s: block %d does not exist; blocks are 0 to %d"
                .formatted(KIND, block, backbone.depth() - 1));
      }
      Stack mlp = new Stack();
      mlp.add(new Linear(backbone.width(), hidden(block)));
      mlp.add(new Gelu());
      last.add(mlp.add(new Linear(hidden(block), config.width())));
      mlps.put(block, blocks.add(block, mlp));
    }
  }

  private boolean isLast(int block) {
    return block == backbone().depth() - 1;
  }

  private int hidden(int block) {
    return isLast(block) ? config.lastHidden() : config.hidden();
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public Set<Integer> blocks() {
    Set<Integer> inner = new TreeSet<>(config.blocks());
    inner.remove(backbone().depth() - 1);
    return inner;
  }

  @Override
  protected NDArray rows(BackboneFeatures features) {
    NDArray sum = null;
    for (Map.Entry<Integer, Stack> entry : mlps.entrySet()) {
      int block = entry.getKey();
      Tokens tokens = isLast(block) ? features.last() : features.blocks().get(block);
      NDArray part = entry.getValue().forward(read(tokens));
      sum = sum == null ? part : sum.add(part);
    }
    return sum;
  }

  @Override
  protected List<Linear> lastLayers() {
    return List.copyOf(last);
  }

  @Override
  public double operations(int side) {
    double rows = rowCount(side);
    double sum = 0;
    for (int block : config.blocks()) {
      sum +=
          Arithmetic.linear(rows, backbone().width(), hidden(block))
              + Arithmetic.linear(rows, hidden(block), config.width());
    }
    return sum;
  }
}
