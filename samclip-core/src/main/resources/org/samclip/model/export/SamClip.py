# The exported model's forwards, one class for each Java class of the same name, in TorchScript's
# serialised dialect. Parameters, parts and constants are not written here: TorchScriptModule
# declares them as they stand in the Java model, types `self`, and unrolls loops over parts.
# The arithmetic is in Kernels.py, which the Java model computes with as well.

class SamClip(Module):

  def forward(self, images: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
    # [B, 3, H, W], SAM's normalisation -> embedding [B, E], patch features [B, E, h, w], neck [B, C, h, w]
    tokens = self.image_encoder.tokens(images)
    clip = self.clip_head.features(tokens)
    return (self.clip_head.pooled(clip), self.clip_head.dense(clip), self.image_encoder.neck_of(tokens))

  def decode(self, neck: Tensor, points: Tensor, labels: Tensor, masks: Optional[Tensor]=None) -> Tuple[Tensor, Tensor]:
    # neck [B, C, h, w], points [B, P, K, 2], labels [B, P, K], masks [B, P, 1, 4 h, 4 w]
    # -> mask logits [B, P, 1 + 3, 4 h, 4 w], predicted IoU [B, P, 1 + 3]
    h = torch.size(neck, 2)
    w = torch.size(neck, 3)
    sparse = self.prompt_encoder.points(points, labels, h * self.patch, w * self.patch)
    dense = self.prompt_encoder.dense(masks, torch.size(neck, 0), torch.size(points, 1), h, w)
    return self.mask_decoder.forward(neck, self.prompt_encoder.dense_positions(neck), sparse, dense)

  def encode_text(self, ids: Tensor) -> Tensor:
    # [B, T], int64 -> [B, E]
    return self.text.forward(ids)

# ---- org.samclip.vitdet ------------------------------------------------------------------------

class ImageEncoder(Module):

  def tokens(self, images: Tensor) -> Tensor:
    # [B, 3, H, W] -> [B, h, w, C], after the last block
    if torch.size(images, 2) % self.patch + torch.size(images, 3) % self.patch > 0:
      ops.prim.RaiseException("height and width of the images must be multiples of the patch")
    x = self.patch_embed.forward(images)
    return self.blocks.forward(x + self.positions(torch.size(x, 1), torch.size(x, 2)))

  def positions(self, h: int, w: int) -> Tensor:
    # The learned grid, resized to the token grid: [1, h, w, C]
    if torch.size(self.pos_embed, 1) == h and torch.size(self.pos_embed, 2) == w:
      grid = self.pos_embed
    else:
      first = torch.permute(self.pos_embed, [0, 3, 1, 2])
      resized = Kernels.bicubic(first, torch.tensor(h), torch.tensor(w))
      grid = torch.permute(resized, [0, 2, 3, 1])
    return grid

  def neck_of(self, tokens: Tensor) -> Tensor:
    # [B, h, w, C] -> [B, N, h, w]
    return self.neck.forward(torch.permute(tokens, [0, 3, 1, 2]))

class PatchEmbed(Module):

  def forward(self, images: Tensor) -> Tensor:
    return torch.permute(self.proj.forward(images), [0, 2, 3, 1])

class Block(Module):

  def forward(self, x: Tensor) -> Tensor:
    a = self.attn
    return Kernels.vitdet_block(x, self.norm1.weight, self.norm1.bias, a.qkv.weight, a.qkv.bias, a.proj.weight, a.proj.bias, a.rel_pos_h, a.rel_pos_w, self.norm2.weight, self.norm2.bias, self.mlp.lin1.weight, self.mlp.lin1.bias, self.mlp.lin2.weight, self.mlp.lin2.bias, torch.tensor(self.heads), torch.tensor(self.window))

# ---- org.samclip.model -------------------------------------------------------------------------

class ClipHead(Module):

  def features(self, tokens: Tensor) -> Tensor:
    return self.blocks.forward(tokens)

  def pooled(self, features: Tensor) -> Tensor:
    # [B, h, w, C] -> [B, E]
    patches = torch.flatten(features, 1, 2)
    if self.max_pool:
      pooled = torch.amax(patches, [1])
    else:
      pooled = torch.mean(patches, [1])
    return self.mlp.forward(self.norm.forward(pooled))

  def dense(self, features: Tensor) -> Tensor:
    # [B, h, w, C] -> [B, E, h, w], unit length along E
    patches = features
    if self.dense_window > 1:
      patches = Kernels.neighbourhood(features, torch.tensor(self.dense_window), torch.tensor(self.max_pool))
    return torch.permute(Kernels.normalize(self.mlp.forward(self.norm.forward(patches))), [0, 3, 1, 2])

# ---- org.samclip.sam ---------------------------------------------------------------------------

class PromptEncoder(Module):

  def points(self, xy: Tensor, labels: Tensor, height: int, width: int) -> Tensor:
    # [B, P, K, 2], [B, P, K] -> [B, P, K, C]; labels 2 and 3 are the corners of a box
    size = torch.tensor([width, height], dtype=6, device=xy.device)
    p = self.point_embeddings
    return Kernels.point_tokens(xy, labels, size, self.pe_layer.positional_encoding_gaussian_matrix, self.not_a_point_embed.weight, getattr(p, "0").weight, getattr(p, "1").weight, getattr(p, "2").weight, getattr(p, "3").weight, torch.tensor(True))

  def dense(self, masks: Optional[Tensor], images: int, count: int, h: int, w: int) -> Tensor:
    # [B, P, 1, 4 h, 4 w] or None -> [B, P, C, h, w]
    if masks is None:
      none = torch.reshape(self.no_mask_embed.weight, [1, 1, -1, 1, 1])
      dense = torch.expand(none, [images, count, -1, h, w])
    else:
      embedded = self.mask_downscaling.forward(torch.flatten(unchecked_cast(Tensor, masks), 0, 1))
      dense = torch.reshape(embedded, [images, count, -1, h, w])
    return dense

  def dense_positions(self, neck: Tensor) -> Tensor:
    # Positions of the image tokens: [1, C, h, w]
    h = torch.size(neck, 2)
    w = torch.size(neck, 3)
    x = (torch.arange(w, dtype=6, device=neck.device) + 0.5) / w
    y = (torch.arange(h, dtype=6, device=neck.device) + 0.5) / h
    xy = torch.stack([torch.expand(torch.unsqueeze(x, 0), [h, w]), torch.expand(torch.unsqueeze(y, 1), [h, w])], -1)
    return torch.permute(self.pe_layer.forward(torch.unsqueeze(xy, 0)), [0, 3, 1, 2])

class FourierPositions(Module):

  def forward(self, xy: Tensor) -> Tensor:
    return Kernels.fourier(xy, self.positional_encoding_gaussian_matrix)

class MaskDecoder(Module):

  def forward(self, embedding: Tensor, positions: Tensor, sparse: Tensor, dense: Tensor) -> Tuple[Tensor, Tensor]:
    b = torch.size(dense, 0)
    p = torch.size(dense, 1)
    c = torch.size(dense, 2)
    h = torch.size(dense, 3)
    w = torch.size(dense, 4)
    output = torch.unsqueeze(torch.cat([self.iou_token.weight, self.mask_tokens.weight]), 0)
    tokens = torch.cat([torch.expand(output, [b * p, -1, -1]), torch.flatten(sparse, 0, 1)], 1)
    # Each prompt reads its own image: [B, 1, C, h, w] + [B, P, C, h, w].
    source = torch.reshape(torch.unsqueeze(embedding, 1) + dense, [b * p, c, h * w])
    image_pe = torch.transpose(torch.flatten(positions, 2), 1, 2)
    out, image = self.transformer.forward(torch.transpose(source, 1, 2), image_pe, tokens)
    upscaled = self.output_upscaling.forward(torch.reshape(torch.transpose(image, 1, 2), [b * p, c, h, w]))
    filters = annotate(List[Tensor], [])
    for i, mlp in self.output_hypernetworks_mlps:
      _ = torch.append(filters, mlp.forward(torch.select(out, 1, i + 1)))
    masks = torch.matmul(torch.stack(filters, 1), torch.flatten(upscaled, 2))
    iou = self.iou_prediction_head.forward(torch.select(out, 1, 0))
    return (torch.reshape(masks, [b, p, -1, 4 * h, 4 * w]), torch.reshape(iou, [b, p, -1]))

class TwoWayTransformer(Module):

  def forward(self, image: Tensor, image_pe: Tensor, tokens: Tensor) -> Tuple[Tensor, Tensor]:
    queries = tokens
    keys = image
    for i, layer in self.layers:
      queries, keys = layer.forward(queries, keys, tokens, image_pe)
    look = self.final_attn_token_to_image.forward(queries + tokens, keys + image_pe, keys)
    return (self.norm_final_attn.forward(queries + look), keys)

class TwoWayBlock(Module):

  def forward(self, queries: Tensor, keys: Tensor, query_pe: Tensor, key_pe: Tensor) -> Tuple[Tensor, Tensor]:
    if self.first:
      x = self.self_attn.forward(queries, queries, queries)
    else:
      q = queries + query_pe
      x = queries + self.self_attn.forward(q, q, queries)
    x = self.norm1.forward(x)
    image = keys + key_pe
    x = self.norm2.forward(x + self.cross_attn_token_to_image.forward(x + query_pe, image, keys))
    x = self.norm3.forward(x + self.mlp.lin2.forward(torch.relu(self.mlp.lin1.forward(x))))
    y = self.norm4.forward(keys + self.cross_attn_image_to_token.forward(image, x + query_pe, x))
    return (x, y)

class DecoderAttention(Module):

  def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return Kernels.multi_head_attention(query, key, value, self.q_proj.weight, self.q_proj.bias, self.k_proj.weight, self.k_proj.bias, self.v_proj.weight, self.v_proj.bias, self.out_proj.weight, self.out_proj.bias, torch.tensor(self.heads))

# ---- org.samclip.clip --------------------------------------------------------------------------

class TextTower(Module):

  def forward(self, ids: Tensor) -> Tensor:
    x = self.token_embedding.forward(ids) + self.positional_embedding
    x = self.ln_final.forward(self.transformer.forward(x))
    # The end token has the largest id and stands for the text.
    end = torch.expand(torch.unsqueeze(torch.argmax(ids, 1, True), 2), [-1, -1, torch.size(x, 2)])
    return torch.matmul(torch.squeeze(torch.gather(x, 1, end), 1), self.text_projection)

class Transformer(Module):

  def forward(self, x: Tensor) -> Tensor:
    return self.resblocks.forward(x)

class ResidualBlock(Module):

  def forward(self, x: Tensor) -> Tensor:
    a = self.attn
    return Kernels.clip_block(x, self.ln_1.weight, self.ln_1.bias, a.in_proj_weight, a.in_proj_bias, a.out_proj.weight, a.out_proj.bias, self.ln_2.weight, self.ln_2.bias, self.mlp.c_fc.weight, self.mlp.c_fc.bias, self.mlp.c_proj.weight, self.mlp.c_proj.bias, torch.tensor(self.heads), torch.tensor(self.causal), torch.tensor(self.quick_gelu))

# ---- org.samclip.nn ----------------------------------------------------------------------------

class Stack(Module):

  def forward(self, x: Tensor) -> Tensor:
    y = x
    for i, layer in self:
      y = layer.forward(y)
    return y

class Mlp(Module):

  def forward(self, x: Tensor) -> Tensor:
    y = x
    for i, layer in self.layers:
      if i > 0:
        y = self.activation(y)
      y = layer.forward(y)
    return y

  def activation(self, x: Tensor) -> Tensor:
    if self.gelu:
      y = Kernels.gelu(x)
    else:
      y = torch.relu(x)
    return y

class Linear(Module):

  def forward(self, x: Tensor) -> Tensor:
    return Kernels.linear(x, self.weight, self.bias)

class LayerNorm(Module):

  def forward(self, x: Tensor) -> Tensor:
    return Kernels.layer_norm(x, self.weight, self.bias, torch.tensor(self.eps))

class LayerNorm2d(Module):

  def forward(self, x: Tensor) -> Tensor:
    return Kernels.layer_norm_2d(x, self.weight, self.bias, torch.tensor(self.eps))

class Conv2d(Module):

  def forward(self, x: Tensor) -> Tensor:
    bias = self.bias
    if bias is None:
      y = Kernels.conv2d_no_bias(x, self.weight, torch.tensor(self.stride), torch.tensor(self.padding))
    else:
      y = Kernels.conv2d(x, self.weight, unchecked_cast(Tensor, bias), torch.tensor(self.stride), torch.tensor(self.padding))
    return y

class ConvTranspose2d(Module):

  def forward(self, x: Tensor) -> Tensor:
    return Kernels.conv_transpose2d(x, self.weight, self.bias, torch.tensor(self.stride))

class Embedding(Module):

  def forward(self, ids: Tensor) -> Tensor:
    return Kernels.embedding(self.weight, ids)

class Gelu(Module):

  def forward(self, x: Tensor) -> Tensor:
    return Kernels.gelu(x)
