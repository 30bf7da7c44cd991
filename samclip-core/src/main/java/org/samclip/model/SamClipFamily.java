package org.samclip.model;

import java.util.Optional;
import org.samclip.clip.TextTower;

/** The merged model, which only samclip writes. */
public final class SamClipFamily implements ModelFamily<SamClipModel.Sizes, SamClipModel> {

  @Override
  public String kind() {
    return SamClipModel.KIND;
  }

  @Override
  public Class<SamClipModel.Sizes> sizesType() {
    return SamClipModel.Sizes.class;
  }

  @Override
  public Class<SamClipModel> modelType() {
    return SamClipModel.class;
  }

  @Override
  public Network<SamClipModel> build(SamClipModel.Sizes sizes) {
    SamClip model = new SamClip(sizes.model());
    TextTower text = new TextTower(sizes.text());
    return new Network<>(
        SamClipModel.modules(model, text),
        weights ->
            new SamClipModel(
                model, text, weights.tokenizer(sizes.text().text()), weights.provenance()));
  }

  @Override
  public Optional<SamClipModel.Sizes> preset(Preset preset, Optional<SamClipModel.Sizes> own) {
    return own.map(
        sizes ->
            new SamClipModel.Sizes(preset.withClipHead(sizes.model().clipHead()), sizes.text()));
  }
}
