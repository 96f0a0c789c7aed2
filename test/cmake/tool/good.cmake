lh_add_stage(annotate SCHEDULE annotate.py OPTIONS name=first)
lh_add_stage(unroll SCHEDULE unroll.mlir PARAMS mark=17)
lh_add_stage(own SCHEDULE own.mlir TOOL opt)
lh_add_stage(to_llvm STAGES lower-to-llvm.yaml TOOL opt)
lh_lower(
  k
  SOURCES k.mlir
  STAGES annotate cse unroll own to_llvm
  EMIT object mlir
  TOOL opt
)
# The passes and types that only the tool has; nothing of C in it.
lh_lower(text SOURCES only.mlir STAGES own "func.func(test-single-fold)" EMIT mlir TOOL opt)
lh_lower(binary SOURCES only.mlir STAGES own EMIT bytecode TOOL opt)
lh_lower(generated SOURCES payload.py{value=7} STAGES to_llvm TOOL opt)
add_executable(app main.c)
target_link_libraries(app PRIVATE k generated)
