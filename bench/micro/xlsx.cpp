// The inner loops of the xlsx encoder, each alone on one thread: formatting, deflate, the scan for what must be escaped
// (with the speed of reading memory beside it), and the whole encoder on one thread and two. From them follows how near
// the encoder comes to its limit: (scan + format + deflate) / threads.
//   CANVASBACK_BENCH_PARQUET=orders.parquet bench_xlsx     the first million rows of a file (its first ten columns)
//   bench_xlsx                                             rows made here that look alike
#include <arrow/builder.h>
#include <arrow/table.h>
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <parquet/metadata.h>
#include <sys/stat.h>

#include <cstdlib>
#include <cstring>
#include <optional>
#include <random>
#include <vector>

#include "encode/registry.hpp"
#include "encode/xlsx/sheet_formatter.hpp"
#include "encode/xlsx/sheet_plan.hpp"
#include "encode/xlsx/xml_text.hpp"
#include "storage/parquet/footer.hpp"
#include "storage/parquet/scan.hpp"

using namespace canvasback;
using namespace canvasback::xlsx;

namespace {

constexpr std::int64_t kRows = 1'000'000;
constexpr int kColumns = 10;

void must(const arrow::Status& status) {
  if (!status.ok()) std::abort();
}

template <class Builder, class Value>
std::shared_ptr<arrow::Array> column(Builder builder, std::int64_t rows, Value value) {
  for (std::int64_t row = 0; row < rows; ++row) must(value(builder, row));
  return *builder.Finish();
}

BatchPtr made_batch(std::int64_t first, std::int64_t rows, std::mt19937_64& random) {
  using arrow::int64;
  static const std::vector<std::string> kNotes{"leave at the door", "naïve café order №",
                                               "call \"Ana\" <before> & after", "smile 😀 & wave", "gift wrap, please"};
  const auto pick = [&](std::uint64_t bound) { return random() % bound; };
  const arrow::ArrayVector columns{
      column(arrow::Int64Builder(), rows, [&](auto& to, std::int64_t row) { return to.Append(first + row); }),
      column(arrow::TimestampBuilder(arrow::timestamp(arrow::TimeUnit::MICRO), arrow::default_memory_pool()), rows,
             [&](auto& to, std::int64_t row) { return to.Append(1'609'459'200'000'000 + (first + row) * 9'123'457); }),
      column(arrow::StringBuilder(), rows,
             [&](auto& to, std::int64_t) { return to.Append(fmt::format("seller_{:05}", pick(48'000))); }),
      column(arrow::Int64Builder(), rows,
             [&](auto& to, std::int64_t) { return to.Append(1'000'000 + pick(2'000'000)); }),
      column(arrow::StringBuilder(), rows,
             [&](auto& to, std::int64_t) { return to.Append(fmt::format("category {}", pick(30))); }),
      column(arrow::StringBuilder(), rows,
             [&](auto& to, std::int64_t) { return to.Append(fmt::format("Country {}", pick(60))); }),
      column(arrow::Int32Builder(), rows,
             [&](auto& to, std::int64_t) { return to.Append(static_cast<int>(pick(20))); }),
      column(arrow::Decimal128Builder(arrow::decimal128(12, 2)), rows,
             [&](auto& to, std::int64_t) {
               return to.Append(arrow::Decimal128(static_cast<std::int64_t>(pick(300'000))));
             }),
      column(arrow::DoubleBuilder(), rows,
             [&](auto& to, std::int64_t) { return to.Append(static_cast<double>(pick(100'000'000)) / 1e4 * 1.1); }),
      column(arrow::StringBuilder(), rows,
             [&](auto& to, std::int64_t) {
               return pick(3) == 0 ? to.AppendNull() : to.Append(kNotes[pick(kNotes.size())]);
             }),
  };
  arrow::FieldVector fields;
  for (std::size_t i = 0; i < columns.size(); ++i)
    fields.push_back(arrow::field(fmt::format("c{}", i), columns[i]->type()));
  return arrow::RecordBatch::Make(arrow::schema(fields), rows, columns);
}

DataFile file_at(const char* path) {
  struct stat info {};
  if (::stat(path, &info) != 0) std::abort();
  DataFile file;
  file.path = path;
  file.bytes = static_cast<std::uint64_t>(info.st_size);
  file.modified_ns = info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec;
  file.inode = info.st_ino;
  return file;
}

// The first rows of the file that the environment names.
std::unique_ptr<BatchStream> open_file(const char* path, int threads) {
  DataFile file = file_at(path);
  const auto footer = read_footer(file).value();
  file.rows = footer->num_rows();
  for (int i = 0; i < footer->num_row_groups(); ++i) file.row_group_rows.push_back(footer->RowGroup(i)->num_rows());
  ScanOptions options;
  options.files = {file};
  for (int i = 0; i < std::min(kColumns, footer->num_columns()); ++i) {
    options.columns.push_back(footer->schema()->Column(i)->name());
  }
  options.limit = kRows;
  options.threads = threads;
  return make_parquet_scan(std::move(options), CancelToken()).value();
}

const char* file_path() { return std::getenv("CANVASBACK_BENCH_PARQUET"); }

const std::vector<BatchPtr>& rows() {
  static const std::vector<BatchPtr> batches = [] {
    std::vector<BatchPtr> made;
    if (file_path() != nullptr) {
      auto stream = open_file(file_path(), 2);
      while (BatchPtr batch = stream->next().value()) made.push_back(batch);
      return made;
    }
    std::mt19937_64 random(1);
    for (std::int64_t row = 0; row < kRows; row += 50'000) made.push_back(made_batch(row, 50'000, random));
    return made;
  }();
  return batches;
}

// Keeps the XML, compresses nothing.
class NoDeflater final : public Deflater {
 public:
  explicit NoDeflater(std::vector<std::string>* kept) : kept_(kept) {}
  Result<DeflatedBlock> deflate(std::string_view raw) override {
    if (kept_ != nullptr) kept_->emplace_back(raw);
    return DeflatedBlock{{}, raw.size(), 0};
  }

 private:
  std::vector<std::string>* kept_;
};

// All rows as XML, on this thread; returns its bytes.
std::uint64_t format_all(std::vector<std::string>* kept) {
  const arrow::Schema& schema = *rows().at(0)->schema();
  BlockCutter cutter(schema);
  for (const BatchPtr& batch : rows()) cutter.push(batch);
  SharedStrings strings(static_cast<std::size_t>(schema.num_fields()));
  std::optional<SheetFormatter> formatter;
  std::uint64_t bytes = 0;
  while (const auto block = cutter.cut(true)) {
    if (!formatter) {
      formatter.emplace(plan_sheet(schema, *block).looks, strings,
                        [kept] { return std::make_unique<NoDeflater>(kept); });
    }
    bytes += formatter->format(*block).value().xml.raw_bytes;
  }
  return bytes;
}

const std::vector<std::string>& sheet_xml() {
  static const std::vector<std::string> blocks = [] {
    std::vector<std::string> kept;
    format_all(&kept);
    return kept;
  }();
  return blocks;
}

class NullSink final : public ByteSink {
 public:
  Status write(std::string_view bytes) override {
    bytes_ += bytes.size();
    return {};
  }
  Status finish() override { return {}; }
  void abandon() override {}
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::uint64_t bytes_ = 0;
};

void set_speed(benchmark::State& state, std::uint64_t bytes) {
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * static_cast<std::int64_t>(state.iterations()));
  state.SetItemsProcessed(kRows * static_cast<std::int64_t>(state.iterations()));
}

void format_only(benchmark::State& state) {
  rows();
  std::uint64_t bytes = 0;
  for (auto _ : state) bytes = format_all(nullptr);
  set_speed(state, bytes);
}

void deflate_only(benchmark::State& state, Compression compression) {
  const auto deflater = make_deflater(compression);
  std::uint64_t raw = 0;
  std::uint64_t deflated = 0;
  for (const std::string& block : sheet_xml()) raw += block.size();
  for (auto _ : state) {
    deflated = 0;
    for (const std::string& block : sheet_xml()) deflated += deflater->deflate(block).value().bytes.size();
  }
  set_speed(state, raw);
  state.counters["MB"] = static_cast<double>(deflated) / 1e6;
}

void scan_only(benchmark::State& state) {
  if (file_path() == nullptr) return state.SkipWithError("CANVASBACK_BENCH_PARQUET names no file");
  for (auto _ : state) {
    auto stream = open_file(file_path(), static_cast<int>(state.range(0)));
    while (BatchPtr batch = stream->next().value()) benchmark::DoNotOptimize(batch);
  }
  set_speed(state, 0);
}

void encode_from(benchmark::State& state, BatchStream& stream, NullSink& sink, const char* compression) {
  EncodeOptions options;
  options.compression = compression;
  options.threads = static_cast<int>(state.range(0));
  auto encoder = make_encoder("xlsx", sink, options).value();
  bool passed = encoder->begin(stream.schema()).has_value();
  while (BatchPtr batch = stream.next().value()) passed = passed && encoder->write(batch);
  passed = encoder->finish().has_value() && passed;
  if (!passed) state.SkipWithError("the encoder failed");
}

class Ready final : public BatchStream {
 public:
  SchemaPtr schema() const override { return rows().at(0)->schema(); }
  Result<BatchPtr> next() override { return next_ < rows().size() ? rows()[next_++] : BatchPtr(); }

 private:
  std::size_t next_ = 0;
};

void encode(benchmark::State& state, const char* compression) {
  rows();
  NullSink sink;
  for (auto _ : state) {
    Ready stream;
    encode_from(state, stream, sink, compression);
  }
  set_speed(state, 0);
  state.counters["MB"] = static_cast<double>(sink.bytes()) / 1e6 / static_cast<double>(state.iterations());
}

void scan_and_encode(benchmark::State& state) {
  if (file_path() == nullptr) return state.SkipWithError("CANVASBACK_BENCH_PARQUET names no file");
  NullSink sink;
  for (auto _ : state) {
    auto stream = open_file(file_path(), static_cast<int>(state.range(0)));
    encode_from(state, *stream, sink, "fast");
  }
  set_speed(state, 0);
}

const std::string& long_text() {
  static const std::string text = [] {
    std::string made;
    while (made.size() < 256u << 20) made += "plain words of a note, größere Menge möglich. ";
    return made;
  }();
  return text;
}

void escape_scan(benchmark::State& state) {
  const std::string_view text = std::string_view(long_text()).substr(0, static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(is_clean(text));
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * static_cast<std::int64_t>(state.iterations()));
}

void read_memory(benchmark::State& state) {
  const std::string_view text = std::string_view(long_text()).substr(0, static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(crc32_of(text));
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * static_cast<std::int64_t>(state.iterations()));
}

void copy_memory(benchmark::State& state) {
  const std::string_view text = std::string_view(long_text()).substr(0, static_cast<std::size_t>(state.range(0)));
  std::string to(text.size(), ' ');
  for (auto _ : state) {
    std::memcpy(to.data(), text.data(), text.size());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(text.size()) * static_cast<std::int64_t>(state.iterations()));
}

BENCHMARK(scan_only)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(format_only)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(deflate_only, fast, Compression::Fast)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(deflate_only, best, Compression::Best)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(encode, fast, "fast")->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(encode, best, "best")->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(scan_and_encode)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(escape_scan)->Arg(256 << 10)->Arg(256 << 20);
BENCHMARK(read_memory)->Arg(256 << 10)->Arg(256 << 20);
BENCHMARK(copy_memory)->Arg(256 << 10)->Arg(256 << 20);

}  // namespace
