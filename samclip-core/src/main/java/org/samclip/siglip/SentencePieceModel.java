package org.samclip.siglip;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.samclip.UserError;

/**
 * A unigram vocabulary of sentencepiece, {@code spiece.model} (sentencepiece_model.proto, whose
 * field numbers stand below).
 *
 * @param pieces by id
 * @param scores logarithms of their probabilities, by id
 * @param unknown id of what no piece covers
 * @param charsmap rules by which characters are replaced first; empty for none
 */
record SentencePieceModel(List<String> pieces, List<Double> scores, int unknown, byte[] charsmap) {

  private static final int PIECES = 1;
  private static final int TRAINER = 2;
  private static final int NORMALIZER = 3;

  private static final int PIECE_TEXT = 1;
  private static final int PIECE_SCORE = 2;
  private static final int PIECE_TYPE = 3;
  private static final long UNKNOWN = 2;

  private static final int MODEL_TYPE = 3;
  private static final long UNIGRAM = 1;

  private static final int CHARSMAP = 2;

  /**
   * @param content of the file
   * @return the vocabulary
   * @throws UserError if it is not one
   */
  static SentencePieceModel parse(byte[] content) {
    try {
      UnknownFieldSet model = UnknownFieldSet.parseFrom(content);
      requireUnigram(model);
      List<String> pieces = new ArrayList<>();
      List<Double> scores = new ArrayList<>();
      int unknown = -1;
      for (ByteString bytes : model.getField(PIECES).getLengthDelimitedList()) {
        UnknownFieldSet piece = UnknownFieldSet.parseFrom(bytes);
        if (last(piece.getField(PIECE_TYPE).getVarintList(), 1L) == UNKNOWN) {
          unknown = pieces.size();
        }
        pieces.add(text(last(piece.getField(PIECE_TEXT).getLengthDelimitedList(), null)));
        int score = last(piece.getField(PIECE_SCORE).getFixed32List(), 0);
        scores.add((double) Float.intBitsToFloat(score));
      }
      if (unknown < 0) {
        throw new UserError("it has no pieces, or none for what is unknown");
      }
      UnknownFieldSet rules = part(model, NORMALIZER);
      ByteString charsmap =
          last(rules.getField(CHARSMAP).getLengthDelimitedList(), ByteString.EMPTY);
      return new SentencePieceModel(pieces, scores, unknown, charsmap.toByteArray());
    } catch (InvalidProtocolBufferException e) {
      throw new UserError("it is not a model of sentencepiece: " + e.getMessage(), e);
    }
  }

  private static void requireUnigram(UnknownFieldSet model) throws InvalidProtocolBufferException {
    long type = last(part(model, TRAINER).getField(MODEL_TYPE).getVarintList(), UNIGRAM);
    if (type != UNIGRAM) {
      throw new UserError(
          "it is a model of sentencepiece of type %d, read are those of type 1, unigram; put the model's tokenizer.json there"
              .formatted(type));
    }
  }

  private static UnknownFieldSet part(UnknownFieldSet of, int field)
      throws InvalidProtocolBufferException {
    return UnknownFieldSet.parseFrom(
        last(of.getField(field).getLengthDelimitedList(), ByteString.EMPTY));
  }

  /** Of a field that is there more than once the last counts. */
  private static <T> T last(List<T> values, T otherwise) {
    return values.isEmpty() ? otherwise : values.get(values.size() - 1);
  }

  private static String text(ByteString bytes) {
    if (bytes == null) {
      throw new UserError("a piece has no text");
    }
    try {
      ByteBuffer buffer = bytes.asReadOnlyByteBuffer();
      return StandardCharsets.UTF_8.newDecoder().decode(buffer).toString();
    } catch (CharacterCodingException e) {
      throw new UserError("a piece is not UTF-8 text", e);
    }
  }
}
