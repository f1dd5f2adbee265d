// Files of CSV and JSON for the tasks of this role: looked into once (the first pass of source/delimited and
// source/records), and from then on a PartSource that the engine scans and that pages are read from. Where files are in
// folders named key=value, their values are columns behind the others.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/cancel.hpp"
#include "base/error.hpp"
#include "record/scan_work.hpp"
#include "storage/dataset.hpp"
#include "stream/batch_stream.hpp"
#include "stream/part_source.hpp"

namespace canvasback {

// Sets what the dataset is beside its name, kind, version and files: columns, rows, text, and left_out for files that
// cannot be read, which are then none of its files any more. on_progress of `work` hears of all files together.
// Errors: InvalidData where there is nothing left; Cancelled, MemoryLimit.
Status inspect_text_files(Dataset& dataset, const ScanWork& work);

// The dataset's columns, in their order.
Result<std::shared_ptr<const PartSource>> open_text_files(const Dataset& dataset);

struct TextRange {
  std::vector<int> columns;  // of the source
  std::int64_t offset = 0;
  std::int64_t rows = 0;  // that are there
  int threads = 1;
};

// Some rows of a source, in their order. Parts are converted ahead by so many threads where there are several.
Result<std::unique_ptr<BatchStream>> read_text_range(std::shared_ptr<const PartSource> source, const TextRange& range,
                                                     const CancelToken& cancel);

}  // namespace canvasback
