package org.samclip.model.export;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.samclip.kernel.Kernels;
import org.samclip.kernel.TorchScript;

/**
 * Source text of exported modules. The methods are those of {@code SamClip.py}; a class is made of
 * them for every set of parameters, parts and constants that occurs, because TorchScript types each
 * attribute and cannot loop over parts. The kernels' methods become functions.
 */
final class TorchScriptSource {

  /** Where TorchScript keeps all classes. */
  private static final String NAMESPACE = "__torch__";

  private static final Pattern CLASS =
      Pattern.compile("^class (\\w+)\\(Module\\):\\n((?:\\n|  .*\\n)*)", Pattern.MULTILINE);
  private static final Pattern LOOP =
      Pattern.compile(
          "^( +)for (\\w+), (\\w+) in (self[\\w.]*):\\n((?:\\1  .*\\n)+)", Pattern.MULTILINE);
  private static final Pattern METHOD = Pattern.compile("(def \\w+\\(self)\\b");
  private static final Pattern KERNEL = Pattern.compile("\\bKernels\\.(?=\\w+\\()");

  private final Map<String, String> methods = new LinkedHashMap<>();
  private final Map<String, String> nameOfBody = new LinkedHashMap<>();

  TorchScriptSource() {
    Matcher matcher = CLASS.matcher(TorchScript.source(TorchScriptSource.class, "SamClip"));
    while (matcher.find()) {
      methods.put(matcher.group(1), matcher.group(2));
    }
  }

  /**
   * @param module a module
   * @return its class, which is declared when it is the first of its kind
   */
  String className(TorchScriptModule module) {
    String body = declarations(module) + unrolled(methods.getOrDefault(module.kind(), ""), module);
    String key = module.kind() + "\n" + body;
    String name = nameOfBody.get(key);
    if (name == null) {
      long others =
          nameOfBody.keySet().stream().filter(k -> k.startsWith(module.kind() + "\n")).count();
      name = others == 0 ? module.kind() : module.kind() + "_" + others;
      nameOfBody.put(key, name);
    }
    return name;
  }

  /**
   * @return all classes declared so far
   */
  String classes() {
    StringBuilder text = new StringBuilder();
    nameOfBody.forEach(
        (key, name) -> {
          String body = key.substring(key.indexOf('\n') + 1);
          body = METHOD.matcher(body).replaceAll("$1: " + NAMESPACE + "." + name);
          body = KERNEL.matcher(body).replaceAll(NAMESPACE + ".Kernels.");
          text.append("class ").append(name).append("(Module):\n").append(body).append("\n");
        });
    return text.toString();
  }

  /**
   * @return the kernels as functions of the namespace {@code __torch__.Kernels}
   */
  static String kernels() {
    String source =
        TorchScript.source(Kernels.class, "Kernels")
            + TorchScript.source(Kernels.class, "KernelsFloat32")
            + TorchScript.source(Kernels.class, "ProductLinear");
    String methods = source.substring(source.indexOf("\n  # ----") + 1);
    return methods
        .replaceAll("(?m)^  ", "")
        .replaceAll("\\(self: __torch__\\.Kernels, ", "(")
        .replaceAll("\\bself\\.", NAMESPACE + ".Kernels.");
  }

  private String declarations(TorchScriptModule module) {
    StringBuilder parameters = new StringBuilder();
    StringBuilder types = new StringBuilder();
    module
        .parameters()
        .keySet()
        .forEach(
            name -> {
              parameters.append('"').append(name).append("\", ");
              types.append(declaration(name, "Tensor"));
            });
    module.constants().forEach((name, value) -> types.append(declaration(name, type(value))));
    module
        .parts()
        .forEach(
            (name, part) -> types.append(declaration(name, NAMESPACE + "." + className(part))));
    return "  __parameters__ = ["
        + parameters
        + "]\n  __buffers__ = []\n  training : bool\n  _is_full_backward_hook : Optional[bool]\n"
        + types;
  }

  /** Names of list entries are numbers, which are no identifiers. */
  private static String declaration(String name, String type) {
    return Character.isDigit(name.charAt(0))
        ? "  __annotations__[\"" + name + "\"] = " + type + "\n"
        : "  " + name + " : " + type + "\n";
  }

  private static String type(Object constant) {
    if (constant instanceof Optional) {
      return "Optional[Tensor]";
    }
    return constant instanceof Boolean ? "bool" : constant instanceof Integer ? "int" : "float";
  }

  /** {@code for i, part in self.list:} becomes its body, once for each part of the list. */
  private static String unrolled(String text, TorchScriptModule module) {
    return LOOP.matcher(text)
        .replaceAll(
            loop -> {
              TorchScriptModule list = module;
              String path = loop.group(4);
              for (String step : path.split("\\.")) {
                list = step.equals("self") ? list : list.parts().get(step);
              }
              StringBuilder all = new StringBuilder();
              int index = 0;
              for (String part : list.parts().keySet()) {
                all.append(
                    loop.group(5)
                        .replaceAll("(?m)^  ", "")
                        .replaceAll(
                            "\\b" + loop.group(3) + "\\b",
                            "getattr(" + path + ", \"" + part + "\")")
                        .replaceAll("\\b" + loop.group(2) + "\\b", Integer.toString(index++)));
              }
              return Matcher.quoteReplacement(all.toString());
            });
  }
}
