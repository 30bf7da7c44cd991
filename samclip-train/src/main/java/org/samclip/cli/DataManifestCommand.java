package org.samclip.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.samclip.checkpoint.AtomicFile;
import org.samclip.data.replay.Mixture;
import org.samclip.data.source.Manifest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code samclip data manifest}: what data consist of. */
@Command(
    name = "manifest",
    description = {
      "Lists the files of each source with their sizes and SHA-256, and one hash over all.",
      "With --no-contents only names and sizes count: that hash is what a model trained on one"
          + " source carries as its data's."
    },
    mixinStandardHelpOptions = true)
final class DataManifestCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin private DataOptions data;

  @Option(names = "--no-contents", description = "Do not read the files.")
  private boolean noContents;

  @Option(names = "--out", paramLabel = "FILE", description = "Write the list as JSON.")
  private Path out;

  @Override
  public Integer call() {
    ObjectNode root = new ObjectMapper().createObjectNode();
    for (Mixture.Part part : data.mixture().parts()) {
      Manifest manifest = Manifest.of(part.source(), !noContents);
      ObjectNode source = root.putObject(part.source().name());
      source.put("hash", manifest.hash());
      var files = source.putArray("files");
      for (Manifest.Entry entry : manifest.entries()) {
        files
            .addObject()
            .put("name", entry.name())
            .put("bytes", entry.bytes())
            .put("sha256", entry.sha256());
      }
      spec.commandLine()
          .getOut()
          .println(
              part.source().name()
                  + ": "
                  + manifest.entries().size()
                  + " files, "
                  + manifest.entries().stream().mapToLong(Manifest.Entry::bytes).sum()
                  + " bytes, hash "
                  + manifest.hash());
    }
    if (out != null) {
      AtomicFile.writeString(out, root.toPrettyString() + "\n");
    }
    return Samclip.DONE;
  }
}
