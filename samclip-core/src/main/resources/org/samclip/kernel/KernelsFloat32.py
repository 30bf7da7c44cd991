
  # ---- precision: everything as it comes

  def low(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return x

  def full(self: __torch__.Kernels, x: Tensor) -> Tensor:
    return x
