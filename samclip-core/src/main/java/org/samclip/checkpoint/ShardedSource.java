package org.samclip.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.samclip.UserError;

/**
 * A checkpoint in several files, listed by a Hugging Face index ({@code
 * model.safetensors.index.json} or {@code pytorch_model.bin.index.json}): its {@code weight_map}
 * gives each tensor's file, which stands in the index's folder.
 */
public final class ShardedSource implements TensorSource {

  private static final int MAX_SHARDS = 1000;

  /** No separators and no leading dot: a shard stands beside its index. */
  private static final Pattern PLAIN_NAME = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}");

  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final Path index;
  private final Map<String, TensorSource> shards;
  private final Map<String, TensorSource> owner;

  private ShardedSource(
      Path index, Map<String, TensorSource> shards, Map<String, TensorSource> owner) {
    this.index = index;
    this.shards = shards;
    this.owner = Collections.unmodifiableMap(owner);
  }

  static ShardedSource open(MappedFile file) {
    Path index = file.path();
    if (file.size() > SafetensorsHeader.MAX_BYTES) {
      throw broken(index, "it has " + file.size() + " bytes");
    }
    JsonNode map = weightMap(index, file.bytes(0, (int) file.size()));
    Map<String, TensorSource> shards = new LinkedHashMap<>();
    Map<String, TensorSource> owner = new LinkedHashMap<>();
    try {
      map.fields()
          .forEachRemaining(
              entry -> {
                String shard = shardName(index, entry.getKey(), entry.getValue());
                TensorSource source =
                    shards.computeIfAbsent(shard, name -> openShard(index, name, shards.size()));
                if (!source.names().contains(entry.getKey())) {
                  throw broken(
                      index,
                      "tensor '%s' is not in its file %s"
                          .formatted(Printable.of(entry.getKey()), shard));
                }
                owner.put(entry.getKey(), source);
              });
      requireListed(index, shards, owner);
    } catch (RuntimeException e) {
      shards.values().forEach(TensorSource::close);
      throw e;
    }
    return new ShardedSource(index, shards, owner);
  }

  private static JsonNode weightMap(Path index, byte[] json) {
    JsonNode map;
    try {
      map = JSON.readTree(json).path("weight_map");
    } catch (JsonProcessingException e) {
      throw new UserError(
          message(index, "it is not valid JSON: " + Printable.of(e.getOriginalMessage())), e);
    } catch (IOException e) {
      throw new UserError(message(index, e.getMessage()), e);
    }
    if (!map.isObject() || map.isEmpty()) {
      throw broken(index, "it has no weight_map, which gives each tensor's file");
    }
    return map;
  }

  private static String shardName(Path index, String tensor, JsonNode value) {
    String name = value.isTextual() ? value.textValue() : "";
    if (!PLAIN_NAME.matcher(name).matches()) {
      throw broken(
          index,
          "tensor '%s' is said to be in '%s', which is not the name of a file beside the index"
              .formatted(Printable.of(tensor), Printable.of(value.asText())));
    }
    return name;
  }

  private static TensorSource openShard(Path index, String name, int count) {
    if (count >= MAX_SHARDS) {
      throw broken(index, "it lists more than " + MAX_SHARDS + " files");
    }
    Path path = index.resolveSibling(name);
    if (!Files.isRegularFile(path)) {
      throw broken(index, "its file " + name + " is missing");
    }
    return Checkpoints.openFile(path);
  }

  /** A tensor in two files, or in a file but not in the index, makes the checkpoint ambiguous. */
  private static void requireListed(
      Path index, Map<String, TensorSource> shards, Map<String, TensorSource> owner) {
    shards.forEach(
        (shard, source) -> {
          for (String name : source.names()) {
            if (owner.get(name) != source) {
              throw broken(
                  index,
                  "tensor '%s' is in %s, %s"
                      .formatted(
                          Printable.of(name),
                          shard,
                          owner.containsKey(name)
                              ? "and also in the file that the index gives"
                              : "and not in the index"));
            }
          }
        });
  }

  @Override
  public Path path() {
    return index;
  }

  @Override
  public List<Path> files() {
    return Stream.concat(Stream.of(index), shards.keySet().stream().map(index::resolveSibling))
        .toList();
  }

  @Override
  public Set<String> names() {
    return owner.keySet();
  }

  @Override
  public TensorInfo info(String name) {
    return owner(name).info(name);
  }

  /** What the shards say of themselves; where two differ, the first. */
  @Override
  public Map<String, String> metadata() {
    Map<String, String> all = new LinkedHashMap<>();
    shards.values().forEach(shard -> shard.metadata().forEach(all::putIfAbsent));
    return all;
  }

  @Override
  public Map<String, String> unread() {
    Map<String, String> all = new LinkedHashMap<>();
    shards.values().forEach(shard -> all.putAll(shard.unread()));
    return all;
  }

  @Override
  public List<String> notes() {
    return shards.values().stream().flatMap(shard -> shard.notes().stream()).distinct().toList();
  }

  @Override
  public void readBytes(String name, long position, ByteBuffer target) {
    owner(name).readBytes(name, position, target);
  }

  @Override
  public void close() {
    shards.values().forEach(TensorSource::close);
  }

  private TensorSource owner(String name) {
    TensorSource source = owner.get(name);
    if (source == null) {
      throw new UserError(index + ": no tensor named " + name + Printable.hint(name, names()));
    }
    return source;
  }

  private static UserError broken(Path index, String cause) {
    return new UserError(message(index, cause));
  }

  private static String message(Path index, String cause) {
    return index
        + " is not a sound index of a checkpoint in several files: "
        + cause
        + ". Fetch the whole checkpoint again.";
  }
}
