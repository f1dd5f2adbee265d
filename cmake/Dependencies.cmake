# Where third-party code comes from. Everything is found, nothing is vendored:
# system packages first, then what scripts/setup put under .deps (see docs/dependencies.md).
set(CANVASBACK_DEPS ${PROJECT_SOURCE_DIR}/.deps CACHE PATH "Folder filled by scripts/setup")

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(simdjson REQUIRED)
# First among the libraries of every program, used or not: libparquet exports a simdjson of its own, of another version
# and layout, and whichever comes first is the one that all calls go to.
target_link_options(canvasback_options INTERFACE "LINKER:--push-state,--no-as-needed"
  "$<TARGET_FILE:simdjson::simdjson>" "LINKER:--pop-state")
find_package(ZLIB REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(ISAL REQUIRED IMPORTED_TARGET libisal)
pkg_check_modules(DEFLATE REQUIRED IMPORTED_TARGET libdeflate)
pkg_check_modules(PNG REQUIRED IMPORTED_TARGET libpng)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(MARIADB REQUIRED IMPORTED_TARGET libmariadb)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)

# DuckDB: the released shared library and the header of the same release.
add_library(duckdb SHARED IMPORTED GLOBAL)
set_target_properties(duckdb PROPERTIES
  IMPORTED_LOCATION ${CANVASBACK_DEPS}/duckdb/lib/libduckdb.so
  INTERFACE_INCLUDE_DIRECTORIES ${CANVASBACK_DEPS}/duckdb/include)

# Arrow C++: an installed one, else the libraries inside the pinned pyarrow wheel.
find_package(Arrow 26 QUIET)
find_package(Parquet 26 QUIET)
if(Arrow_FOUND AND Parquet_FOUND)
  add_library(arrow ALIAS Arrow::arrow_shared)
  add_library(parquet ALIAS Parquet::parquet_shared)
else()
  file(GLOB pyarrow_dir ${CANVASBACK_DEPS}/venv/lib/python3*/site-packages/pyarrow)
  file(REAL_PATH "${pyarrow_dir}" pyarrow_dir)
  foreach(name arrow arrow_compute parquet)
    add_library(${name} SHARED IMPORTED GLOBAL)
    set_target_properties(${name} PROPERTIES
      IMPORTED_LOCATION ${pyarrow_dir}/lib${name}.so.2600
      INTERFACE_INCLUDE_DIRECTORIES ${pyarrow_dir}/include
      INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${pyarrow_dir}/include)
  endforeach()
endif()
