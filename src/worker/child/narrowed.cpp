#include "worker/child/narrowed.hpp"

#include <algorithm>

#include "base/work_pieces.hpp"
#include "storage/collection/shape_sql.hpp"
#include "storage/parquet/key_lookup.hpp"

namespace canvasback {
namespace {

std::string all_columns(const Dataset& dataset) {
  std::vector<std::string> names;
  for (const DatasetColumn& column : dataset.columns) names.push_back(column.name);
  return exact_columns_sql(names);
}

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
    if (out.shapes.empty()) out.shapes.push_back(all_columns(dataset));
  }
  if (out.files.empty()) out.shapes.clear();
  return out;
}

}  // namespace canvasback
