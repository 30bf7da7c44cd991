package org.samclip.train.stage;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.samclip.UserError;
import org.samclip.student.Student;
import org.samclip.train.recipe.BlendSpec;
import org.samclip.train.recipe.NamePattern;
import org.samclip.train.recipe.StudentSpec;

/**
 * A model that is blended of earlier ones, without a step of training.
 *
 * @param row its name in the table and of its model
 * @param key of the blend in the recipe, for messages
 * @param blend what of
 * @param rows of the recipe's stages, by their names; {@code base} has none
 * @param student the recipe's
 */
public record BlendPhase(
    String row, String key, BlendSpec blend, Map<String, String> rows, StudentSpec student)
    implements Phase {

  /** Copies the rows. */
  public BlendPhase {
    rows = Map.copyOf(rows);
  }

  @Override
  public boolean inTable() {
    return true;
  }

  /**
   * @param model of the shapes that are blended; it need not be initialised
   * @return names of the tensors that are blended
   * @throws UserError if there are none
   */
  public List<String> tensors(Student model) {
    List<String> names = model.getParameters().keys();
    NamePattern pattern = NamePattern.of(blend.tensors());
    List<String> blended = names.stream().filter(pattern::matches).toList();
    if (blended.isEmpty()) {
      Set<String> beginnings = new TreeSet<>();
      names.forEach(name -> beginnings.add(name.replaceFirst("\\..*", ".*")));
      throw new UserError(
          "'%s.tensors' is '%s', which matches no parameter; allowed: * or a pattern on names such as those of %s"
              .formatted(key, blend.tensors(), String.join(", ", beginnings)));
    }
    return blended;
  }
}
