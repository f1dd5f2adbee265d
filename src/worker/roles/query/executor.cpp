#include "worker/roles/query/executor.hpp"

#include <arrow/array.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "encode/registry.hpp"
#include "query/narrowing.hpp"
#include "source/arrow/arrow_reader.hpp"
#include "sql/column_names.hpp"
#include "sql/file_forms.hpp"
#include "sql/record_range_sql.hpp"
#include "sql/sql_builder.hpp"
#include "stream/compressing_sink.hpp"
#include "stream/exact_batches.hpp"
#include "stream/named_batches.hpp"
#include "worker/roles/query/narrowed.hpp"
#include "worker/roles/query/streamed_files.hpp"
#include "worker/roles/query/text_files.hpp"

namespace canvasback {

namespace {

// Whether a text has a quoted one that ends in nan, as a statement that compares with it must.
bool quotes_nan(std::string_view given) {
  const std::string text = lower(given);
  for (std::size_t at = text.find("nan"); at != std::string::npos; at = text.find("nan", at + 1)) {
    const std::size_t next = text.find_first_not_of(" \t\n", at + 3);
    if (next != std::string::npos && (text[next] == '\'' || text[next] == '"' || text[next] == '$')) return true;
  }
  return false;
}

// The engine hashes NaN in one form when it asks a file's Bloom filter, but files hold NaN in several (-NaN): it would
// skip row groups that have them. A column that is computed is never asked for in the filter.
std::string without_bloom_filters(const Dataset& dataset) {
  const ColumnNames names(dataset);
  std::vector<std::string> computed;
  for (const DatasetColumn& column : dataset.columns) {
    if (column.type != "DOUBLE" && column.type != "FLOAT") continue;
    const std::string name = names.sql(column.name);
    computed.push_back(fmt::format("CASE WHEN isnan({0}) THEN 'NaN' ELSE {0} END AS {0}", name));
  }
  const std::string relation = relation_sql(dataset);
  if (computed.empty() || dataset.kind != DatasetKind::Parquet) return relation;
  return fmt::format("(SELECT * REPLACE ({}) FROM {})", fmt::join(computed, ", "), relation);
}

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

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

Executor::Executor(std::unique_ptr<Engine> engine, Channel& channel, ExecutorOptions options)
    : engine_(std::move(engine)),
      channel_(channel),
      options_(std::move(options)),
      blocks_(options_.cache_folder),
      tables_(options_.cache_folder),
      block_writer_(std::make_unique<BlockWriter>(channel, options_.spill_folder, options_.cache_folder)) {}

void Executor::update_catalog(const Json& datasets) {
  for (const Json& entry : datasets.as_array()) {
    auto dataset = dataset_from_json(entry);
    if (!dataset) continue;
    held_.erase(dataset->name);
    text_sources_.erase(dataset->name);
    catalog_.insert_or_assign(dataset->name, std::move(*dataset));
  }
}

void Executor::hold(const std::string& dataset, std::vector<UniqueFd> files) {
  HeldDescriptors held;
  for (UniqueFd& file : files) held.push_back(std::make_shared<const UniqueFd>(std::move(file)));
  held_.insert_or_assign(dataset, std::move(held));
}

// Names in SQL mean the same in any case; which of two that differ only by it is admit()'s to say.
const Dataset* Executor::find_table(std::string_view name) const {
  if (auto exact = catalog_.find(name); exact != catalog_.end()) return &exact->second;
  for (const auto& [known, dataset] : catalog_) {
    if (lower(known) == lower(name)) return &dataset;
  }
  return nullptr;
}

Json Executor::progress() const {
  Json out;
  const std::int64_t rows = rows_sent_;
  const std::int64_t expected = rows_expected_;
  out.set("rows", rows);
  out.set("bytes", bytes_sent_.load());
  out.set("rows_expected", expected >= 0 ? Json(expected) : Json());
  double share = share_done_;
  if (expected > 0) share = std::min(1.0, static_cast<double>(rows) / static_cast<double>(expected));
  if (share < 0) share = engine_->progress();
  out.set("share", share >= 0 ? share_from_ + share_weight_ * share : share_from_ > 0 ? share_from_.load() : share);
  return out;
}

void Executor::run(const Task& task, CancelToken cancel) {
  block_writer_->stay_idle();
  threads_ = task.threads > 0 ? std::min(task.threads, options_.threads) : options_.threads;
  engine_->use_threads(threads_);
  decoded_.clear();
  unchecked_ = {task.unchecked.begin(), task.unchecked.end()};
  checked_ = Json::Array{};
  reading_.clear();
  as_listed_ = std::holds_alternative<InspectWork>(task.work) || task.files.as_listed;
  named_.clear();
  changed_.clear();
  closed_.clear();
  rows_alone_ = std::holds_alternative<WindowWork>(task.work);
  rows_sent_ = 0;
  bytes_sent_ = 0;
  rows_expected_ = -1;
  share_done_ = -1;
  share_from_ = 0;
  share_weight_ = 1;
  FrameSink sink(channel_, cancel);
  TaskMetrics metrics;
  Json done;
  Status status;
  try {
    status = std::visit(Overloaded{
                            [&](const RowsWork& work) { return run_rows(task, work, cancel, sink, metrics); },
                            [&](const SqlWork& work) { return run_sql(task, work, cancel, sink, metrics); },
                            [&](const InspectWork& work) { return run_inspect(work, cancel, done); },
                            [&](const AnalyseWork& work) { return run_analyse(task, work, cancel, sink, metrics); },
                            [&](const ViewWork& work) { return run_view(task, work, cancel, metrics, done); },
                            [&](const WindowWork& work) { return run_window(work, cancel, sink, metrics, done); },
                            [&](const SearchWork& work) { return run_search(task, work, cancel, sink, metrics); },
                            [&](const TileWork& work) { return run_tile(task, work, cancel, sink, metrics, done); },
                            [&](const RecordWork& work) { return run_record(task, work, cancel, sink, metrics, done); },
                            [](const auto&) -> Status {
                              return fail(ErrorCode::DataProcessing, "A task of this kind is not this worker's.");
                            },
                        },
                        task.work);
  } catch (const std::bad_alloc&) {
    status = fail(ErrorCode::MemoryLimit, "The task needs more memory than a worker has.");
  } catch (const std::exception& error) {
    // Third-party code may throw where it says it does not; the task fails, the worker goes on.
    status = fail(ErrorCode::DataProcessing, "The task failed.", error.what());
  }
  // Files that were replaced while they were read explain whatever went wrong, and spoil what did not.
  if (Status unchanged = check_unchanged(); !unchanged) status = std::move(unchanged);
  if (!status) {
    static_cast<void>(sink.end_with(FrameKind::Failed, failure_of(task, status.error(), cancel).dump()));
    return;
  }
  done.set("metrics", metrics_json(task, sink, metrics));
  Json blocks = Json::Array{};
  for (const std::string& key : metrics.blocks) blocks.push(key);
  done.set("blocks", std::move(blocks));
  if (!checked_.as_array().empty()) done.set("checked", std::move(checked_));
  if (metrics.counted_total) done.set("counted_total", *metrics.counted_total);
  static_cast<void>(sink.end_with(FrameKind::Done, done.dump()));
  for (const auto& [key, block] : decoded_) block_writer_->store(key, *block);
  decoded_.clear();
}

Json Executor::failure_of(const Task& task, const Error& error, const CancelToken& cancel) {
  // Whatever broke because the task was stopped is reported as the stop.
  Json failed = to_json(cancel.cancelled() ? cancel.error() : error);
  // A statement can spoil the engine for those behind it; whoever fails leaves a working one or none.
  if (runs_statement(task.work) && !cancel.cancelled() && !single_number("SELECT 1::BIGINT", {}, cancel)) {
    failed.set("retire", true);
  }
  const auto list = [&](const char* name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    Json out = Json::Array{};
    for (const std::string& value : values) out.push(value);
    failed.set(name, std::move(out));
  };
  list("tables", named_);
  list("changed", changed_);
  if (!closed_.empty()) failed.set("closed", closed_);
  return failed;
}

Json Executor::metrics_json(const Task& task, const FrameSink& sink, const TaskMetrics& metrics) const {
  const double duration_ms = static_cast<double>(monotonic_ns() - task.received_ns) / 1e6;
  auto rounded = [](double ms) { return static_cast<double>(static_cast<std::int64_t>(ms * 1000 + 0.5)) / 1000; };
  Json out;
  out.set("duration_ms", rounded(duration_ms));
  out.set("queue_ms", rounded(task.queue_ms));
  out.set("engine_ms", rounded(metrics.engine_ms));
  out.set("encode_ms", rounded(metrics.encode_ms));
  out.set("throughput_rps", rounded(duration_ms > 0 ? static_cast<double>(metrics.rows) / duration_ms * 1000 : 0));
  out.set("rows", metrics.rows);
  out.set("bytes", sink.bytes());
  out.set("method", metrics.method);
  out.set("memory_usage_mb", rounded(static_cast<double>(options_.resident_bytes()) / 1e6));
  out.set("worker", task.worker_number);
  return out;
}

Result<std::shared_ptr<const PartSource>> Executor::text_source(const Dataset& dataset) {
  KeptSource& kept = text_sources_[dataset.name];
  if (!kept.source || kept.version != dataset.version) {
    CANVASBACK_ASSIGN(kept.source, open_text_files(dataset));
    kept.version = dataset.version;
  }
  return kept.source;
}

Status Executor::define(const Dataset& dataset) {
  if (dataset.text) {
    CANVASBACK_ASSIGN(auto source, text_source(dataset));
    engine_->define_parts(dataset.name, std::move(source));
    return {};
  }
  if (dataset.forms) {
    for (const FileRun& run : file_runs(dataset)) {
      if (!dataset.forms->at(static_cast<std::size_t>(run.form)).streamed) continue;
      engine_->define_stream(stream_name(dataset, run),
                             [dataset, run] { return open_streamed_run(dataset, run, CancelToken()); });
    }
    return {};
  }
  if (dataset.kind == DatasetKind::Arrow) {
    std::vector<std::string> paths;
    for (const DataFile& file : dataset.files) paths.push_back(file.path);
    engine_->define_stream(
        dataset.name, [paths, fine = dataset.fine_columns] { return open_arrow_files(paths, fine, CancelToken()); });
  }
  return {};
}

Status Executor::encode(const Task& task, BatchStream& rows, std::function<Json()> tail, FrameSink& sink,
                        TaskMetrics& metrics, const CancelToken& cancel) {
  const OutputOptions& output = task.output;
  ExactBatches exact(rows, std::max<std::int64_t>(output.batch_rows, 1));
  BatchStream& stream = output.batch_rows > 0 ? static_cast<BatchStream&>(exact) : rows;
  std::unique_ptr<ByteSink> compressed;
  ByteSink* target = &sink;
  if (!output.content_encoding.empty()) {
    CANVASBACK_ASSIGN(compressed, make_compressing_sink(output.content_encoding, sink));
    target = compressed.get();
  }
  EncodeOptions options;
  options.compression = output.compression;
  options.numbers_exact = output.numbers_exact;
  options.row_objects = output.row_objects;
  options.threads = threads_;
  options.tail = std::move(tail);
  options.document = document_of(task.work);
  CANVASBACK_ASSIGN(std::unique_ptr<Encoder> encoder, make_encoder(output.format, *target, options));
  Stopwatch encoding;
  Status status = encoder->begin(stream.schema());
  metrics.encode_ms += encoding.elapsed_ms();
  while (status) {
    Stopwatch waiting;
    auto batch = stream.next();
    metrics.engine_ms += waiting.elapsed_ms();
    if (!batch) {
      status = std::unexpected(batch.error());
      break;
    }
    if (!*batch) break;
    metrics.rows += (*batch)->num_rows();
    encoding.restart();
    status = encoder->write(std::move(*batch));
    metrics.encode_ms += encoding.elapsed_ms();
    rows_sent_ = encoder->rows_done();
    bytes_sent_ = sink.bytes();
    if (status) status = cancel.check();
  }
  if (!status) {
    encoder->abandon();
    return status;
  }
  encoding.restart();
  status = encoder->finish();
  metrics.encode_ms = std::max(0.0, metrics.encode_ms + encoding.elapsed_ms() - sink.blocked_ms());
  return status;
}

// What a workbook says of its rows.
DocumentInfo Executor::document_of(const TaskWork& task_work) const {
  DocumentInfo document;
  document.created_us = wall_us();
  if (const auto* sql = std::get_if<SqlWork>(&task_work)) {
    document.title = "Query";
    document.rows_max = sql->row_limit.value_or(-1);
    document.properties.emplace_back("SQL", sql->range ? text_of(*sql->range) : sql->statement.sql);
    return document;
  }
  Selection selection;
  std::visit(
      [&](const auto& work) {
        if constexpr (requires { document.title = work.dataset; }) document.title = work.dataset;
        if constexpr (requires { selection = work.selection; }) selection = work.selection;
      },
      task_work);
  document.properties.emplace_back("Dataset", document.title);
  if (const Dataset* dataset = find_table(document.title); dataset != nullptr && dataset->rows >= 0) {
    document.rows_max = std::min(dataset->rows, selection.limit.value_or(dataset->rows));
  }
  if (!selection.filter.is_null()) document.properties.emplace_back("Filter", selection.filter.dump());
  std::string sort;
  for (const SortKey& key : selection.sort) {
    sort += (sort.empty() ? "" : ",") + std::string(key.descending ? "-" : "") + key.column;
  }
  if (!sort.empty()) document.properties.emplace_back("Sort", sort);
  if (const auto& sample = selection.sample) {
    document.properties.emplace_back("Sample", sample->share > 0
                                                   ? fmt::format("{}%, seed {}", sample->share * 100, sample->seed)
                                                   : fmt::format("{} rows, seed {}", sample->rows, sample->seed));
  }
  return document;
}

// What the gate says of the user's own statement. Datasets that are closed are known by name, so that who asks for one
// hears why it is.
Result<Admitted> Executor::admit(const Task& task, const std::string& sql) {
  Admitted admitted;
  if (!options_.gate) {
    for (const auto& [name, dataset] : catalog_) admitted.tables.push_back(name);
    return admitted;
  }
  std::set<std::string, std::less<>> closed;
  for (const std::string& name : task.files.closed) closed.insert(lower(name));
  const auto visible = [&](std::string_view name) {
    return find_table(name) != nullptr || closed.contains(lower(name));
  };
  CANVASBACK_ASSIGN(admitted, engine_->admit(sql, visible));
  named_ = admitted.tables;
  for (const std::string& table : admitted.tables) {
    std::vector<std::string> alike;
    for (const auto& [known, dataset] : catalog_) {
      if (lower(known) == lower(table)) alike.push_back(known);
    }
    if (alike.size() > 1) {
      return fail(ErrorCode::QueryInvalid,
                  fmt::format("In SQL \"{}\" may be any of {}: there names do not differ by the case of letters.",
                              table, fmt::join(alike, ", ")));
    }
    if (!closed.contains(lower(table))) continue;
    closed_ = table;
    return fail(ErrorCode::Unavailable, fmt::format("The dataset \"{}\" cannot be read.", table));
  }
  return admitted;
}

// The rows of the user's own statement, through the gate.
Result<std::unique_ptr<BatchStream>> Executor::open_statement(const Task& task, const Statement& statement,
                                                              const CancelToken& cancel, TaskMetrics& metrics) {
  metrics.method = "duckdb";
  CANVASBACK_ASSIGN(const Admitted admitted, admit(task, statement.sql));
  if (admitted.plain && statement.parameters.is_null()) {
    CANVASBACK_ASSIGN(auto stream, plan_plain_select(*admitted.plain, cancel, metrics));
    if (stream) return stream;
  }
  const Narrowing& narrowing = statement.narrowing;
  for (const std::string& table : admitted.tables) {
    const Dataset& dataset = *find_table(table);
    CANVASBACK_TRY(check_files(dataset, cancel));
    if (dataset.name == narrowing.collection && !narrowing.empty()) {
      CANVASBACK_ASSIGN(const Dataset some, narrowed(dataset, narrowing, threads_, cancel));
      // Of this statement alone: the next one defines it anew.
      CANVASBACK_TRY(engine_->define_view(dataset.name, fmt::format("narrowed {}", task.id), relation_sql(some)));
      continue;
    }
    CANVASBACK_TRY(define(dataset));
    const bool nan = quotes_nan(statement.sql) || quotes_nan(statement.parameters.dump());
    const std::string relation = nan ? without_bloom_filters(dataset) : relation_sql(dataset);
    CANVASBACK_TRY(engine_->define_view(dataset.name, dataset.version + (nan ? " nan" : ""), relation));
  }
  SqlRequest request{statement.sql, {}, statement.parameters, {}, threads_};
  if (statement.parameters.is_null()) {
    request.sql = engine_->cheaper_statement(statement.sql);
    if (!request.sql.empty()) {
      auto stream = engine_->execute(request, cancel);
      if (stream || cancel.cancelled()) return stream;
    }
    request.sql = statement.sql;  // errors are of the statement as it was written
  }
  return engine_->execute(request, cancel);
}

Status Executor::run_sql(const Task& task, const SqlWork& work, const CancelToken& cancel, FrameSink& sink,
                         TaskMetrics& metrics) {
  Stopwatch watch;
  const Dataset* collection = work.range ? find_table(work.range->collection) : nullptr;
  std::vector<std::string> exact;
  for (std::size_t i = 0; collection != nullptr && i < collection->columns.size(); ++i) {
    exact.push_back(collection->columns[i].name);
  }
  const ColumnNames names(exact);
  const Statement statement = work.range ? statement_of(*work.range, names) : work.statement;
  CANVASBACK_ASSIGN(std::unique_ptr<BatchStream> stream, open_statement(task, statement, cancel, metrics));
  if (names.differ()) stream = std::make_unique<NamedBatches>(std::move(stream), exact);
  metrics.engine_ms += watch.elapsed_ms();

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
    add_left_out(out, task.files.left_out);
    out.set("next", Json());
    out.set("performance_metrics", metrics_json(task, sink, metrics));
    return out;
  };
  return encode(task, limited, tail, sink, metrics, cancel);
}

void Executor::add_left_out(Json& tail, const std::vector<std::string>& names) {
  if (names.empty()) return;
  Json list = Json::Array{};
  for (const std::string& name : names) list.push(name);
  tail.set("total_exact", false);
  tail.set("left_out", std::move(list));
}

Result<std::int64_t> Executor::single_number(const std::string& sql, std::vector<std::string> parameters,
                                             const CancelToken& cancel) {
  SqlRequest request{sql, std::move(parameters), {}, {}, 1};
  CANVASBACK_ASSIGN(auto stream, engine_->execute(request, cancel));
  CANVASBACK_ASSIGN(BatchPtr batch, stream->next());
  if (!batch) return fail(ErrorCode::Database, "A count gave no row.");
  return static_cast<const arrow::Int64Array&>(*batch->column(0)).Value(0);
}

Result<std::int64_t> Executor::count(const Dataset& dataset, const Selection& selection, const CancelToken& cancel) {
  CANVASBACK_ASSIGN(SqlStatement statement, count_sql(dataset, selection));
  return single_number(statement.sql, std::move(statement.parameters), cancel);
}

}  // namespace canvasback
