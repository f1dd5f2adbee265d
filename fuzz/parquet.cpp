// Any bytes as a Parquet file: its checksums, footer, statistics, plain scan, a page's row group, and the text encoders
// on what comes out. libparquet itself is prebuilt and not instrumented; a fault inside it is a crash of one sandboxed
// worker.
#include <arrow/record_batch.h>
#include <parquet/metadata.h>
#include <sys/stat.h>

#include "base/limits.hpp"
#include "encode/registry.hpp"
#include "fuzz/support.hpp"
#include "storage/file_identity.hpp"
#include "storage/parquet/file_check.hpp"
#include "storage/parquet/footer.hpp"
#include "storage/parquet/readability.hpp"
#include "storage/parquet/row_group_reader.hpp"
#include "storage/parquet/scan.hpp"

using namespace canvasback;

namespace {

constexpr std::int64_t kRowsMax = 5'000;
constexpr std::uint64_t kRowGroupBytesMax = 16 * limits::kMiB;

DataFile describe(const fuzz::MemoryFile& file) {
  struct stat info {};
  FUZZ_CHECK(::fstat(file.fd(), &info) == 0);
  DataFile out;
  out.path = file.path();
  take_identity(out, info);
  return out;
}

// The names as the engine would give them.
void add_columns(Dataset& dataset, const parquet::FileMetaData& footer) {
  const auto& root = *footer.schema()->group_node();
  for (int i = 0; i < root.field_count(); ++i) {
    dataset.columns.push_back({root.field(i)->name(), "VARCHAR", {}, {}, {}});
  }
}

void encode(std::string_view format, const std::vector<BatchPtr>& batches) {
  StringSink sink;
  auto encoder = make_encoder(format, sink, {});
  FUZZ_CHECK(encoder);
  Status status = (*encoder)->begin(batches[0]->schema());
  for (std::size_t i = 0; i < batches.size() && status; ++i) status = (*encoder)->write(batches[i]);
  if (status) {
    status = (*encoder)->finish();
  } else {
    (*encoder)->abandon();
  }
}

void scan(const Dataset& dataset, std::int64_t offset, int threads) {
  auto stream = make_parquet_scan({dataset.files, {}, offset, kRowsMax, threads}, CancelToken());
  if (!stream) return;
  std::int64_t rows = 0;
  std::vector<BatchPtr> batches;
  while (true) {
    auto batch = (*stream)->next();
    if (!batch || !*batch) break;
    FUZZ_CHECK((*batch)->num_rows() > 0 && (*batch)->schema()->Equals(*(*stream)->schema()));
    rows += (*batch)->num_rows();
    batches.push_back(*batch);
  }
  FUZZ_CHECK(rows <= kRowsMax);
  if (batches.empty()) return;
  encode("ndjson", batches);
  encode("csv", batches);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file(fuzz::text_of(data, size));
  Dataset dataset;
  dataset.name = "fuzz";
  dataset.files.push_back(describe(file));
  static_cast<void>(check_footer(dataset.files[0]));
  static_cast<void>(check_file(dataset.files[0], CancelToken()));
  const auto footer = read_footer(dataset.files[0]);
  if (!footer) return 0;
  add_columns(dataset, **footer);
  static_cast<void>(parquet_readability(dataset.files[0], CancelToken()));
  if (!add_parquet_footers(dataset)) return 0;
  FUZZ_CHECK(dataset.rows >= 0);
  if (!dataset.plain_scan) return 0;
  scan(dataset, size % 3, 1 + static_cast<int>(size % 2));
  if (dataset.files[0].row_group_rows.empty()) return 0;
  const auto bytes = row_group_bytes(dataset.files[0], 0, {});
  if (bytes && *bytes <= kRowGroupBytesMax && dataset.files[0].row_group_rows[0] <= 20 * kRowsMax)
    static_cast<void>(read_rows(dataset.files[0], {}, {0, 0, dataset.files[0].row_group_rows[0]}, 1));
  return 0;
}
