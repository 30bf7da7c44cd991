package org.samclip.train.loop;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C and SIGTERM during training: the current step is finished and a checkpoint written before
 * the process ends.
 */
public final class Interruption implements AutoCloseable {

  private static final long MOST_SECONDS = 120;

  private final CountDownLatch safe = new CountDownLatch(1);
  private final Thread hook = new Thread(this::onShutdown, "interruption");
  private volatile boolean requested;

  /** Listens until closed. */
  public Interruption() {
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void onShutdown() {
    requested = true;
    try {
      safe.await(MOST_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * @return whether the process has been asked to end
   */
  public boolean requested() {
    return requested;
  }

  /** Says that everything is on disk: the process may end. */
  @Override
  public void close() {
    safe.countDown();
    if (!requested) {
      Runtime.getRuntime().removeShutdownHook(hook);
    }
  }
}
