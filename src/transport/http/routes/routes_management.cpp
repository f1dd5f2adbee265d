// What is done to a collection for long: POST /api/v1/collections/{name}/compact, archive, restore, verify, generate,
// and POST /api/v1/backup. Each is a job: answered at once with 202 where the client prefers that, else when it has
// ended.
#include <fmt/format.h>

#include "base/iso_week.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "service/collection/collection_jobs.hpp"
#include "transport/http/connection/problem.hpp"
#include "transport/http/routes/job_answer.hpp"
#include "transport/http/routes/routes.hpp"
#include "transport/http/routes/selection_parameters.hpp"

namespace canvasback::http {
namespace {

constexpr std::int64_t kGenerateDefault = 10'000;
constexpr std::int64_t kGenerateMax = 1'000'000'000;

using Started = Result<std::shared_ptr<Job>>;
using Start = Started (*)(CollectionJobs& jobs, const std::string& name, const Request& request);

// The body; a member is left out or has a value.
Result<Json> full_body(const Request& request, const std::vector<std::string>& members) {
  CANVASBACK_ASSIGN(Json body, json_body(request, members));
  for (const auto& [name, value] : body.as_object()) {
    if (value.is_null()) {
      return fail(ErrorCode::InvalidData, fmt::format("\"{}\" must not be null; omit it instead.", name));
    }
  }
  return body;
}

// Of a request that may come without one.
Result<Json> optional_body(const Request& request, const std::vector<std::string>& members) {
  if (request.body.empty()) return Json(Json::Object{});
  return full_body(request, members);
}

Result<std::int64_t> week_from(const Json& body, const char* member, std::int64_t fallback) {
  const Json& value = body.at(member);
  if (value.is_null()) return fallback;
  const auto week = value.is_string() ? parse_iso_week(value.as_string()) : std::nullopt;
  if (!week) {
    return fail(ErrorCode::InvalidData,
                fmt::format("\"{}\" must be an ISO week, as a string such as 2025-W40.", member));
  }
  return week_number_of(*week);
}

Started compact(CollectionJobs& jobs, const std::string& name, const Request& request) {
  CANVASBACK_TRY(optional_body(request, {}));
  return jobs.compact(name);
}

Started archive(CollectionJobs& jobs, const std::string& name, const Request& request) {
  CANVASBACK_ASSIGN(Json body, full_body(request, {"before"}));
  if (body.at("before").is_null()) return fail(ErrorCode::InvalidData, "The body must have \"before\", an ISO week.");
  CANVASBACK_ASSIGN(const std::int64_t before, week_from(body, "before", 0));
  return jobs.archive(name, before);
}

Started restore(CollectionJobs& jobs, const std::string& name, const Request& request) {
  CANVASBACK_ASSIGN(Json body, optional_body(request, {"from", "until"}));
  CANVASBACK_ASSIGN(const std::int64_t first, week_from(body, "from", INT64_MIN));
  CANVASBACK_ASSIGN(const std::int64_t last, week_from(body, "until", INT64_MAX));
  return jobs.restore(name, first, last);
}

Started verify(CollectionJobs& jobs, const std::string& name, const Request& request) {
  CANVASBACK_TRY(optional_body(request, {}));
  return jobs.verify(name);
}

Started generate(CollectionJobs& jobs, const std::string& name, const Request& request) {
  CANVASBACK_ASSIGN(Json body, full_body(request, {"type", "count", "seed"}));
  // As of the other work: where there can be no such collection, there is none.
  if (!is_dataset_name(name)) {
    return fail(ErrorCode::DatasetNotFound,
                fmt::format("\"{}\" cannot be the name of a collection.", name.substr(0, 64)));
  }
  GenerateRequest wanted;
  wanted.collection = name;
  wanted.type_name = body.at("type").is_null() ? "user" : std::string(body.at("type").as_string());
  const auto type = record_type_from(wanted.type_name);
  if (!type) return fail(ErrorCode::InvalidData, "\"type\" must be user, transaction, event, product or sensor.");
  wanted.type = *type;
  const Json& count = body.at("count");
  wanted.count = count.is_null() ? kGenerateDefault : count.as_int(-1);
  if (wanted.count < 1 || wanted.count > kGenerateMax) {
    return fail(ErrorCode::InvalidData, fmt::format("\"count\" must be an integer from 1 to {}.", kGenerateMax));
  }
  const Json& seed = body.at("seed");
  if (!seed.is_null() && (!seed.is_integer() || seed.as_int(-1) < 0)) {
    return fail(ErrorCode::InvalidData, "\"seed\" must be a non-negative integer.");
  }
  wanted.seed = static_cast<std::uint64_t>(seed.as_int());
  return jobs.generate(std::move(wanted));
}

Started backup(CollectionJobs& jobs, const std::string&, const Request& request) {
  CANVASBACK_TRY(optional_body(request, {}));
  return jobs.backup();
}

// The job goes on whether or not its client stays.
asio::awaitable<void> answer(Services services, Connection& connection, Request& request, Start start) {
  CollectionJobs jobs(*services.collections, services.jobs);
  auto job = start(jobs, request.path_parameters["name"], request);
  if (!job || prefers_async(request)) {
    co_await respond_accepted(connection, request, services.jobs, std::move(job));
    co_return;
  }
  co_await services.jobs.wait_for_end(*job);
  if ((*job)->error) {
    co_await connection.respond(problem_response(*(*job)->error, request.path));
    co_return;
  }
  Response response;
  response.body = job_document(services.jobs, **job);
  co_await connection.respond(std::move(response));
}

}  // namespace

void add_management_routes(Router& router, Services services) {
  const auto add = [&](const char* pattern, Start start) {
    router.add({"POST", pattern, {}}, [services, start](Connection& connection, Request& request) {
      return answer(services, connection, request, start);
    });
  };
  add("/api/v1/collections/{name}/compact", compact);
  add("/api/v1/collections/{name}/archive", archive);
  add("/api/v1/collections/{name}/restore", restore);
  add("/api/v1/collections/{name}/verify", verify);
  add("/api/v1/collections/{name}/generate", generate);
  add("/api/v1/backup", backup);
}

}  // namespace canvasback::http
