// Schemas of collections: POST, GET, PUT and DELETE /api/v1/schemas….
#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "transport/http/connection/problem.hpp"
#include "transport/http/routes/document_answer.hpp"
#include "transport/http/routes/routes.hpp"
#include "transport/http/routes/selection_parameters.hpp"

namespace canvasback::http {
namespace {

const std::vector<std::string> kMembers{"name", "description", "fields", "primary_key", "cast", "additional_fields"};

Result<RecordSchema> schema_from_body(const Request& request, std::string_view name) {
  CANVASBACK_ASSIGN(Json body, json_body(request, kMembers));
  CANVASBACK_ASSIGN(RecordSchema schema, record_schema_from(body, name));
  if (!is_dataset_name(schema.name)) {
    return fail(ErrorCode::SchemaValidation,
                "The name of a schema must begin with a letter or '_' and may have letters, digits, '_', '-' and '.'.");
  }
  return schema;
}

// A version as it was given, with its number and time.
Json document_of(const RecordSchema& schema) {
  Json kept = to_json(schema);
  Json::Object members;
  for (const auto& [name, value] : kept.as_object()) {
    if (name != "time_us") members.emplace_back(name, value);
  }
  Json out(std::move(members));
  out.set("created", iso_time(schema.time_us));
  return out;
}

asio::awaitable<void> answer(Connection& connection, const Request& request, Json document, int status = 200) {
  co_await respond_document(connection, request, std::move(document), "schemas", status);
}

asio::awaitable<void> create_schema(Services services, Connection& connection, Request& request) {
  auto schema = schema_from_body(request, {});
  if (schema) {
    auto created = co_await services.collections->schemas().create(std::move(*schema));
    schema = std::move(created);
  }
  if (!schema) {
    co_await connection.respond(problem_response(schema.error(), request.path));
    co_return;
  }
  Json document = document_of(*schema);
  document.set("performance_metrics", performance_metrics(request, "schemas"));
  Response response;
  response.status = 201;
  response.headers.emplace_back("Location", "/api/v1/schemas/" + percent_encode(schema->name));
  response.body = document.dump();
  co_await connection.respond(std::move(response));
}

asio::awaitable<void> replace(Services services, Connection& connection, Request& request) {
  const std::string name = request.path_parameters["name"];
  auto schema = schema_from_body(request, name);
  if (schema) {
    auto replaced = co_await services.collections->schemas().replace(std::move(*schema));
    schema = std::move(replaced);
  }
  if (!schema) {
    co_await connection.respond(problem_response(schema.error(), request.path));
    co_return;
  }
  co_await answer(connection, request, document_of(*schema));
}

asio::awaitable<void> list_schemas(Services services, Connection& connection, Request& request) {
  Json entries = Json::Array{};
  if (services.collections != nullptr) {
    for (const auto& [name, versions] : services.collections->schema_store().all()) {
      Json entry = document_of(versions.back());
      const Collection* collection = services.collections->find(name);
      entry.set("records", collection != nullptr ? collection->records() : std::int64_t{0});
      entries.push(std::move(entry));
    }
  }
  Json document;
  document.set("schemas", std::move(entries));
  co_await answer(connection, request, std::move(document));
}

Result<Json> detail_of(const Services& services, const Request& request, const std::string& name) {
  const auto* versions = services.collections->schema_store().versions(name);
  if (versions == nullptr) {
    return fail(ErrorCode::SchemaNotFound, fmt::format("There is no schema \"{}\".", name.substr(0, 128)));
  }
  const RecordSchema* wanted = &versions->back();
  if (const std::string* text = request.parameter("version")) {
    CANVASBACK_ASSIGN(std::int64_t number, parse_integer(*text, "version", 1, INT64_MAX));
    wanted = nullptr;
    for (const RecordSchema& version : *versions) {
      if (version.version == number) wanted = &version;
    }
    if (wanted == nullptr) {
      return fail(ErrorCode::SchemaNotFound, fmt::format("Schema \"{}\" has no version {}.", name, number));
    }
  }
  Json document = document_of(*wanted);
  Json history = Json::Array{};
  for (const RecordSchema& version : *versions) {
    Json entry;
    entry.set("version", version.version);
    entry.set("created", iso_time(version.time_us));
    history.push(std::move(entry));
  }
  document.set("versions", std::move(history));
  const Collection* collection = services.collections->find(name);
  document.set("records", collection != nullptr ? collection->records() : std::int64_t{0});
  return document;
}

asio::awaitable<void> schema_detail(Services services, Connection& connection, Request& request) {
  auto document = detail_of(services, request, request.path_parameters["name"]);
  if (!document) {
    co_await connection.respond(problem_response(document.error(), request.path));
    co_return;
  }
  co_await answer(connection, request, std::move(*document));
}

asio::awaitable<void> remove_schema(Services services, Connection& connection, Request& request) {
  Status status = co_await services.collections->schemas().remove(request.path_parameters["name"]);
  if (!status) {
    co_await connection.respond(problem_response(status.error(), request.path));
    co_return;
  }
  Response response;
  response.status = 204;
  co_await connection.respond(std::move(response));
}

}  // namespace

void add_schema_routes(Router& router, Services services) {
  const auto add = [&](const char* method, const char* pattern, std::vector<std::string> parameters,
                       asio::awaitable<void> (*handle)(Services, Connection&, Request&)) {
    router.add({method, pattern, std::move(parameters)}, [services, handle](Connection& connection, Request& request) {
      return handle(services, connection, request);
    });
  };
  add("POST", "/api/v1/schemas", {}, create_schema);
  add("GET", "/api/v1/schemas", {}, list_schemas);
  add("GET", "/api/v1/schemas/{name}", {"version"}, schema_detail);
  add("PUT", "/api/v1/schemas/{name}", {}, replace);
  add("DELETE", "/api/v1/schemas/{name}", {}, remove_schema);
}

}  // namespace canvasback::http
