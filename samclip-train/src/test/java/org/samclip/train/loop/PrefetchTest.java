package org.samclip.train.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.samclip.UserError;

@Timeout(20)
class PrefetchTest {

  @Test
  void givesTheStepsInOrderAndNoMore() {
    try (Prefetch<Long> prefetch = new Prefetch<>("t", step -> step * 10, 3, 40, 2)) {
      for (long step = 3; step < 40; step++) {
        assertEquals(step * 10, prefetch.next());
      }
      assertThrows(IllegalStateException.class, prefetch::next);
    }
  }

  @Test
  void runsNoFurtherAheadThanItMay() throws InterruptedException {
    AtomicLong made = new AtomicLong();
    CountDownLatch third = new CountDownLatch(3);
    try (Prefetch<Long> prefetch =
        new Prefetch<>(
            "t",
            step -> {
              third.countDown();
              return made.incrementAndGet();
            },
            0,
            1000,
            2)) {
      assertTrue(third.await(10, TimeUnit.SECONDS));
      Thread.sleep(50);
      assertEquals(3, made.get(), "two wait in the queue, one to get in");
      prefetch.next();
    }
  }

  @Test
  void passesFailuresOnBehindTheBatchesBeforeThem() {
    UserError failure = new UserError("broken");
    try (Prefetch<Long> prefetch =
        new Prefetch<>(
            "t",
            step -> {
              if (step == 2) {
                throw failure;
              }
              return step;
            },
            0,
            10,
            4)) {
      assertEquals(0, prefetch.next());
      assertEquals(1, prefetch.next());
      assertSame(failure, assertThrows(UserError.class, prefetch::next));
      assertSame(failure, assertThrows(UserError.class, prefetch::next), "and again");
    }
  }

  @Test
  void passesErrorsOn() {
    try (Prefetch<Long> prefetch =
        new Prefetch<>(
            "t",
            step -> {
              throw new OutOfMemoryError("a test's");
            },
            0,
            10,
            4)) {
      assertThrows(OutOfMemoryError.class, prefetch::next);
    }
  }

  @Test
  void closingEndsTheThreadWhileTheQueueIsFull() throws InterruptedException {
    AtomicReference<Thread> thread = new AtomicReference<>();
    CountDownLatch second = new CountDownLatch(2);
    Prefetch<Long> prefetch =
        new Prefetch<>(
            "t",
            step -> {
              thread.set(Thread.currentThread());
              second.countDown();
              return step;
            },
            0,
            1000,
            1);
    assertTrue(second.await(10, TimeUnit.SECONDS));
    prefetch.close();
    assertFalse(thread.get().isAlive());
    prefetch.close(); // a second time does no harm
  }

  @Test
  void closingInterruptsTheMaker() throws InterruptedException {
    AtomicReference<Thread> thread = new AtomicReference<>();
    CountDownLatch started = new CountDownLatch(1);
    Prefetch<Long> prefetch =
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
              return step;
            },
            0,
            10,
            1);
    assertTrue(started.await(10, TimeUnit.SECONDS));
    prefetch.close();
    assertFalse(thread.get().isAlive());
  }

  @Test
  void countsTheTimeWaited() {
    try (Prefetch<Long> slow =
        new Prefetch<>(
            "t",
            step -> {
              try {
                Thread.sleep(100);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return step;
            },
            0,
            10,
            1)) {
      assertEquals(0, slow.waitedSeconds());
      slow.next();
      slow.next();
      assertTrue(slow.waitedSeconds() > .12, "waited " + slow.waitedSeconds());
    }
  }
}
