package org.samclip.train.feed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samclip.UserError;

@Timeout(20)
class PrefetchTest {

  /** A batch that says what it takes. */
  private record Number(long value, long bytes) implements Batch {}

  @Test
  void givesTheStepsInOrderAndNoMore() {
    try (Prefetch<Number> prefetch = new Prefetch<>("t", step -> new Number(step * 10, 1), 3, 40)) {
      for (long step = 3; step < 40; step++) {
        assertEquals(step * 10, prefetch.next().value());
      }
      assertThrows(IllegalStateException.class, prefetch::next);
    }
  }

  /** Two wait where they are small, one where it is large. */
  @ParameterizedTest
  @CsvSource({"1, 2", "134217727, 2", "134217728, 1", "1000000000, 1"})
  void runsNoFurtherAheadThanItMay(long bytes, int ahead) throws InterruptedException {
    AtomicLong made = new AtomicLong();
    try (Prefetch<Number> prefetch =
        new Prefetch<>("t", step -> new Number(made.incrementAndGet(), bytes), 0, 1000)) {
      for (int taken = 0; taken < 3; taken++) {
        for (int i = 0; made.get() < taken + ahead && i < 1000; i++) {
          Thread.sleep(1);
        }
        Thread.sleep(30);
        assertEquals(taken + ahead, made.get());
        assertEquals(taken + 1, prefetch.next().value());
      }
    }
  }

  /** The thread keeps nothing of what was taken. */
  @Test
  void whatIsTakenCanBeCollected() throws InterruptedException {
    List<WeakReference<Number>> taken = new ArrayList<>();
    try (Prefetch<Number> prefetch =
        new Prefetch<>("t", step -> new Number(step, Prefetch.LARGE), 0, 1000)) {
      for (int i = 0; i < 3; i++) {
        taken.add(new WeakReference<>(prefetch.next()));
      }
      for (int i = 0; i < 100 && taken.stream().anyMatch(t -> t.get() != null); i++) {
        System.gc();
        Thread.sleep(10);
      }
      assertTrue(taken.stream().allMatch(t -> t.get() == null));
    }
  }

  @Test
  void mostIsInWorkBeingMadeAndWaiting() {
    long large = Prefetch.LARGE;
    assertEquals(30, Prefetch.mostBytes(10), "a small one waits while another is made");
    assertEquals(2 * large, Prefetch.mostBytes(large));
    assertEquals(2 * large + 7, Prefetch.mostBytes(3, large, 7));
  }

  @Test
  void passesFailuresOnBehindTheBatchesBeforeThem() {
    UserError failure = new UserError("broken");
    try (Prefetch<Number> prefetch =
        new Prefetch<>(
            "t",
            step -> {
              if (step == 2) {
                throw failure;
              }
              return new Number(step, 1);
            },
            0,
            10)) {
      assertEquals(0, prefetch.next().value());
      assertEquals(1, prefetch.next().value());
      assertSame(failure, assertThrows(UserError.class, prefetch::next));
      assertSame(failure, assertThrows(UserError.class, prefetch::next), "and again");
    }
  }

  @Test
  void passesErrorsOn() {
    try (Prefetch<Number> prefetch =
        new Prefetch<>(
            "t",
            step -> {
              throw new OutOfMemoryError("a test's");
            },
            0,
            10)) {
      assertThrows(OutOfMemoryError.class, prefetch::next);
    }
  }

  @Test
  void closingEndsTheThreadWhileTheQueueIsFull() throws InterruptedException {
    AtomicReference<Thread> thread = new AtomicReference<>();
    CountDownLatch second = new CountDownLatch(2); // as many as may wait
    Prefetch<Number> prefetch =
        new Prefetch<>(
            "t",
            step -> {
              thread.set(Thread.currentThread());
              second.countDown();
              return new Number(step, 1);
            },
            0,
            1000);
    assertTrue(second.await(10, TimeUnit.SECONDS));
    prefetch.close();
    assertFalse(thread.get().isAlive());
    prefetch.close(); // a second time does no harm
  }

  @Test
  void closingInterruptsTheMaker() throws InterruptedException {
    AtomicReference<Thread> thread = new AtomicReference<>();
    CountDownLatch started = new CountDownLatch(1);
    Prefetch<Number> prefetch =
        new Prefetch<>(
            "t",
            step -> {
              thread.set(Thread.currentThread());
              started.countDown();
              try {
                Thread.sleep(60_000);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
              }
              return new Number(step, 1);
            },
            0,
            10);
    assertTrue(started.await(10, TimeUnit.SECONDS));
    prefetch.close();
    assertFalse(thread.get().isAlive());
  }

  @Test
  void countsTheTimeWaited() {
    try (Prefetch<Number> slow =
        new Prefetch<>(
            "t",
            step -> {
              try {
                Thread.sleep(100);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return new Number(step, 1);
            },
            0,
            10)) {
      assertEquals(0, slow.waitedSeconds());
      slow.next();
      slow.next();
      assertTrue(slow.waitedSeconds() > .12, "waited " + slow.waitedSeconds());
    }
  }
}
