// The interface described by itself: /openapi.json and the pages at /docs that show it. All of it is text inside the
// program (protocol/openapi.json and reference/, see cmake/Embed.cmake), so it is there without a network and always
// of the same version.
#include <fmt/format.h>

#include <array>
#include <string_view>

#include "transport/http/connection/problem.hpp"
#include "transport/http/routes/routes.hpp"

namespace canvasback::embedded {

extern const std::string_view openapi_json;
extern const std::string_view reference_html;
extern const std::string_view reference_css;
extern const std::string_view reference_js;

}  // namespace canvasback::embedded

namespace canvasback::http {
namespace {

// Nothing from elsewhere, nothing inline, in nobody's frame.
constexpr const char* kContentPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

asio::awaitable<void> text(Connection& connection, const char* content_type, std::string_view body) {
  Response response;
  response.content_type = content_type;
  response.headers.emplace_back("Cache-Control", "no-cache");
  response.headers.emplace_back("Content-Security-Policy", kContentPolicy);
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  co_await connection.respond_view(response, body);
}

struct Page {
  std::string_view name;
  const char* content_type;
  const std::string_view& body;
};

// `errors` is the page itself: it opens at the code that the address names after #.
constexpr std::array kPages{Page{"errors", "text/html; charset=utf-8", embedded::reference_html},
                            Page{"reference.css", "text/css; charset=utf-8", embedded::reference_css},
                            Page{"reference.js", "text/javascript; charset=utf-8", embedded::reference_js}};

asio::awaitable<void> page(Connection& connection, Request& request) {
  const std::string& wanted = request.path_parameters["page"];
  for (const Page& known : kPages) {
    if (known.name != wanted) continue;
    co_await text(connection, known.content_type, known.body);
    co_return;
  }
  Error missing{ErrorCode::NotFound, fmt::format("Not found: {}.", request.path.substr(0, 256)), {}, {}, 0};
  co_await connection.respond(problem_response(missing, request.path));
}

}  // namespace

void add_reference_routes(Router& router) {
  router.add({"GET", "/openapi.json", {}}, [](Connection& connection, Request&) {
    return text(connection, "application/json", embedded::openapi_json);
  });
  router.add({"GET", "/docs", {}}, [](Connection& connection, Request&) {
    return text(connection, "text/html; charset=utf-8", embedded::reference_html);
  });
  router.add({"GET", "/docs/{page}", {}}, page);
}

void add_routes(Router& router, Services services) {
  add_system_routes(router, services);
  add_dataset_routes(router, services);
  add_analyse_routes(router, services);
  add_query_routes(router, services);
  add_job_routes(router, services);
  add_seed_routes(router, services);
  add_ingest_routes(router, services);
  add_collection_routes(router, services);
  add_schema_routes(router, services);
  add_record_routes(router, services);
  add_performance_routes(router, services);
  add_backup_routes(router, services);
  add_source_routes(router, services);
  add_management_routes(router, services);
  add_trash_routes(router, services);
  add_reference_routes(router);
  add_stream_routes(router, services);
  add_tile_routes(router, services);
  add_dashboard_routes(router, services);
  add_web_routes(router);
}

}  // namespace canvasback::http
