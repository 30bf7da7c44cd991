class FeatureLosses(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  _is_full_backward_hook : Optional[bool]

  def mse(self: __torch__.FeatureLosses, student: Tensor, teacher: Tensor) -> Tensor:
    return torch.mse_loss(student, teacher)

  def l1(self: __torch__.FeatureLosses, student: Tensor, teacher: Tensor) -> Tensor:
    return torch.l1_loss(student, teacher)

  def smooth_l1(self: __torch__.FeatureLosses, student: Tensor, teacher: Tensor, beta: Tensor) -> Tensor:
    return torch.smooth_l1_loss(student, teacher, 1, float(beta))

  def unit(self: __torch__.FeatureLosses, x: Tensor) -> Tensor:
    return x / torch.clamp_min(torch.linalg_vector_norm(x, 2, [-1], True), 1e-12)

  def squared_angle(self: __torch__.FeatureLosses, a: Tensor, b: Tensor) -> Tensor:
    # [..., D] -> [...]: 4 asin(|u - v| / 2)^2, which keeps its digits at small angles
    u = self.unit(a)
    v = self.unit(b)
    d = u - v
    q = torch.sum(d * d, [-1]) / 4
    # The root has an infinite slope at 0 and asin at 1; near 0 the series is exact in float32.
    near = torch.lt(q, 1e-4)
    root = torch.sqrt(torch.clamp(q, 1e-4, 1 - 1e-6))
    far = 4 * torch.pow(torch.asin(root), 2)
    series = 4 * q * (1 + q / 3 + q * q * 8 / 45)
    return torch.where(near, series, far)

  def angle(self: __torch__.FeatureLosses, student: Tensor, teacher: Tensor, dispersion: Tensor) -> Tensor:
    return torch.mean(self.squared_angle(student, teacher)) / float(dispersion)

  def relative_distances(self: __torch__.FeatureLosses, x: Tensor) -> Tensor:
    # [B, D] -> [B (B - 1) / 2]: distances of all pairs over their mean
    d = torch.pdist(x, 2.)
    return d / torch.clamp_min(torch.mean(d), 1e-12)

  def relational(self: __torch__.FeatureLosses, student: Tensor, teacher: Tensor) -> Tensor:
    s = self.relative_distances(student)
    return torch.smooth_l1_loss(s, self.relative_distances(teacher), 1, 1.)

  def asymmetric_relational(self: __torch__.FeatureLosses, student: Tensor, teacher: Tensor) -> Tensor:
    s = self.relative_distances(student)
    t = self.relative_distances(teacher)
    wrong = torch.where(torch.lt(t, torch.median(t)), torch.gt(s, t), torch.lt(s, t))
    return torch.mean(torch.smooth_l1_loss(s, t, 0, 1.) * torch.to(wrong, 6))

  def gram(self: __torch__.FeatureLosses, student: Tensor, teacher: Tensor) -> Tensor:
    # [B, N, D], [B, N, E] -> scalar
    s = self.unit(student)
    t = self.unit(teacher)
    return torch.mse_loss(torch.matmul(s, torch.transpose(s, 1, 2)), torch.matmul(t, torch.transpose(t, 1, 2)))

  def similarities(self: __torch__.FeatureLosses, student: Tensor, teacher: Tensor, bank: Tensor, scale: Tensor) -> Tensor:
    # [B, D], [B, D], [K, D] of unit rows -> scalar
    f = float(scale)
    b = torch.transpose(bank, 0, 1)
    s = torch.log_softmax(torch.matmul(self.unit(student), b) * f, -1)
    t = torch.log_softmax(torch.matmul(self.unit(teacher), b) * f, -1)
    return torch.mean(torch.sum(torch.exp(t) * (t - s), [-1]))

  def phi_s(self: __torch__.FeatureLosses, covariance: Tensor, hadamard: Tensor) -> List[Tensor]:
    # [D, D], [D, D], float64 -> the map's matrix and its inverse
    l, v = torch.linalg_eigh(covariance)
    scale = torch.sqrt(torch.mean(l))
    forward = torch.matmul(hadamard, torch.transpose(v, 0, 1)) / scale
    return [forward, torch.matmul(v, torch.transpose(hadamard, 0, 1)) * scale]
