#include "k.h"

int main(void) { return one(1) + two(1) == 5 ? 0 : 1; }
