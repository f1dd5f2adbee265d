#include "worker/roles/query/answer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/clock.hpp"
#include "encode/registry.hpp"
#include "stream/compressing_sink.hpp"
#include "stream/exact_batches.hpp"

namespace canvasback {
namespace {

// What a workbook says of its rows.
DocumentInfo document_of(const TaskContext& context) {
  const TaskWork& task_work = context.task.work;
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
  if (const Dataset* dataset = context.datasets.find_table(document.title); dataset != nullptr && dataset->rows >= 0) {
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

}  // namespace

Json metrics_json(const TaskContext& context) {
  const Task& task = context.task;
  const TaskMetrics& metrics = context.metrics;
  const double duration_ms = static_cast<double>(monotonic_ns() - task.received_ns) / 1e6;
  auto rounded = [](double ms) { return static_cast<double>(static_cast<std::int64_t>(ms * 1000 + 0.5)) / 1000; };
  Json out;
  out.set("duration_ms", rounded(duration_ms));
  out.set("queue_ms", rounded(task.queue_ms));
  out.set("engine_ms", rounded(metrics.engine_ms));
  out.set("encode_ms", rounded(metrics.encode_ms));
  out.set("throughput_rps", rounded(duration_ms > 0 ? static_cast<double>(metrics.rows) / duration_ms * 1000 : 0));
  out.set("rows", metrics.rows);
  out.set("bytes", context.sink.bytes());
  out.set("method", metrics.method);
  out.set("memory_usage_mb", rounded(static_cast<double>(context.options.resident_bytes()) / 1e6));
  out.set("worker", task.worker_number);
  return out;
}

Status write_answer(TaskContext& context, BatchStream& rows, std::function<Json()> tail) {
  const OutputOptions& output = context.task.output;
  FrameSink& sink = context.sink;
  TaskMetrics& metrics = context.metrics;
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
  options.threads = context.threads;
  options.tail = std::move(tail);
  options.document = document_of(context);
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
    context.progress.set_rows(encoder->rows_done());
    context.progress.set_bytes(sink.bytes());
    if (status) status = context.cancel.check();
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

void add_left_out(Json& tail, const std::vector<std::string>& names) {
  if (names.empty()) return;
  Json list = Json::Array{};
  for (const std::string& name : names) list.push(name);
  tail.set("total_exact", false);
  tail.set("left_out", std::move(list));
}

}  // namespace canvasback
