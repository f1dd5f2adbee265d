#include "encode/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "encode/arrow_ipc/arrow_encoder.hpp"
#include "encode/csv/csv_encoder.hpp"
#include "encode/json/json_encoder.hpp"
#include "encode/mysql/mysql_encoder.hpp"
#include "encode/parquet/parquet_encoder.hpp"
#include "encode/xlsx/xlsx_encoder.hpp"

namespace canvasback {
namespace {

using EncoderResult = Result<std::unique_ptr<Encoder>>;

// A text format: compressed as a whole (stream/compressing_sink.hpp) or not at all.
template <std::unique_ptr<BlockFormatter> (*MakeFormatter)(const EncodeOptions&)>
EncoderResult make_text(ByteSink& sink, const EncodeOptions& options) {
  if (!options.compression.empty() && options.compression != "none") {
    return fail(ErrorCode::InvalidData, "Only the formats arrow, arrow_file, parquet and xlsx take `compression`.");
  }
  return make_block_encoder(MakeFormatter(options), sink, options.threads);
}

template <ArrowContainer Container>
EncoderResult make_arrow(ByteSink& sink, const EncodeOptions& options) {
  return make_arrow_encoder(Container, sink, options);
}

struct Format {
  std::string_view name;
  EncoderResult (*make)(ByteSink& sink, const EncodeOptions& options);
};
constexpr std::array kFormats{
    Format{"json", make_text<make_json_formatter>},
    Format{"ndjson", make_text<make_ndjson_formatter>},
    Format{"csv", make_text<make_csv_formatter>},
    Format{"arrow", make_arrow<ArrowContainer::Stream>},
    Format{"arrow_file", make_arrow<ArrowContainer::File>},
    Format{"parquet", make_parquet_encoder},
    Format{"xlsx", make_xlsx_encoder},
    Format{"sql", make_text<make_mysql_sql_formatter>},
    Format{"tsv", make_text<make_mysql_tsv_formatter>},
};

}  // namespace

Result<std::unique_ptr<Encoder>> make_encoder(std::string_view format, ByteSink& sink, const EncodeOptions& options) {
  const auto* found = std::ranges::find(kFormats, format, &Format::name);
  if (found == kFormats.end()) {
    std::string names;
    for (const Format& known : kFormats) names += fmt::format("{}{}", names.empty() ? "" : ", ", known.name);
    return fail(ErrorCode::InvalidData, fmt::format("\"{}\" is not a format; use one of {}.", format, names));
  }
  return found->make(sink, options);
}

}  // namespace canvasback
