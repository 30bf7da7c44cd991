class Losses(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  _is_full_backward_hook : Optional[bool]

  def focal(self: __torch__.Losses, logits: Tensor, target: Tensor, alpha: Tensor, gamma: Tensor) -> Tensor:
    # [..., H, W] -> [...]: mean over pixels of alpha_t (1 - p_t)^gamma BCE
    a = float(alpha)
    # The fused form has the right gradient at 0, where max(x, 0) and |x| have a corner each.
    bce = torch.binary_cross_entropy_with_logits(logits, target, None, None, 0)
    # 1 - p_t without subtracting near-equal numbers; never 0, whose power has an infinite slope
    # for gamma < 1.
    miss = torch.sigmoid(logits) * (1 - target) + torch.sigmoid(-logits) * target
    loss = bce * torch.pow(torch.clamp_min(miss, 1e-30), float(gamma))
    if a >= 0:
      loss = loss * (a * target + (1 - a) * (1 - target))
    return torch.mean(torch.flatten(loss, -2), [-1])

  def dice(self: __torch__.Losses, logits: Tensor, target: Tensor) -> Tensor:
    # [..., H, W] -> [...]: 1 - (2 sum(p t) + 1) / (sum(p) + sum(t) + 1)
    p = torch.flatten(torch.sigmoid(logits), -2)
    t = torch.flatten(target, -2)
    return 1 - (2 * torch.sum(p * t, [-1]) + 1) / (torch.sum(p, [-1]) + torch.sum(t, [-1]) + 1)

  def quality_focal(self: __torch__.Losses, student: Tensor, teacher: Tensor, alpha: Tensor, gamma: Tensor, temperature: Tensor) -> Tensor:
    # logits [..., H, W] -> [...]: mean over pixels of T^2 alpha_t |p - t|^gamma BCE(p, t)
    a = float(alpha)
    g = float(gamma)
    scale = float(temperature)
    z = student / scale
    w = teacher / scale
    t = torch.sigmoid(w)
    # Its gradient is p - t, exactly 0 where the logits are equal.
    loss = torch.binary_cross_entropy_with_logits(z, t, None, None, 0)
    if g == 0:
      # Less the target's entropy, by the same kernel, so that equal logits give exactly 0.
      loss = loss - torch.binary_cross_entropy_with_logits(w, t, None, None, 0)
    else:
      loss = loss * torch.pow(torch.abs(torch.sigmoid(z) - t), g)
    if a >= 0:
      loss = loss * (a * t + (1 - a) * (1 - t))
    return torch.mean(torch.flatten(loss, -2), [-1]) * (scale * scale)

  def squared_dice(self: __torch__.Losses, student: Tensor, teacher: Tensor, temperature: Tensor) -> Tensor:
    # logits [..., H, W] -> [...]: T^2 (1 - (2 sum(p t) + 1) / (sum(p^2) + sum(t^2) + 1)), as the sum
    # of squares that it is: without subtracting near-equal numbers
    scale = float(temperature)
    p = torch.flatten(torch.sigmoid(student / scale), -2)
    t = torch.flatten(torch.sigmoid(teacher / scale), -2)
    d = p - t
    return torch.sum(d * d, [-1]) / (torch.sum(p * p, [-1]) + torch.sum(t * t, [-1]) + 1) * (scale * scale)

  def cosine(self: __torch__.Losses, student: Tensor, teacher: Tensor) -> Tensor:
    # [..., D] -> scalar: mean of 1 - cos
    return torch.mean(1 - torch.cosine_similarity(student, teacher, -1))

  def cross_entropy(self: __torch__.Losses, logits: Tensor, target: Tensor) -> Tensor:
    # [B, N], int64 [B] -> scalar
    return torch.cross_entropy_loss(logits, target)

  def mean_squared(self: __torch__.Losses, predicted: Tensor, target: Tensor) -> Tensor:
    return torch.mse_loss(predicted, target)
