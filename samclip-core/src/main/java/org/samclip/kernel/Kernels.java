package org.samclip.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.Map;

/**
 * Typed doors to the operators in {@code Kernels.py}. Results belong to the manager of the first
 * argument that is not a parameter. Shape letters: B batch, N tokens, C channels, H and W grid or
 * pixels, P prompts an image, K points a prompt.
 */
public final class Kernels {

  private static final TorchScript SCRIPT = load("KernelsFloat32", product());

  /** Loaded only by those who ask for it. */
  private static final class Bf16 {
    static final TorchScript SCRIPT = load("KernelsBf16", "ProductLinear");
  }

  private Kernels() {}

  private static TorchScript load(String... parts) {
    int threads = Math.max(LibTorch.threads(), Runtime.getRuntime().availableProcessors());
    return TorchScript.load(Kernels.class, "Kernels", Map.of("threads", threads), parts);
  }

  /** libtorch has oneDNN on x86-64 everywhere; elsewhere it is not tried. */
  private static String product() {
    return System.getProperty("os.arch").equals("amd64") ? "ProductOneDnn" : "ProductLinear";
  }

  private static NDArray call(String method, NDArray first, NDArray... rest) {
    return callForList(method, first, rest).singletonOrThrow();
  }

  private static NDList callForList(String method, NDArray first, NDArray... rest) {
    NDArray[] all = new NDArray[rest.length + 1];
    all[0] = first;
    System.arraycopy(rest, 0, all, 1, rest.length);
    TorchScript script = Autocast.isBf16() ? Bf16.SCRIPT : SCRIPT;
    return script.callForList(first.getManager(), method, all);
  }

  private static NDArray n(Number value) {
    return SCRIPT.scalar(value);
  }

  private static NDArray flag(boolean value) {
    return SCRIPT.scalar(value ? 1 : 0);
  }

  // ---- attention

  /**
   * Fused scaled-dot-product attention.
   *
   * @param q [B, heads, Nq, d]
   * @param k [B, heads, Nk, d]
   * @param v [B, heads, Nk, d]
   * @return [B, heads, Nq, d]
   */
  public static NDArray attention(NDArray q, NDArray k, NDArray v) {
    return call("attention", q, k, v);
  }

  /**
   * Attention with separate projections, which may narrow the width (segment-anything,
   * transformer.py {@code Attention}).
   *
   * @param q [B, Nq, C]
   * @param k [B, Nk, C]
   * @param v [B, Nk, C]
   * @param weights query, key, value and output weight and bias, in this order
   * @param heads number of heads
   * @return [B, Nq, C]
   */
  public static NDArray multiHeadAttention(
      NDArray q, NDArray k, NDArray v, NDArray[] weights, int heads) {
    return call("multi_head_attention", q, with(weights, new NDArray[] {k, v}, n(heads)));
  }

  /**
   * Relative positions of a query grid to a key grid along one axis (segment-anything,
   * image_encoder.py {@code get_rel_pos}); a table of another length is interpolated linearly.
   *
   * @param table [L, d]
   * @param querySize Q
   * @param keySize K
   * @return [Q, K, d]
   */
  public static NDArray relPos(NDArray table, int querySize, int keySize) {
    return call("rel_pos", table, n(querySize), n(keySize));
  }

  /**
   * Self-attention with decomposed relative positions (segment-anything, image_encoder.py {@code
   * Attention}).
   *
   * @param x [B, H, W, C]
   * @param weights qkv weight and bias, projection weight and bias, rel_pos_h, rel_pos_w
   * @param heads number of heads
   * @param augmented true: the bias travels in longer queries and keys and no N x N array is built;
   *     false: as an attention mask, faster for small windows
   * @return [B, H, W, C]
   */
  public static NDArray relPosAttention(
      NDArray x, NDArray[] weights, int heads, boolean augmented) {
    return call("rel_pos_attention", x, with(weights, NONE, n(heads), flag(augmented)));
  }

  /**
   * The same within windows; the grid is padded to whole windows and cut back.
   *
   * @param x [B, H, W, C]
   * @param weights as in {@link #relPosAttention}
   * @param heads number of heads
   * @param window side of a window in tokens
   * @return [B, H, W, C]
   */
  public static NDArray windowAttention(NDArray x, NDArray[] weights, int heads, int window) {
    return call("window_attention", x, with(weights, NONE, n(heads), n(window)));
  }

  // ---- a block's training step with a backward pass of its own

  /**
   * The first part of a ViT-Det block in a training step: norm, query, key and value, relative
   * positions; to be recorded where its gradient is wanted.
   *
   * @param x [B, H, W, C]
   * @param weights norm1 weight and bias, qkv weight and bias, rel_pos_h, rel_pos_w
   * @param heads number of heads
   * @param window side of a window in tokens, 0 for global attention
   * @return [B, heads, H W, 3 d + H + W]: query, key, value, bias for each row and each column;
   *     with windows, B is their number in all images, and H and W are their side
   */
  public static NDArray attentionInputs(NDArray x, NDArray[] weights, int heads, int window) {
    return call("attention_inputs", x, with(weights, NONE, n(heads), n(window)));
  }

  /**
   * Attention with relative positions. Call it with recording off: its gradient is {@link
   * #attendBackward}.
   *
   * @param inputs of {@link #attentionInputs}
   * @param height H
   * @param width W
   * @return [B, heads, H W, d]
   */
  public static NDArray attend(NDArray inputs, long height, long width) {
    return call("attend", inputs, n(height), n(width));
  }

  /**
   * The gradient of {@link #attend}, computed from its inputs and result alone, as Flash Attention
   * does (arXiv 2205.14135, algorithm 4). Call it with recording off.
   *
   * @param inputs of {@link #attentionInputs}
   * @param attended result of {@link #attend}
   * @param upstream gradient for that result
   * @param height H
   * @param width W
   * @return the gradient for the inputs
   */
  public static NDArray attendBackward(
      NDArray inputs, NDArray attended, NDArray upstream, long height, long width) {
    return call("attend_backward", inputs, attended, upstream, n(height), n(width));
  }

  /**
   * The rest of a ViT-Det block: projection, residual, norm, MLP, residual. Call it with recording
   * off: its gradient is {@link #afterAttentionBackward}.
   *
   * @param x the block's input, [B, H, W, C]
   * @param attended result of {@link #attend}
   * @param weights projection, norm2, lin1, lin2 (weight and bias each)
   * @param window side of a window in tokens, 0 for global attention
   * @return the block's result [B, H, W, C]; the sum before the MLP, the same shape; the MLP's
   *     first layer before its activation, [B, H, W, 4 C]
   */
  public static NDList afterAttention(NDArray x, NDArray attended, NDArray[] weights, int window) {
    return callForList("after_attention", x, with(weights, new NDArray[] {attended}, n(window)));
  }

  /**
   * The gradient of {@link #afterAttention}. Call it with recording off.
   *
   * @param kept what that gave beside the block's result
   * @param attended result of {@link #attend}
   * @param upstream gradient for the block's result
   * @param weights as there
   * @param window as there
   * @return the gradients for x, attended and the weights
   */
  public static NDList afterAttentionBackward(
      NDList kept, NDArray attended, NDArray upstream, NDArray[] weights, int window) {
    NDArray[] first = {kept.get(1), attended, upstream};
    return callForList("after_attention_backward", kept.get(0), with(weights, first, n(window)));
  }

  // ---- pooling

  /**
   * Pools each token with its neighbours; beyond the edge there are none.
   *
   * @param x [B, H, W, C]
   * @param side of the square in tokens, odd
   * @param max the largest value of each channel; false: the mean
   * @return [B, H, W, C]
   */
  public static NDArray neighbourhood(NDArray x, int side, boolean max) {
    return call("neighbourhood", x, n(side), flag(max));
  }

  // ---- blocks

  /**
   * A whole ViT-Det block: norm, (windowed) attention, residual, norm, MLP, residual.
   *
   * @param x [B, H, W, C]
   * @param weights norm1, attention as in {@link #relPosAttention}, norm2, lin1, lin2 (weight,
   *     bias)
   * @param heads number of heads
   * @param window side of a window in tokens, 0 for global attention
   * @return [B, H, W, C]
   */
  public static NDArray vitDetBlock(NDArray x, NDArray[] weights, int heads, int window) {
    return call("vitdet_block", x, with(weights, NONE, n(heads), n(window)));
  }

  /**
   * A whole CLIP residual block.
   *
   * @param x [B, N, C]
   * @param weights ln_1, in_proj, out_proj, ln_2, c_fc, c_proj (weight and bias each)
   * @param heads number of heads
   * @param causal true for the text tower
   * @param quickGelu true for OpenAI's activation
   * @return [B, N, C]
   */
  public static NDArray clipBlock(
      NDArray x, NDArray[] weights, int heads, boolean causal, boolean quickGelu) {
    return call("clip_block", x, with(weights, NONE, n(heads), flag(causal), flag(quickGelu)));
  }

  /** The MLP of a {@link #vitBlock}. */
  public enum VitMlp {
    /** GELU by the error function. */
    GELU,
    /** GELU by its approximation with tanh. */
    GELU_TANH,
    /** SwiGLU: the first layer's first half through SiLU, times its second half. */
    GATED
  }

  /**
   * A whole block of a plain ViT: norm, attention, residual, norm, MLP, residual. Its gradient is
   * autograd's.
   *
   * @param x [B, N, C]
   * @param weights norm1, qkv, projection, norm2, the MLP's two layers (weight and bias each)
   * @param scales LayerScale of both branches, [C] each; empty for none
   * @param rotary cosines and sines [P, C / heads] for the last P tokens; empty for none
   * @param heads number of heads
   * @param eps of the norms
   * @param mlp what stands in the MLP
   * @return [B, N, C]
   */
  public static NDArray vitBlock(
      NDArray x,
      NDArray[] weights,
      NDArray[] scales,
      NDArray[] rotary,
      int heads,
      double eps,
      VitMlp mlp) {
    NDArray[] s = scales.length == 0 ? new NDArray[] {n(1), n(1)} : scales;
    NDArray[] r = rotary.length == 0 ? new NDArray[] {n(0), n(0)} : rotary;
    NDArray[] last = {s[0], s[1], r[0], r[1], n(heads), n(eps), n(mlp.ordinal())};
    return call("vit_block", x, with(weights, NONE, last));
  }

  /**
   * The MLP of a plain ViT.
   *
   * @param x [..., C]
   * @param weights its two layers (weight and bias each)
   * @param mlp what stands between them
   * @return [..., C]
   */
  public static NDArray vitMlp(NDArray x, NDArray[] weights, VitMlp mlp) {
    return call("vit_mlp", x, with(weights, NONE, n(mlp.ordinal())));
  }

  // ---- layers

  /**
   * @param x [..., in]
   * @param weight [out, in]
   * @param bias [out]
   * @return [..., out]
   */
  public static NDArray linear(NDArray x, NDArray weight, NDArray bias) {
    return call("linear", x, weight, bias);
  }

  /**
   * @param x any shape
   * @return GELU by the error function
   */
  public static NDArray gelu(NDArray x) {
    return call("gelu", x);
  }

  /**
   * @param x any shape
   * @return {@code x * sigmoid(1.702 x)}, OpenAI's activation
   */
  public static NDArray quickGelu(NDArray x) {
    return call("quick_gelu", x);
  }

  /**
   * LayerNorm over the last axis.
   *
   * @param x [..., C]
   * @param weight [C]
   * @param bias [C]
   * @param eps added to the variance
   * @return [..., C]
   */
  public static NDArray layerNorm(NDArray x, NDArray weight, NDArray bias, double eps) {
    return call("layer_norm", x, weight, bias, n(eps));
  }

  /**
   * LayerNorm over the channels of an image (segment-anything, common.py {@code LayerNorm2d}).
   *
   * @param x [B, C, H, W]
   * @param weight [C]
   * @param bias [C]
   * @param eps added to the variance
   * @return [B, C, H, W]
   */
  public static NDArray layerNorm2d(NDArray x, NDArray weight, NDArray bias, double eps) {
    return call("layer_norm_2d", x, weight, bias, n(eps));
  }

  /**
   * @param x [B, in, H, W]
   * @param weight [out, in, k, k]
   * @param bias [out], or null
   * @param stride in pixels
   * @param padding zeros on each side, in pixels
   * @return [B, out, H', W']
   */
  public static NDArray conv2d(NDArray x, NDArray weight, NDArray bias, int stride, int padding) {
    return bias == null
        ? call("conv2d_no_bias", x, weight, n(stride), n(padding))
        : call("conv2d", x, weight, bias, n(stride), n(padding));
  }

  /**
   * @param x [B, in, H, W]
   * @param weight [in, out, k, k]
   * @param bias [out]
   * @param stride in pixels
   * @return [B, out, (H - 1) stride + k, (W - 1) stride + k]
   */
  public static NDArray convTranspose2d(NDArray x, NDArray weight, NDArray bias, int stride) {
    return call("conv_transpose2d", x, weight, bias, n(stride));
  }

  /**
   * @param table [V, C]
   * @param ids int64 of any shape
   * @return [..., C]
   */
  public static NDArray embedding(NDArray table, NDArray ids) {
    return SCRIPT.call(ids.getManager(), "embedding", table, ids);
  }

  /**
   * @param x [..., C]
   * @return the vectors divided by their L2 norm; a zero vector stays zero
   */
  public static NDArray normalize(NDArray x) {
    return call("normalize", x);
  }

  // ---- resizing

  /** How an image or a position grid is resized; corners are not aligned. */
  public enum Resize {
    /** Without antialias. */
    BILINEAR,
    /** Without antialias, a = -.75. */
    BICUBIC,
    /** Antialiased when shrinking. */
    BILINEAR_ANTIALIAS,
    /** Antialiased when shrinking, a = -.5. */
    BICUBIC_ANTIALIAS;

    private final String method = name().toLowerCase(java.util.Locale.ROOT);
  }

  /**
   * @param x [B, C, H, W]
   * @param height new H
   * @param width new W
   * @param how the filter
   * @return [B, C, height, width]
   */
  public static NDArray resize(NDArray x, long height, long width, Resize how) {
    return call(how.method, x, n(height), n(width));
  }

  // ---- images

  /**
   * {@code (rgb / divisor - mean) / std}, to the bit what float32 arithmetic in this order gives.
   *
   * @param rgb [B, H, W, 3], uint8
   * @param divisor [1]
   * @param mean [3, 1, 1]
   * @param std [3, 1, 1]
   * @return [B, 3, H, W]
   */
  public static NDArray normalisePixels(NDArray rgb, NDArray divisor, NDArray mean, NDArray std) {
    return call("normalise_pixels", rgb, divisor, mean, std);
  }

  /**
   * Sets what lies to the right of an image or below it to zero, in place.
   *
   * @param x [B, C, H, W], each image in the upper left corner
   * @param heights [B, 1], int64
   * @param widths [B, 1], int64
   * @return x
   */
  public static NDArray clearOutside(NDArray x, NDArray heights, NDArray widths) {
    return call("clear_outside", x, heights, widths);
  }

  // ---- prompts

  /**
   * Random Fourier features (segment-anything, prompt_encoder.py {@code PositionEmbeddingRandom}).
   *
   * @param xy [..., 2] in 0..1
   * @param gaussian [2, F]
   * @return [..., 2 F]
   */
  public static NDArray fourier(NDArray xy, NDArray gaussian) {
    return call("fourier", xy, gaussian);
  }

  /**
   * Tokens of labelled points (segment-anything, prompt_encoder.py {@code _embed_points}).
   *
   * @param xy [B, P, K, 2] in pixels
   * @param labels [B, P, K], int64: -1 padding, 0 background, 1 foreground, 2 and 3 box corners
   * @param size [2]: width and height of the padded image in pixels
   * @param gaussian [2, C / 2]
   * @param weights not-a-point and the four point embeddings, [1, C] each
   * @param corners whether labels 2 and 3 get the box corners' embeddings
   * @return [B, P, K, C]
   */
  public static NDArray pointTokens(
      NDArray xy,
      NDArray labels,
      NDArray size,
      NDArray gaussian,
      NDArray[] weights,
      boolean corners) {
    return call(
        "point_tokens", xy, with(weights, new NDArray[] {labels, size, gaussian}, flag(corners)));
  }

  private static final NDArray[] NONE = {};

  private static NDArray[] with(NDArray[] weights, NDArray[] before, NDArray... after) {
    NDArray[] all = new NDArray[before.length + weights.length + after.length];
    System.arraycopy(before, 0, all, 0, before.length);
    System.arraycopy(weights, 0, all, before.length, weights.length);
    System.arraycopy(after, 0, all, before.length + weights.length, after.length);
    return all;
  }

  /**
   * @return the script, for the optimiser's methods, which take lists
   */
  public static TorchScript script() {
    return SCRIPT;
  }

  /**
   * Resizes a parameter, which belongs to the model, for a computation, which does not.
   *
   * @param target the manager of the result
   * @param x [B, C, H, W]
   * @param height new H
   * @param width new W
   * @param how the filter
   * @return [B, C, height, width]
   */
  public static NDArray resize(NDManager target, NDArray x, long height, long width, Resize how) {
    return SCRIPT.call(target, how.method, x, n(height), n(width));
  }
}
