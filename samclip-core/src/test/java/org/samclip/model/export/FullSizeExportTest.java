package org.samclip.model.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.ParameterList;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.checkpoint.Checkpoints;
import org.samclip.checkpoint.ParameterLoader;
import org.samclip.checkpoint.SafetensorsWriter;
import org.samclip.checkpoint.TensorSource;
import org.samclip.checkpoint.TorchArchiveWriter;
import org.samclip.clip.ClipConfig;
import org.samclip.clip.TextTower;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.model.Preset;
import org.samclip.model.RandomModels;
import org.samclip.model.TwoHeadedModel;
import org.samclip.sam.Masks;
import org.samclip.student.ClipHead;
import org.samclip.student.ClipHeadConfig;
import org.samclip.student.Language;
import org.samclip.student.MergedModel;
import org.samclip.student.SamClipPair;
import org.samclip.text.TextEncoder;

/**
 * Writes a merged ViT-B for {@code scripts/parity/check_full_size.py}, which loads it in Python and
 * compares; and an archive of more than 4 GB.
 */
@Tag("parity")
class FullSizeExportTest {

  private static final ClipConfig CLIP =
      new ClipConfig(
          512,
          false,
          new ClipConfig.Vision(224, 16, 768, 12, 12, 4),
          new ClipConfig.Text(77, 49408, 512, 8, 12, 4));

  @Test
  void mergedVitB() {
    String given = System.getProperty("samclip.parity", "");
    assertFalse(given.isEmpty(), "give the folder of make_full_size.py: -Dsamclip.parity=DIR");
    Path folder = Path.of(System.getProperty("samclip.vectors.base", "")).resolve(given);
    try (NDManager manager = LibTorch.newManager(Device.cpu());
        Autograd off = Autograd.disabled()) {
      SamClipPair model =
          SamClipPair.of(
              SamClipPair.config(
                  Preset.VIT_B.encoder(),
                  Preset.VIT_B.samHead(),
                  new ClipHeadConfig(3, ClipHeadConfig.Pool.MAX, 512, 1)));
      TextTower text = new TextTower(CLIP.textSide());
      model.initialize(manager, 1);
      text.initialize(manager, 1);
      load(model.student().getParameters(), folder.resolve("sam_vit_b.pth"));
      load(text.getParameters(), folder.resolve("openclip_vit_b_16.bin"));
      model.initializeClipHead(ClipHead.Init.LAST_LAYER);

      Map<String, NDArray> sam = new LinkedHashMap<>(model.arrays());
      sam.keySet().removeIf(name -> name.startsWith(SamClipPair.CLIP_HEAD + "."));
      TorchArchiveWriter.writeStateDict(folder.resolve("from_java_sam.pth"), sam, Map.of());
      MergedModel merged =
          new MergedModel(
              model.student(),
              Optional.of(
                  new Language(
                      new TextEncoder(
                          CLIP.textSide(),
                          text,
                          RandomModels.merged(manager).language().orElseThrow().text().tokenizer()),
                      SamClipPair.CLIP_HEAD)),
              Optional.empty());
      TorchScriptArchive.of(merged)
          .orElseThrow()
          .write(folder.resolve("from_java_samclip.pt"), Map.of());

      Map<String, NDArray> outputs = new LinkedHashMap<>();
      try (TensorSource io = Checkpoints.open(folder.resolve("sam_vit_b_io.safetensors"));
          TensorSource textIo =
              Checkpoints.open(folder.resolve("openclip_vit_b_16_io.safetensors"))) {
        TwoHeadedModel.Features features = model.features(io.read("image", manager));
        outputs.put("embedding", features.image());
        outputs.put("patches", features.patches());
        outputs.put("neck", features.neck());
        NDArray points = io.read("points", manager).expandDims(0);
        NDArray labels = io.read("labels", manager).expandDims(0);
        NDArray prompts = io.read("masks", manager).expandDims(0);
        Masks masks = model.samHead().masksOfTokens(features.neck(), points, labels, prompts);
        outputs.put("logits", masks.logits());
        outputs.put("iou", masks.iou());
        outputs.put("text", text.forward(textIo.read("ids", manager)));
      }
      SafetensorsWriter.write(folder.resolve("from_java_io.safetensors"), outputs, Map.of());
      assertTrue(outputs.get("logits").abs().max().getFloat() > .1);
    }
  }

  private static void load(ParameterList parameters, Path file) {
    try (TensorSource source = Checkpoints.open(file)) {
      new ParameterLoader()
          .optKeptInModel(name -> name.startsWith(SamClipPair.CLIP_HEAD))
          .optIgnoredInFile(name -> name.startsWith("visual.") || name.equals("logit_scale"))
          .load(parameters, source);
    }
  }

  @Test
  void archiveBeyondFourGigabytes(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("large.pth");
    long count = 384L << 20; // 1.5 GiB of float32
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      Map<String, NDArray> tensors = new LinkedHashMap<>();
      NDArray large = manager.zeros(new Shape(count));
      large.set(new NDIndex(count - 1), 7);
      for (String name : new String[] {"a", "b", "c"}) {
        tensors.put(name, large);
      }
      tensors.put("last", manager.create(new float[] {1, 2, 3}));
      TorchArchiveWriter.writeStateDict(file, tensors, Map.of("samclip.kind", "test"));
    }
    assertTrue(Files.size(file) > 4L << 30);
    try (TensorSource source = Checkpoints.open(file)) {
      ByteBuffer last = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
      source.readBytes("c", 4 * (count - 1), last);
      assertEquals(7, last.getFloat(0));
      assertEquals(3, source.readFloats("last")[2]);
      assertEquals("test", source.metadata().get("samclip.kind"));
    }
  }
}
