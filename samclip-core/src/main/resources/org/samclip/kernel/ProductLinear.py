
  def product(self: __torch__.Kernels, x: Tensor, w: Tensor, b: Optional[Tensor]) -> Tensor:
    # A linear layer whose result stays low.
    if b is None:
      y = torch.linear(self.low(x), self.low(w))
    else:
      y = torch.linear(self.low(x), self.low(w), self.low(b))
    return y

  def rows(self: __torch__.Kernels, tokens: int) -> int:
    # Rows of queries at a time.
    return min(tokens, 256)

  def by_rows(self: __torch__.Kernels, q: Tensor, k: Tensor, v: Tensor, bias_h: Tensor, bias_w: Tensor) -> Tensor:
    # q, k, v [B, heads, H W, d], bias_h [B, heads, H, W, H], bias_w [B, heads, H, W, W]
    h = torch.size(bias_h, 2)
    w = torch.size(bias_h, 3)
    step = max(1, self.rows(h * w) // w)
    outs = annotate(List[Tensor], [])
    for i in range((h + step - 1) // step):
      a = i * step
      e = a + step
      part = torch.slice(q, 2, a * w, e * w)
      torch.append(outs, self.masked(part, k, v, torch.slice(bias_h, 2, a, e), torch.slice(bias_w, 2, a, e)))
    return torch.cat(outs, 2)
