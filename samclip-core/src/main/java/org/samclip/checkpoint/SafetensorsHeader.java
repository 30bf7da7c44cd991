package org.samclip.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samclip.UserError;

/**
 * The checked header of a safetensors file.
 *
 * @param dataStart the file position where the tensors' bytes begin
 * @param tensors by name, in the header's order
 * @param metadata the {@code __metadata__} entry
 */
record SafetensorsHeader(long dataStart, Map<String, Entry> tensors, Map<String, String> metadata) {

  /** The format's limit on the header, in bytes. */
  static final int MAX_BYTES = 100_000_000;

  /** Many times what the largest public models have; a bound on memory. */
  private static final int MAX_TENSORS = 200_000;

  private static final int MAX_METADATA = 10_000;

  static final String METADATA = "__metadata__";

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          // A tokenizer in the metadata is one string; the whole header is bounded.
          .streamReadConstraints(StreamReadConstraints.builder().maxStringLength(MAX_BYTES).build())
          .build();

  /**
   * @param info name, type, shape
   * @param begin the first byte within the data
   */
  record Entry(TensorInfo info, long begin) {
    long end() {
      return begin + info.byteLength();
    }
  }

  static SafetensorsHeader read(MappedFile file) {
    if (file.size() < 10) { // eight bytes of length and at least {}
      throw broken(file, "it has only " + file.size() + " bytes");
    }
    long length = file.int64(0);
    if (length < 2 || length > MAX_BYTES || length > file.size() - 8) {
      throw broken(
          file,
          "its header claims "
              + Long.toUnsignedString(length)
              + " bytes; the file has "
              + (file.size() - 8)
              + " after the length, the format allows "
              + MAX_BYTES);
    }
    long dataStart = 8 + length;
    byte[] json = file.bytes(8, (int) length);
    if (json[0] != '{') {
      throw broken(file, "its header does not begin with '{'");
    }
    Map<String, Entry> tensors = new LinkedHashMap<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    try (JsonParser parser = JSON.createParser(json)) {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        if (name.equals(METADATA)) {
          readMetadata(file, parser, metadata);
        } else {
          tensors.put(name, readEntry(file, parser, name));
          if (tensors.size() > MAX_TENSORS) {
            throw broken(file, "it has more than " + MAX_TENSORS + " tensors");
          }
        }
      }
      if (parser.currentToken() != JsonToken.END_OBJECT || parser.nextToken() != null) {
        throw broken(file, "its header is not one JSON object");
      }
    } catch (IOException e) {
      throw new UserError(message(file, "its header is not valid JSON: " + firstLine(e)), e);
    }
    checkCover(file, tensors, file.size() - dataStart);
    return new SafetensorsHeader(
        dataStart, Collections.unmodifiableMap(tensors), Collections.unmodifiableMap(metadata));
  }

  private static void readMetadata(MappedFile file, JsonParser parser, Map<String, String> metadata)
      throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw broken(file, METADATA + " is not an object of strings");
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      if (parser.nextToken() != JsonToken.VALUE_STRING) {
        throw broken(file, METADATA + " entry '" + Printable.of(key) + "' is not a string");
      }
      metadata.put(key, parser.getText());
      if (metadata.size() > MAX_METADATA) {
        throw broken(file, METADATA + " has more than " + MAX_METADATA + " entries");
      }
    }
  }

  private static Entry readEntry(MappedFile file, JsonParser parser, String name)
      throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw brokenTensor(file, name, "its header entry is not an object");
    }
    TensorType type = null;
    long[] shape = null;
    long[] offsets = null;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      switch (key) {
        case "dtype" -> type = readType(file, parser, name);
        case "shape" -> shape = readNumbers(file, parser, name, key, TensorInfo.MAX_AXES);
        case "data_offsets" -> offsets = readNumbers(file, parser, name, key, 2);
        default -> throw brokenTensor(file, name, "unknown header key '" + Printable.of(key) + "'");
      }
    }
    if (type == null || shape == null || offsets == null || offsets.length != 2) {
      throw brokenTensor(file, name, "dtype, shape and two data_offsets are needed");
    }
    TensorInfo info;
    try {
      info = new TensorInfo(name, type, shape);
    } catch (IllegalArgumentException e) {
      throw new UserError(tensorMessage(file, name, e.getMessage()), e);
    }
    if (offsets[0] > offsets[1] || offsets[1] - offsets[0] != info.byteLength()) {
      throw brokenTensor(
          file,
          name,
          "data_offsets "
              + Arrays.toString(offsets)
              + " do not span the "
              + info.byteLength()
              + " bytes of "
              + type
              + " "
              + Arrays.toString(shape));
    }
    return new Entry(info, offsets[0]);
  }

  private static TensorType readType(MappedFile file, JsonParser parser, String name)
      throws IOException {
    String text = parser.currentToken() == JsonToken.VALUE_STRING ? parser.getText() : "?";
    return TensorType.ofName(text)
        .orElseThrow(
            () ->
                brokenTensor(
                    file,
                    name,
                    "unknown dtype '"
                        + Printable.of(text)
                        + "'; supported are "
                        + TensorType.allNames()));
  }

  private static long[] readNumbers(
      MappedFile file, JsonParser parser, String name, String key, int limit) throws IOException {
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw brokenTensor(file, name, key + " is not a list");
    }
    long[] numbers = new long[limit];
    int count = 0;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (count == limit) {
        throw brokenTensor(file, name, key + " has more than " + limit + " entries");
      }
      // getLongValue throws an IOException beyond 64 bits
      if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT || parser.getLongValue() < 0) {
        throw brokenTensor(file, name, key + " has an entry that is not a whole number from 0 on");
      }
      numbers[count++] = parser.getLongValue();
    }
    return Arrays.copyOf(numbers, count);
  }

  /** Tensors sorted by place must follow each other from 0 to the end of the file. */
  private static void checkCover(MappedFile file, Map<String, Entry> tensors, long dataLength) {
    List<Entry> sorted = new ArrayList<>(tensors.values());
    sorted.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
    long end = 0;
    for (Entry entry : sorted) {
      String name = entry.info().name();
      if (entry.end() > dataLength) {
        throw brokenTensor(
            file,
            name,
            "its data end at byte "
                + entry.end()
                + " of "
                + dataLength
                + "; the file is truncated or its header lies");
      }
      if (entry.begin() != end) {
        throw brokenTensor(
            file,
            name,
            "its data begin at byte "
                + entry.begin()
                + (entry.begin() < end ? ", inside another tensor" : ", after a hole")
                + "; expected "
                + end);
      }
      end = entry.end();
    }
    if (end != dataLength) {
      throw broken(file, "the tensors end at byte " + end + " of " + dataLength + " bytes of data");
    }
  }

  private static UserError broken(MappedFile file, String cause) {
    return new UserError(message(file, cause));
  }

  private static UserError brokenTensor(MappedFile file, String name, String cause) {
    return new UserError(tensorMessage(file, name, cause));
  }

  private static String message(MappedFile file, String cause) {
    return file.path()
        + " is not a sound safetensors file: "
        + cause
        + ". Fetch or export it again.";
  }

  private static String tensorMessage(MappedFile file, String name, String cause) {
    return message(file, "tensor '" + Printable.of(name) + "': " + cause);
  }

  private static String firstLine(IOException e) {
    return Printable.of(String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
  }
}
