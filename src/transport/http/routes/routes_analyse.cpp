// Routes that say what a dataset's columns are like: profile, histogram, top, aggregate.
#include <fmt/format.h>

#include "base/format_names.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "transport/http/connection/problem.hpp"
#include "transport/http/routes/routes.hpp"
#include "transport/http/routes/selection_parameters.hpp"
#include "transport/http/routes/stream_answer.hpp"

namespace canvasback::http {
namespace {

// The object is complete; the metrics join it as its last member.
std::string with_metrics(const std::string& document, const Json& metrics) {
  return fmt::format("{},\"performance_metrics\":{}}}", std::string_view(document).substr(0, document.size() - 1),
                     metrics.dump());
}

asio::awaitable<void> profile(Services services, Connection& connection, Request& request) {
  const std::string name = request.path_parameters["name"];
  auto wanted = analysis_request_from(request, name);
  if (!wanted) {
    co_await connection.respond(problem_response(wanted.error(), request.path));
    co_return;
  }
  wanted->analysis.kind = Analysis::Kind::Profile;
  const std::string* type = request.parameter("type");
  wanted->analysis.profile_type = type != nullptr ? *type : "profile";
  wanted->output.content_encoding.clear();
  const std::string format = wanted->output.format;
  const OnUnreadable on_unreadable = wanted->on_unreadable;
  connection.set_on_gone([services] { services.queries.cancel_gone(); });
  auto answer = co_await services.analyses.profile(std::move(*wanted), connection.gone());
  connection.set_on_gone(nullptr);
  if (!answer) {
    co_await connection.respond(problem_response(answer.error(), request.path));
    co_return;
  }
  Response response;
  response.content_type = find_output_format(format)->media_type;
  response.headers.emplace_back("Vary", "Accept");
  response.headers.emplace_back("Server-Timing", server_timing(answer->metrics));
  response.headers.emplace_back("X-Performance-Metrics", answer->metrics.dump());
  add_left_out(response.headers, services.datasets.left_out_of(name, on_unreadable));
  if (format == "json") {
    response.body = with_metrics(*answer->bytes, answer->metrics);
    co_await connection.respond(std::move(response));
  } else {
    co_await connection.respond_view(response, *answer->bytes);
  }
}

// Sets the column and one number of the analysis from the query.
Status read_column(const Request& request, Analysis& analysis) {
  const std::string* column = request.parameter("column");
  if (column == nullptr || column->empty()) {
    return fail(ErrorCode::InvalidData, "The parameter \"column\" is required.");
  }
  analysis.column = *column;
  if (const std::string* bins = request.parameter("bins")) {
    CANVASBACK_ASSIGN(analysis.bins, parse_integer(*bins, "bins", 1, limits::kHistogramBinsMax));
  }
  if (const std::string* top = request.parameter("k")) {
    CANVASBACK_ASSIGN(analysis.top, parse_integer(*top, "k", 1, limits::kTopValuesMax));
  }
  return {};
}

asio::awaitable<void> answer_rows(Services services, Connection& connection, Request& request,
                                  Result<AnalysisRequest> wanted) {
  if (wanted && find_output_format(wanted->output.format) == nullptr) {
    wanted = fail(ErrorCode::InvalidData, fmt::format("Unknown format \"{}\".", wanted->output.format.substr(0, 64)));
  }
  if (!wanted) {
    co_await connection.respond(problem_response(wanted.error(), request.path));
    co_return;
  }
  StreamHead head{wanted->output.format, wanted->output.content_encoding, {}};
  add_left_out(head.headers, services.datasets.left_out_of(wanted->dataset, wanted->on_unreadable));
  OpenAnswer open = [&](CancelToken gone) { return services.analyses.analyse(std::move(*wanted), gone); };
  co_await stream_answer(connection, request, services.queries, std::move(head), std::move(open));
}

asio::awaitable<void> of_column(Services services, Connection& connection, Request& request, Analysis::Kind kind) {
  auto wanted = analysis_request_from(request, request.path_parameters["name"]);
  if (wanted) {
    wanted->analysis.kind = kind;
    if (Status status = read_column(request, wanted->analysis); !status) wanted = std::unexpected(status.error());
  }
  co_await answer_rows(services, connection, request, std::move(wanted));
}

asio::awaitable<void> aggregate(Services services, Connection& connection, Request& request) {
  auto wanted = aggregate_request_from(request, request.path_parameters["name"]);
  co_await answer_rows(services, connection, request, std::move(wanted));
}

std::vector<std::string> names_with(std::initializer_list<const char*> more) {
  std::vector<std::string> names = analysis_parameter_names();
  names.insert(names.end(), more.begin(), more.end());
  return names;
}

}  // namespace

void add_analyse_routes(Router& router, Services services) {
  router.add({"GET", "/api/v1/datasets/{name}/profile", names_with({"type", "columns"})},
             [services](Connection& connection, Request& request) { return profile(services, connection, request); });
  router.add({"GET", "/api/v1/datasets/{name}/histogram", names_with({"column", "bins"})},
             [services](Connection& connection, Request& request) {
               return of_column(services, connection, request, Analysis::Kind::Histogram);
             });
  router.add({"GET", "/api/v1/datasets/{name}/top", names_with({"column", "k"})},
             [services](Connection& connection, Request& request) {
               return of_column(services, connection, request, Analysis::Kind::Top);
             });
  router.add({"POST", "/api/v1/datasets/{name}/aggregate", {"format"}},
             [services](Connection& connection, Request& request) { return aggregate(services, connection, request); });
}

}  // namespace canvasback::http
