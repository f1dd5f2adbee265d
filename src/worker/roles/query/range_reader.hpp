// RangeReader: ranges of a dataset's rows in file order, without the engine: pages from decoded blocks of the cache or
// by decoding just their rows, larger ranges by a threaded scan, text files by their parts. It lives as long as the
// worker; only the task loop uses it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/cancel.hpp"
#include "base/error.hpp"
#include "storage/block_cache.hpp"
#include "storage/dataset.hpp"
#include "stream/batch_stream.hpp"
#include "task/task.hpp"
#include "worker/child/channel.hpp"
#include "worker/roles/query/dataset_catalog.hpp"
#include "worker/roles/query/task_files.hpp"
#include "worker/roles/query/task_metrics.hpp"
#include "worker/write/block_writer.hpp"

namespace canvasback {

struct RangeRequest {
  const std::vector<std::string>& columns;  // in this order; empty: all
  std::int64_t offset = 0;
  std::int64_t rows = 0;  // that are there
};

class RangeReader {
 public:
  RangeReader(DatasetCatalog& datasets, TaskFiles& files, BlockWriter& block_writer, std::string cache_folder)
      : datasets_(datasets), files_(files), blocks_(std::move(cache_folder)), block_writer_(block_writer) {}

  // A task begins.
  void begin(const Task& task, int threads);
  // Whether a range of the dataset can be read here.
  static bool can_read(const Dataset& dataset) { return dataset.plain_scan || dataset.text != nullptr; }
  // Precondition: can_read(dataset). Checks the files that it reads. Sets the method and blocks of the metrics. Errors:
  // InvalidData, Unavailable, Cancelled.
  Result<std::unique_ptr<BatchStream>> read(const Dataset& dataset, const RangeRequest& range,
                                            const CancelToken& cancel, TaskMetrics& metrics);
  // The task has ended: blocks that it decoded are written to the cache.
  void store_decoded();

 private:
  Result<std::unique_ptr<BatchStream>> read_text(const Dataset& dataset, const RangeRequest& range,
                                                 const CancelToken& cancel);
  Result<std::unique_ptr<BatchStream>> read_page(const Dataset& dataset, const RangeRequest& range,
                                                 TaskMetrics& metrics);

  DatasetCatalog& datasets_;
  TaskFiles& files_;
  BlockMap blocks_;
  BlockWriter& block_writer_;
  int threads_ = 1;
  bool rows_alone_ = false;  // a window's rows go before their neighbours, whoever waits for those
  std::vector<std::pair<std::string, BatchPtr>> decoded_;  // blocks to be kept once the task has ended
};

}  // namespace canvasback
