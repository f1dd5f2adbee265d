// Random columns of random types and values through the text encoders: json and ndjson must parse, csv must have the
// same number of fields in every row and give back every text.
#include <simdjson.h>

#include "encode/registry.hpp"
#include "fuzz/arrow_input.hpp"

using namespace canvasback;

namespace {

// Nothing where an encoder refuses the batch (a value that no such type can hold).
std::string encode(std::string_view format, const BatchPtr& batch, const EncodeOptions& options) {
  StringSink sink;
  auto encoder = make_encoder(format, sink, options);
  FUZZ_CHECK(encoder);
  Status status = (*encoder)->begin(batch->schema());
  if (status) status = (*encoder)->write(batch);
  if (status) status = (*encoder)->finish();
  if (!status) (*encoder)->abandon();
  FUZZ_CHECK(sink.finished() == status.has_value());
  return status ? sink.bytes() : std::string();
}

// Plain numbers may have more digits than simdjson reads; they are JSON all the same.
void check_json(std::string_view text, bool numbers_exact) {
  simdjson::dom::parser parser;
  const simdjson::padded_string padded(text);
  simdjson::dom::element element;
  const auto code = parser.parse(padded).get(element);
  if (!numbers_exact && code == simdjson::NUMBER_ERROR) return;
  if (code != simdjson::SUCCESS) {
    std::fprintf(stderr, "%s: %.*s\n", simdjson::error_message(code), static_cast<int>(text.size()), text.data());
  }
  FUZZ_CHECK(code == simdjson::SUCCESS);
}

// Fields per record of RFC 4180 text; records end with CR LF or LF.
void check_csv(std::string_view text, int columns, std::int64_t rows) {
  std::int64_t records = 0;
  int fields = 1;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && text[i] == ',') {
      ++fields;
    } else if (!quoted && text[i] == '\n') {
      FUZZ_CHECK(fields == columns);
      fields = 1;
      ++records;
    }
  }
  FUZZ_CHECK(!quoted && records == rows + 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Reader reader(fuzz::text_of(data, size));
  EncodeOptions options;
  options.numbers_exact = reader.byte() % 2 == 0;
  const BatchPtr batch = fuzz::make_batch(reader);
  if (const std::string json = encode("json", batch, options); !json.empty()) {
    check_json(json, options.numbers_exact);
  }
  const std::string lines = encode("ndjson", batch, options);
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at);
    FUZZ_CHECK(end != std::string::npos);
    check_json(std::string_view(lines).substr(at, end - at), options.numbers_exact);
    at = end + 1;
  }
  if (const std::string csv = encode("csv", batch, options); !csv.empty()) {
    check_csv(csv, batch->num_columns(), batch->num_rows());
  }
  static_cast<void>(encode("arrow", batch, options));
  return 0;
}
