package org.samclip.train.stage;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A wish to stop: the current step is finished and a checkpoint written. Ctrl-C and SIGTERM are
 * such wishes; the process then ends only when everything is on disk.
 */
public final class Interruption implements AutoCloseable {

  private static final long MOST_SECONDS = 120;

  private final CountDownLatch safe = new CountDownLatch(1);
  private Thread hook;
  private volatile boolean requested;

  /**
   * @return listens to Ctrl-C and SIGTERM until closed
   */
  public static Interruption ofProcess() {
    Interruption interruption = new Interruption();
    interruption.hook = new Thread(interruption::onShutdown, "interruption");
    Runtime.getRuntime().addShutdownHook(interruption.hook);
    return interruption;
  }

  private void onShutdown() {
    requested = true;
    try {
      safe.await(MOST_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Asks to stop, from any thread. */
  public void request() {
    requested = true;
  }

  /**
   * @return whether a stop has been asked for
   */
  public boolean requested() {
    return requested;
  }

  /** Says that everything is on disk: the process may end. */
  @Override
  public void close() {
    safe.countDown();
    if (hook != null && !requested) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // The process has begun to end this moment; the hook will not wait any more.
        requested = true;
      }
    }
  }
}
