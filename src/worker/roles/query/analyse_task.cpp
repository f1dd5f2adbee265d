#include "worker/roles/query/analyse_task.hpp"

#include "base/clock.hpp"
#include "sql/analysis_sql.hpp"
#include "worker/roles/query/answer.hpp"
#include "worker/roles/query/histogram_task.hpp"
#include "worker/roles/query/profile_task.hpp"

namespace canvasback {

Status run_analyse(TaskContext& context, const AnalyseWork& work) {
  CANVASBACK_ASSIGN(const Dataset* found, context.datasets.find(work.dataset));
  const Dataset& dataset = *found;
  CANVASBACK_TRY(context.files.check(dataset, context.cancel));
  CANVASBACK_TRY(context.engine.define(dataset));
  TaskMetrics& metrics = context.metrics;
  metrics.method = "duckdb";
  if (work.analysis.kind == Analysis::Kind::Profile) return run_profile(context, work, dataset);
  if (work.analysis.kind == Analysis::Kind::Histogram) return run_histogram(context, work, dataset);
  Stopwatch watch;
  CANVASBACK_ASSIGN(SqlStatement statement, analysis_sql(dataset, work.analysis, work.selection));
  CANVASBACK_ASSIGN(auto stream, context.engine.execute(std::move(statement), context.cancel));
  metrics.engine_ms += watch.elapsed_ms();
  auto tail = [&] {
    Json out;
    out.set("total_rows", metrics.rows);
    // With a limit there may be more groups than were given.
    const bool cut = work.analysis.kind == Analysis::Kind::Top ? metrics.rows >= work.analysis.top
                                                               : work.selection.limit == metrics.rows;
    out.set("total_exact", !cut && work.selection.offset == 0);
    add_left_out(out, context.task.files.left_out);
    out.set("next", Json());
    out.set("performance_metrics", metrics_json(context));
    return out;
  };
  return write_answer(context, *stream, tail);
}

}  // namespace canvasback
