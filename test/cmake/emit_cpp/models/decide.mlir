// A decision from features that are counted.
func.func @decide(%counts: tensor<1x3xi32>, %bonus: tensor<f32>) -> (tensor<i32> {lh.name = "choice"}) {
  %weights = "tosa.const"() <{values = dense<[[2.0, -1.5, 0.25]]> : tensor<1x3xf32>}> : () -> tensor<1x3xf32>
  %shift = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %f = tosa.cast %counts : (tensor<1x3xi32>) -> tensor<1x3xf32>
  %m = tosa.mul %f, %weights, %shift : (tensor<1x3xf32>, tensor<1x3xf32>, tensor<1xi8>) -> tensor<1x3xf32>
  %shape = tosa.const_shape {values = dense<[1, 1]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %b = tosa.reshape %bonus, %shape : (tensor<f32>, !tosa.shape<2>) -> tensor<1x1xf32>
  %s = tosa.add %m, %b : (tensor<1x3xf32>, tensor<1x1xf32>) -> tensor<1x3xf32>
  %a = tosa.argmax %s {axis = 1 : i32} : (tensor<1x3xf32>) -> tensor<1xi32>
  %none = tosa.const_shape {values = dense<> : tensor<0xindex>} : () -> !tosa.shape<0>
  %r = tosa.reshape %a, %none : (tensor<1xi32>, !tosa.shape<0>) -> tensor<i32>
  return %r : tensor<i32>
}
