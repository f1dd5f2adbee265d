#include <fmt/format.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/json_time.hpp"
#include "base/text.hpp"
#include "transport/http/routes/source_metrics.hpp"

namespace canvasback::http {
namespace {

void write_feeds(const std::vector<FeedStatus>& feeds, JsonWriter& out) {
  out.key("feeds").begin_array();
  for (const FeedStatus& feed : feeds) {
    const bool begun = feed.last_success_us > 0 || feed.failures > 0;
    out.begin_object().member("url", feed.url).member("collection", feed.collection);
    out.member("state", feed.failures > 0 ? "failing" : begun ? "ok" : "starting");
    out.member("last_success", time_or_null(feed.last_success_us)).member("next", time_or_null(feed.next_us));
    out.member("failures", feed.failures).member("error", feed.failures > 0 ? Json(feed.error) : Json());
    out.member("records", feed.records).member("quarantined", feed.quarantined).end_object();
  }
  out.end_array();
}

// When the files of collections were last read whole, and what was found.
void write_scrub(JsonWriter& out, const CollectionService& collections) {
  const FileChecks& checks = collections.scrub().checks();
  out.key("scrub").begin_object().key("age_s");
  if (checks.scrubbed_us() > 0) {
    out.value(static_cast<double>(std::max<std::int64_t>(0, wall_us() - checks.scrubbed_us())) / 1e6);
  } else {
    out.null();
  }
  out.member("running", collections.scrub().running());
  out.member("unchecked_files", static_cast<std::uint64_t>(checks.waiting().size()));
  out.key("damaged").begin_array();
  for (const auto& [path, damage] : checks.damaged()) {
    out.begin_object().member("collection", damage.collection);
    out.member("file", path.substr(path.rfind('/') + 1)).member("problem", damage.message).end_object();
  }
  out.end_array().end_object();
}

asio::awaitable<void> health(Services services, Connection& connection) {
  std::size_t readable = 0;
  std::size_t broken = 0;
  for (const auto& [name, entry] : services.datasets.entries()) (entry.dataset ? readable : broken) += 1;
  const bool workers = services.pool.start_failure().empty() || !services.pool.workers().empty();
  std::vector<std::string> stopped;
  std::vector<std::pair<std::string, std::string>> blocked;
  if (services.collections != nullptr) {
    for (const auto& [name, collection] : services.collections->collections()) {
      if (collection->health.stopped()) stopped.push_back(name);
      if (const auto& why = collection->health.blocked()) blocked.emplace_back(name, why->message);
    }
  }
  const bool damaged = services.collections != nullptr && !services.collections->scrub().checks().damaged().empty();
  const bool healthy = workers && stopped.empty() && blocked.empty() && !damaged;
  // The server of a feed or a source is not this one: it is told, and no reason to send requests elsewhere.
  const bool fed = (services.feeds == nullptr ||
                    std::ranges::none_of(*services.feeds, [](const FeedStatus& feed) { return feed.failures > 0; })) &&
                   sources_pulled(services);
  JsonWriter out;
  out.begin_object()
      .member("status", !healthy ? "failing"
                        : fed    ? "ok"
                                 : "degraded")
      .member("version", CANVASBACK_VERSION);
  out.member("uptime_s", static_cast<double>(wall_us() - services.started_us) / 1e6);
  out.key("datasets").begin_object().member("readable", static_cast<std::uint64_t>(readable));
  out.member("broken", static_cast<std::uint64_t>(broken)).end_object();
  out.key("tasks").begin_object().member("running", static_cast<std::uint64_t>(services.pool.running()));
  out.member("waiting", static_cast<std::uint64_t>(services.pool.waiting())).end_object();
  if (!stopped.empty()) {
    out.key("collections_stopped").begin_array();
    for (const std::string& name : stopped) out.value(name);
    out.end_array();
  }
  if (services.feeds != nullptr && !services.feeds->empty()) write_feeds(*services.feeds, out);
  if (!blocked.empty()) {
    out.key("collections_blocked").begin_array();
    for (const auto& [name, why] : blocked) {
      out.begin_object().member("name", name).member("error", why).end_object();
    }
    out.end_array();
  }
  if (services.collections != nullptr) write_scrub(out, *services.collections);
  out.key("workers").begin_array();
  for (const Pool::WorkerInfo& worker : services.pool.workers()) {
    out.begin_object()
        .member("number", worker.number)
        .member("pid", worker.pid)
        .member("state", worker.state)
        .end_object();
  }
  out.end_array().end_object();
  Response response;
  response.status = healthy ? 200 : 503;
  response.body = out.take();
  co_await connection.respond(std::move(response));
}

asio::awaitable<void> metrics(Services services, Connection& connection) {
  Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body =
      services.metrics.prometheus(services.pool, services.jobs) + source_metrics(services) + rollup_metrics(services);
  co_await connection.respond(std::move(response));
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '&': out += "&amp;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

// What a browser shows where the program was built without the web app: the datasets and where their rows are.
asio::awaitable<void> index(Services services, Connection& connection) {
  std::string rows;
  for (const auto& [name, entry] : services.datasets.entries()) {
    const std::string url = "/api/v1/datasets/" + percent_encode(name);
    const std::string safe = escape_html(name);
    if (!entry.dataset) {
      rows += fmt::format("<tr><td>{}<td colspan=4 class=bad>{}", safe,
                          escape_html(entry.error ? entry.error->message : "being read"));
      continue;
    }
    const Dataset& dataset = *entry.dataset;
    rows += fmt::format(
        "<tr><td><a href=\"{0}\">{1}</a><td class=n>{2}<td class=n>{3}<td class=n>{4}<td>"
        "<a href=\"{0}/rows?limit=100\">rows</a> · <a href=\"{0}/export?format=csv\">csv</a> · "
        "<a href=\"{0}/export?format=parquet\">parquet</a> · <a href=\"{0}/export?format=arrow\">arrow</a>",
        url, safe, dataset.rows >= 0 ? with_thousands(dataset.rows) : "?", dataset.columns.size(),
        human_bytes(dataset.bytes()));
  }
  Response response;
  response.content_type = "text/html; charset=utf-8";
  response.headers.emplace_back("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
  response.body = fmt::format(
      "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">"
      "<title>Canvasback</title><style>:root{{color-scheme:light dark}}body{{font:16px/1.5 system-ui,sans-serif;"
      "max-width:60rem;margin:2rem auto;padding:0 1rem}}table{{border-collapse:collapse;width:100%}}"
      "td,th{{padding:.4rem .8rem;border-bottom:1px solid #8884;text-align:left}}.n{{text-align:right;"
      "font-variant-numeric:tabular-nums}}.bad{{color:#c33}}code{{background:#8882;padding:.1em .3em}}</style>"
      "<h1>Canvasback {}</h1><table><tr><th>Dataset<th class=n>Rows<th class=n>Columns<th class=n>Size<th>Get{}</table>"
      "<p>SQL: <code>POST /api/v1/query</code> {{\"sql\": \"SELECT …\"}} · running: <a "
      "href=\"/api/v1/queries\">queries</a> · "
      "<a href=\"/docs\">reference</a> · <a href=\"/health\">health</a> · <a href=\"/metrics\">metrics</a></html>",
      CANVASBACK_VERSION, rows);
  co_await connection.respond(std::move(response));
}

}  // namespace

void add_system_routes(Router& router, Services services) {
  router.add({"GET", "/", {}, true}, [services](Connection& connection, Request& request) {
    return has_web_app() ? web_page(connection, request) : index(services, connection);
  });
  router.add({"GET", "/health", {}},
             [services](Connection& connection, Request&) { return health(services, connection); });
  router.add({"GET", "/metrics", {}},
             [services](Connection& connection, Request&) { return metrics(services, connection); });
}

}  // namespace canvasback::http
