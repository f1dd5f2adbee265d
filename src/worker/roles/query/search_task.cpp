#include "worker/roles/query/search_task.hpp"

#include <fmt/format.h>

#include <map>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "sql/shape_sql.hpp"
#include "worker/roles/query/answer.hpp"
#include "worker/roles/query/record_search.hpp"

namespace canvasback {
namespace {

constexpr const char* kRankColumn = "canvasback_rank";
constexpr const char* kRowColumn = "canvasback_row";

// The hits as rows of the collection, in their order.
std::string hits_sql(const Dataset& dataset, const std::vector<SearchHit>& hits) {
  if (hits.empty()) return fmt::format("SELECT * FROM {} LIMIT 0", relation_sql(dataset));
  std::map<std::size_t, std::vector<std::string>> by_file;
  for (std::size_t rank = 0; rank < hits.size(); ++rank) {
    by_file[hits[rank].file].push_back(fmt::format("({}, {})", hits[rank].row, rank));
  }
  std::vector<std::string> parts;
  for (const auto& [index, places] : by_file) {
    const DataFile& file = dataset.files[index];
    const NumberedFile read = numbered_file_sql(dataset, file);
    parts.push_back(fmt::format("SELECT {}, {} FROM {} AS f JOIN (VALUES {}) AS h({}, {}) ON f.{} = h.{}",
                                file_columns_sql(dataset, file), kRankColumn, read.source, fmt::join(places, ", "),
                                kRowColumn, kRankColumn, read.row, kRowColumn));
  }
  return fmt::format("SELECT * EXCLUDE ({0}) FROM ({1}) ORDER BY {0}", kRankColumn, fmt::join(parts, " UNION ALL "));
}

}  // namespace

Status run_search(TaskContext& context, const SearchWork& work) {
  CANVASBACK_ASSIGN(const Dataset* found, context.datasets.find(work.dataset));
  const Dataset& dataset = *found;
  CANVASBACK_TRY(context.files.check(dataset, context.cancel));
  context.metrics.method = "search";
  CANVASBACK_ASSIGN(SearchOutcome outcome, search_records(dataset, work.search, context.threads, context.cancel));
  SqlStatement statement;
  statement.sql = hits_sql(dataset, outcome.hits);
  for (const DatasetColumn& column : dataset.columns) statement.column_names.push_back(column.name);
  CANVASBACK_ASSIGN(auto stream, context.engine.execute(std::move(statement), context.cancel));
  const auto tail = [&] {
    Json out;
    out.set("total_rows", static_cast<std::uint64_t>(outcome.hits.size()));
    out.set("complete", outcome.complete);
    out.set("cursor", outcome.complete ? Json() : Json(encode_search_cursor(outcome.next)));
    out.set("rows_searched", outcome.rows_searched);
    out.set("performance_metrics", metrics_json(context));
    return out;
  };
  return write_answer(context, *stream, tail);
}

}  // namespace canvasback
