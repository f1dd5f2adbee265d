#include "service/collection/benchmark_service.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/limits.hpp"
#include "service/collection/fitting_record.hpp"
#include "service/schedule/on_thread.hpp"
#include "storage/file.hpp"

namespace canvasback {
namespace {

constexpr double kSingleRecordsMs = 4'000;  // of writing records one by one

Json side(std::int64_t records, double duration_ms, std::size_t bytes, std::int64_t commits) {
  Json out;
  out.set("records", records);
  out.set("bytes", static_cast<std::uint64_t>(bytes));
  out.set("commits", commits);
  out.set("duration_ms", duration_ms);
  out.set("throughput_rps", static_cast<double>(records) / duration_ms * 1000);
  return out;
}

}  // namespace

// What was written goes, however the benchmark ends.
struct BenchmarkService::Scratch {
  std::string base;
  RecordSchema schema;
  Collection collection;
  ~Scratch() {
    std::error_code error;
    std::filesystem::remove_all(base, error);
  }
};

struct BenchmarkService::Records {
  std::vector<std::string> singles;
  std::string many;

  static Result<Records> make(const RecordSchema& schema, const BenchmarkRequest& request) {
    Records out;
    out.many = "[";
    for (std::int64_t i = 0; i < request.single_records + request.records; ++i) {
      CANVASBACK_ASSIGN(std::string record, fitting_record(schema, i));
      if (i < request.single_records) {
        out.singles.push_back(std::move(record));
      } else {
        out.many += (out.many.size() > 1 ? "," : "") + record;
      }
    }
    out.many += "]";
    return out;
  }
};

RecordSchema BenchmarkService::schema_of(const std::string& name) const {
  if (const RecordSchema* known = schemas_.find(name)) return *known;
  RecordSchema schema;
  schema.name = name;
  schema.fields = {{"field1", FieldType::String}, {"field2", FieldType::Integer}};
  return schema;
}

asio::awaitable<Result<Json>> BenchmarkService::run(BenchmarkRequest request) {
  using Out = Result<Json>;
  if (running_) co_return Out(fail(Error{ErrorCode::TooManyRequests, "A benchmark runs already.", {}, {}, 5}));
  const RecordSchema schema = schema_of(request.schema);
  auto records = Records::make(schema, request);
  if (!records) co_return Out(std::unexpected(records.error()));
  running_ = true;
  const std::shared_ptr<void> done(nullptr, [this](void*) { running_ = false; });
  const std::string base = fmt::format("{}/benchmark-{}", context_.options.data_folder, random_hex(8));
  const CollectionPlace place{request.schema, base + "/parquet", base + "/archive", base + "/quarantine", true};
  Scratch scratch{base, schema, Collection(context_.executor, place, context_.options.sync_each_commit)};
  scratch.collection.schema = std::make_shared<const RecordSchema>(schema);
  if (!schema.keys().empty()) {
    scratch.collection.keys = std::make_unique<CollectionKeys>(schema, context_.key_secret);
  }
  if (Status made = file::make_folder(scratch.collection.folder); !made) co_return Out(std::unexpected(made.error()));
  auto measured = co_await measure(scratch, std::move(request), std::move(*records));
  auto remove_all = [base] {
    std::error_code error;
    std::filesystem::remove_all(base, error);
    return true;
  };
  if (measured) co_await on_thread(context_.commit_io, remove_all);
  co_return measured;
}

// Gives how many there was time for.
asio::awaitable<Result<std::int64_t>> BenchmarkService::write_singly(Collection& collection,
                                                                     std::vector<std::string> records) {
  IngestRequest ingest;
  ingest.collection = collection.name;
  const Stopwatch watch;
  std::int64_t count = 0;
  for (std::string& record : records) {
    if (watch.elapsed_ms() > kSingleRecordsMs) break;  // enough to know
    ++count;
    ingest.received_ns = monotonic_ns();
    auto answer = co_await ingest_.ingest_into(collection, ingest, std::move(record));
    if (!answer) co_return Result<std::int64_t>(std::unexpected(answer.error()));
    // Merging would slow the single records down further: they are measured without.
    if (collection.commit_count() >= limits::kCommitsMergeAt / 2) collection.files.live.clear();
  }
  co_return count;
}

asio::awaitable<Result<IngestAnswer>> BenchmarkService::write_at_once(Collection& collection, const std::string& body) {
  using Out = Result<IngestAnswer>;
  IngestRequest ingest;
  ingest.collection = collection.name;
  ingest.received_ns = monotonic_ns();
  auto stream = co_await ingest_.begin_in(collection, std::move(ingest));
  if (!stream) co_return Out(std::unexpected(stream.error()));
  const bool fed = co_await (*stream)->feed(body);
  auto answer = co_await (*stream)->finish();
  if (answer && !fed) answer->records = 0;  // no worker took it
  co_return answer;
}

asio::awaitable<Result<Json>> BenchmarkService::measure(Scratch& scratch, BenchmarkRequest request, Records records) {
  using Out = Result<Json>;
  std::vector<std::size_t> sizes;
  for (const std::string& record : records.singles) sizes.push_back(record.size());
  Stopwatch watch;
  auto singles = co_await write_singly(scratch.collection, std::move(records.singles));
  if (!singles) co_return Out(std::unexpected(singles.error()));
  const double single_ms = watch.elapsed_ms();
  std::size_t bytes = 0;
  for (std::int64_t i = 0; i < *singles; ++i) bytes += sizes[static_cast<std::size_t>(i)];
  watch.restart();
  auto answer = co_await write_at_once(scratch.collection, records.many);
  if (!answer) co_return Out(std::unexpected(answer.error()));
  const double bulk_ms = watch.elapsed_ms();
  if (answer->records != request.records) {
    co_return Out(fail(ErrorCode::DataProcessing, "The benchmark did not keep all of its records."));
  }
  const double single_rps = static_cast<double>(*singles) / single_ms;
  const double bulk_rps = static_cast<double>(request.records) / bulk_ms;
  Json out;
  out.set("schema", request.schema);
  out.set("row_by_row", side(*singles, single_ms, bytes, *singles));
  out.set("bulk", side(request.records, bulk_ms, records.many.size(), 1));
  out.set("speedup", bulk_rps / single_rps);
  out.set("durability", context_.options.sync_each_commit ? "commit" : "interval");
  out.set("validated", !scratch.schema.fields.empty());
  out.set("keys", static_cast<std::uint64_t>(scratch.schema.keys().size()));
  Json metrics;
  metrics.set("duration_ms", single_ms + bulk_ms);
  metrics.set("throughput_rps", bulk_rps * 1000);
  metrics.set("rows", request.records + *singles);
  metrics.set("method", "simdjson_arrow_parquet");
  metrics.set("memory_usage_mb", answer->memory_usage_mb);
  out.set("performance_metrics", std::move(metrics));
  co_return out;
}

}  // namespace canvasback
