// Decoding Parquet into Arrow: a whole row group and a page of 1,000 rows, by RowGroupReader and by Arrow's own reader;
// their limit beside them, the decompression of the same pages. BENCH_PARQUET names the file (default: a made one).
#include <arrow/io/file.h>
#include <arrow/table.h>
#include <benchmark/benchmark.h>
#include <parquet/arrow/reader.h>
#include <parquet/column_page.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <sys/stat.h>

#include <cstdlib>

#include "storage/parquet/footer.hpp"
#include "storage/parquet/row_group_reader.hpp"

using namespace canvasback;

namespace {

DataFile input() {
  const char* path = std::getenv("BENCH_PARQUET");
  if (!path) std::exit((std::fputs("BENCH_PARQUET=FILE is needed\n", stderr), 2));
  struct stat info {};
  if (::stat(path, &info) != 0) std::exit((std::perror(path), 2));
  DataFile file;
  file.path = path;
  file.bytes = static_cast<std::uint64_t>(info.st_size);
  file.modified_ns = info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec;
  file.inode = info.st_ino;
  return file;
}

int groups_of(const DataFile& file) { return read_footer(file).value()->num_row_groups(); }
std::int64_t rows_of(const DataFile& file, int group) { return read_footer(file).value()->RowGroup(group)->num_rows(); }

void our_row_group(benchmark::State& state) {
  const DataFile file = input();
  const int groups = groups_of(file);
  int group = 0;
  std::int64_t rows = 0;
  for (auto _ : state) {
    auto reader = open_row_group(file, {}, {group, 0, rows_of(file, group)}).value();
    while (BatchPtr batch = reader->next().value()) rows += batch->num_rows();
    group = (group + 1) % groups;
  }
  state.SetItemsProcessed(rows);
}
BENCHMARK(our_row_group)->Unit(benchmark::kMillisecond);

void arrow_row_group(benchmark::State& state) {
  const DataFile file = input();
  const int groups = groups_of(file);
  int group = 0;
  std::int64_t rows = 0;
  auto source = arrow::io::ReadableFile::Open(file.path).ValueOrDie();
  for (auto _ : state) {
    auto raw = parquet::ParquetFileReader::Open(source, parquet::ReaderProperties(), read_footer(file).value());
    auto reader =
        parquet::arrow::FileReader::Make(arrow::default_memory_pool(), std::move(raw), parquet::ArrowReaderProperties())
            .ValueOrDie();
    auto batches = reader->GetRecordBatchReader({group}).ValueOrDie();
    std::shared_ptr<arrow::RecordBatch> batch;
    while (batches->ReadNext(&batch).ok() && batch) rows += batch->num_rows();
    group = (group + 1) % groups;
  }
  state.SetItemsProcessed(rows);
}
BENCHMARK(arrow_row_group)->Unit(benchmark::kMillisecond);

// Rows that lie deep in a row group, on as many threads as the argument says.
void our_page(benchmark::State& state) {
  const DataFile file = input();
  const int groups = groups_of(file);
  int group = 0;
  for (auto _ : state) {
    const std::int64_t rows = rows_of(file, group);
    benchmark::DoNotOptimize(
        read_rows(file, {}, {group, rows / 2, std::min<std::int64_t>(1000, rows / 2)}, static_cast<int>(state.range(0)))
            .value());
    group = (group + 1) % groups;
  }
}
BENCHMARK(our_page)->Arg(1)->Arg(2)->Unit(benchmark::kMillisecond)->UseRealTime();

// The limit of both: reading the same chunks and decompressing their pages.
void decompression(benchmark::State& state) {
  const DataFile file = input();
  const int groups = groups_of(file);
  int group = 0;
  auto source = arrow::io::ReadableFile::Open(file.path).ValueOrDie();
  auto reader = parquet::ParquetFileReader::Open(source, parquet::ReaderProperties(), read_footer(file).value());
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  for (auto _ : state) {
    auto row_group = reader->RowGroup(group);
    for (int column = 0; column < row_group->metadata()->num_columns(); ++column) {
      auto pages = row_group->GetColumnPageReader(column);
      while (auto page = pages->NextPage()) bytes += page->size();
    }
    rows += row_group->metadata()->num_rows();
    group = (group + 1) % groups;
  }
  state.SetItemsProcessed(rows);
  state.SetBytesProcessed(bytes);
}
BENCHMARK(decompression)->Unit(benchmark::kMillisecond);

}  // namespace
