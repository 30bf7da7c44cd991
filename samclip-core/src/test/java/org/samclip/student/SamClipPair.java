package org.samclip.student;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.samclip.model.TwoHeadedModel;
import org.samclip.sam.SamHead;
import org.samclip.sam.SamHeadConfig;
import org.samclip.vitdet.ImageEncoder;
import org.samclip.vitdet.ViTDetConfig;

/**
 * The paper's student: SAM's encoder with a mask decoder and a CLIP head.
 *
 * @param student of {@link #config}
 */
public record SamClipPair(Student student) {

  public static final String CLIP_HEAD = "clip_head";

  public static StudentConfig config(
      ViTDetConfig encoder, SamHeadConfig samHead, ClipHeadConfig clipHead) {
    Map<String, HeadConfig> heads = new LinkedHashMap<>();
    heads.put("masks", new MaskDecoderConfig(samHead));
    heads.put(CLIP_HEAD, clipHead);
    return new StudentConfig(new VitDetBackboneConfig(encoder), heads);
  }

  public static SamClipPair of(StudentConfig config) {
    return new SamClipPair(new Student(config));
  }

  public ImageEncoder imageEncoder() {
    return ((VitDetBackbone) student.backbone()).encoder();
  }

  public ClipHead clipHead() {
    return (ClipHead) student.head(CLIP_HEAD);
  }

  public SamHead samHead() {
    return ((MaskHead) student.head("masks")).decoder();
  }

  public Map<String, NDArray> arrays() {
    return student.arrays();
  }

  public void initialize(NDManager manager, long seed) {
    student.initialize(manager, seed);
  }

  public void initializeClipHead(ClipHead.Init init) {
    student.head(CLIP_HEAD).start(init.name(), student.backbone());
  }

  public TwoHeadedModel.Features features(NDArray images) {
    BackboneFeatures features = student.backbone().features(images, Set.of());
    NDArray tokens = clipHead().tokens(features);
    return new TwoHeadedModel.Features(
        clipHead().pooled(tokens),
        clipHead().dense(tokens),
        tokens,
        ((MaskHead) student.head("masks")).embedding(features));
  }
}
