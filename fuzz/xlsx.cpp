// Random columns through the xlsx encoder: the bytes must not depend on how rows come or on threads, and the XML of the
// rows must be what a parser accepts. Then the input itself as a deflate stream, which the walk over it must survive.
#include <optional>

#include "base/json.hpp"
#include "encode/registry.hpp"
#include "encode/xlsx/deflate_walk.hpp"
#include "encode/xlsx/sheet_formatter.hpp"
#include "encode/xlsx/sheet_plan.hpp"
#include "fuzz/arrow_input.hpp"

using namespace canvasback;
using namespace canvasback::xlsx;

namespace {

std::string encode(const std::vector<BatchPtr>& batches, int threads) {
  StringSink sink;
  EncodeOptions options;
  options.threads = threads;
  auto encoder = make_encoder("xlsx", sink, options);
  FUZZ_CHECK(encoder);
  Status status = (*encoder)->begin(batches[0]->schema());
  for (const BatchPtr& batch : batches) {
    if (status) status = (*encoder)->write(batch);
  }
  if (status) {
    status = (*encoder)->finish();
  } else {
    (*encoder)->abandon();
  }
  FUZZ_CHECK(sink.finished() == status.has_value());
  return status ? sink.bytes() : std::string();
}

// Keeps the XML it is given.
class Keeper final : public Deflater {
 public:
  explicit Keeper(std::string& kept) : kept_(kept) {}
  Result<DeflatedBlock> deflate(std::string_view raw) override {
    kept_ += raw;
    return DeflatedBlock{{}, raw.size(), 0};
  }

 private:
  std::string& kept_;
};

// Elements that end as they began, no bytes that XML forbids, references that are known, and cells for every column.
void check_xml(std::string_view xml, std::int64_t rows, int columns) {
  FUZZ_CHECK(is_utf8(xml));
  std::vector<std::string_view> open;
  std::int64_t cells = 0;
  std::int64_t seen_rows = 0;
  for (std::size_t at = 0; at < xml.size();) {
    const auto byte = static_cast<unsigned char>(xml[at]);
    FUZZ_CHECK(byte >= 0x20 || byte == '\t' || byte == '\n');
    FUZZ_CHECK(byte != '>');
    if (byte == '&') {
      const std::string_view name = xml.substr(at, xml.find(';', at) + 1 - at);
      FUZZ_CHECK(name == "&amp;" || name == "&lt;" || name == "&gt;");
      at += name.size();
      continue;
    }
    if (byte != '<') {
      FUZZ_CHECK(!open.empty() && (open.back() == "v" || open.back() == "t"));
      ++at;
      continue;
    }
    const std::size_t end = xml.find('>', at);
    FUZZ_CHECK(end != std::string_view::npos);
    std::string_view tag = xml.substr(at + 1, end - at - 1);
    at = end + 1;
    if (tag[0] == '/') {
      FUZZ_CHECK(!open.empty() && open.back() == tag.substr(1));
      open.pop_back();
      continue;
    }
    const bool empty = tag.back() == '/';
    const std::string_view name = tag.substr(0, tag.find_first_of(" /"));
    if (name == "c") ++cells;
    if (name == "row") ++seen_rows;
    if (!empty) open.push_back(name);
  }
  FUZZ_CHECK(open.empty() && seen_rows == rows && cells == rows * columns);
}

void check_rows(const BatchPtr& batch) {
  BlockCutter cutter(*batch->schema());
  cutter.push(batch);
  SharedStrings strings(static_cast<std::size_t>(batch->num_columns()));
  std::string xml;
  std::optional<SheetFormatter> formatter;
  while (const auto block = cutter.cut(true)) {
    if (!formatter) {
      formatter.emplace(plan_sheet(*batch->schema(), *block).looks, strings,
                        [&xml] { return std::make_unique<Keeper>(xml); });
    }
    FUZZ_CHECK(formatter->format(*block));
  }
  check_xml(xml, batch->num_rows(), batch->num_columns());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  if (const auto ends = walk_deflate(bytes)) {
    FUZZ_CHECK(ends->last_block_bit < ends->end_bit && ends->end_bit <= 8 * size);
    std::string opened(bytes);
    FUZZ_CHECK(open_deflate_end(opened) && !walk_deflate(opened));
    opened.append("\x03\x00", 2);
    FUZZ_CHECK(walk_deflate(opened));
  }
  fuzz::Reader reader(bytes);
  const std::int64_t cut = reader.byte();
  const BatchPtr batch = fuzz::make_batch(reader);
  const std::string whole = encode({batch}, 1);
  if (whole.empty()) return 0;  // a value that no such type can hold
  const std::int64_t first = cut % batch->num_rows();
  if (first > 0) FUZZ_CHECK(encode({batch->Slice(0, first), batch->Slice(first)}, 2) == whole);
  check_rows(batch);
  return 0;
}
