#include "worker/roles/query/narrowed.hpp"

#include <algorithm>

#include "base/work_pieces.hpp"
#include "storage/parquet/key_lookup.hpp"

namespace canvasback {
namespace {

// Notes in each file which of its rows may have the values.
Status look_up(std::vector<DataFile>& files, const std::vector<KeyValue>& values, int threads,
               const CancelToken& cancel) {
  return work_pieces(threads, files.size(), [&](std::size_t i, std::size_t) -> Status {
    CANVASBACK_ASSIGN(auto rows, rows_that_may_have(files[i], values, cancel));
    if (rows) std::erase_if(*rows, [&](std::int64_t row) { return files[i].is_dead(row); });
    files[i].only = std::move(rows);
    return {};
  });
}

}  // namespace

Result<Dataset> narrowed(const Dataset& dataset, const Narrowing& narrowing, int threads, const CancelToken& cancel) {
  Dataset out = only_weeks(dataset, narrowing);
  if (!narrowing.keys.empty()) {
    std::vector<KeyValue> values;
    for (const auto& [key, value] : narrowing.keys) values.push_back({key, value});
    CANVASBACK_TRY(look_up(out.files, values, threads, cancel));
    std::erase_if(out.files, [](const DataFile& file) { return file.only && file.only->empty(); });
  }
  if (out.files.empty()) out.file_kinds.reset();
  return out;
}

}  // namespace canvasback
