package org.samclip.student;

import java.util.List;
import java.util.TreeSet;
import org.samclip.UserError;
import org.samclip.nn.SizeLimits;

/**
 * An MLP for each of some blocks.
 *
 * @param output which tokens it maps
 * @param width D, channels of the output
 * @param blocks indices, from 0, in rising order; the backbone's last one stands for the last
 *     tokens, which a plain ViT norms
 * @param hidden channels inside the MLP of an inner block, 768 in UNIC
 * @param lastHidden channels inside the MLP of the backbone's last block, 3072 in UNIC
 */
public record LadderHeadConfig(
    Readout output, int width, List<Integer> blocks, int hidden, int lastHidden)
    implements HeadConfig {

  public LadderHeadConfig {
    SizeLimits.present(LadderHead.KIND, "output (summary or spatial)", output);
    SizeLimits.present(LadderHead.KIND, "blocks", blocks);
    SizeLimits.check(LadderHead.KIND, "width", width, 1, SizeLimits.WIDTH);
    SizeLimits.check(LadderHead.KIND, "hidden", hidden, 1, SizeLimits.MLP_WIDTH);
    SizeLimits.check(LadderHead.KIND, "last_hidden", lastHidden, 1, SizeLimits.MLP_WIDTH);
    SizeLimits.check(LadderHead.KIND, "number of blocks", blocks.size(), 1, SizeLimits.DEPTH);
    blocks = List.copyOf(blocks);
    if (!List.copyOf(new TreeSet<>(blocks)).equals(blocks)) {
      throw new UserError(
          "%s: blocks %s; allowed: each once, in rising order".formatted(LadderHead.KIND, blocks));
    }
  }
}
