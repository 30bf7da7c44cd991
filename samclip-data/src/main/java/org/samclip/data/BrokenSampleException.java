package org.samclip.data;

import org.samclip.UserError;

/**
 * One sample cannot be used: its image does not decode, its mask does not fit, a field is missing.
 * A stream skips and counts such samples; a command that was given exactly this file shows the
 * message like any other user error.
 */
public final class BrokenSampleException extends UserError {

  private static final long serialVersionUID = 1L;

  /** Why a sample was refused; the unit by which broken samples are counted and logged. */
  public enum Kind {
    /** The bytes are no image, a damaged one, or one of an unsupported format. */
    UNDECODABLE_IMAGE,
    /** The image header announces more pixels than allowed. */
    PIXEL_LIMIT,
    /** An object without a segmentation, or with an empty one. */
    NO_MASK,
    /** Run lengths or polygons that cannot be drawn or do not fit their size. */
    BAD_MASK,
    /** A mask in which no pixel is set. */
    EMPTY_MASK,
    /** JSON that does not parse or lacks what the format asks for. */
    BAD_ANNOTATION,
    /** The sample has no image, caption or annotation. */
    MISSING_FIELD,
    /** One field twice in the same sample. */
    DUPLICATE_FIELD,
    /** The file system does not deliver the bytes. */
    UNREADABLE,
    /** An archive member or file larger than allowed. */
    MEMBER_LIMIT,
    /** A link, a device, or a name that leaves the archive. */
    UNSAFE_MEMBER,
    /** What should be an archive is something else, or packed in a way that is not read. */
    NOT_AN_ARCHIVE,
    /** The archive ends early or its headers lie; what follows is lost. */
    TRUNCATED_ARCHIVE
  }

  private final Kind kind;

  /**
   * @param kind why the sample is refused
   * @param message file or key, value found, what is allowed
   */
  public BrokenSampleException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  /**
   * @param kind why the sample is refused
   * @param message file or key, value found, what is allowed
   * @param cause what was caught
   */
  public BrokenSampleException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** Why the sample was refused. */
  public Kind kind() {
    return kind;
  }
}
