
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
    step = max(1, 256 // w)
    outs = annotate(List[Tensor], [])
    for i in range((h + step - 1) // step):
      row = i * step
      bh = torch.unsqueeze(torch.slice(bias_h, 2, row, row + step), -1)
      bw = torch.unsqueeze(torch.slice(bias_w, 2, row, row + step), -2)
      bias = torch.flatten(torch.flatten(bh + bw, 2, 3), 3)
      part = torch.slice(q, 2, row * w, (row + step) * w)
      torch.append(outs, torch.scaled_dot_product_attention(part, k, v, bias))
    return torch.cat(outs, 2)
