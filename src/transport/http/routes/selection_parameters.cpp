#include "transport/http/routes/selection_parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/exact_number.hpp"
#include "base/format_names.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"

namespace canvasback::http {
namespace {

// The quality the client gives an encoding, 0 where it does not take it.
double encoding_quality(std::string_view accept, std::string_view encoding) {
  for (const std::string& part : split(accept, ',')) {
    if (lower(trim(std::string_view(part).substr(0, part.find(';')))) != encoding) continue;
    double quality = 1;
    if (auto at = part.find("q="); at != std::string::npos) {
      std::from_chars(part.data() + at + 2, part.data() + part.size(), quality);
    }
    return quality;
  }
  return 0;
}

Status parse_numbers(const Request& request, RowsRequest& out) {
  Selection& selection = out.selection;
  if (const std::string* text = request.parameter("offset")) {
    CANVASBACK_ASSIGN(selection.offset, parse_integer(*text, "offset", 0, INT64_MAX / 2));
  }
  if (const std::string* text = request.parameter("limit")) {
    CANVASBACK_ASSIGN(selection.limit, parse_integer(*text, "limit", 0, INT64_MAX / 2));
  }
  if (const std::string* text = request.parameter("timeout_ms")) {
    CANVASBACK_ASSIGN(out.context.timeout_ms, parse_integer(*text, "timeout_ms", 1, limits::kMaxTimeout.count()));
  }
  std::int64_t seed = 0;
  if (const std::string* text = request.parameter("seed")) {
    CANVASBACK_ASSIGN(seed, parse_integer(*text, "seed", 0, INT64_MAX));
  }
  if (const std::string* text = request.parameter("sample")) {
    CANVASBACK_ASSIGN(selection.sample, parse_sample(*text, seed));
  }
  return {};
}

}  // namespace

const std::vector<std::string>& selection_parameter_names() {
  static const std::vector<std::string> names{"offset",  "limit",      "after",        "columns", "filter",
                                              "sort",    "sample",     "seed",         "format",  "compression",
                                              "numbers", "timeout_ms", "on_unreadable"};
  return names;
}

Result<OnUnreadable> on_unreadable_from(std::string_view word) {
  if (word == "fail") return OnUnreadable::Fail;
  if (word == "skip") return OnUnreadable::Skip;
  return fail(ErrorCode::InvalidData, "on_unreadable must be fail or skip.");
}

Result<OnUnreadable> on_unreadable_of(const Request& request) {
  const std::string* text = request.parameter("on_unreadable");
  return text == nullptr ? OnUnreadable::Default : on_unreadable_from(*text);
}

void add_left_out(Headers& headers, const std::vector<std::string>& names) {
  if (names.empty()) return;
  headers.emplace_back("X-Left-Out", fmt::format("{}", fmt::join(names, ", ")));
  headers.emplace_back("X-Total-Exact", "false");
}

Result<std::string> format_of(const Request& request) {
  if (const std::string* format = request.parameter("format")) {
    if (find_output_format(*format) == nullptr) {
      return fail(ErrorCode::InvalidData, fmt::format("Unknown format \"{}\"; use json, ndjson, csv, arrow, "
                                                      "arrow_file, parquet or xlsx.",
                                                      format->substr(0, 64)));
    }
    return *format;
  }
  const OutputFormat* negotiated = negotiate_format(request.header("accept"));
  // A browser asks for HTML first and for anything after it.
  if (negotiated == nullptr)
    return fail(ErrorCode::NotAcceptable, "No format that the Accept header names is available.");
  return std::string(negotiated->name);
}

bool accepts_encoding(std::string_view header, std::string_view encoding) {
  return encoding_quality(header, encoding) > 0;
}

std::string content_encoding_of(const Request& request, const std::string& format) {
  const OutputFormat* known = find_output_format(format);
  const std::string_view accept = request.header("accept-encoding");
  if (accept.empty() || known == nullptr || !known->compressible) return {};
  const double gzip = encoding_quality(accept, "gzip");
  const double zstd = encoding_quality(accept, "zstd");
  if (gzip <= 0 && zstd <= 0) return {};
  return zstd >= gzip ? "zstd" : "gzip";
}

Result<RowsRequest> rows_request_from(const Request& request, const std::string& dataset) {
  RowsRequest out;
  out.dataset = dataset;
  out.context.received_ns = request.received_ns;
  CANVASBACK_TRY(parse_numbers(request, out));
  Selection& selection = out.selection;
  if (const std::string* text = request.parameter("after")) selection.after = *text;
  if (!selection.after.empty() && selection.offset > 0) {
    return fail(ErrorCode::InvalidData, "Use either offset or after, not both.");
  }
  if (const std::string* text = request.parameter("columns"); text != nullptr && !text->empty()) {
    CANVASBACK_ASSIGN(selection.columns, parse_columns(*text));
  }
  if (const std::string* text = request.parameter("filter"); text != nullptr && !text->empty()) {
    auto filter = Json::parse(long_numbers_kept(*text, LongNumbers::Text), limits::kFilterDepthMax * 2 + 4);
    if (!filter) return fail(ErrorCode::InvalidData, "filter: " + filter.error().message);
    selection.filter = std::move(*filter);
  }
  if (const std::string* text = request.parameter("sort"); text != nullptr && !text->empty()) {
    CANVASBACK_ASSIGN(selection.sort, parse_sort(*text));
  }
  if (const std::string* text = request.parameter("numbers")) {
    if (*text != "exact" && *text != "plain") return fail(ErrorCode::InvalidData, "numbers must be exact or plain.");
    out.output.numbers_exact = *text == "exact";
  }
  if (const std::string* text = request.parameter("compression")) {
    if (text->empty()) return fail(ErrorCode::InvalidData, "compression must not be empty.");
    out.output.compression = *text;
  }
  CANVASBACK_ASSIGN(out.on_unreadable, on_unreadable_of(request));
  CANVASBACK_ASSIGN(out.output.format, format_of(request));
  out.output.content_encoding = content_encoding_of(request, out.output.format);
  return out;
}

const std::vector<std::string>& analysis_parameter_names() {
  static const std::vector<std::string> names{"filter",  "format",     "compression",
                                              "numbers", "timeout_ms", "on_unreadable"};
  return names;
}

Result<AnalysisRequest> analysis_request_from(const Request& request, const std::string& dataset) {
  CANVASBACK_ASSIGN(RowsRequest rows, rows_request_from(request, dataset));
  AnalysisRequest out;
  out.dataset = dataset;
  out.selection = std::move(rows.selection);
  out.output = std::move(rows.output);
  out.context = std::move(rows.context);
  out.on_unreadable = rows.on_unreadable;
  return out;
}

Result<AnalysisRequest> aggregate_request_from(const Request& request, const std::string& dataset) {
  CANVASBACK_ASSIGN(Json body, json_body(request, {"group_by", "measures", "filter", "sort", "limit", "offset",
                                                   "format", "compression", "numbers", "timeout_ms", "on_unreadable"}));
  AnalysisRequest out;
  out.dataset = dataset;
  out.context.received_ns = request.received_ns;
  CANVASBACK_ASSIGN(out.analysis, aggregate_from_json(body.at("group_by"), body.at("measures")));
  for (const char* member : {"sort", "format", "compression", "numbers", "on_unreadable"}) {
    if (const Json* value = body.find(member); value != nullptr && !value->is_null() && !value->is_string()) {
      return fail(ErrorCode::InvalidData, fmt::format("\"{}\" must be a string.", member));
    }
  }
  for (const char* member : {"limit", "offset", "timeout_ms"}) {
    const Json* value = body.find(member);
    if (value == nullptr || value->is_null()) continue;
    // As text, so that the bounds are those of the query parameters.
    if (!value->is_integer()) return fail(ErrorCode::InvalidData, fmt::format("\"{}\" must be an integer.", member));
    const bool time = std::string_view(member) == "timeout_ms";
    CANVASBACK_ASSIGN(std::int64_t number, parse_integer(value->scalar_text(), member, time ? 1 : 0,
                                                         time ? limits::kMaxTimeout.count() : INT64_MAX / 2));
    if (time) {
      out.context.timeout_ms = number;
    } else if (std::string_view(member) == "limit") {
      out.selection.limit = number;
    } else {
      out.selection.offset = number;
    }
  }
  if (const Json& word = body.at("on_unreadable"); word.is_string()) {
    CANVASBACK_ASSIGN(out.on_unreadable, on_unreadable_from(word.as_string()));
  }
  out.selection.filter = body.at("filter");
  if (const std::string_view sort = body.at("sort").as_string(); !sort.empty()) {
    CANVASBACK_ASSIGN(out.selection.sort, parse_sort(sort));
  }
  const std::string_view numbers = body.at("numbers").as_string("exact");
  if (numbers != "exact" && numbers != "plain") return fail(ErrorCode::InvalidData, "numbers must be exact or plain.");
  out.output.numbers_exact = numbers == "exact";
  out.output.compression = body.at("compression").as_string();
  if (body.at("format").is_string()) {
    out.output.format = body.at("format").as_string();
  } else {
    CANVASBACK_ASSIGN(out.output.format, format_of(request));
  }
  out.output.content_encoding = content_encoding_of(request, out.output.format);
  return out;
}

Result<RowsRequest> export_request_from(const Request& request, const std::string& dataset) {
  if (request.body.empty()) return rows_request_from(request, dataset);
  std::vector<std::string> members = selection_parameter_names();
  members.emplace_back("filename");
  CANVASBACK_ASSIGN(Json body, json_body(request, members));
  // As if they stood in the query: what a member may be is then said in one place.
  Request merged = request;
  for (const auto& [name, value] : body.as_object()) {
    if (value.is_null()) continue;
    if (request.parameter(name) != nullptr) {
      return fail(ErrorCode::InvalidData,
                  fmt::format("\"{}\" is given both in the query string and in the body.", name));
    }
    if (name == "columns" && value.is_array()) continue;
    const bool tree = name == "filter" && value.is_object();
    if (!tree && !value.is_string() && !value.is_integer()) {
      return fail(ErrorCode::InvalidData, fmt::format("\"{}\" must be a string or an integer.", name));
    }
    merged.query.emplace_back(name, tree ? value.dump() : value.scalar_text());
  }
  CANVASBACK_ASSIGN(RowsRequest out, rows_request_from(merged, dataset));
  for (const Json& column : body.at("columns").as_array()) {
    if (!column.is_string()) return fail(ErrorCode::InvalidData, "columns must be an array of strings.");
    out.selection.columns.emplace_back(column.as_string());
  }
  return out;
}

Result<Json> json_body(const Request& request, const std::vector<std::string>& members) {
  const std::string type =
      lower(trim(request.header("content-type").substr(0, request.header("content-type").find(';'))));
  if (!type.empty() && type != "application/json" && type != "application/x-www-form-urlencoded" &&
      !type.ends_with("+json")) {
    return fail(ErrorCode::UnsupportedMediaType, "The body must be application/json.");
  }
  const std::string encoding = lower(trim(request.header("content-encoding")));
  const std::string transfer = lower(trim(request.header("transfer-encoding")));
  if ((!encoding.empty() && encoding != "identity") || (!transfer.empty() && transfer != "chunked")) {
    return fail(ErrorCode::UnsupportedMediaType, "The body must not be compressed.");
  }
  // Parameters of statements have types of their own, so a long number among them is marked as one.
  const bool typed = std::ranges::find(members, "parameters") != members.end();
  CANVASBACK_ASSIGN(Json body,
                    Json::parse(long_numbers_kept(request.body, typed ? LongNumbers::Marked : LongNumbers::Text)));
  if (!body.is_object()) return fail(ErrorCode::InvalidData, "The body must be a JSON object.");
  Json out(Json::Object{});
  for (const auto& [name, value] : body.as_object()) {
    if (std::ranges::find(members, name) == members.end()) {
      return fail(ErrorCode::InvalidData, fmt::format("Unknown member \"{}\"; the body takes {}.", name.substr(0, 64),
                                                      fmt::join(members, ", ")));
    }
    // JSON Schema, and with it the interface's description, counts 17.0 as an integer.
    const double number = value.as_double();
    const bool whole =
        !value.is_integer() && value.is_number() && std::abs(number) < 0x1p53 && std::trunc(number) == number;
    out.set(name, whole ? Json(static_cast<std::int64_t>(number)) : value);
  }
  return out;
}

std::string download_name(std::string_view wanted, std::string_view fallback, std::string_view format) {
  const OutputFormat* known = find_output_format(format);
  const std::string extension = fmt::format(".{}", known != nullptr ? known->extension : format);
  std::string name(wanted.empty() ? fallback : wanted);
  for (char& c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == '/' || c == '\\' || c == '"' || c == 0x7f) c = '_';
  }
  if (name.ends_with(extension)) name.resize(name.size() - extension.size());
  // No file system takes a longer name, and clients that are given one keep nothing.
  std::size_t end = std::min(name.size(), limits::kFileNameBytesMax - extension.size());
  while (end > 0 && end < name.size() && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  name.resize(end);
  return name + extension;
}

std::string content_disposition(std::string_view wanted, std::string_view fallback, std::string_view format) {
  const std::string name = download_name(wanted, fallback, format);
  std::string plain;
  bool ascii = true;
  for (char c : name) {
    ascii = ascii && static_cast<unsigned char>(c) < 0x80;
    plain += static_cast<unsigned char>(c) < 0x80 ? c : '_';
  }
  std::string out = fmt::format("attachment; filename=\"{}\"", plain);
  if (!ascii) out += fmt::format("; filename*=UTF-8''{}", percent_encode(name));
  return out;
}

}  // namespace canvasback::http
