#include "engine/duckdb/result_stream.hpp"

#include <arrow/c/bridge.h>
#include <arrow/table.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/key_value_metadata.h>

#include <atomic>
#include <thread>

#include "base/limits.hpp"
#include "base/ordered_pipeline.hpp"
#include "engine/duckdb/errors.hpp"
#include "engine/duckdb/portable_types.hpp"

namespace canvasback::duck {
namespace {

using Group = std::vector<Chunk>;
constexpr std::int64_t kChunkRows = 2048;
constexpr int kTriesForAnError = 32;  // of a small statement every third is interrupted

Status arrow_failure(const arrow::Status& status) {
  const ErrorCode code = status.IsOutOfMemory() ? ErrorCode::MemoryLimit : ErrorCode::DataProcessing;
  return fail(code, "The engine's rows could not be converted.", status.ToString());
}

class ResultStream final : public BatchStream {
 public:
  ResultStream(Prepared prepared, ResultStreamOptions options, CancelToken cancel)
      : prepared_(std::move(prepared)), options_(std::move(options)), cancel_(std::move(cancel)) {}

  ~ResultStream() override {
    if (pipeline_) pipeline_->stop();
    dropped_ = true;
    // The fetching thread may be inside the engine; asked repeatedly, because a single interrupt can be lost.
    if (fetcher_.joinable()) {
      std::thread nudge([this] {
        while (!fetch_ended_) {
          duckdb_interrupt(options_.connection);
          std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
      });
      fetcher_.join();
      nudge.join();
    }
  }

  // Executes up to the first rows and learns the schema.
  Status start(Pending pending) {
    if (duckdb_execute_pending(pending.get(), result_.get()) != DuckDBSuccess) {
      const char* message = duckdb_result_error(result_.get());
      if (message == nullptr) message = duckdb_pending_error(pending.get());
      return std::unexpected(failure(message ? message : "unknown error"));
    }
    arrow_options_ = ArrowOptions(duckdb_result_get_arrow_options(result_.get()));
    CANVASBACK_TRY(learn_schema());
    // A result that ends within its first rows needs no threads.
    CANVASBACK_ASSIGN(Fetched first, fetch_group());
    if (first.last) {
      if (!first.chunks.empty()) {
        CANVASBACK_ASSIGN(only_, convert(std::move(first.chunks)));
      }
      return {};
    }
    const int threads = std::max(1, options_.convert_threads);
    pipeline_ = std::make_unique<OrderedPipeline<Group, BatchPtr>>(
        OrderedPipeline<Group, BatchPtr>::Bounds{threads, static_cast<std::size_t>(threads) * 2 + 1,
                                                 limits::kEngineBytesInFlight},
        [this](Group group) { return convert(std::move(group)); });
    const std::size_t bytes = static_cast<std::size_t>(first.rows) * row_bytes_;
    static_cast<void>(pipeline_->push(std::move(first.chunks), bytes));
    fetcher_ = std::thread([this] {
      try {
        pipeline_->close(fetch());
      } catch (const std::exception&) {  // out of memory, by all that is known of what is called here
        pipeline_->close(fail(ErrorCode::MemoryLimit, "The task needs more memory than a worker has."));
      }
      fetch_ended_ = true;
    });
    return {};
  }

  SchemaPtr schema() const override { return schema_; }

  Result<BatchPtr> next() override {
    if (ended_) return BatchPtr();
    if (!pipeline_) {
      ended_ = true;
      if (!only_) return BatchPtr();
      return options_.row_limit ? only_->Slice(0, *options_.row_limit) : only_;
    }
    auto popped = pipeline_->pop([this] { return cancel_.check(); });
    if (!popped) {
      ended_ = true;
      return std::unexpected(popped.error());
    }
    if (!*popped) {
      ended_ = true;
      return BatchPtr();
    }
    BatchPtr batch = std::move(**popped);
    if (options_.row_limit && rows_ + batch->num_rows() >= *options_.row_limit) {
      batch = batch->Slice(0, *options_.row_limit - rows_);
      ended_ = true;
      pipeline_->stop();
      if (batch->num_rows() == 0) return BatchPtr();
    }
    rows_ += batch->num_rows();
    return batch;
  }

 private:
  Status learn_schema() {
    const idx_t count = duckdb_column_count(result_.get());
    std::vector<LogicalType> types;
    std::vector<duckdb_logical_type> raw;
    std::vector<const char*> names;
    for (idx_t i = 0; i < count; ++i) {
      types.emplace_back(duckdb_column_logical_type(result_.get(), i));
      raw.push_back(types.back().get());
      names.push_back(duckdb_column_name(result_.get(), i));
    }
    ArrowSchema exported{};
    ErrorData error(duckdb_to_arrow_schema(arrow_options_.get(), raw.data(), names.data(), count, &exported));
    if (error && duckdb_error_data_has_error(error.get())) {
      return std::unexpected(translate_error(duckdb_error_data_message(error.get()), options_.sql, cancel_));
    }
    auto imported = arrow::ImportSchema(&exported);
    // Types nested past Arrow's own bound, say: a property of the statement.
    if (!imported.ok()) {
      return fail(ErrorCode::QueryInvalid, "The result has a column of a type that cannot be sent.",
                  imported.status().ToString());
    }
    engine_schema_ = *imported;
    arrow::FieldVector fields;
    for (idx_t i = 0; i < count; ++i) {
      // The SQL name of the type goes along: HUGEINT and UUID have no Arrow type of their own.
      auto metadata = arrow::key_value_metadata({"canvasback.type"}, {type_text(raw[i])});
      fields.push_back(engine_schema_->field(static_cast<int>(i))->WithMetadata(metadata));
    }
    schema_ = arrow::schema(std::move(fields));
    return {};
  }

  // What a failed step of the statement means. The engine stops its other threads where one fails, and since 1.5 the
  // one that fetches may tell of that instead ("Interrupted", duckdb#25902). Where nobody asked for it, the statement
  // is run again, its rows thrown away, up to what it cannot do.
  Error failure(std::string message) {
    for (int tries = 0; is_interrupt(message) && !stopped() && tries < kTriesForAnError; ++tries) {
      message = fail_again();
    }
    const bool unsaid = message.empty() || is_interrupt(message);
    if (unsaid && !stopped()) {
      return {ErrorCode::Database, "The statement failed, and the engine did not say why.", {}, {}, 0};
    }
    return translate_error(unsaid ? "INTERRUPT Error" : message, options_.sql, cancel_);
  }
  bool stopped() const { return dropped_ || cancel_.cancelled(); }

  // The message of another execution; empty where that one did not fail.
  std::string fail_again() {
    Pending pending;
    QueryResult result;
    const char* message = nullptr;
    if (duckdb_pending_prepared_streaming(prepared_.get(), pending.out()) != DuckDBSuccess) {
      message = duckdb_pending_error(pending.get());
    } else {
      if (duckdb_execute_pending(pending.get(), result.get()) == DuckDBSuccess) {
        while (!stopped() && Chunk(duckdb_fetch_chunk(*result.get()))) continue;
      }
      message = duckdb_result_error(result.get());
    }
    return message != nullptr ? message : "";
  }

  struct Fetched {
    Group chunks;
    std::int64_t rows = 0;
    bool last = false;  // the engine has no more
  };

  // The next rows, about group_rows_ of them. Blocks while the engine works.
  Result<Fetched> fetch_group() {
    Fetched out;
    while (out.rows < group_rows_) {
      if (dropped_ || cancel_.cancelled()) {
        CANVASBACK_TRY(cancel_.check());
        out.last = true;
        return out;
      }
      Chunk chunk(duckdb_fetch_chunk(*result_.get()));
      if (!chunk) {
        const char* message = duckdb_result_error(result_.get());
        if (message != nullptr && *message != '\0') {
          return std::unexpected(failure(message));
        }
        out.last = true;
        break;
      }
      const auto size = static_cast<std::int64_t>(duckdb_data_chunk_get_size(chunk.get()));
      if (size == 0) continue;
      out.rows += size;
      out.chunks.push_back(std::move(chunk));
    }
    return out;
  }

  // Runs on the fetching thread until the last row, an error, or a stop.
  Status fetch() {
    while (true) {
      const std::size_t row_bytes = std::max<std::size_t>(row_bytes_, 1);
      const auto fitting = static_cast<std::int64_t>(limits::kBatchBytesTarget / std::max<std::size_t>(row_bytes, 16));
      group_rows_ = std::clamp(std::min(group_rows_ * 2, fitting), kChunkRows, limits::kBatchRows);
      CANVASBACK_ASSIGN(Fetched group, fetch_group());
      const std::size_t bytes = static_cast<std::size_t>(group.rows) * row_bytes;
      if (!group.chunks.empty() && !pipeline_->push(std::move(group.chunks), bytes)) return {};
      if (group.last) return {};
    }
  }

  Result<BatchPtr> convert(Group group) {
    std::vector<BatchPtr> parts;
    std::size_t bytes = 0;
    std::int64_t rows = 0;
    for (Chunk& chunk : group) {
      ArrowArray array{};
      ErrorData error(duckdb_data_chunk_to_arrow(arrow_options_.get(), chunk.get(), &array));
      if (error && duckdb_error_data_has_error(error.get())) {
        return std::unexpected(translate_error(duckdb_error_data_message(error.get()), options_.sql, cancel_));
      }
      chunk.reset();
      auto imported = arrow::ImportRecordBatch(&array, engine_schema_);
      if (!imported.ok()) return std::unexpected(arrow_failure(imported.status()).error());
      auto size = arrow::util::ReferencedBufferSize(**imported);
      bytes += static_cast<std::size_t>(size.ok() ? *size : 0);
      rows += (*imported)->num_rows();
      parts.push_back((*imported)->ReplaceSchemaMetadata(nullptr));
    }
    row_bytes_ = bytes / static_cast<std::size_t>(std::max<std::int64_t>(rows, 1)) + 1;
    BatchPtr joined = parts[0];
    if (parts.size() > 1) {
      auto result = arrow::ConcatenateRecordBatches(parts);
      if (!result.ok()) return std::unexpected(arrow_failure(result.status()).error());
      joined = *result;
    }
    return arrow::RecordBatch::Make(schema_, joined->num_rows(), joined->columns());
  }

  Prepared prepared_;
  ResultStreamOptions options_;
  CancelToken cancel_;
  QueryResult result_;
  ArrowOptions arrow_options_;
  SchemaPtr engine_schema_;
  SchemaPtr schema_;
  std::int64_t group_rows_ = kChunkRows;
  BatchPtr only_;  // a small result; pipeline_ is not there then
  std::unique_ptr<OrderedPipeline<Group, BatchPtr>> pipeline_;
  std::thread fetcher_;
  std::atomic<bool> dropped_ = false;
  std::atomic<bool> fetch_ended_ = false;
  std::atomic<std::size_t> row_bytes_ = 256;  // of the newest group; a guess before the first
  std::int64_t rows_ = 0;
  bool ended_ = false;
};

}  // namespace

Result<std::unique_ptr<BatchStream>> make_result_stream(Prepared prepared, Pending pending, ResultStreamOptions options,
                                                        CancelToken cancel) {
  auto stream = std::make_unique<ResultStream>(std::move(prepared), std::move(options), std::move(cancel));
  CANVASBACK_TRY(stream->start(std::move(pending)));
  return stream;
}

}  // namespace canvasback::duck
