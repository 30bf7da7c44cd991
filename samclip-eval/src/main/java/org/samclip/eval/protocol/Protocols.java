package org.samclip.eval.protocol;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.regex.Pattern;
import org.samclip.NearestName;
import org.samclip.UserError;
import org.samclip.eval.InvalidOption;

/** The protocols that are on the class path. */
public final class Protocols {

  /** What stands beside a protocol's options in a recipe. */
  private static final Set<String> TAKEN = Set.of("protocol", "teacher", "resolutions");

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,63}");

  private static Protocols installed;

  private final Map<String, Protocol<?>> protocols = new LinkedHashMap<>();

  /**
   * @param providers all protocols
   * @throws UserError if two have the same name, or one a name that is none, or an option that a
   *     recipe could not tell from its own keys
   */
  Protocols(Iterable<? extends Protocol<?>> providers) {
    for (Protocol<?> protocol : providers) {
      String name = protocol.name();
      if (!NAME.matcher(name).matches()) {
        throw new UserError(
            "protocol '%s' of %s: allowed in a name are small letters, digits and _"
                .formatted(name, protocol.getClass().getName()));
      }
      for (String taken : TAKEN) {
        if (ProtocolOptions.tree(protocol.defaults()).has(taken)) {
          throw new UserError(
              "protocol '%s' of %s: an option cannot be called %s"
                  .formatted(name, protocol.getClass().getName(), taken));
        }
      }
      Protocol<?> other = protocols.putIfAbsent(name, protocol);
      if (other != null) {
        throw new UserError(
            "protocol '%s' is provided by %s and %s; remove one from the class path"
                .formatted(name, other.getClass().getName(), protocol.getClass().getName()));
      }
    }
  }

  /**
   * @return those of the class path
   */
  public static synchronized Protocols installed() {
    if (installed == null) { // a mistake on the class path is told each time
      installed =
          new Protocols(
              ServiceLoader.load(Protocol.class).stream()
                  .<Protocol<?>>map(ServiceLoader.Provider::get)
                  .toList());
    }
    return installed;
  }

  /**
   * @return their names, samclip's own first
   */
  public Set<String> names() {
    return protocols.keySet();
  }

  /**
   * @param key that the name is the value of, for the message
   * @param name of a protocol
   * @return the protocol
   * @throws InvalidOption if there is none of that name
   */
  public Protocol<?> of(String key, String name) {
    Protocol<?> protocol = protocols.get(name);
    if (protocol == null) {
      throw InvalidOption.value(
          key,
          "'" + name + "'",
          String.join(", ", names()) + "." + NearestName.hint(name, names()));
    }
    return protocol;
  }
}
