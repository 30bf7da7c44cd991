package org.samclip.eval.protocol;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.samclip.UserError;
import org.samclip.data.source.ClassFolders;
import org.samclip.data.source.CocoInstances;
import org.samclip.data.source.EvaluationSet;
import org.samclip.data.source.HeldOutClasses;
import org.samclip.data.source.LabelMapFolder;

/** The sets that protocols read, those that there are. */
public final class EvaluationData {

  private EvaluationSet<ClassFolders.Item> classes;
  private EvaluationSet<ClassFolders.Item> classesTrain;
  private EvaluationSet<LabelMapFolder.Item> semantic;
  private EvaluationSet<CocoInstances.Item> instances;
  private HeldOutClasses heldOut;

  /**
   * @param set images by class
   * @return this
   */
  public EvaluationData optClasses(EvaluationSet<ClassFolders.Item> set) {
    classes = set;
    return this;
  }

  /**
   * @param set images by class, that answers are looked up in
   * @return this
   */
  public EvaluationData optClassesTrain(EvaluationSet<ClassFolders.Item> set) {
    classesTrain = set;
    return this;
  }

  /**
   * @param set images with label maps
   * @return this
   */
  public EvaluationData optSemantic(EvaluationSet<LabelMapFolder.Item> set) {
    semantic = set;
    return this;
  }

  /**
   * @param set images with the masks of their objects
   * @return this
   */
  public EvaluationData optInstances(EvaluationSet<CocoInstances.Item> set) {
    instances = set;
    return this;
  }

  /**
   * @param names classes that no training image shows, of the sets given so far
   * @return this
   * @throws UserError if a name is a class of none of them
   */
  public EvaluationData optHeldOut(HeldOutClasses names) {
    List<EvaluationSet<?>> sets = new ArrayList<>();
    Optional.ofNullable(classes).ifPresent(sets::add);
    Optional.ofNullable(semantic).ifPresent(sets::add);
    names.requireKnown(sets);
    heldOut = names;
    return this;
  }

  /**
   * @return the kinds that there are
   */
  public Set<DataKind> kinds() {
    Set<DataKind> kinds = EnumSet.noneOf(DataKind.class);
    if (classes != null) {
      kinds.add(DataKind.CLASSES);
    }
    if (classesTrain != null) {
      kinds.add(DataKind.CLASSES_TRAIN);
    }
    if (semantic != null) {
      kinds.add(DataKind.SEMANTIC);
    }
    if (instances != null) {
      kinds.add(DataKind.INSTANCES);
    }
    return kinds;
  }

  /**
   * @return images by class
   * @throws UserError if there are none
   */
  public EvaluationSet<ClassFolders.Item> classes() {
    return present(classes, DataKind.CLASSES);
  }

  /**
   * @return images by class, that answers are looked up in
   * @throws UserError if there are none
   */
  public EvaluationSet<ClassFolders.Item> classesTrain() {
    return present(classesTrain, DataKind.CLASSES_TRAIN);
  }

  /**
   * @return images with label maps
   * @throws UserError if there are none
   */
  public EvaluationSet<LabelMapFolder.Item> semantic() {
    return present(semantic, DataKind.SEMANTIC);
  }

  /**
   * @return images with the masks of their objects
   * @throws UserError if there are none
   */
  public EvaluationSet<CocoInstances.Item> instances() {
    return present(instances, DataKind.INSTANCES);
  }

  private static <T> T present(T set, DataKind kind) {
    if (set == null) {
      throw new UserError("data: no " + kind.key() + " found; needed is " + kind.description());
    }
    return set;
  }

  /**
   * @param set one of these
   * @return the labels of its classes that no training image shows
   */
  public Set<Integer> heldOut(EvaluationSet<?> set) {
    return heldOut == null ? Set.of() : heldOut.labels(set);
  }
}
