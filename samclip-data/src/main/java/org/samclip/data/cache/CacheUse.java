package org.samclip.data.cache;

/**
 * What a cache was good for so far.
 *
 * @param hits rows that were there
 * @param misses rows that were not, and were computed
 * @param refused rows that could not be kept: the cache is full, or another run writes to it
 * @param broken rows whose checksum was wrong; each is a miss as well
 */
public record CacheUse(long hits, long misses, long refused, long broken) {

  /** Nothing was asked for. */
  public static final CacheUse NONE = new CacheUse(0, 0, 0, 0);

  /** Rows asked for. */
  public long asked() {
    return hits + misses;
  }

  /** Share of the rows asked for that were there, 0 to 1; 0 if none was asked for. */
  public double hitRate() {
    return asked() == 0 ? 0 : (double) hits / asked();
  }

  CacheUse plus(CacheUse other) {
    return new CacheUse(
        hits + other.hits, misses + other.misses, refused + other.refused, broken + other.broken);
  }
}
