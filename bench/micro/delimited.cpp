// Both passes over a CSV file, on its own: the scan that decides dialect and types, and the conversion of all columns.
// The file: CANVASBACK_BENCH_CSV, else 200,000 rows that are made.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "source/delimited/delimited_file.hpp"

namespace canvasback {
namespace {

std::string made_file() {
  const std::string path = (std::filesystem::temp_directory_path() / "canvasback-bench.csv").string();
  std::ofstream out(path);
  out << "id,at,name,price,amount,note,flag\n";
  for (int i = 0; i < 200'000; ++i) {
    out << fmt::format("{},2024-01-{:02} 12:{:02}:00.{:06},seller_{:05},{}.{:02},{},{},{}\n", i, 1 + i % 28, i % 60,
                       i % 1'000'000, i % 48'000, i % 2500, i % 100, i * 0.0123456789,
                       i % 10 < 3 ? "" : "\"gift wrap, please\"", i % 4 == 0);
  }
  return path;
}

const std::string& path() {
  static const std::string kPath = [] {
    const char* given = std::getenv("CANVASBACK_BENCH_CSV");
    return given != nullptr ? std::string(given) : made_file();
  }();
  return kPath;
}

DelimitedScan scan(int threads) {
  ScanWork work;
  work.threads = threads;
  return scan_delimited(path(), {}, work).value();
}

void count_bytes(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(std::filesystem::file_size(path())));
}

void scan_file(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(scan(static_cast<int>(state.range(0))));
  count_bytes(state);
}
BENCHMARK(scan_file)->Arg(1)->Arg(2)->MeasureProcessCPUTime()->UseRealTime()->Unit(benchmark::kMillisecond);

void convert_all_columns(benchmark::State& state) {
  const DelimitedScan found = scan(2);
  TextReading reading;
  reading.files.push_back(found.reading);
  reading.columns = decide_columns({found}, {}).value();
  const auto source = open_delimited({path()}, reading).value();
  std::vector<int> columns;
  for (int i = 0; i < source->schema()->num_fields(); ++i) columns.push_back(i);
  for (auto _ : state) {
    const auto reader = source->open(columns, CancelToken()).value();
    for (std::size_t part = 0; part < source->parts().size(); ++part) {
      benchmark::DoNotOptimize(reader->read(part).value());
    }
  }
  count_bytes(state);
}
BENCHMARK(convert_all_columns)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace canvasback
