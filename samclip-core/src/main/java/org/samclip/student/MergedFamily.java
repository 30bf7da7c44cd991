package org.samclip.student;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.samclip.UserError;
import org.samclip.model.ModelFamily;
import org.samclip.model.Network;
import org.samclip.model.Preset;
import org.samclip.model.TwoHeadedModel;
import org.samclip.nn.Layer;
import org.samclip.text.TextEncoder;
import org.samclip.text.TextSizes;

/** The merged model, which only samclip writes. */
public final class MergedFamily implements ModelFamily<MergedModel.Sizes, MergedModel> {

  @Override
  public String kind() {
    return MergedModel.KIND;
  }

  @Override
  public Class<MergedModel.Sizes> sizesType() {
    return MergedModel.Sizes.class;
  }

  @Override
  public Class<MergedModel> modelType() {
    return MergedModel.class;
  }

  @Override
  public Set<Class<?>> capabilities() {
    return Set.of(MergedModel.class, TwoHeadedModel.class);
  }

  @Override
  public Network<MergedModel> build(MergedModel.Sizes sizes) {
    Student student = new Student(sizes.student());
    MergedModel.LanguageSizes words = sizes.language();
    if (words == null) {
      return Network.of(
          student, weights -> new MergedModel(student, Optional.empty(), weights.provenance()));
    }
    requireAligned(student, words);
    TextSizes sizesOfText = words.text();
    Layer text = sizesOfText.build();
    return new Network<>(
        MergedModel.modules(student, Optional.of(text)),
        weights ->
            new MergedModel(
                student,
                Optional.of(
                    new Language(
                        new TextEncoder(sizesOfText, text, weights.tokenizer(sizesOfText)),
                        words.head())),
                weights.provenance()));
  }

  private static void requireAligned(Student student, MergedModel.LanguageSizes words) {
    Head head = student.head(words.head());
    if (!(head instanceof AlignedHead aligned)) {
      throw new UserError(
          "merged model: language.head %s is of kind %s, which does not speak a text tower's language; allowed: %s"
              .formatted(words.head(), head.kind(), ClipHead.KIND));
    }
    if (aligned.embedDim() != words.text().space()) {
      throw new UserError(
          "merged model: head %s gives %d numbers, the text tower %d"
              .formatted(words.head(), aligned.embedDim(), words.text().space()));
    }
  }

  /** The preset's encoder and mask decoder in the place of the file's own; other heads stay. */
  @Override
  public Optional<MergedModel.Sizes> preset(Preset preset, Optional<MergedModel.Sizes> own) {
    return own.map(
        sizes -> {
          Map<String, HeadConfig> heads = new LinkedHashMap<>(sizes.student().heads());
          heads.replaceAll(
              (name, head) ->
                  head instanceof MaskDecoderConfig
                      ? new MaskDecoderConfig(preset.samHead())
                      : head);
          StudentConfig student =
              new StudentConfig(new VitDetBackboneConfig(preset.encoder()), heads);
          return new MergedModel.Sizes(student, sizes.language());
        });
  }
}
