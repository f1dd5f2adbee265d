// Encoding a page (1,000 rows) and a block (65,536 rows) of twelve columns, on one thread, in bytes of the output a
// second. Each label names the limit: copying the same output bytes; for json also what simdjson needs to read the same
// bytes once (minify) and to parse them.
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <cstring>
#include <map>
#include <string>

#include "encode/registry.hpp"
#include "micro/orders.hpp"

namespace canvasback {
namespace {

constexpr std::int64_t kPageRows = 1'000;
constexpr std::int64_t kBlockRows = 65'536;
constexpr const char* kFormats[] = {"json", "ndjson", "csv", "arrow", "parquet"};

// Counts, so that only the encoder is measured and not a growing string.
class CountingSink final : public ByteSink {
 public:
  Status write(std::string_view bytes) override {
    benchmark::DoNotOptimize(bytes.data());
    bytes_ += bytes.size();
    return {};
  }
  Status finish() override { return {}; }
  void abandon() override {}
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t bytes_ = 0;
};

const BatchPtr& batch_of(std::int64_t rows) {
  static std::map<std::int64_t, BatchPtr> batches;
  BatchPtr& batch = batches[rows];
  if (!batch) batch = OrdersBuilder::make(rows);
  return batch;
}

void encode_into(ByteSink& sink, const std::string& format, const BatchPtr& batch) {
  auto encoder = make_encoder(format, sink, EncodeOptions{});
  if (!encoder || !(*encoder)->begin(batch->schema()) || !(*encoder)->write(batch) || !(*encoder)->finish()) {
    std::abort();
  }
}

const std::string& output_of(const std::string& format, std::int64_t rows) {
  static std::map<std::pair<std::string, std::int64_t>, std::string> outputs;
  std::string& output = outputs[{format, rows}];
  if (output.empty()) {
    StringSink sink;
    encode_into(sink, format, batch_of(rows));
    output = sink.bytes();
  }
  return output;
}

void encode(benchmark::State& state, const std::string& format, std::int64_t rows, const std::string& limit) {
  const BatchPtr& batch = batch_of(rows);
  std::size_t bytes = 0;
  for (auto _ : state) {
    CountingSink sink;
    encode_into(sink, format, batch);
    bytes += sink.bytes();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
  state.SetItemsProcessed(state.iterations() * rows);
  state.SetLabel("limit=" + limit);
}

void limit_memcpy(benchmark::State& state, const std::string& format, std::int64_t rows) {
  const std::string& output = output_of(format, rows);
  std::string copy(output.size(), '\0');
  for (auto _ : state) {
    std::memcpy(copy.data(), output.data(), output.size());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(output.size()));
  state.SetItemsProcessed(state.iterations() * rows);
}

void limit_minify(benchmark::State& state, std::int64_t rows) {
  const std::string& output = output_of("json", rows);
  std::string small(output.size() + simdjson::SIMDJSON_PADDING, '\0');
  for (auto _ : state) {
    std::size_t length = 0;
    if (simdjson::minify(output.data(), output.size(), small.data(), length)) std::abort();
    benchmark::DoNotOptimize(length);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(output.size()));
  state.SetItemsProcessed(state.iterations() * rows);
}

void limit_parse(benchmark::State& state, std::int64_t rows) {
  const simdjson::padded_string output(output_of("json", rows));
  simdjson::dom::parser parser;
  for (auto _ : state) {
    simdjson::dom::element document;
    if (parser.parse(output).get(document)) std::abort();
    benchmark::DoNotOptimize(document);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(output.size()));
  state.SetItemsProcessed(state.iterations() * rows);
}

void register_size(const std::string& name, std::int64_t rows) {
  for (const std::string format : kFormats) {
    const std::string memcpy_name = "limit_memcpy/" + format + "/" + name;
    const std::string limit =
        format == "json" ? memcpy_name + ",limit_minify/" + name + ",limit_parse/" + name : memcpy_name;
    benchmark::RegisterBenchmark(("encode/" + format + "/" + name).c_str(),
                                 [=](benchmark::State& state) { encode(state, format, rows, limit); });
    benchmark::RegisterBenchmark(memcpy_name.c_str(),
                                 [=](benchmark::State& state) { limit_memcpy(state, format, rows); });
  }
  benchmark::RegisterBenchmark(("limit_minify/" + name).c_str(),
                               [=](benchmark::State& state) { limit_minify(state, rows); });
  benchmark::RegisterBenchmark(("limit_parse/" + name).c_str(),
                               [=](benchmark::State& state) { limit_parse(state, rows); });
}

const bool registered = [] {
  register_size("page", kPageRows);
  register_size("block", kBlockRows);
  return true;
}();

}  // namespace
}  // namespace canvasback
