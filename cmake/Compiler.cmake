# Warnings, sanitizers and ccache: what every target of ours is compiled with.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
      CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
endif()

add_library(canvasback_options INTERFACE)
target_compile_options(canvasback_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual
  # GCC 12 reports string::insert (bug 105651) and Asio's coroutine frames falsely.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict> $<$<CXX_COMPILER_ID:GNU>:-Wno-mismatched-new-delete>
  -fno-strict-aliasing -fstack-protector-strong)
target_compile_definitions(canvasback_options INTERFACE CANVASBACK_VERSION="${PROJECT_VERSION}")
target_include_directories(canvasback_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_link_options(canvasback_options INTERFACE -Wl,-z,relro,-z,now -Wl,--as-needed)

if(CANVASBACK_FUZZ)
  # Every layer is measured and watched; the programs in fuzz/ add libFuzzer's main. Classes of the prebuilt Arrow have
  # no type information that the vptr check could compare.
  set(sanitize_flags -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-sanitize=vptr
      -fno-omit-frame-pointer)
elseif(CANVASBACK_SANITIZE STREQUAL "address")
  set(sanitize_flags -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
elseif(CANVASBACK_SANITIZE STREQUAL "thread")
  set(sanitize_flags -fsanitize=thread -fno-omit-frame-pointer)
endif()
if(sanitize_flags)
  target_compile_options(canvasback_options INTERFACE ${sanitize_flags})
  target_link_options(canvasback_options INTERFACE ${sanitize_flags})
  target_compile_definitions(canvasback_options INTERFACE CANVASBACK_SANITIZED=1)
endif()
