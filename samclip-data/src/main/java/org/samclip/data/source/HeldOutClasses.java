package org.samclip.data.source;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.samclip.UserError;

/**
 * Classes that no training image shows: what a model knows of them it was not shown, but has from
 * its teacher's space.
 *
 * @param file where they are listed
 * @param names of the classes, at least one
 */
public record HeldOutClasses(Path file, Set<String> names) {

  /** Copies the names. */
  public HeldOutClasses {
    names = Set.copyOf(names);
  }

  /**
   * @param file with a name a line; empty lines and those that begin with # do not count
   * @return the classes
   * @throws UserError if the file is missing or names no class
   */
  public static HeldOutClasses read(Path file) {
    List<String> names = EvaluationFiles.lines(file, "expected one class name a line");
    if (names.isEmpty()) {
      throw new UserError(file + ": names no class; name at least one, or leave the file out");
    }
    return new HeldOutClasses(file, new HashSet<>(names));
  }

  /**
   * @param set an evaluation set
   * @return the labels of these classes in it
   * @throws UserError if a name is none of its classes, or all of its classes are held out
   */
  public Set<Integer> labels(EvaluationSet<?> set) {
    List<String> classes = set.classes();
    List<String> unknown = new ArrayList<>(names);
    unknown.removeAll(classes);
    if (!unknown.isEmpty()) {
      throw new UserError(
          file
              + ": '"
              + unknown.get(0)
              + "' is no class of "
              + set.name()
              + "; allowed: "
              + classes);
    }
    Set<Integer> labels = new HashSet<>();
    for (int label = 0; label < classes.size(); label++) {
      if (names.contains(classes.get(label))) {
        labels.add(label);
      }
    }
    if (labels.size() == classes.size()) {
      throw new UserError(
          file + ": names all classes of " + set.name() + "; leave out those that training shows");
    }
    return labels;
  }
}
