// The benchmark of CollectionService: the same records under the same schema and durability, one by one and in bulk,
// into a collection beside the others that nobody sees and that is gone afterwards.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/clock.hpp"
#include "base/hash.hpp"
#include "base/limits.hpp"
#include "service/collection/collection_service.hpp"
#include "service/schedule/on_thread.hpp"
#include "storage/file.hpp"

namespace canvasback {
namespace {

constexpr double kSingleRecordsMs = 4'000;  // of writing records one by one
constexpr std::int64_t kDayUs = 86'400'000'000;
constexpr std::int64_t kFirstDay = 20'089;  // 2025-01-01

// A value that the field takes, another for each number where it can be.
Result<std::string> value_for(const SchemaField& field, std::int64_t number) {
  if (!field.allowed.empty()) return field.allowed[static_cast<std::size_t>(number) % field.allowed.size()].dump();
  if (!field.pattern.empty()) {
    if (!field.default_value.is_null()) return field.default_value.dump();
    return fail(ErrorCode::InvalidData,
                fmt::format("Nothing is known that \"{}\" matches: the field needs an enum or a default for this.",
                            field.name));
  }
  const std::int64_t least =
      field.minimum.is_number() ? static_cast<std::int64_t>(std::ceil(field.minimum.as_double())) : 0;
  std::int64_t range = INT64_MAX / 4;
  if (field.maximum.is_number()) {
    range = std::max<std::int64_t>(1, static_cast<std::int64_t>(field.maximum.as_double()) - least);
  }
  switch (field.type) {
    case FieldType::Integer: return fmt::format("{}", least + number % range);
    case FieldType::Number: return fmt::format("{}.25", least + number % range);
    case FieldType::Boolean: return number % 2 == 0 ? "true" : "false";
    case FieldType::Date:
    case FieldType::Timestamp: {
      if (field.minimum.is_string()) return field.minimum.dump();
      if (field.maximum.is_string()) return field.maximum.dump();
      const std::string time = iso_time((kFirstDay + number % 365) * kDayUs);
      return Json(field.type == FieldType::Date ? time.substr(0, 10) : time).dump();
    }
    case FieldType::Array: return fmt::format("[{},{}]", number, number + 1);
    case FieldType::Object: return fmt::format("{{\"n\":{}}}", number);
    case FieldType::String:
    case FieldType::Any: break;
  }
  std::string text = fmt::format("v{:08}", number);
  const auto least_length = static_cast<std::size_t>(field.min_length.value_or(0));
  if (text.size() < least_length) text.append(least_length - text.size(), 'x');
  const auto length = static_cast<std::size_t>(field.max_length.value_or(INT64_MAX));
  if (text.size() > length) text = text.substr(text.size() - length);
  return Json(text).dump();
}

Result<std::string> record_for(const RecordSchema& schema, std::int64_t number) {
  std::string out = "{";
  for (const SchemaField& field : schema.fields) {
    CANVASBACK_ASSIGN(std::string value, value_for(field, number));
    if (out.size() > 1) out += ',';
    append_json_string(out, field.name);
    out += ':' + value;
  }
  return out + "}";
}

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
struct CollectionService::Scratch {
  Collection collection;
  std::string base;
  ~Scratch() {
    std::error_code error;
    std::filesystem::remove_all(base, error);
  }
};

asio::awaitable<Result<Json>> CollectionService::benchmark(BenchmarkRequest request) {
  using Out = Result<Json>;
  if (benchmarking_) co_return Out(fail(Error{ErrorCode::TooManyRequests, "A benchmark runs already.", {}, {}, 5}));
  RecordSchema schema;
  schema.name = request.schema;
  schema.fields = {{"field1", FieldType::String}, {"field2", FieldType::Integer}};
  if (const RecordSchema* known = schemas_.find(request.schema)) schema = *known;
  std::vector<std::string> singles;
  std::string many = "[";
  for (std::int64_t i = 0; i < request.single_records + request.records; ++i) {
    auto record = record_for(schema, i);
    if (!record) co_return Out(std::unexpected(record.error()));
    if (i < request.single_records) {
      singles.push_back(std::move(*record));
    } else {
      many += (many.size() > 1 ? "," : "") + *record;
    }
  }
  many += "]";
  benchmarking_ = true;
  const std::shared_ptr<void> done(nullptr, [this](void*) { benchmarking_ = false; });
  Scratch scratch;
  scratch.base = fmt::format("{}/benchmark-{}", options_.data_folder, random_hex(8));
  Collection& collection = scratch.collection;
  collection.name = request.schema;
  collection.folder = scratch.base + "/parquet";
  collection.quarantine = scratch.base + "/quarantine";
  collection.is_scratch = true;
  collection.lock = std::make_unique<CollectionLock>(executor_);
  collection.schema = std::make_shared<const RecordSchema>(schema);
  if (!schema.keys().empty()) collection.keys = std::make_unique<CollectionKeys>(schema, key_secret_);
  if (Status made = file::make_folder(collection.folder); !made) co_return Out(std::unexpected(made.error()));
  IngestRequest ingest;
  ingest.collection = request.schema;
  std::size_t bytes = 0;
  Stopwatch watch;
  std::int64_t single_records = 0;
  for (std::string& record : singles) {
    if (watch.elapsed_ms() > kSingleRecordsMs) break;  // enough to know
    ++single_records;
    bytes += record.size();
    ingest.received_ns = monotonic_ns();
    auto answer = co_await ingest_into(collection, ingest, std::move(record));
    if (!answer) co_return Out(std::unexpected(answer.error()));
    // Merging would slow the single records down further: they are measured without.
    if (collection.commit_count() >= limits::kCommitsMergeAt / 2) collection.files.live.clear();
  }
  const double single_ms = watch.elapsed_ms();
  Json out;
  out.set("schema", request.schema);
  out.set("row_by_row", side(single_records, single_ms, bytes, single_records));
  watch.restart();
  ingest.received_ns = monotonic_ns();
  auto stream = co_await begin_in(collection, ingest);
  if (!stream) co_return Out(std::unexpected(stream.error()));
  const bool fed = co_await (*stream)->feed(many);
  auto answer = co_await (*stream)->finish();
  if (!answer) co_return Out(std::unexpected(answer.error()));
  const double bulk_ms = watch.elapsed_ms();
  if (!fed || answer->records != request.records) {
    co_return Out(fail(ErrorCode::DataProcessing, "The benchmark did not keep all of its records."));
  }
  out.set("bulk", side(request.records, bulk_ms, many.size(), 1));
  const double single_rps = static_cast<double>(single_records) / single_ms;
  const double bulk_rps = static_cast<double>(request.records) / bulk_ms;
  out.set("speedup", bulk_rps / single_rps);
  out.set("durability", options_.sync_each_commit ? "commit" : "interval");
  out.set("validated", !schema.fields.empty());
  out.set("keys", static_cast<std::uint64_t>(schema.keys().size()));
  Json metrics;
  metrics.set("duration_ms", single_ms + bulk_ms);
  metrics.set("throughput_rps", bulk_rps * 1000);
  metrics.set("rows", request.records + single_records);
  metrics.set("method", "simdjson_arrow_parquet");
  metrics.set("memory_usage_mb", answer->memory_usage_mb);
  out.set("performance_metrics", std::move(metrics));
  auto remove_all = [base = scratch.base] {
    std::error_code error;
    std::filesystem::remove_all(base, error);
    return true;
  };
  co_await on_thread(disk_, remove_all);
  co_return out;
}

}  // namespace canvasback
