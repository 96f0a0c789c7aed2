#include "generated.h"
#include "k.h"
#include <stdio.h>

int main(void) {
  int32_t data[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  lh_memref_i32_1d x = lh_memref_i32_1d_make(data, (const int64_t[]){10});
  printf("%d %d\n", sum(&x), answer());
  return 0;
}
