package org.samclip.data.source;

/** What the sources of this package share: a name, limits, and samples read through the store. */
abstract class ReadSource implements SampleSource {

  /** What the source was opened with. */
  final SourceOptions options;

  ReadSource(SourceOptions options) {
    this.options = options;
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
  public RawSample read(SampleRef ref) {
    return MemberReader.read(ref, options.limits(), options.store());
  }
}
