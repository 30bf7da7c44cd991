class Reached(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  _is_full_backward_hook : Optional[bool]

  def has_gradient(self: __torch__.Reached, params: List[Tensor]) -> List[bool]:
    out = annotate(List[bool], [])
    for p in params:
      torch.append(out, torch.__isnot__(p.grad, None))
    return out
