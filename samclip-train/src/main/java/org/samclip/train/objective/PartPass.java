package org.samclip.train.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.samclip.kernel.Autograd;
import org.samclip.student.BackboneFeatures;
import org.samclip.student.Head;
import org.samclip.student.HeadPass;
import org.samclip.train.feed.ImageBatch;
import org.samclip.train.feed.ImageView;
import org.samclip.train.feed.MicroBatch;
import org.samclip.train.teacher.FrozenOutputs;
import org.samclip.train.teacher.MosaicMaps;

/**
 * Some images of a batch in a step: what the student's backbone says of them, once for all
 * objectives, and what the teachers say, each asked once.
 */
public final class PartPass {

  private final ImageBatch batch;
  private final MicroBatch.Part part;
  private final NDManager local;
  private final float share;
  private final BackboneFeatures features;
  private final boolean backboneLearns;
  private final Map<String, Head> heads;
  private final Map<String, FrozenOutputs> teachers;
  private final Map<String, Set<String>> asked;
  private final Optional<Autograd> on;
  private final Map<String, Map<String, NDArray>> targets = new LinkedHashMap<>();
  private final Map<String, HeadPass> passes = new LinkedHashMap<>();
  private final Map<String, NDArray> losses = new LinkedHashMap<>();

  /**
   * @param batch of a resolution
   * @param part which of its images
   * @param local owns the arrays
   * @param share of the step's images that they are
   * @param features of the student's backbone
   * @param backboneLearns whether gradients of the features reach anything
   * @param heads of the student
   * @param teachers by name
   * @param asked the outputs that the feed's objectives need, by the teachers' names
   * @param on recording of gradients; empty: losses are only measured
   */
  PartPass(
      ImageBatch batch,
      MicroBatch.Part part,
      NDManager local,
      float share,
      BackboneFeatures features,
      boolean backboneLearns,
      Map<String, Head> heads,
      Map<String, FrozenOutputs> teachers,
      Map<String, Set<String>> asked,
      Optional<Autograd> on) {
    this.batch = batch;
    this.part = part;
    this.local = local;
    this.share = share;
    this.features = features;
    this.backboneLearns = backboneLearns;
    this.heads = heads;
    this.teachers = teachers;
    this.asked = asked;
    this.on = on;
  }

  ImageBatch batch() {
    return batch;
  }

  MicroBatch.Part part() {
    return part;
  }

  NDManager local() {
    return local;
  }

  float share() {
    return share;
  }

  BackboneFeatures features() {
    return features;
  }

  Optional<Autograd> on() {
    return on;
  }

  /** A teacher's output for these images, without history. */
  NDArray target(String teacher, String output) {
    return targets.computeIfAbsent(teacher, this::ask).get(output);
  }

  private Map<String, NDArray> ask(String teacher) {
    ImageView view = batch.views().get(teacher);
    FrozenOutputs outputs = teachers.get(teacher);
    if (view.count() == batch.student().count()) {
      return outputs.of(view, part, asked.get(teacher), local);
    }
    Map<String, NDArray> maps = new LinkedHashMap<>();
    outputs
        .of(view, MosaicMaps.mosaics(part), asked.get(teacher), local)
        .forEach((name, mosaics) -> maps.put(name, MosaicMaps.apart(mosaics)));
    return maps;
  }

  /** A head's output for these images. */
  NDArray output(String head, String output) {
    return passes.computeIfAbsent(head, name -> heads.get(name).pass(features)).output(output);
  }

  /**
   * Takes a loss of a head's output. A head's losses go through it together, as autograd goes
   * through what it recorded only once.
   *
   * @param head its name
   * @param loss scalar, weighted as in the step's sum
   */
  void add(String head, NDArray loss) {
    losses.merge(head, loss, NDArray::add);
  }

  /** Brings all losses to the heads' parameters and the backbone's features. */
  void backward() {
    if (on.isPresent()) {
      losses.forEach(
          (head, loss) -> {
            // A frozen head on a frozen backbone is measured only.
            if (heads.get(head).isOutputLearning() || backboneLearns) {
              on.get().backward(loss);
              passes.get(head).backward(on.get());
            }
          });
    }
  }
}
