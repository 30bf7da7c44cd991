package org.samclip.eval.picture;

import java.nio.file.Path;
import org.samclip.UserError;
import org.samclip.data.source.Sample;
import org.samclip.data.transform.LabelMap;

/** Many samples on one picture, each with its masks and its key. */
public final class ContactSheet {

  private static final int SIDE = 192;
  private static final int COLUMNS = 6;

  private final PanelSheet sheet;
  private final int most;
  private int count;

  /**
   * @param title above all
   * @param most samples that are shown, at least 1
   */
  public ContactSheet(String title, int most) {
    if (most < 1 || most > 600) {
      throw new UserError("panels " + most + ": allowed: 1..600");
    }
    this.most = most;
    sheet = new PanelSheet(title, Math.min(COLUMNS, most));
  }

  /**
   * Shows a sample, unless the sheet is full.
   *
   * @param sample the next one
   */
  public void add(Sample sample) {
    if (count == most) {
      return;
    }
    Overlay overlay = new Overlay(sample.image(), SIDE);
    for (int i = 0; i < sample.masks().size(); i++) {
      overlay.mask(LabelMap.of(sample.masks().get(i)), Palette.colour(i));
    }
    String size = sample.image().width() + " x " + sample.image().height();
    sheet.add(overlay.picture(), sample.key() + "  " + size);
    count++;
  }

  /**
   * Writes the sheet.
   *
   * @param file the PNG to replace or create
   * @throws UserError if it cannot be written
   */
  public void write(Path file) {
    PngFile.write(file, sheet.picture());
  }
}
