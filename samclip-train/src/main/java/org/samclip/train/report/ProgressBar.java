package org.samclip.train.report;

import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import org.samclip.data.cache.CacheUse;

/**
 * One line that shows how far a stage has come: share, step, losses, images per second, share of
 * the time spent waiting for data, share of frozen networks' outputs that came from the cache, time
 * left. On a terminal the line is redrawn in place at most five times a second; elsewhere a line is
 * printed at most every ten seconds. Losses are means over recent steps.
 *
 * <p>Safe for use by several threads.
 */
public final class ProgressBar implements AutoCloseable {

  /** System property that says whether standard error is a terminal; set by the launcher. */
  public static final String TERMINAL_PROPERTY = "samclip.terminal";

  private static final String ERASE_TO_END_OF_LINE = "\u001b[K";
  private static final long LIVE_NANOS = 200_000_000L;
  private static final long PLAIN_NANOS = 10_000_000_000L;
  private static final int CELLS = 20;

  /**
   * What happened in a step.
   *
   * @param step steps done in this stage
   * @param done share of the stage that is done, 0 to 1
   * @param losses parts of the loss by name, in the order they are shown
   * @param images images this step read
   * @param dataWaitSeconds time this step waited for them
   * @param cache what the cache was good for in this stage so far
   */
  public record Step(
      long step,
      double done,
      Map<String, Double> losses,
      long images,
      double dataWaitSeconds,
      CacheUse cache) {}

  private final PrintStream out;
  private final boolean live;
  private final int width;
  private final LongSupplier nanoTime;

  private final Map<String, double[]> losses = new LinkedHashMap<>();
  private String label = "";
  private String steps = "";
  private long startNanos;
  private double startDone;
  private long lastDraw;
  private long images;
  private double dataWait;
  private Step last;
  private boolean drawn;
  private boolean pending;

  /**
   * @param out where the line goes
   * @param live whether out is a terminal
   * @param width columns of the terminal, at least 20
   * @param nanoTime a clock that only runs forward
   */
  public ProgressBar(PrintStream out, boolean live, int width, LongSupplier nanoTime) {
    this.out = out;
    this.live = live;
    this.width = Math.max(20, width);
    this.nanoTime = nanoTime;
  }

  /** On standard error; live if that is a terminal. */
  public static ProgressBar console() {
    return new ProgressBar(System.err, isTerminal(), columns(), System::nanoTime);
  }

  /** Whether the launcher found standard error to be a terminal. */
  public static boolean isTerminal() {
    return Boolean.getBoolean(TERMINAL_PROPERTY);
  }

  private static int columns() {
    String columns = System.getenv("COLUMNS");
    return columns != null && columns.matches("[0-9]{2,4}") ? Integer.parseInt(columns) : 100;
  }

  /**
   * Begins a stage; ends the line of the one before.
   *
   * @param stage its name
   * @param totalSteps its steps; 0 if it ends by time
   * @param done share that an earlier run has done
   */
  public synchronized void start(String stage, long totalSteps, double done) {
    finishLine();
    label = stage;
    steps = totalSteps > 0 ? "/" + totalSteps : "";
    startNanos = nanoTime.getAsLong();
    startDone = done;
    lastDraw = startNanos;
    images = 0;
    dataWait = 0;
    last = null;
    losses.clear();
  }

  /** Takes note of a step, and shows it if the last line is old enough. */
  public synchronized void update(Step step) {
    boolean first = last == null;
    last = step;
    pending = true;
    images += step.images();
    dataWait += step.dataWaitSeconds();
    step.losses()
        .forEach(
            (name, value) -> {
              double[] sum = losses.computeIfAbsent(name, n -> new double[2]);
              sum[0] += value;
              sum[1]++;
            });
    long now = nanoTime.getAsLong();
    if (first || now - lastDraw >= (live ? LIVE_NANOS : PLAIN_NANOS)) {
      draw(now);
    }
  }

  /** Prints a line of its own without harming the progress line. */
  public synchronized void message(String line) {
    out.println(live ? line + ERASE_TO_END_OF_LINE : line);
    if (live && last != null) {
      draw(nanoTime.getAsLong());
    }
    out.flush();
  }

  /** Shows the last step and ends the line. */
  @Override
  public synchronized void close() {
    finishLine();
  }

  private void finishLine() {
    if (pending) {
      draw(nanoTime.getAsLong());
    }
    if (live && drawn) {
      out.println();
    }
    drawn = false;
    last = null;
    out.flush();
  }

  private void draw(long now) {
    String line = line(now);
    if (live) {
      // The cursor goes back to the first column, so that whatever is printed next covers the line.
      String cut = line.length() < width ? line : line.substring(0, width - 1);
      out.print(cut + ERASE_TO_END_OF_LINE + "\r");
    } else {
      out.println(line);
    }
    out.flush();
    drawn = true;
    pending = false;
    lastDraw = now;
    if (!live) {
      losses.clear();
    } else {
      // On a terminal lines follow fast: old steps fade instead of vanishing, or nobody could read.
      losses
          .values()
          .forEach(
              sum -> {
                sum[0] *= 0.8;
                sum[1] *= 0.8;
              });
    }
  }

  private String line(long now) {
    double seconds = Math.max(1e-9, (now - startNanos) / 1e9);
    double done = Math.max(0, Math.min(1, last.done()));
    StringBuilder text = new StringBuilder(label).append(' ');
    if (live) {
      int filled = (int) (done * CELLS);
      text.append('[').append("#".repeat(filled)).append(".".repeat(CELLS - filled)).append("] ");
    }
    text.append(String.format(Locale.ROOT, "%3.0f %% ", Math.floor(done * 100)));
    text.append("step ").append(last.step()).append(steps);
    losses.forEach(
        (name, sum) -> text.append(String.format(Locale.ROOT, "  %s %.4g", name, sum[0] / sum[1])));
    if (seconds >= 1) {
      text.append(String.format(Locale.ROOT, "  %.1f images/s", images / seconds));
    }
    if (dataWait > 0) {
      text.append(String.format(Locale.ROOT, "  data wait %.0f %%", 100 * dataWait / seconds));
    }
    if (last.cache().asked() > 0) {
      text.append(String.format(Locale.ROOT, "  cache %.0f %%", 100 * last.cache().hitRate()));
    }
    if (done > startDone && done < 1) {
      double left = seconds * (1 - done) / (done - startDone);
      text.append("  ").append(clock(left)).append(" left");
    } else {
      text.append("  ").append(clock(seconds));
    }
    return text.toString();
  }

  private static String clock(double seconds) {
    long s = Math.round(seconds);
    return s < 3600
        ? String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60)
        : String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
  }
}
