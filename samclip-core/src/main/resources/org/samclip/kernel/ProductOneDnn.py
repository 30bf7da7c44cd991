
  def product(self: __torch__.Kernels, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    # A linear layer by oneDNN, where `linear` takes MKL, which on AMD processors has no AVX-512; the
    # change of layout costs a copy each way. oneDNN lays weights out in blocks of 64, or for little
    # work in blocks of 48 or fewer, and fills a last block that is not whole with wrong values
    # (libtorch 2.7.1, the reorder jit:uni). So only whole blocks: multiples of 192 are whole in any
    # case, multiples of 64 if each thread has much to do: with more than three pieces of 64 rows
    # (we ask for eight) it does not shrink its blocks.
    # As a 1x1 convolution it would copy less, but divide by zero for some sizes (est_eff_1x1).
    ci = torch.size(w, 1)
    co = torch.size(w, 0)
    rows = torch.numel(x) // ci
    whole = ci % 64 == 0 and (co % 192 == 0 or co % 64 == 0 and rows >= 512 * self.threads())
    if x.is_cuda or torch.ne(ops.prim.dtype(x), 6) or rows < 64 or not whole:
      y = torch.linear(x, w, b)
    else:
      y = torch.to_dense(torch.mkldnn_linear(torch.to_mkldnn(x), w, b))
    return y
