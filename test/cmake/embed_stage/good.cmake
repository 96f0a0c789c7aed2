lh_add_stage(mark.it SCHEDULE mark.py OPTIONS "name=a \"quoted\" \\ name, é ??=")
lh_add_stage(cleanup PASSES canonicalize "func.func(cse)")
lh_embed_stage(stages STAGES mark.it embed_stage::cleanup)
lh_embed_stage(
  more
  STAGES
  cleanup
  HEADER
  sub/more_stages.hpp
  NAMESPACE
  outer::inner
)
add_executable(app main.cpp other.cpp)
target_link_libraries(app PRIVATE stages more)
install(TARGETS stages EXPORT stages ARCHIVE DESTINATION lib FILE_SET HEADERS DESTINATION include)
install(EXPORT stages DESTINATION lib/cmake/stages NAMESPACE my:: FILE stagesConfig.cmake)
