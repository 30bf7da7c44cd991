package org.samclip.data.source;

import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import org.samclip.NearestName;
import org.samclip.UserError;

/** The formats of training data that are on the class path. */
public final class SampleSources {

  private static final Map<String, SampleSourceProvider> PROVIDERS = load();

  private SampleSources() {}

  private static Map<String, SampleSourceProvider> load() {
    Map<String, SampleSourceProvider> providers = new TreeMap<>();
    for (SampleSourceProvider provider : ServiceLoader.load(SampleSourceProvider.class)) {
      SampleSourceProvider other = providers.putIfAbsent(provider.format(), provider);
      if (other != null) {
        throw new UserError(
            "data format '"
                + provider.format()
                + "' is provided by "
                + other.getClass().getName()
                + " and "
                + provider.getClass().getName()
                + "; remove one from the class path");
      }
    }
    return providers;
  }

  /** The formats' names, sorted. */
  public static List<String> formats() {
    return List.copyOf(PROVIDERS.keySet());
  }

  /** The names of the formats with masks, sorted. */
  public static List<String> maskFormats() {
    return PROVIDERS.values().stream()
        .filter(SampleSourceProvider::hasMasks)
        .map(SampleSourceProvider::format)
        .toList();
  }

  /**
   * Finds a format.
   *
   * @param format its name
   * @return its provider
   * @throws UserError if there is none of this name
   */
  public static SampleSourceProvider provider(String format) {
    SampleSourceProvider provider = PROVIDERS.get(format);
    if (provider == null) {
      throw new UserError(
          "data format '"
              + format
              + "' is not known; there are "
              + String.join(", ", PROVIDERS.keySet())
              + "."
              + NearestName.hint(format, PROVIDERS.keySet()));
    }
    return provider;
  }
}
