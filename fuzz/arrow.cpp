// Any bytes as an Arrow IPC file or stream: read to its end, and the text encoders on what comes out.
#include <arrow/record_batch.h>

#include "encode/registry.hpp"
#include "fuzz/support.hpp"
#include "source/arrow/arrow_reader.hpp"

using namespace canvasback;

namespace {

constexpr std::int64_t kRowsMax = 20'000;  // a batch of columns without bytes may claim any number of rows

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file(fuzz::text_of(data, size));
  const auto counted = look_into_arrow_file(file.path(), CancelToken());
  auto stream = open_arrow_files({file.path()}, {}, CancelToken());
  if (!stream) return 0;
  std::vector<BatchPtr> batches;
  std::int64_t rows = 0;
  while (true) {
    auto batch = (*stream)->next();
    if (!batch) return 0;
    if (!*batch) break;
    FUZZ_CHECK((*batch)->num_rows() > 0 && (*batch)->schema()->Equals(*(*stream)->schema()));
    rows += (*batch)->num_rows();
    if (rows <= kRowsMax) batches.push_back(*batch);
  }
  FUZZ_CHECK(counted && *counted == rows);
  if (batches.empty()) return 0;
  encode("ndjson", batches);
  encode("csv", batches);
  return 0;
}
