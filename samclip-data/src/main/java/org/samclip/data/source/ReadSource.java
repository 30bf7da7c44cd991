package org.samclip.data.source;

import java.util.Set;
import java.util.function.Function;
import org.samclip.data.BrokenSampleException;

/** What the sources of this package share: a name, limits, and samples read through the store. */
abstract class ReadSource implements SampleSource {

  /** What the source was opened with. */
  final SourceOptions options;

  /** What was passed over when the source was opened. */
  final LeftOut leftOut = new LeftOut();

  /** The fields that a sample does without where they cannot be read. */
  final SpareFields spare;

  ReadSource(SourceOptions options) {
    this(options, Set.of());
  }

  /**
   * @param options what it was opened with
   * @param captions the fields of captions, which are spare unless they are required
   */
  ReadSource(SourceOptions options, Set<String> captions) {
    this.options = options;
    spare = new SpareFields(options.name(), options.textRequired() ? Set.of() : captions);
  }

  @Override
  public final String name() {
    return options.name();
  }

  @Override
  public final DataLimits limits() {
    return options.limits();
  }

  @Override
  public final LeftOut leftOut() {
    return leftOut;
  }

  /** A sample's caption, or null; one that is not needed may be no text. */
  final String caption(RawSample raw, Function<RawSample, String> text) {
    try {
      return text.apply(raw);
    } catch (BrokenSampleException e) {
      if (options.textRequired()) {
        throw e;
      }
      spare.without(e);
      return null;
    }
  }

  @Override
  public RawSample read(SampleRef ref) {
    return MemberReader.read(ref, options.limits(), options.store(), spare);
  }
}
