package org.samclip.train.teacher;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import org.samclip.checkpoint.ContentHash;
import org.samclip.clip.Clip;
import org.samclip.kernel.Autocast;
import org.samclip.nn.Module;
import org.samclip.sam.Sam;
import org.samclip.vitdet.ImageEncoder;

/**
 * A network that does not learn, seen as one output for each image.
 *
 * @param name for people
 * @param module its parameters
 * @param config its sizes
 * @param row shape of an image's output, by the image's side in pixels
 * @param output from [B, 3, S, S] to [B, row...]
 */
public record FrozenNetwork(
    String name,
    Module module,
    Record config,
    IntFunction<Shape> row,
    UnaryOperator<NDArray> output) {

  /**
   * @param clip a teacher
   * @return its image embeddings
   */
  public static FrozenNetwork clipTeacher(Clip clip) {
    Shape row = new Shape(clip.config().embedDim());
    return new FrozenNetwork("clip-teacher", clip, clip.config(), side -> row, clip::embedImages);
  }

  /**
   * @param sam a teacher
   * @return its image embeddings, which its mask decoder reads
   */
  public static FrozenNetwork samTeacher(Sam sam) {
    ImageEncoder encoder = sam.imageEncoder();
    IntFunction<Shape> row =
        side -> new Shape(encoder.config().neck(), grid(encoder, side), grid(encoder, side));
    return new FrozenNetwork("sam-teacher", encoder, encoder.config(), row, encoder::forward);
  }

  /**
   * @param encoder the student's backbone
   * @return its tokens, which the CLIP head reads
   */
  public static FrozenNetwork backbone(ImageEncoder encoder) {
    IntFunction<Shape> row =
        side -> new Shape(grid(encoder, side), grid(encoder, side), encoder.config().width());
    return new FrozenNetwork("backbone", encoder, encoder.config(), row, encoder::tokens);
  }

  private static long grid(ImageEncoder encoder, int side) {
    return side / encoder.config().patch();
  }

  /**
   * @return SHA-256 of everything that the output depends on beside the images: 64 digits
   */
  public String hash() {
    String precision = Autocast.isBf16() ? "bf16" : "float32";
    return ContentHash.sha256(
        String.join("\n", name, precision, config.toString(), ContentHash.sha256(module.arrays())));
  }
}
