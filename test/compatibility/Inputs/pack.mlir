func.func @pack(%a: tensor<8x8xf32>) -> tensor<2x2x4x4xf32> {
  %empty = tensor.empty() : tensor<2x2x4x4xf32>
  %0 = linalg.pack %a inner_dims_pos = [0, 1] inner_tiles = [4, 4] into %empty : tensor<8x8xf32> -> tensor<2x2x4x4xf32>
  return %0 : tensor<2x2x4x4xf32>
}
