class Kernels(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  _is_full_backward_hook : Optional[bool]

  # ---- matrix products: `low` is the type of their inputs, `full` of all results; these methods are
  # ---- in KernelsFloat32.py and KernelsBf16.py, `product` and `by_rows` in ProductLinear.py and
  # ---- ProductOneDnn.py; of each pair one belongs to this class

  # ---- attention -------------------------------------------------------------------------------

  def attention(self: __torch__.Kernels, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return self.full(torch.scaled_dot_product_attention(self.low(q), self.low(k), self.low(v)))

  def multi_head_attention(self: __torch__.Kernels, q: Tensor, k: Tensor, v: Tensor, wq: Tensor, bq: Tensor, wk: Tensor, bk: Tensor, wv: Tensor, bv: Tensor, wo: Tensor, bo: Tensor, heads: Tensor) -> Tensor:
    # Separate projections, perhaps to a smaller width: the attention of SAM's decoder.
    n = int(heads)
    q1 = torch.transpose(torch.unflatten(self.product(q, wq, bq), 2, [n, -1]), 1, 2)
    k1 = torch.transpose(torch.unflatten(self.product(k, wk, bk), 2, [n, -1]), 1, 2)
    v1 = torch.transpose(torch.unflatten(self.product(v, wv, bv), 2, [n, -1]), 1, 2)
    out = torch.scaled_dot_product_attention(q1, k1, v1)
    return self.full(self.product(torch.flatten(torch.transpose(out, 1, 2), 2), wo, bo))

  # ---- relative positions (segment-anything, image_encoder.py) -----------------------------------

  def rel_pos(self: __torch__.Kernels, table: Tensor, q_size: Tensor, k_size: Tensor) -> Tensor:
    # [L, d] -> [Q, K, d]
    q = int(q_size)
    k = int(k_size)
    length = 2 * max(q, k) - 1
    t = table
    if torch.size(table, 0) != length:
      t = torch.transpose(torch.squeeze(torch.upsample_linear1d(torch.unsqueeze(torch.transpose(table, 0, 1), 0), [length], False), 0), 0, 1)
    qc = torch.unsqueeze(torch.arange(q, dtype=6, device=table.device), 1) * max(k / q, 1.)
    kc = torch.unsqueeze(torch.arange(k, dtype=6, device=table.device), 0) * max(q / k, 1.)
    at = torch.to(qc - kc + (k - 1) * max(q / k, 1.), 4)
    return torch.index(t, [at])

  def row_bias(self: __torch__.Kernels, q: Tensor, table: Tensor) -> Tensor:
    # q [B, heads, H, W, d] before scaling -> [B, heads, H, W, H]
    h = torch.tensor(torch.size(q, 2))
    return torch.einsum("bnhwc,hkc->bnhwk", [q, self.low(self.rel_pos(table, h, h))])

  def column_bias(self: __torch__.Kernels, q: Tensor, table: Tensor) -> Tensor:
    # -> [B, heads, H, W, W]
    w = torch.tensor(torch.size(q, 3))
    return torch.einsum("bnhwc,wkc->bnhwk", [q, self.low(self.rel_pos(table, w, w))])

  def is_large(self: __torch__.Kernels, tokens: int) -> bool:
    # Whether attention is cheaper by rows of queries than with all N x N weights of a head at a time.
    return tokens >= 1024

  def rel_pos_attention(self: __torch__.Kernels, x: Tensor, qkv_w: Tensor, qkv_b: Tensor, proj_w: Tensor, proj_b: Tensor, rel_h: Tensor, rel_w: Tensor, heads: Tensor, augmented: Tensor) -> Tensor:
    return self.full(self.low_rel_pos_attention(x, qkv_w, qkv_b, proj_w, proj_b, rel_h, rel_w, heads, augmented))

  def low_rel_pos_attention(self: __torch__.Kernels, x: Tensor, qkv_w: Tensor, qkv_b: Tensor, proj_w: Tensor, proj_b: Tensor, rel_h: Tensor, rel_w: Tensor, heads: Tensor, augmented: Tensor) -> Tensor:
    # x [B, H, W, C]. bias[q, k] = q . Rh[qh, kh] + q . Rw[qw, kw], with the query before scaling.
    n = int(heads)
    b = torch.size(x, 0)
    h = torch.size(x, 1)
    w = torch.size(x, 2)
    c = torch.size(x, 3)
    d = c // n
    qkv = torch.permute(torch.reshape(self.product(x, qkv_w, qkv_b), [b, h * w, 3, n, d]), [2, 0, 3, 1, 4])
    q = torch.select(qkv, 0, 0)
    k = torch.select(qkv, 0, 1)
    v = torch.select(qkv, 0, 2)
    qg = torch.reshape(q, [b, n, h, w, d])
    bias_h = self.row_bias(qg, rel_h)
    bias_w = self.column_bias(qg, rel_w)
    if bool(augmented) and self.is_large(h * w) and not (x.is_cuda or bias_h.requires_grad or bias_w.requires_grad):
      # Nothing to keep for a backward pass, and many tokens: the bias as a mask, for some rows of
      # queries at a time, takes a third of the products.
      out = self.by_rows(q, k, v, bias_h, bias_w)
    elif bool(augmented):
      # The bias has rank H + W: carried by the query and one-hot keys, no N x N array is built.
      row = torch.one_hot(torch.flatten(torch.expand(torch.unsqueeze(torch.arange(h, device=x.device), 1), [h, w])), h)
      col = torch.one_hot(torch.flatten(torch.expand(torch.unsqueeze(torch.arange(w, device=x.device), 0), [h, w])), w)
      place = torch.expand(torch.to(torch.cat([row, col], 1), q.dtype), [b, n, h * w, h + w])
      q2 = torch.cat([q * d ** -0.5, torch.reshape(torch.cat([bias_h, bias_w], -1), [b, n, h * w, h + w])], -1)
      k2 = torch.cat([k, place], -1)
      v2 = torch.constant_pad_nd(v, [0, h + w])
      out = torch.slice(torch.scaled_dot_product_attention(q2, k2, v2, None, 0., False, scale=1.), -1, 0, d)
    else:
      out = self.masked(q, k, v, bias_h, bias_w)
    return self.product(torch.reshape(torch.transpose(out, 1, 2), [b, h, w, c]), proj_w, proj_b)

  def masked(self: __torch__.Kernels, q: Tensor, k: Tensor, v: Tensor, bias_h: Tensor, bias_w: Tensor) -> Tensor:
    # k, v [B, heads, H W, d]; q, bias_h [B, heads, h, W, H] and bias_w [B, heads, h, W, W] some rows
    bias = torch.unsqueeze(bias_h, -1) + torch.unsqueeze(bias_w, -2)
    return torch.scaled_dot_product_attention(q, k, v, torch.flatten(torch.flatten(bias, 2, 3), 3))

  def window_attention(self: __torch__.Kernels, x: Tensor, qkv_w: Tensor, qkv_b: Tensor, proj_w: Tensor, proj_b: Tensor, rel_h: Tensor, rel_w: Tensor, heads: Tensor, window: Tensor) -> Tensor:
    return self.full(self.low_window_attention(x, qkv_w, qkv_b, proj_w, proj_b, rel_h, rel_w, heads, window))

  def low_window_attention(self: __torch__.Kernels, x: Tensor, qkv_w: Tensor, qkv_b: Tensor, proj_w: Tensor, proj_b: Tensor, rel_h: Tensor, rel_w: Tensor, heads: Tensor, window: Tensor) -> Tensor:
    s = int(window)
    y = self.windows(self.low(x), s)
    y = self.low_rel_pos_attention(y, qkv_w, qkv_b, proj_w, proj_b, rel_h, rel_w, heads, torch.tensor(False))
    return self.together(y, s, x)

  def windows(self: __torch__.Kernels, x: Tensor, s: int) -> Tensor:
    # [B, H, W, C] -> [B windows, s, s, C]. Pads bottom and right to whole windows; padded tokens take
    # part, as in the reference.
    b = torch.size(x, 0)
    c = torch.size(x, 3)
    ph = (s - torch.size(x, 1) % s) % s
    pw = (s - torch.size(x, 2) % s) % s
    y = x
    if ph + pw > 0:
      y = torch.constant_pad_nd(x, [0, 0, 0, pw, 0, ph])
    y = torch.reshape(y, [b, torch.size(y, 1) // s, s, torch.size(y, 2) // s, s, c])
    return torch.reshape(torch.permute(y, [0, 1, 3, 2, 4, 5]), [-1, s, s, c])

  def together(self: __torch__.Kernels, y: Tensor, s: int, x: Tensor) -> Tensor:
    # The inverse of `windows`; x only gives the size.
    b = torch.size(x, 0)
    h = torch.size(x, 1)
    w = torch.size(x, 2)
    c = torch.size(x, 3)
    nh = (h + s - 1) // s
    nw = (w + s - 1) // s
    z = torch.reshape(torch.permute(torch.reshape(y, [b, nh, nw, s, s, c]), [0, 1, 3, 2, 4, 5]), [b, nh * s, nw * s, c])
    return torch.slice(torch.slice(z, 1, 0, h), 2, 0, w)

  # ---- a block's training step with a backward pass of its own ------------------------------------
  # A block in three parts: `attention_inputs`, which autograd records, when its turn in the backward
  # pass comes; `attend` and `after_attention`, which nothing records. What autograd would keep, each
  # product's input and result in two layouts, is most of a step's memory; of a block only its input
  # and the results of `attend` and `after_attention` are kept.

  def attention_inputs(self: __torch__.Kernels, x: Tensor, n1_w: Tensor, n1_b: Tensor, qkv_w: Tensor, qkv_b: Tensor, rel_h: Tensor, rel_w: Tensor, heads: Tensor, window: Tensor) -> Tensor:
    # x [B, H, W, C] -> [B, heads, H W, 3 d + H + W]: query, key, value, bias by row, bias by column;
    # B, H and W are those of windows, if there are any
    n = int(heads)
    y = torch.layer_norm(x, [torch.size(x, 3)], n1_w, n1_b, 1e-06)
    if int(window) > 0:
      y = self.windows(y, int(window))
    b = torch.size(y, 0)
    h = torch.size(y, 1)
    w = torch.size(y, 2)
    d = torch.size(y, 3) // n
    qkv = torch.permute(torch.reshape(self.product(y, qkv_w, qkv_b), [b, h * w, 3, n, d]), [0, 3, 1, 2, 4])
    qg = torch.reshape(torch.select(qkv, 3, 0), [b, n, h, w, d])
    bias_h = torch.reshape(self.row_bias(qg, rel_h), [b, n, h * w, h])
    bias_w = torch.reshape(self.column_bias(qg, rel_w), [b, n, h * w, w])
    return torch.cat([torch.flatten(qkv, 3), bias_h, bias_w], 3)

  def attend(self: __torch__.Kernels, inputs: Tensor, h: Tensor, w: Tensor) -> Tensor:
    # -> [B, heads, H W, d]
    nh = int(h)
    nw = int(w)
    b = torch.size(inputs, 0)
    n = torch.size(inputs, 1)
    d = (torch.size(inputs, 3) - nh - nw) // 3
    parts = torch.split_with_sizes(inputs, [d, d, d, nh, nw], 3)
    bias_h = torch.reshape(parts[3], [b, n, nh, nw, nh])
    bias_w = torch.reshape(parts[4], [b, n, nh, nw, nw])
    if self.is_large(nh * nw):
      out = self.by_rows(parts[0], parts[1], parts[2], bias_h, bias_w)
    else:
      out = self.masked(parts[0], parts[1], parts[2], bias_h, bias_w)
    return out

  def attend_backward(self: __torch__.Kernels, inputs: Tensor, out: Tensor, upstream: Tensor, h: Tensor, w: Tensor) -> Tensor:
    # The gradient for `inputs`. With P = softmax(S): dV = P' dO, dS = P (dO V' - sum(dO O)).
    nh = int(h)
    nw = int(w)
    d = (torch.size(inputs, 3) - nh - nw) // 3
    sizes = [d, d, d, nh, nw]
    parts = torch.split_with_sizes(torch.flatten(inputs, 0, 1), sizes, 2)
    g = torch.flatten(upstream, 0, 1)
    along = torch.sum(g * torch.flatten(out, 0, 1), [2], True)
    result = torch.zeros_like(torch.flatten(inputs, 0, 1))
    grads = torch.split_with_sizes(result, sizes, 2)
    if self.is_large(nh * nw):
      self.by_rows_backward(parts, along, g, grads)
    else:
      self.masked_backward(parts, along, g, grads)
    return torch.reshape(result, torch.size(inputs))

  def masked_backward(self: __torch__.Kernels, parts: List[Tensor], along: Tensor, g: Tensor, grads: List[Tensor]) -> int:
    # All heads of all windows at a time. Writes to `grads`.
    h = torch.size(parts[3], 2)
    w = torch.size(parts[4], 2)
    scale = torch.size(g, 2) ** -0.5
    q = parts[0] * scale
    s = torch.unflatten(torch.bmm(q, torch.transpose(parts[1], 1, 2)), 2, [h, w])
    torch.add_(s, torch.unsqueeze(parts[3], 3))
    torch.add_(s, torch.unsqueeze(parts[4], 2))
    p = torch.softmax(torch.flatten(s, 2), 2)
    torch.copy_(grads[2], torch.bmm(torch.transpose(p, 1, 2), g))
    ds = torch.bmm(g, torch.transpose(parts[2], 1, 2))
    torch.mul_(torch.sub_(ds, along), p)
    torch.copy_(grads[0], torch.bmm(ds, parts[1]) * scale)
    torch.copy_(grads[1], torch.bmm(torch.transpose(ds, 1, 2), q))
    grid = torch.unflatten(ds, 2, [h, w])
    torch.copy_(grads[3], torch.sum(grid, [3]))
    torch.copy_(grads[4], torch.sum(grid, [2]))
    return 0

  def by_rows_backward(self: __torch__.Kernels, parts: List[Tensor], along: Tensor, grad_outs: Tensor, grads: List[Tensor]) -> int:
    # Head by head, some rows of queries at a time. Sums over queries are kept as [d, H W], so that the
    # N x N factor is always the right one of a product. Writes to `grads`.
    tokens = torch.size(grad_outs, 1)
    d = torch.size(grad_outs, 2)
    nh = torch.size(parts[3], 2)
    nw = torch.size(parts[4], 2)
    queries = parts[0] * d ** -0.5
    step = self.rows(tokens)
    for i in range(torch.size(queries, 0)):
      k = torch.contiguous(parts[1][i])
      v = torch.contiguous(parts[2][i])
      dk = torch.zeros([d, tokens], dtype=k.dtype, device=k.device)
      dv = torch.zeros_like(dk)
      for j in range((tokens + step - 1) // step):
        a = j * step
        e = min(tokens, a + step)
        q = torch.slice(queries[i], 0, a, e)
        g = torch.slice(grad_outs[i], 0, a, e)
        p = self.weights(q, k, torch.slice(parts[3][i], 0, a, e), torch.slice(parts[4][i], 0, a, e))
        torch.add_(dv, self.product(torch.t(g), torch.t(p), None))
        ds = self.product(g, v, None)
        torch.mul_(torch.sub_(ds, torch.slice(along[i], 0, a, e)), p)
        torch.add_(dk, self.product(torch.t(q), torch.t(ds), None))
        torch.copy_(torch.slice(grads[0][i], 0, a, e), self.product(ds, torch.t(k), None) * d ** -0.5)
        grid = torch.reshape(ds, [e - a, nh, nw])
        torch.copy_(torch.slice(grads[3][i], 0, a, e), torch.sum(grid, [2]))
        torch.copy_(torch.slice(grads[4][i], 0, a, e), torch.sum(grid, [1]))
      torch.copy_(grads[1][i], torch.t(dk))
      torch.copy_(grads[2][i], torch.t(dv))
    return 0

  def weights(self: __torch__.Kernels, q: Tensor, k: Tensor, bias_h: Tensor, bias_w: Tensor) -> Tensor:
    # One head's attention weights: q [n, d] scaled, k [H W, d], bias_h [n, H], bias_w [n, W] -> [n, H W]
    s = torch.unflatten(self.product(q, k, None), 1, [torch.size(bias_h, 1), -1])
    torch.add_(s, torch.unsqueeze(bias_h, 2))
    torch.add_(s, torch.unsqueeze(bias_w, 1))
    return torch.softmax(torch.flatten(s, 1), 1)

  def after_attention(self: __torch__.Kernels, x: Tensor, attended: Tensor, proj_w: Tensor, proj_b: Tensor, n2_w: Tensor, n2_b: Tensor, l1_w: Tensor, l1_b: Tensor, l2_w: Tensor, l2_b: Tensor, window: Tensor) -> List[Tensor]:
    # x [B, H, W, C] -> the block's result, the sum before its MLP, the MLP's first layer
    sum = x + self.product(self.tokens(attended, x, int(window)), proj_w, proj_b)
    hidden = self.product(torch.layer_norm(sum, [torch.size(x, 3)], n2_w, n2_b, 1e-06), l1_w, l1_b)
    return [sum + self.product(torch.gelu(hidden), l2_w, l2_b), sum, hidden]

  def tokens(self: __torch__.Kernels, attended: Tensor, x: Tensor, window: int) -> Tensor:
    # [B, heads, H W, d], B, H and W those of windows -> [B, H, W, C] as x
    y = torch.flatten(torch.transpose(attended, 1, 2), 2)
    if window > 0:
      y = self.together(y, window, x)
    return torch.reshape(y, torch.size(x))

  def after_attention_backward(self: __torch__.Kernels, sum: Tensor, hidden: Tensor, attended: Tensor, upstream: Tensor, proj_w: Tensor, proj_b: Tensor, n2_w: Tensor, n2_b: Tensor, l1_w: Tensor, l1_b: Tensor, l2_w: Tensor, l2_b: Tensor, window: Tensor) -> List[Tensor]:
    # Gradients for x, `attended` and the weights in their order.
    c = torch.size(sum, 3)
    s = int(window)
    rows = torch.reshape(upstream, [-1, c])
    normed, mean, rstd = torch.native_layer_norm(sum, [c], n2_w, n2_b, 1e-06)
    h = torch.flatten(hidden, 0, 2)
    l2_g = self.weight_gradient(rows, torch.gelu(h))
    h_g = torch.gelu_backward(self.product(rows, torch.t(l2_w), None), h)
    l1_g = self.weight_gradient(h_g, torch.reshape(normed, [-1, c]))
    normed_g = torch.reshape(self.product(h_g, torch.t(l1_w), None), torch.size(sum))
    l1_bg = torch.sum(h_g, [0])
    mlp_g, n2_wg, n2_bg = torch.native_layer_norm_backward(normed_g, sum, [c], mean, rstd, n2_w, n2_b, [True, True, True])
    x_g = mlp_g + upstream
    x_rows = torch.reshape(x_g, [-1, c])
    proj_g = self.weight_gradient(x_rows, torch.reshape(self.tokens(attended, sum, s), [-1, c]))
    y = torch.reshape(self.product(x_rows, torch.t(proj_w), None), torch.size(sum))
    if s > 0:
      y = self.windows(y, s)
    n = torch.size(attended, 1)
    y = torch.reshape(y, [torch.size(attended, 0), torch.size(attended, 2), n, c // n])
    attended_g = torch.transpose(y, 1, 2)
    return [x_g, attended_g, proj_g, torch.sum(x_rows, [0]), n2_wg, n2_bg, l1_g, l1_bg, l2_g, torch.sum(rows, [0])]

  def weight_gradient(self: __torch__.Kernels, y: Tensor, x: Tensor) -> Tensor:
    # y [n, out], x [n, in] -> [out, in]
    return self.product(torch.t(y), torch.t(x), None)

  # ---- pooling -----------------------------------------------------------------------------------

  def neighbourhood(self: __torch__.Kernels, x: Tensor, side: Tensor, max: Tensor) -> Tensor:
    # [B, H, W, C], each token with its neighbours; beyond the edge there are none.
    s = int(side)
    y = torch.permute(x, [0, 3, 1, 2])
    if bool(max):
      y = torch.max_pool2d(y, [s, s], [1, 1], [s // 2, s // 2])
    else:
      y = torch.avg_pool2d(y, [s, s], [1, 1], [s // 2, s // 2], False, False)
    return torch.permute(y, [0, 2, 3, 1])

  # ---- blocks: one call each, so that what autograd does not need is freed at once ---------------

  def vitdet_block(self: __torch__.Kernels, x: Tensor, n1_w: Tensor, n1_b: Tensor, qkv_w: Tensor, qkv_b: Tensor, proj_w: Tensor, proj_b: Tensor, rel_h: Tensor, rel_w: Tensor, n2_w: Tensor, n2_b: Tensor, l1_w: Tensor, l1_b: Tensor, l2_w: Tensor, l2_b: Tensor, heads: Tensor, window: Tensor) -> Tensor:
    # x [B, H, W, C]; window 0: global attention.
    c = torch.size(x, 3)
    y = torch.layer_norm(x, [c], n1_w, n1_b, 1e-06)
    if int(window) > 0:
      y = self.low_window_attention(y, qkv_w, qkv_b, proj_w, proj_b, rel_h, rel_w, heads, window)
    else:
      y = self.low_rel_pos_attention(y, qkv_w, qkv_b, proj_w, proj_b, rel_h, rel_w, heads, torch.tensor(True))
    return self.residual_mlp(x + y, n2_w, n2_b, l1_w, l1_b, l2_w, l2_b)

  def residual_mlp(self: __torch__.Kernels, x: Tensor, n_w: Tensor, n_b: Tensor, l1_w: Tensor, l1_b: Tensor, l2_w: Tensor, l2_b: Tensor) -> Tensor:
    y = self.product(torch.layer_norm(x, [torch.size(x, 3)], n_w, n_b, 1e-06), l1_w, l1_b)
    return x + self.product(torch.gelu(y), l2_w, l2_b)

  def clip_block(self: __torch__.Kernels, x: Tensor, n1_w: Tensor, n1_b: Tensor, in_w: Tensor, in_b: Tensor, out_w: Tensor, out_b: Tensor, n2_w: Tensor, n2_b: Tensor, fc_w: Tensor, fc_b: Tensor, proj_w: Tensor, proj_b: Tensor, heads: Tensor, causal: Tensor, quick: Tensor) -> Tensor:
    # x [B, N, C]
    n = int(heads)
    b = torch.size(x, 0)
    t = torch.size(x, 1)
    c = torch.size(x, 2)
    y = torch.layer_norm(x, [c], n1_w, n1_b, 1e-05)
    qkv = torch.permute(torch.reshape(self.product(y, in_w, in_b), [b, t, 3, n, c // n]), [2, 0, 3, 1, 4])
    q = torch.select(qkv, 0, 0)
    k = torch.select(qkv, 0, 1)
    v = torch.select(qkv, 0, 2)
    a = torch.scaled_dot_product_attention(q, k, v, None, 0., bool(causal))
    x1 = x + self.product(torch.reshape(torch.transpose(a, 1, 2), [b, t, c]), out_w, out_b)
    y1 = self.product(torch.layer_norm(x1, [c], n2_w, n2_b, 1e-05), fc_w, fc_b)
    if bool(quick):
      y2 = y1 * torch.sigmoid(y1 * 1.702)
    else:
      y2 = torch.gelu(y1)
    return x1 + self.product(y2, proj_w, proj_b)

  def vit_block(self: __torch__.Kernels, x: Tensor, n1_w: Tensor, n1_b: Tensor, qkv_w: Tensor, qkv_b: Tensor, proj_w: Tensor, proj_b: Tensor, n2_w: Tensor, n2_b: Tensor, fc1_w: Tensor, fc1_b: Tensor, fc2_w: Tensor, fc2_b: Tensor, scale1: Tensor, scale2: Tensor, cos: Tensor, sin: Tensor, heads: Tensor, eps: Tensor, mlp: Tensor) -> Tensor:
    # x [B, N, C]; cos and sin [P, d] turn the last P tokens, without axes none; scales [C], or 1
    n = int(heads)
    b = torch.size(x, 0)
    t = torch.size(x, 1)
    c = torch.size(x, 2)
    y = torch.layer_norm(x, [c], n1_w, n1_b, float(eps))
    qkv = torch.permute(torch.reshape(self.product(y, qkv_w, qkv_b), [b, t, 3, n, c // n]), [2, 0, 3, 1, 4])
    q = self.turned(torch.select(qkv, 0, 0), cos, sin)
    k = self.turned(torch.select(qkv, 0, 1), cos, sin)
    a = torch.scaled_dot_product_attention(q, k, torch.select(qkv, 0, 2))
    x1 = x + self.product(torch.reshape(torch.transpose(a, 1, 2), [b, t, c]), proj_w, proj_b) * scale1
    y1 = torch.layer_norm(x1, [c], n2_w, n2_b, float(eps))
    return x1 + self.vit_mlp(y1, fc1_w, fc1_b, fc2_w, fc2_b, mlp) * scale2

  def vit_mlp(self: __torch__.Kernels, x: Tensor, fc1_w: Tensor, fc1_b: Tensor, fc2_w: Tensor, fc2_b: Tensor, mlp: Tensor) -> Tensor:
    # mlp 0: GELU, 1: GELU by tanh, 2: SiLU of the first half times the second
    kind = int(mlp)
    y = self.product(x, fc1_w, fc1_b)
    if kind == 0:
      z = torch.gelu(y)
    elif kind == 1:
      # Written out: in the archive's version of operators, gelu has no approximation.
      z = y * 0.5 * (torch.tanh((y + y * y * y * 0.044715) * 0.7978845608028654) + 1)
    else:
      half = torch.size(y, -1) // 2
      z = torch.silu(torch.slice(y, -1, 0, half)) * torch.slice(y, -1, half)
    return self.product(z, fc2_w, fc2_b)

  def turned(self: __torch__.Kernels, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    # x [B, heads, N, d], of which the last tokens have a rotary position
    y = x
    if torch.dim(cos) > 0:
      first = torch.size(x, 2) - torch.size(cos, 0)
      half = torch.size(x, 3) // 2
      p = torch.slice(x, 2, first)
      other = torch.cat([torch.neg(torch.slice(p, 3, half)), torch.slice(p, 3, 0, half)], 3)
      y = torch.cat([torch.slice(x, 2, 0, first), torch.to(p * cos + other * sin, x.dtype)], 2)
    return y

  # ---- layers ----------------------------------------------------------------------------------

  def linear(self: __torch__.Kernels, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return self.full(self.product(x, w, b))

  def gelu(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return torch.gelu(x)

  def quick_gelu(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return x * torch.sigmoid(x * 1.702)

  def layer_norm(self: __torch__.Kernels, x: Tensor, w: Tensor, b: Tensor, eps: Tensor) -> Tensor:
    return torch.layer_norm(x, [torch.size(x, -1)], w, b, float(eps))

  def layer_norm_2d(self: __torch__.Kernels, x: Tensor, w: Tensor, b: Tensor, eps: Tensor) -> Tensor:
    # Over the channels of [B, C, H, W]. Written out: few, nearly equal channels divide by almost
    # nothing, and layer_norm's fused gradient loses digits there that the reference keeps.
    d = torch.sub(x, torch.mean(x, [1], True))
    v = torch.mean(torch.mul(d, d), [1], True)
    y = torch.div(d, torch.sqrt(torch.add(v, float(eps))))
    c = [torch.size(x, 1), 1, 1]
    return torch.add(torch.mul(y, torch.view(w, c)), torch.view(b, c))

  def conv2d(self: __torch__.Kernels, x: Tensor, w: Tensor, b: Tensor, stride: Tensor, padding: Tensor) -> Tensor:
    s = int(stride)
    p = int(padding)
    if self.whole_blocks(x, w):
      y = self.full(torch.conv2d(self.low(x), self.low(w), self.low(b), [s, s], [p, p]))
    else:
      y = torch.thnn_conv2d(torch.contiguous(x), w, [torch.size(w, 2), torch.size(w, 3)], b, [s, s], [p, p])
    return y

  def conv2d_no_bias(self: __torch__.Kernels, x: Tensor, w: Tensor, stride: Tensor, padding: Tensor) -> Tensor:
    s = int(stride)
    p = int(padding)
    if self.whole_blocks(x, w):
      y = self.full(torch.conv2d(self.low(x), self.low(w), None, [s, s], [p, p]))
    else:
      y = torch.thnn_conv2d(torch.contiguous(x), w, [torch.size(w, 2), torch.size(w, 3)], None, [s, s], [p, p])
    return y

  def whole_blocks(self: __torch__.Kernels, x: Tensor, w: Tensor) -> bool:
    # oneDNN's gradients of 3x3 convolutions read memory that nobody wrote when channels do not fill
    # its blocks of 16 (libtorch 2.7.1 on an AVX-512 processor). Kernels without overlap are right.
    # The other convolution has no gradient for an input whose channels come last in memory.
    return x.is_cuda or torch.size(w, 0) % 16 + torch.size(w, 1) % 16 == 0 or torch.size(w, 2) != 3

  def conv_transpose2d(self: __torch__.Kernels, x: Tensor, w: Tensor, b: Tensor, stride: Tensor) -> Tensor:
    # Never low: libtorch 2.7.1 gives wrong sums in bfloat16 for 6 channels to 3.
    s = int(stride)
    return torch.conv_transpose2d(x, w, b, [s, s])

  def embedding(self: __torch__.Kernels, table: Tensor, ids: Tensor) -> Tensor:
    return torch.embedding(table, ids)

  def normalize(self: __torch__.Kernels, x: Tensor) -> Tensor:
    # Unit length along the last axis; a zero vector stays zero.
    return x / torch.clamp_min(torch.linalg_vector_norm(x, 2, [-1], True), 1e-12)

  # ---- resizing of [B, C, H, W], corners not aligned -----------------------------------------------

  def bilinear(self: __torch__.Kernels, x: Tensor, h: Tensor, w: Tensor) -> Tensor:
    return torch.upsample_bilinear2d(x, [int(h), int(w)], False)

  def bicubic(self: __torch__.Kernels, x: Tensor, h: Tensor, w: Tensor) -> Tensor:
    return torch.upsample_bicubic2d(x, [int(h), int(w)], False)

  def bilinear_antialias(self: __torch__.Kernels, x: Tensor, h: Tensor, w: Tensor) -> Tensor:
    return torch._upsample_bilinear2d_aa(x, [int(h), int(w)], False)

  def bicubic_antialias(self: __torch__.Kernels, x: Tensor, h: Tensor, w: Tensor) -> Tensor:
    return torch._upsample_bicubic2d_aa(x, [int(h), int(w)], False)

  # ---- images ------------------------------------------------------------------------------------

  def normalise_pixels(self: __torch__.Kernels, rgb: Tensor, divisor: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    # [B, H, W, 3] bytes -> [B, 3, H, W]. All divisors are tensors: CUDA multiplies by the reciprocal of
    # a plain number, which may be off by one bit.
    x = torch.to(torch.contiguous(torch.permute(rgb, [0, 3, 1, 2])), 6)
    return torch.div_(torch.sub_(torch.div_(x, divisor), mean), std)

  def clear_outside(self: __torch__.Kernels, x: Tensor, heights: Tensor, widths: Tensor) -> Tensor:
    # x [B, C, H, W]; heights and widths [B, 1], counted from the upper left corner
    rows = torch.ge(torch.unsqueeze(torch.arange(torch.size(x, 2), device=x.device), 0), heights)
    columns = torch.ge(torch.unsqueeze(torch.arange(torch.size(x, 3), device=x.device), 0), widths)
    outside = torch.logical_or(torch.unsqueeze(rows, 2), torch.unsqueeze(columns, 1))
    return torch.masked_fill_(x, torch.unsqueeze(outside, 1), 0)

  # ---- prompts (segment-anything, prompt_encoder.py) -----------------------------------------------

  def fourier(self: __torch__.Kernels, x: Tensor, gaussian: Tensor) -> Tensor:
    # x [..., 2] in 0..1 -> [..., 2 F]
    y = torch.matmul(x * 2 - 1, gaussian) * 6.283185307179586
    return torch.cat([torch.sin(y), torch.cos(y)], -1)

  def point_tokens(self: __torch__.Kernels, xy: Tensor, labels: Tensor, size: Tensor, gaussian: Tensor, none: Tensor, p0: Tensor, p1: Tensor, p2: Tensor, p3: Tensor, corners: Tensor) -> Tensor:
    # xy [B, P, K, 2] pixels; labels [B, P, K]; size [2] = width, height
    pe = self.fourier((xy + 0.5) / size, gaussian)
    l = torch.unsqueeze(labels, -1)
    out = torch.where(torch.eq(l, -1), torch.expand_as(none, pe), pe)
    out = out + torch.to(torch.eq(l, 0), pe.dtype) * p0 + torch.to(torch.eq(l, 1), pe.dtype) * p1
    if bool(corners):
      out = out + torch.to(torch.eq(l, 2), pe.dtype) * p2 + torch.to(torch.eq(l, 3), pe.dtype) * p3
    return out

  # ---- optimiser -------------------------------------------------------------------------------
  # What changes a gradient returns it as well: TorchScript takes `p.grad` for a fresh value and
  # drops changes to it that nothing can see.

  def gradients(self: __torch__.Kernels, params: List[Tensor]) -> List[Tensor]:
    # Every parameter must have one: the optimiser sees to that before the first step.
    out = annotate(List[Tensor], [])
    for p in params:
      torch.append(out, unchecked_cast(Tensor, p.grad))
    return out

  def zero_gradients(self: __torch__.Kernels, params: List[Tensor]) -> List[Tensor]:
    grads = self.gradients(params)
    torch._foreach_zero_(grads)
    return grads

  def gradient_writes(self: __torch__.Kernels, params: List[Tensor]) -> List[int]:
    # How often each gradient was written to: autograd counts, and a backward pass adds in place.
    out = annotate(List[int], [])
    for g in self.gradients(params):
      torch.append(out, torch._version(g))
    return out

  def gradient_norm(self: __torch__.Kernels, params: List[Tensor]) -> Tensor:
    return torch.linalg_vector_norm(torch.stack(torch._foreach_norm(self.gradients(params))))

  def scale_gradients(self: __torch__.Kernels, params: List[Tensor], factor: float) -> List[Tensor]:
    grads = self.gradients(params)
    torch._foreach_mul_(grads, factor)
    return grads

  def adamw(self: __torch__.Kernels, params: List[Tensor], exp_avg: List[Tensor], exp_avg_sq: List[Tensor], steps: List[Tensor], lr: float, beta1: float, beta2: float, weight_decay: float, eps: float) -> int:
    none = annotate(List[Tensor], [])
    torch._foreach_add_(steps, 1)
    torch._fused_adamw_(params, self.gradients(params), exp_avg, exp_avg_sq, none, steps, lr=lr, beta1=beta1, beta2=beta2, weight_decay=weight_decay, eps=eps, amsgrad=False, maximize=False)
    return 0

  # What one loss added to the gradients: `marks` holds them as they were before it.
  def gradient_products(self: __torch__.Kernels, params: List[Tensor], marks: List[Tensor]) -> Tensor:
    # -> [3]: own . own, own . marks, marks . marks, with own = gradients - marks
    grads = self.gradients(params)
    own_own = annotate(List[Tensor], [])
    own_marks = annotate(List[Tensor], [])
    marks_marks = annotate(List[Tensor], [])
    for i in range(torch.len(grads)):
      mark = torch.reshape(marks[i], [-1])
      own = torch.reshape(grads[i], [-1]) - mark
      torch.append(own_own, torch.dot(own, own))
      torch.append(own_marks, torch.dot(own, mark))
      torch.append(marks_marks, torch.dot(mark, mark))
    sums = [torch.sum(torch.stack(own_own)), torch.sum(torch.stack(own_marks)), torch.sum(torch.stack(marks_marks))]
    return torch.stack(sums)

  def mark_gradients(self: __torch__.Kernels, params: List[Tensor], marks: List[Tensor]) -> int:
    torch._foreach_copy_(marks, self.gradients(params))
    return 0

  # ---- moving average of the parameters ------------------------------------------------------------

  def lerp(self: __torch__.Kernels, shadows: List[Tensor], params: List[Tensor], weight: float) -> int:
    torch._foreach_lerp_(shadows, params, weight)
    return 0

  def swap(self: __torch__.Kernels, first: List[Tensor], second: List[Tensor]) -> int:
    for i in range(torch.len(first)):
      value = torch.clone(first[i])
      torch.copy_(first[i], second[i])
      torch.copy_(second[i], value)
    return 0
