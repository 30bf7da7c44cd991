package org.samclip.train.objective;

/** An objective that holds the student against a teacher, which can also be measured alone. */
public interface Distillation extends Objective {

  /**
   * @return the losses of the next batch, without gradients: what a validation asks for
   */
  Outcome measure();
}
