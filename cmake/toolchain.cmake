# Flags that every target shares. ampacity_flags is an INTERFACE target so that nothing is set globally.
add_library(ampacity_flags INTERFACE)
target_compile_options(ampacity_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast -Wnon-virtual-dtor
  -Wno-missing-field-initializers  # designated initialisers leave out what has a default
  -ffp-contract=off)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 is wrong about std::string and std::variant under -O2 (bug 105651) and about coroutine frames;
  # clang checks the same code with these on.
  target_compile_options(ampacity_flags INTERFACE -Wno-array-bounds -Wno-restrict
    -Wno-stringop-overflow -Wno-stringop-overread -Wno-maybe-uninitialized -Wno-mismatched-new-delete)
endif()
if(AMPACITY_WERROR)
  target_compile_options(ampacity_flags INTERFACE -Werror)
endif()
target_include_directories(ampacity_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # What ccache asks for when a precompiled header is in use (its manual, "Precompiled headers").
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  add_compile_options("$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
