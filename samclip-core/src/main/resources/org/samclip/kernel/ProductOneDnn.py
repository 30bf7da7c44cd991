
  def product(self: __torch__.Kernels, x: Tensor, w: Tensor, b: Optional[Tensor]) -> Tensor:
    # A linear layer by oneDNN, where `linear` takes MKL, which on AMD processors has no AVX-512. What
    # autograd records costs a copy each way, for the change of layout.
    # As a 1x1 convolution it would copy less, but divide by zero for some sizes (est_eff_1x1).
    if x.is_cuda or torch.ne(ops.prim.dtype(x), 6) or not self.whole(torch.numel(x), w):
      y = torch.linear(x, w, b)
    elif self.recorded(x, w, b):
      y = torch.to_dense(torch.mkldnn_linear(torch.to_mkldnn(x), w, b))
    else:
      y = ops.mkldnn._linear_pointwise(x, w, b, "none", annotate(List[Optional[number]], []), None)
    return y

  def recorded(self: __torch__.Kernels, x: Tensor, w: Tensor, b: Optional[Tensor]) -> bool:
    if b is None:
      learns = False
    else:
      learns = b.requires_grad
    return torch.is_grad_enabled() and (x.requires_grad or w.requires_grad or learns)

  def whole(self: __torch__.Kernels, inputs: int, w: Tensor) -> bool:
    # oneDNN lays weights out in blocks of 64, or for little work in blocks of 48 or fewer, and fills a
    # last block that is not whole with wrong values (libtorch 2.7.1, the reorder jit:uni). So only
    # whole blocks: multiples of 192 are whole in any case, multiples of 64 if there is much to do:
    # with more than three blocks of 64 x 64 results for each thread (we ask for eight) it does not
    # shrink them (adjust_thread_balance).
    ci = torch.size(w, 1)
    co = torch.size(w, 0)
    rows = inputs // ci
    much = co % 64 == 0 and rows * co >= 32768 * self.threads()
    return rows >= 64 and ci % 64 == 0 and (co % 192 == 0 or much)

  def rows(self: __torch__.Kernels, tokens: int) -> int:
    # Rows of queries at a time: as many as give oneDNN whole blocks for 64 channels, in `whole`.
    return min(tokens, 512 * self.threads())

  def by_rows(self: __torch__.Kernels, q: Tensor, k: Tensor, v: Tensor, bias_h: Tensor, bias_w: Tensor) -> Tensor:
    # q, k, v [B, heads, H W, d], bias_h [B, heads, H, W, H], bias_w [B, heads, H, W, W]. Head by head:
    # fused attention multiplies by MKL.
    b = torch.size(q, 0)
    n = torch.size(q, 1)
    tokens = torch.size(q, 2)
    d = torch.size(q, 3)
    row = torch.flatten(bias_h, 2, 3)
    column = torch.flatten(bias_w, 2, 3)
    step = self.rows(tokens)
    out = torch.transpose(torch.zeros([b, tokens, n, d], dtype=q.dtype, device=q.device), 1, 2)
    for i in range(b * n):
      at = i // n
      head = i % n
      qs = q[at][head] * d ** -0.5
      ks = torch.contiguous(k[at][head])
      vs = torch.t(torch.contiguous(v[at][head]))
      for j in range((tokens + step - 1) // step):
        a = j * step
        e = a + step
        p = self.weights(torch.slice(qs, 0, a, e), ks, torch.slice(row[at][head], 0, a, e), torch.slice(column[at][head], 0, a, e))
        torch.copy_(torch.slice(out[at][head], 0, a, e), self.product(p, vs, None))
    return out
