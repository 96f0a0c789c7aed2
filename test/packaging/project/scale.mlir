func.func @scale(%data: memref<?xf32>, %factor: f32) {
  linalg.generic {
    indexing_maps = [affine_map<(i) -> (i)>],
    iterator_types = ["parallel"]
  } outs(%data : memref<?xf32>) {
  ^bb0(%value: f32):
    %scaled = arith.mulf %value, %factor : f32
    linalg.yield %scaled : f32
  }
  return
}
