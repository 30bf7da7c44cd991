
  def product(self: __torch__.Kernels, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    # A linear layer whose result stays low.
    return torch.linear(self.low(x), self.low(w), self.low(b))
