#include "worker/roles/query/sql_task.hpp"

#include "base/clock.hpp"
#include "sql/column_names.hpp"
#include "sql/record_range_sql.hpp"
#include "stream/named_batches.hpp"
#include "worker/roles/query/answer.hpp"
#include "worker/roles/query/statement_stream.hpp"

namespace canvasback {
namespace {

// The statement that gives the records of a range.
Statement statement_of(const RecordRange& range, const ColumnNames& names) {
  SqlStatement made = record_range_sql(range, names);
  Statement out;
  out.sql = std::move(made.sql);
  out.parameters = Json::Array{};
  for (std::string& parameter : made.parameters) out.parameters.push(std::move(parameter));
  return out;
}

}  // namespace

Status run_sql(TaskContext& context, const SqlWork& work) {
  Stopwatch watch;
  const Dataset* collection = work.range ? context.datasets.find_table(work.range->collection) : nullptr;
  std::vector<std::string> exact;
  for (std::size_t i = 0; collection != nullptr && i < collection->columns.size(); ++i) {
    exact.push_back(collection->columns[i].name);
  }
  const ColumnNames names(exact);
  const Statement statement = work.range ? statement_of(*work.range, names) : work.statement;
  CANVASBACK_ASSIGN(std::unique_ptr<BatchStream> stream, open_statement(context, statement));
  if (names.differ()) stream = std::make_unique<NamedBatches>(std::move(stream), exact);
  context.metrics.engine_ms += watch.elapsed_ms();

  struct Limited final : BatchStream {
    std::unique_ptr<BatchStream> inner;
    std::int64_t left;
    std::int64_t rows = 0;
    bool cut = false;
    SchemaPtr schema() const override { return inner->schema(); }
    Result<BatchPtr> next() override {
      if (cut) return BatchPtr();
      CANVASBACK_ASSIGN(BatchPtr batch, inner->next());
      if (!batch) return batch;
      if (batch->num_rows() > left) {
        cut = true;
        if (left == 0) return BatchPtr();
        batch = batch->Slice(0, left);
      }
      left -= batch->num_rows();
      rows += batch->num_rows();
      return batch;
    }
  } limited;
  limited.inner = std::move(stream);
  limited.left = work.row_limit.value_or(INT64_MAX);
  auto tail = [&] {
    Json out;
    out.set("total_rows", limited.rows);
    out.set("total_exact", !limited.cut);
    add_left_out(out, context.task.files.left_out);
    out.set("next", Json());
    out.set("performance_metrics", metrics_json(context));
    return out;
  };
  return write_answer(context, limited, tail);
}

}  // namespace canvasback
