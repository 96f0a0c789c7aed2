// Dimensions of size 1 disappear, from slices or by reshaping.

// RUN: lh-opt "%s" --stage=linalg-generalize-named-ops --stage=fold_unit_dims.py | FileCheck "%s" --check-prefix=SLICE
// RUN: lh-opt "%s" --stage=linalg-generalize-named-ops --stage='fold_unit_dims.py{reshape}' | FileCheck "%s" --check-prefix=RESHAPE

func.func @exp(%a: tensor<1x?x1x8xf32>, %out: tensor<1x?x1x8xf32>) -> tensor<1x?x1x8xf32> {
  %0 = linalg.exp ins(%a : tensor<1x?x1x8xf32>) outs(%out : tensor<1x?x1x8xf32>) -> tensor<1x?x1x8xf32>
  return %0 : tensor<1x?x1x8xf32>
}

// SLICE: tensor.extract_slice {{.*}} to tensor<?x8xf32>
// SLICE: linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]
// SLICE: tensor.insert_slice

// RESHAPE: tensor.collapse_shape
// RESHAPE: linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]
// RESHAPE: tensor.expand_shape
