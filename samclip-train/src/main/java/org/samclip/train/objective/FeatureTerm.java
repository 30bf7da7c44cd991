package org.samclip.train.objective;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.samclip.train.loss.FeatureLosses;
import org.samclip.train.loss.Losses;
import org.samclip.train.recipe.TermSpec;

/**
 * The terms of a loss over features, by their names in a recipe. A further term is one more
 * constant here.
 */
public enum FeatureTerm {
  /** {@link Losses#cosine}. */
  COSINE {
    @Override
    NDArray of(NDArray student, NDArray teacher, TermSpec term, NDArray bank) {
      return Losses.cosine(student, teacher);
    }
  },
  /** {@link FeatureLosses#mse}. */
  MSE {
    @Override
    NDArray of(NDArray student, NDArray teacher, TermSpec term, NDArray bank) {
      return FeatureLosses.mse(student, teacher);
    }
  },
  /** {@link FeatureLosses#l1}. */
  L1 {
    @Override
    NDArray of(NDArray student, NDArray teacher, TermSpec term, NDArray bank) {
      return FeatureLosses.l1(student, teacher);
    }
  },
  /** {@link FeatureLosses#smoothL1}. */
  SMOOTH_L1 {
    @Override
    NDArray of(NDArray student, NDArray teacher, TermSpec term, NDArray bank) {
      return FeatureLosses.smoothL1(student, teacher, TermSpec.or(term.beta(), 1));
    }
  },
  /** {@link FeatureLosses#angle}. */
  ANGLE {
    @Override
    NDArray of(NDArray student, NDArray teacher, TermSpec term, NDArray bank) {
      return FeatureLosses.angle(student, teacher, TermSpec.or(term.dispersion(), 1));
    }
  },
  /** {@link FeatureLosses#relational}, of summaries. */
  RELATIONAL {
    @Override
    NDArray of(NDArray student, NDArray teacher, TermSpec term, NDArray bank) {
      return FeatureLosses.relational(student, teacher);
    }

    @Override
    boolean comparesImages() {
      return true;
    }

    @Override
    Optional<Boolean> spatial() {
      return Optional.of(false);
    }
  },
  /** {@link FeatureLosses#asymmetricRelational}, of summaries. */
  ASYMMETRIC_RELATIONAL {
    @Override
    NDArray of(NDArray student, NDArray teacher, TermSpec term, NDArray bank) {
      return FeatureLosses.asymmetricRelational(student, teacher);
    }

    @Override
    boolean comparesImages() {
      return true;
    }

    @Override
    Optional<Boolean> spatial() {
      return Optional.of(false);
    }
  },
  /** {@link FeatureLosses#gram}, of patches. */
  GRAM {
    @Override
    NDArray of(NDArray student, NDArray teacher, TermSpec term, NDArray bank) {
      return FeatureLosses.gram(student, teacher);
    }

    @Override
    Optional<Boolean> spatial() {
      return Optional.of(true);
    }
  },
  /** {@link FeatureLosses#similarities}, of summaries with a bank of texts. */
  SIMILARITY {
    @Override
    NDArray of(NDArray student, NDArray teacher, TermSpec term, NDArray bank) {
      return FeatureLosses.similarities(student, teacher, bank, TermSpec.or(term.scale(), 100));
    }

    @Override
    Optional<Boolean> spatial() {
      return Optional.of(false);
    }

    @Override
    boolean needsTexts() {
      return true;
    }
  };

  /**
   * @param student [B, D] or [B, N, D]
   * @param teacher the same shape
   * @param term its weight and numbers
   * @param bank embeddings of texts, [K, D]; null where the term needs none
   * @return scalar, without the weight
   */
  abstract NDArray of(NDArray student, NDArray teacher, TermSpec term, NDArray bank);

  /** Whether it is for patches only, or for summaries only; empty: for both. */
  Optional<Boolean> spatial() {
    return Optional.empty();
  }

  /** Whether it compares with texts. */
  boolean needsTexts() {
    return false;
  }

  /** Whether it compares the images of a batch with each other. */
  boolean comparesImages() {
    return false;
  }

  /** Its name in a recipe. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * @param label name in a recipe
   * @return the term, or nothing
   */
  static Optional<FeatureTerm> named(String label) {
    return Arrays.stream(values()).filter(term -> term.label().equals(label)).findFirst();
  }

  /** All names in a recipe. */
  static List<String> labels() {
    return Arrays.stream(values()).map(FeatureTerm::label).toList();
  }
}
