package org.samclip.train.blend;

import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import org.samclip.NearestName;
import org.samclip.UserError;

/** The methods that are on the class path. */
public final class BlendMethods {

  private static BlendMethods installed;

  private final Map<String, BlendMethod> byName = new TreeMap<>();

  /**
   * @param providers all methods
   * @throws UserError if two have the same name
   */
  BlendMethods(Iterable<? extends BlendMethod> providers) {
    for (BlendMethod method : providers) {
      BlendMethod other = byName.putIfAbsent(method.name(), method);
      if (other != null) {
        throw new UserError(
            "method of blending '%s' is provided by %s and %s; remove one from the class path"
                .formatted(method.name(), other.getClass().getName(), method.getClass().getName()));
      }
    }
  }

  /**
   * @return those of the class path
   */
  public static synchronized BlendMethods installed() {
    if (installed == null) { // a mistake on the class path is told each time
      installed = new BlendMethods(ServiceLoader.load(BlendMethod.class));
    }
    return installed;
  }

  /**
   * @return their names
   */
  public Set<String> names() {
    return byName.keySet();
  }

  /**
   * @param name of a method
   * @return the method
   * @throws UserError if there is none of that name
   */
  public BlendMethod of(String name) {
    BlendMethod method = byName.get(name);
    if (method == null) {
      throw new UserError(
          "method of blending '%s' is unknown; allowed: %s.%s"
              .formatted(name, String.join(", ", names()), NearestName.hint(name, names())));
    }
    return method;
  }
}
