package org.samclip.data.scenes;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOInvalidTreeException;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.samclip.data.transform.RgbImage;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

/**
 * Encodes images as JPEG of quality 0.95 with colour at full resolution: the even colours and hard
 * edges of scenes suffer visibly where colour is halved.
 */
final class JpegEncoder {

  private static final float QUALITY = 0.95f;

  /** Name of the JDK's JPEG metadata format. */
  private static final String FORMAT = "javax_imageio_jpeg_image_1.0";

  private JpegEncoder() {}

  static byte[] encode(RgbImage image) throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 14);
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      ImageWriteParam parameters = writer.getDefaultWriteParam();
      parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      parameters.setCompressionQuality(QUALITY);
      BufferedImage picture = image.toBufferedImage();
      IIOMetadata metadata =
          writer.getDefaultImageMetadata(new ImageTypeSpecifier(picture), parameters);
      keepColourResolution(metadata);
      writer.setOutput(out);
      writer.write(null, new IIOImage(picture, null, metadata), parameters);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  /** Sets the sampling of all components to 1 x 1; brightness has 2 x 2 by default. */
  private static void keepColourResolution(IIOMetadata metadata) throws IIOInvalidTreeException {
    IIOMetadataNode root = (IIOMetadataNode) metadata.getAsTree(FORMAT);
    NodeList components = root.getElementsByTagName("componentSpec");
    for (int i = 0; i < components.getLength(); i++) {
      Element component = (Element) components.item(i);
      component.setAttribute("HsamplingFactor", "1");
      component.setAttribute("VsamplingFactor", "1");
    }
    metadata.setFromTree(FORMAT, root);
  }
}
