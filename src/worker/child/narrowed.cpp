#include "worker/child/narrowed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "base/text.hpp"
#include "storage/parquet/key_lookup.hpp"

namespace canvasback {
namespace {

std::string all_columns(const Dataset& dataset) {
  std::vector<std::string> names;
  for (const DatasetColumn& column : dataset.columns) names.push_back(sql_identifier(column.name));
  return fmt::format("{}", fmt::join(names, ", "));
}

// Notes in each file which of its rows may have the values.
Status look_up(std::vector<DataFile>& files, const std::vector<KeyValue>& values, int threads,
               const CancelToken& cancel) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  Status status;
  const auto work = [&] {
    for (std::size_t i = next++; i < files.size(); i = next++) {
      auto rows = rows_that_may_have(files[i], values, cancel);
      if (rows) {
        if (*rows) std::erase_if(**rows, [&](std::int64_t row) { return files[i].is_dead(row); });
        files[i].only = std::move(*rows);
        continue;
      }
      std::scoped_lock lock(mutex);
      if (status) status = std::unexpected(rows.error());
      return;
    }
  };
  {
    std::vector<std::jthread> helpers;
    const std::size_t useful = std::min(static_cast<std::size_t>(std::max(threads, 1)), files.size());
    for (std::size_t i = 1; i < useful; ++i) helpers.emplace_back(work);
    work();
  }
  return status;
}

}  // namespace

Result<Dataset> narrowed(const Dataset& dataset, const Narrowing& narrowing, int threads, const CancelToken& cancel) {
  Dataset out = only_weeks(dataset, narrowing);
  if (!narrowing.keys.empty()) {
    std::vector<KeyValue> values;
    for (const auto& [key, value] : narrowing.keys) values.push_back({key, value});
    CANVASBACK_TRY(look_up(out.files, values, threads, cancel));
    std::erase_if(out.files, [](const DataFile& file) { return file.only && file.only->empty(); });
    if (out.shapes.empty()) out.shapes.push_back(all_columns(dataset));
  }
  if (out.files.empty()) out.shapes.clear();
  return out;
}

}  // namespace canvasback
