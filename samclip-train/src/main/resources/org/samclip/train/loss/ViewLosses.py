class ViewLosses(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  _is_full_backward_hook : Optional[bool]

  def unit(self: __torch__.ViewLosses, x: Tensor) -> Tensor:
    return x / torch.clamp_min(torch.linalg_vector_norm(x, 2, [-1], True), 1e-12)

  def batch_norm(self: __torch__.ViewLosses, x: Tensor) -> Tensor:
    # [N, C] -> [N, C]: columns of mean 0 and variance 1, by this batch's own statistics
    return torch.batch_norm(x, None, None, None, None, True, 0., 1e-5, False)

  def prototype_logits(self: __torch__.ViewLosses, z: Tensor, prototypes: Tensor) -> Tensor:
    # [..., D], [K, D] -> [..., K]: cosines
    return torch.matmul(self.unit(z), torch.transpose(self.unit(prototypes), 0, 1))

  def sinkhorn(self: __torch__.ViewLosses, logits: Tensor, temperature: Tensor, rounds: Tensor) -> Tensor:
    # [N, K] -> [N, K]: every row sums to 1, every column to about N / K
    q = torch.exp((logits - torch.max(logits)) / float(temperature))
    q = q / torch.sum(q)
    n = torch.size(q, 0)
    k = torch.size(q, 1)
    for i in range(int(rounds)):
      q = q / torch.clamp_min(torch.sum(q, [0], True), 1e-30) / k
      q = q / torch.sum(q, [1], True) / n
    return q * n

  def views(self: __torch__.ViewLosses, student: Tensor, target: Tensor, temperature: Tensor) -> Tensor:
    # [V, B, K], [G, B, K], the first G views the same -> scalar: the mean cross entropy of all pairs of
    # different views. Of sums over views: all pairs less the pairs of a view with itself.
    g = torch.size(target, 0)
    v = torch.size(student, 0)
    s = torch.log_softmax(student / float(temperature), -1)
    every = torch.sum(torch.sum(target, [0]) * torch.sum(s, [0]), [-1])
    own = torch.sum(torch.sum(target * torch.slice(s, 0, 0, g), [0]), [-1])
    return torch.mean(own - every) / (g * v - g)

  def contrast(self: __torch__.ViewLosses, student: Tensor, teacher: Tensor, temperature: Tensor) -> Tensor:
    # [V, B, D], [G, B, D], the first G views the same -> scalar: the mean cross entropy of all pairs of
    # different views, in which an image has to be found among the teacher's B
    g = torch.size(teacher, 0)
    v = torch.size(student, 0)
    b = torch.size(student, 1)
    z = torch.unsqueeze(self.unit(student), 0)
    keys = torch.unsqueeze(torch.transpose(self.unit(teacher), 1, 2), 1)
    s = torch.log_softmax(torch.matmul(z, keys) / float(temperature), -1)
    right = torch.sum(torch.diagonal(s, 0, 2, 3), [2]) / b
    return (torch.sum(torch.diagonal(right, 0, 0, 1)) - torch.sum(right)) / (g * v - g)

  def cross_entropy(self: __torch__.ViewLosses, student: Tensor, target: Tensor, temperature: Tensor) -> Tensor:
    # [N, K], [N, K] -> scalar
    s = torch.log_softmax(student / float(temperature), -1)
    return -torch.mean(torch.sum(target * s, [-1]))

  def koleo(self: __torch__.ViewLosses, x: Tensor) -> Tensor:
    # [B, D] -> scalar: less the mean logarithm of the distance to the nearest other row
    z = self.unit(x)
    near = torch.fill_diagonal_(torch.matmul(torch.detach(z), torch.transpose(torch.detach(z), 0, 1)), -2.)
    other = torch.index_select(z, 0, torch.argmax(near, 1))
    return -torch.mean(torch.log(torch.linalg_vector_norm(z - other + 1e-8, 2, [-1]) + 1e-8))

  def hide(self: __torch__.ViewLosses, images: Tensor, hidden: Tensor) -> Tensor:
    # [N, 3, H, W], [N, h, w] of 0 and 1 -> the images with 0 in the patches that are hidden
    n = torch.size(hidden, 0)
    h = torch.size(hidden, 1)
    w = torch.size(hidden, 2)
    p = torch.size(images, 2) // h
    q = torch.size(images, 3) // w
    mask = torch.expand(torch.reshape(1 - hidden, [n, 1, h, 1, w, 1]), [n, 1, h, p, w, q])
    return images * torch.reshape(mask, [n, 1, h * p, w * q])

  def tokens(self: __torch__.ViewLosses, spatial: Tensor, indices: Tensor) -> Tensor:
    # [N, D, h, w], indices of its N h w places -> [M, D]
    rows = torch.flatten(torch.permute(spatial, [0, 2, 3, 1]), 0, 2)
    return torch.index_select(rows, 0, indices)
