// Profiles of a dataset's columns. Parquet files that need no engine are read column by column on several threads, each
// column (or part of a large one) by one of them; anything else is seen batch by batch as the engine gives it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "analyse/accumulator.hpp"
#include "base/cancel.hpp"
#include "storage/dataset.hpp"
#include "stream/batch_stream.hpp"

namespace canvasback {

struct ProfileScanOptions {
  std::vector<std::string> columns;  // of the dataset, in the order wanted
  analyse::Depth depth = analyse::Depth::Full;
  int threads = 1;
  std::function<void(double share)> progress;  // called from any thread
};

// The dataset must allow a plain scan.
Result<std::vector<analyse::ColumnProfile>> profile_files(const Dataset& dataset, const ProfileScanOptions& options,
                                                          const CancelToken& cancel);

// The stream's columns, which must be options.columns.
Result<std::vector<analyse::ColumnProfile>> profile_stream(const Dataset& dataset, BatchStream& stream,
                                                           const ProfileScanOptions& options,
                                                           const CancelToken& cancel);

}  // namespace canvasback
