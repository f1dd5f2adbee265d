// GET /api/v1/datasets/{name}/tile: a picture of two columns, or the counts behind it.
#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/format_names.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "transport/http/connection/byte_range.hpp"
#include "transport/http/connection/problem.hpp"
#include "transport/http/routes/routes.hpp"
#include "transport/http/routes/selection_parameters.hpp"
#include "transport/http/routes/stream_answer.hpp"

namespace canvasback::http {
namespace {

Status read_number(const Request& request, const char* name, std::optional<double>& out) {
  const std::string* text = request.parameter(name);
  if (text == nullptr || text->empty()) return {};
  double number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size() || !std::isfinite(number)) {
    return fail(ErrorCode::InvalidData, fmt::format("{} must be a finite number.", name));
  }
  out = number;
  return {};
}

template <class Number>
Status read_integer(const Request& request, const char* name, std::int64_t min, std::int64_t max, Number& out) {
  if (const std::string* text = request.parameter(name)) {
    CANVASBACK_ASSIGN(const std::int64_t number, parse_integer(*text, name, min, max));
    out = static_cast<Number>(number);
  }
  return {};
}

void read_text(const Request& request, const char* name, std::string& out) {
  if (const std::string* text = request.parameter(name)) out = *text;
}

bool wants_picture(const Request& request) {
  const std::string* format = request.parameter("format");
  if (format != nullptr) return *format == "png";
  // A browser's <img> names picture types; whoever names a format of rows gets them.
  const std::string_view accept = request.header("accept");
  return accept.empty() || accept.find("image/") != std::string_view::npos ||
         accept.find("*/*") != std::string_view::npos;
}

Result<TileRequest> tile_request_from(const Request& request) {
  const bool picture = wants_picture(request);
  Request rows = request;
  if (picture) {
    rows.headers.erase("accept");
    std::erase_if(rows.query, [](const auto& parameter) { return parameter.first == "format"; });
  }
  CANVASBACK_ASSIGN(AnalysisRequest common, analysis_request_from(rows, request.path_parameters.at("name")));
  if (find_output_format(common.output.format) == nullptr) {
    return fail(ErrorCode::InvalidData, fmt::format("Unknown format \"{}\".", common.output.format.substr(0, 64)));
  }
  TileRequest out;
  out.dataset = std::move(common.dataset);
  out.selection = std::move(common.selection);
  out.output = std::move(common.output);
  out.context = std::move(common.context);
  out.on_unreadable = common.on_unreadable;
  Tile& tile = out.tile;
  tile.picture = picture;
  read_text(request, "x", tile.x);
  read_text(request, "y", tile.y);
  read_text(request, "value", tile.value);
  read_text(request, "measure", tile.measure);
  if (const std::string* scale = request.parameter("scale")) {
    const auto known = tile_scale_from(*scale);
    if (!known) return fail(ErrorCode::InvalidData, "scale must be linear, log or eq_hist.");
    tile.scale = *known;
  }
  CANVASBACK_TRY(read_integer(request, "size", limits::kTileSizeMin, limits::kTileSizeMax, tile.size));
  CANVASBACK_TRY(read_integer(request, "z", 0, limits::kTileZoomMax, tile.zoom));
  CANVASBACK_TRY(read_integer(request, "tx", 0, INT64_MAX, tile.column));
  CANVASBACK_TRY(read_integer(request, "ty", 0, INT64_MAX, tile.row));
  CANVASBACK_TRY(read_number(request, "x_min", tile.x_min));
  CANVASBACK_TRY(read_number(request, "x_max", tile.x_max));
  CANVASBACK_TRY(read_number(request, "y_min", tile.y_min));
  CANVASBACK_TRY(read_number(request, "y_max", tile.y_max));
  return out;
}

asio::awaitable<void> picture(Services services, Connection& connection, Request& request, TileRequest wanted) {
  Response response;
  response.content_type = "image/png";
  response.headers.emplace_back("Cache-Control", "no-cache");
  response.headers.emplace_back("Vary", "Accept");
  add_left_out(response.headers, services.datasets.left_out_of(wanted.dataset, wanted.on_unreadable));
  const auto tag = services.tiles.tag(wanted);
  if (!tag) {
    co_await connection.respond(problem_response(tag.error(), request.path));
    co_return;
  }
  response.headers.emplace_back("ETag", fmt::format("\"{}\"", tag->substr(0, 32)));
  if (names_tag(request.header("if-none-match"), response.headers.back().second)) {
    response.status = 304;
    co_await connection.respond(std::move(response));
    co_return;
  }
  connection.set_on_gone([services] { services.queries.cancel_gone(); });
  auto answer = co_await services.tiles.picture(std::move(wanted), connection.gone());
  connection.set_on_gone(nullptr);
  if (!answer) {
    co_await connection.respond(problem_response(answer.error(), request.path));
    co_return;
  }
  response.headers.emplace_back("Server-Timing", server_timing(answer->metrics));
  co_await connection.respond_view(response, *answer->bytes);
}

asio::awaitable<void> tile(Services services, Connection& connection, Request& request) {
  auto wanted = tile_request_from(request);
  if (!wanted) {
    co_await connection.respond(problem_response(wanted.error(), request.path));
    co_return;
  }
  if (wanted->tile.picture) {
    co_await picture(services, connection, request, std::move(*wanted));
    co_return;
  }
  StreamHead head{wanted->output.format, wanted->output.content_encoding, {}};
  add_left_out(head.headers, services.datasets.left_out_of(wanted->dataset, wanted->on_unreadable));
  OpenAnswer open = [&](CancelToken gone) { return services.tiles.cells(std::move(*wanted), gone); };
  co_await stream_answer(connection, request, services.queries, std::move(head), std::move(open));
}

}  // namespace

void add_tile_routes(Router& router, Services services) {
  std::vector<std::string> names = analysis_parameter_names();
  for (const char* name :
       {"x", "y", "value", "measure", "scale", "size", "z", "tx", "ty", "x_min", "x_max", "y_min", "y_max"}) {
    names.emplace_back(name);
  }
  router.add({"GET", "/api/v1/datasets/{name}/tile", std::move(names)},
             [services](Connection& connection, Request& request) { return tile(services, connection, request); });
}

}  // namespace canvasback::http
