package org.samclip.data.source;

import java.time.Duration;
import org.samclip.UserError;

/**
 * How patient reading over the network is.
 *
 * @param connect longest wait for a connection
 * @param stall longest wait for an answer, and for more bytes of it
 * @param retries further tries after a failure; they count anew whenever bytes have arrived
 * @param pause before the first further try; doubled each time
 */
public record HttpSettings(Duration connect, Duration stall, int retries, Duration pause) {

  /** 20 s to connect, 60 s without a byte, 5 further tries after 1, 2, 4, 8 and 16 s. */
  public static final HttpSettings DEFAULT =
      new HttpSettings(Duration.ofSeconds(20), Duration.ofSeconds(60), 5, Duration.ofSeconds(1));

  /** Checks the ranges. */
  public HttpSettings {
    if (connect.isNegative() || connect.isZero() || stall.isNegative() || stall.isZero()) {
      throw new UserError("http: waits of " + connect + " and " + stall + ", allowed: above 0");
    }
    if (retries < 0 || retries > 100 || pause.isNegative()) {
      throw new UserError("http: " + retries + " retries, allowed: 0..100");
    }
  }
}
