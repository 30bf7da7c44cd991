package org.samclip.data.source;

/**
 * A format of training data. Implementations are found by {@link java.util.ServiceLoader}: a class
 * with a public constructor without parameters, named in {@code
 * META-INF/services/org.samclip.data.source.SampleSourceProvider}. A recipe's {@code source} key
 * then accepts its name.
 */
public interface SampleSourceProvider {

  /** The format's name in recipes: lower case, for example {@code webdataset}. */
  String format();

  /** Whether its samples have masks, so that they can feed SAM's side. */
  boolean hasMasks();

  /** Whether its samples can have captions. */
  boolean hasText();

  /**
   * Opens data of this format. Archives may be left closed until they are listed.
   *
   * @param options where the data are and what they may cost
   * @return the source
   * @throws org.samclip.UserError if a path does not exist or holds no data
   */
  SampleSource open(SourceOptions options);
}
