package org.samclip.cli;

import org.samclip.train.Version;
import picocli.CommandLine.IVersionProvider;

/** The version of the build, and of the Java it runs on. */
final class VersionProvider implements IVersionProvider {

  @Override
  public String[] getVersion() {
    return new String[] {
      "samclip " + Version.current(),
      "Java "
          + System.getProperty("java.version")
          + ", "
          + System.getProperty("os.name")
          + " "
          + System.getProperty("os.arch")
    };
  }
}
