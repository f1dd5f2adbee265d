#include "worker/roles/query/inspect_task.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "sql/sql_builder.hpp"
#include "worker/roles/query/file_inspection.hpp"
#include "worker/roles/query/text_files.hpp"

namespace canvasback {
namespace {

Status inspect_text(TaskContext& context, Dataset& dataset) {
  const double bytes = static_cast<double>(std::max<std::uint64_t>(dataset.bytes(), 1));
  TaskProgress& progress = context.progress;
  ScanWork work{context.threads, context.cancel, [&progress, bytes](std::uint64_t done) {
                  progress.set_share(std::min(1.0, static_cast<double>(done) / bytes));
                }};
  CANVASBACK_TRY(inspect_text_files(dataset, work));
  // What was kept of this version was read before: of another set of files, where some could not be read.
  context.datasets.drop_text_source(dataset.name);
  CANVASBACK_TRY(context.engine.define(dataset));
  CANVASBACK_ASSIGN(dataset.columns, describe_relation(context.engine.engine(), relation_sql(dataset), context.cancel));
  context.datasets.drop_text_source(dataset.name);
  return {};
}

}  // namespace

Status run_inspect(TaskContext& context, const InspectWork& work) {
  Dataset dataset = work.listed;
  if (dataset.kind == DatasetKind::Parquet || dataset.kind == DatasetKind::Arrow) {
    CANVASBACK_TRY(context.files.begin_reading(dataset));
    CANVASBACK_TRY(FileInspection(dataset, context.engine.engine(), context.cancel).run());
  } else {
    CANVASBACK_TRY(inspect_text(context, dataset));
  }
  if (dataset.columns.empty()) {
    return fail(ErrorCode::InvalidData, fmt::format("The dataset {} has no columns.", dataset.name));
  }
  if (dataset.columns.size() > limits::kColumnsMax) {
    return fail(ErrorCode::InvalidData, fmt::format("The dataset {} has {} columns; at most {} are served.",
                                                    dataset.name, dataset.columns.size(), limits::kColumnsMax));
  }
  context.end.done.set("dataset", to_json(dataset));
  return {};
}

}  // namespace canvasback
