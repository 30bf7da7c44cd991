package org.samclip.data.source;

/** Files that systems and tools leave behind, and that are nobody's data. */
public final class HiddenFiles {

  private HiddenFiles() {}

  /**
   * Whether a file is hidden, or in a hidden folder: {@code .DS_Store}, {@code ._a.jpg} as macOS
   * puts it beside {@code a.jpg}, {@code __MACOSX/a.jpg}, {@code .ipynb_checkpoints/a.jpg}.
   *
   * @param name a file name, or a path with {@code /} below the folder that was named
   * @return whether it is passed over
   */
  public static boolean isHidden(String name) {
    for (String element : name.split("/")) {
      boolean walks = element.equals(".") || element.equals("..");
      if (element.startsWith(".") && !walks || element.equals("__MACOSX")) {
        return true;
      }
    }
    return false;
  }
}
