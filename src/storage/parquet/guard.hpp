// Runs a piece of libparquet work and turns its exceptions into an Error that names the file. For storage/parquet only.
#pragma once

#include <arrow/status.h>
#include <fmt/format.h>
#include <parquet/exception.h>

#include <new>
#include <string>

#include "base/error.hpp"

namespace canvasback {

inline Error parquet_error(const std::string& path, std::string_view what) {
  return Error{ErrorCode::InvalidData, fmt::format("The Parquet file {} cannot be read: {}", path, what), {}, {}, 0};
}

inline Error arrow_error(const std::string& path, const arrow::Status& status) {
  if (status.IsOutOfMemory()) return Error{ErrorCode::MemoryLimit, "Reading the file needs more memory.", {}, {}, 0};
  return parquet_error(path, status.message());
}

// work: () → Result<T>.
template <class Work>
auto guard_parquet(const std::string& path, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::MemoryLimit, "Reading the file needs more memory than a worker has.");
  } catch (const std::exception& error) {  // parquet::ParquetException and what it lets through
    return std::unexpected(parquet_error(path, error.what()));
  }
}

}  // namespace canvasback
