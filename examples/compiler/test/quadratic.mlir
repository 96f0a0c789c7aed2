// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information. SPDX-License-Identifier: Apache-2.0 WITH
// LLVM-exception

// What a user of the compiler writes: 2·x² + 3·x + 1.
func.func @quadratic(%x: memref<?xf32>, %y: memref<?xf32>) {
  %p = tiny.poly [1.0, 3.0, 2.0]
  %in = bufferization.to_tensor %x restrict : memref<?xf32> to tensor<?xf32>
  %out = tiny.eval %p(%in) : tensor<?xf32>
  bufferization.materialize_in_destination %out in restrict writable %y
      : (tensor<?xf32>, memref<?xf32>) -> ()
  return
}
