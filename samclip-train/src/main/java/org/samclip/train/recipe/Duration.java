package org.samclip.train.recipe;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How long something lasts, always with its unit: {@code 500 steps}, {@code 3 epochs}, {@code 90
 * s}, {@code 30 min}, {@code 2 h} or {@code 10 %} of the stage.
 *
 * @param amount finite, at least 0; whole when the unit is steps
 * @param unit what is counted
 */
public record Duration(double amount, Unit unit) {

  /** What a duration counts. */
  public enum Unit {
    /** Optimiser updates. */
    STEPS("steps"),
    /** Passes over the data of the stage's first feed. */
    EPOCHS("epochs"),
    /** Seconds of training time. */
    SECONDS("s"),
    /** Minutes of training time. */
    MINUTES("min"),
    /** Hours of training time. */
    HOURS("h"),
    /** Hundredths of the stage's own duration. */
    PERCENT("%");

    private final String symbol;

    Unit(String symbol) {
      this.symbol = symbol;
    }

    /** The unit as it is written in a recipe. */
    public String symbol() {
      return symbol;
    }

    private double seconds() {
      return switch (this) {
        case SECONDS -> 1;
        case MINUTES -> 60;
        case HOURS -> 3600;
        default -> 0;
      };
    }
  }

  static final String ALLOWED =
      "a number with its unit: '500 steps', '3 epochs', '90 s', '30 min', '2 h' or '10 %'";

  private static final Pattern FORM =
      Pattern.compile("([0-9]+(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]{1,2})?)\\s*([A-Za-z%]*)");

  /**
   * @throws org.samclip.UserError if the amount is negative, not finite, or a fraction of a step
   */
  public Duration {
    Check.that(Double.isFinite(amount) && amount >= 0, "", amount, ALLOWED);
    Check.that(
        unit != Unit.STEPS || (amount == Math.rint(amount) && amount <= 1e15),
        "",
        "'" + plain(amount) + " steps'",
        "a whole number of steps");
    Check.that(
        unit != Unit.PERCENT || amount <= 1000, "", "'" + plain(amount) + " %'", "at most 1000 %");
  }

  /**
   * Reads the written form.
   *
   * @param text for example {@code 3 epochs}
   * @throws org.samclip.UserError if there is no number, or no unit, or an unknown one
   */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  public static Duration parse(String text) {
    Matcher form = FORM.matcher(text.strip());
    if (!form.matches()) {
      throw new InvalidValue("", "is '" + text + "'; allowed: " + ALLOWED);
    }
    if (form.group(2).isEmpty()) {
      throw new InvalidValue("", "is '" + text + "' and has no unit; allowed: " + ALLOWED);
    }
    return new Duration(Double.parseDouble(form.group(1)), unit(text, form.group(2)));
  }

  private static Unit unit(String text, String symbol) {
    return switch (symbol.toLowerCase(Locale.ROOT)) {
      case "step", "steps" -> Unit.STEPS;
      case "epoch", "epochs" -> Unit.EPOCHS;
      case "s", "second", "seconds" -> Unit.SECONDS;
      case "min", "minute", "minutes" -> Unit.MINUTES;
      case "h", "hour", "hours" -> Unit.HOURS;
      case "%" -> Unit.PERCENT;
      default ->
          throw new InvalidValue("", "is '" + text + "' with an unknown unit; allowed: " + ALLOWED);
    };
  }

  /** Whether training time is counted, so that the number of steps is not known beforehand. */
  public boolean isTime() {
    return unit.seconds() > 0;
  }

  /** Whether this is a share of the stage's own duration. */
  public boolean isShare() {
    return unit == Unit.PERCENT;
  }

  /**
   * The training time in seconds.
   *
   * @throws IllegalStateException unless {@link #isTime()}
   */
  public double seconds() {
    if (!isTime()) {
      throw new IllegalStateException("'" + this + "' is not a time");
    }
    return amount * unit.seconds();
  }

  /**
   * The number of steps, rounded to the nearest whole one.
   *
   * @param stepsPerEpoch steps of one pass over the data, may be fractional, above 0
   * @throws IllegalStateException for times and shares, which need more than this to be resolved
   */
  public long steps(double stepsPerEpoch) {
    return switch (unit) {
      case STEPS -> (long) amount;
      case EPOCHS -> Math.round(amount * stepsPerEpoch);
      default -> throw new IllegalStateException("'" + this + "' has no fixed number of steps");
    };
  }

  /**
   * How much of this duration has passed: 0 at the start, 1 at the end, more beyond. A duration of
   * nothing has passed at once.
   *
   * @param step updates done
   * @param seconds training time spent
   * @param stepsPerEpoch steps of one pass over the data
   * @param stageProgress share of the stage that is done, used by {@code %}
   */
  public double progress(long step, double seconds, double stepsPerEpoch, double stageProgress) {
    double done =
        switch (unit) {
          case STEPS -> step;
          case EPOCHS -> step / stepsPerEpoch;
          case PERCENT -> stageProgress * 100;
          default -> seconds / unit.seconds();
        };
    return amount == 0 ? 1 : done / amount;
  }

  /** The form that {@link #parse} reads: {@code 3 epochs}. */
  @JsonValue
  @Override
  public String toString() {
    return plain(amount) + " " + unit.symbol();
  }

  private static String plain(double amount) {
    return BigDecimal.valueOf(amount).stripTrailingZeros().toPlainString();
  }
}
