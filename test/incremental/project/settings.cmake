set(CPU x86-64-v3)
set(BIAS 3)
set(UNROLL 2)
