#include "worker/roles/query/dataset_engine.hpp"

#include <arrow/array.h>

#include "source/arrow/arrow_reader.hpp"
#include "sql/file_forms.hpp"
#include "stream/named_batches.hpp"
#include "worker/roles/query/streamed_files.hpp"

namespace canvasback {

void DatasetEngine::use_threads(int threads) {
  threads_ = threads;
  engine_.use_threads(threads);
}

Status DatasetEngine::define(const Dataset& dataset) {
  if (dataset.text) {
    CANVASBACK_ASSIGN(auto source, datasets_.text_source(dataset));
    engine_.define_parts(dataset.name, std::move(source));
    return {};
  }
  if (dataset.forms) {
    for (const FileRun& run : file_runs(dataset)) {
      if (!dataset.forms->at(static_cast<std::size_t>(run.form)).streamed) continue;
      engine_.define_stream(stream_name(dataset, run),
                            [dataset, run] { return open_streamed_run(dataset, run, CancelToken()); });
    }
    return {};
  }
  if (dataset.kind == DatasetKind::Arrow) {
    std::vector<std::string> paths;
    for (const DataFile& file : dataset.files) paths.push_back(file.path);
    engine_.define_stream(
        dataset.name, [paths, fine = dataset.fine_columns] { return open_arrow_files(paths, fine, CancelToken()); });
  }
  return {};
}

Result<std::unique_ptr<BatchStream>> DatasetEngine::execute(SqlStatement statement, const CancelToken& cancel) {
  SqlRequest request{std::move(statement.sql), std::move(statement.parameters), {}, {}, threads_};
  auto opened = engine_.execute(request, cancel);
  if (opened && statement.column_names.empty()) return opened;
  if (opened) return std::make_unique<NamedBatches>(std::move(*opened), statement.column_names);
  Error error = opened.error();
  // The SQL is ours: what is wrong with it is a value of the request (a filter that is no number, say).
  if (error.code == ErrorCode::QueryInvalid) error.code = ErrorCode::InvalidData;
  error.position.reset();
  return std::unexpected(std::move(error));
}

Result<std::int64_t> DatasetEngine::single_number(const std::string& sql, std::vector<std::string> parameters,
                                                  const CancelToken& cancel) {
  SqlRequest request{sql, std::move(parameters), {}, {}, 1};
  CANVASBACK_ASSIGN(auto stream, engine_.execute(request, cancel));
  CANVASBACK_ASSIGN(BatchPtr batch, stream->next());
  if (!batch) return fail(ErrorCode::Database, "A count gave no row.");
  return static_cast<const arrow::Int64Array&>(*batch->column(0)).Value(0);
}

Result<std::int64_t> DatasetEngine::count(const Dataset& dataset, const Selection& selection,
                                          const CancelToken& cancel) {
  CANVASBACK_ASSIGN(SqlStatement statement, count_sql(dataset, selection));
  return single_number(statement.sql, std::move(statement.parameters), cancel);
}

}  // namespace canvasback
