// Records of collections with a schema, one by one and in bulk: /api/v1/records….
#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "transport/http/connection/problem.hpp"
#include "transport/http/routes/ingest_answer.hpp"
#include "transport/http/routes/routes.hpp"
#include "transport/http/routes/selection_parameters.hpp"
#include "transport/http/routes/stream_answer.hpp"
#include "transport/http/routes/whole_answer.hpp"

namespace canvasback::http {
namespace {

constexpr int kPatchAttemptsMax = 50;                        // of a record that others change at the same time
constexpr std::size_t kEnvelopeBytesMax = 4 * limits::kKiB;  // of a body, before its records

// {"schema": NAME, "data": …: what stands before the records, and where they begin.
struct Envelope {
  std::string schema;
  std::size_t records_at = 0;
};

std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) ++at;
  return at;
}

// The string that begins at `at`, which moves behind it; nullopt: there is none, or not all of it.
std::optional<std::string> take_string(std::string_view text, std::size_t& at) {
  at = skip_space(text, at);
  if (at >= text.size() || text[at] != '"') return std::nullopt;
  std::size_t end = at + 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  if (end >= text.size()) return std::nullopt;
  auto value = Json::parse(text.substr(at, end + 1 - at));
  if (!value) return std::nullopt;
  at = end + 1;
  return std::string(value->as_string());
}

bool take_char(std::string_view text, std::size_t& at, char wanted) {
  at = skip_space(text, at);
  if (at >= text.size() || text[at] != wanted) return false;
  ++at;
  return true;
}

// nullopt: not all of it is there yet, or it is none.
std::optional<Envelope> read_envelope(std::string_view text) {
  Envelope out;
  std::size_t at = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  if (!take_char(text, at, '{')) return std::nullopt;
  while (true) {
    const auto key = take_string(text, at);
    if (!key || !take_char(text, at, ':')) return std::nullopt;
    if (*key == "data" || *key == "records") {
      out.records_at = skip_space(text, at);
      if (out.schema.empty() || out.records_at >= text.size()) return std::nullopt;
      return out;
    }
    if (*key != "schema" && *key != "schema_name") return std::nullopt;
    auto name = take_string(text, at);
    if (!name || !take_char(text, at, ',')) return std::nullopt;
    out.schema = std::move(*name);
  }
}

Error no_envelope() {
  Error error;
  error.code = ErrorCode::InvalidData;
  error.message =
      "Say by ?schema= which schema the records are of, or send {\"schema\": NAME, \"data\": …}, in this order.";
  return error;
}

asio::awaitable<void> refuse(Connection& connection, const Request& request, const Error& error) {
  co_await connection.respond(ingest_problem(error, request.path));
}

Error no_object() { return Error{ErrorCode::InvalidData, "A record is a JSON object.", {}, {}, 0}; }

Result<IngestRequest> wanted_of(const Request& request) {
  CANVASBACK_ASSIGN(IngestRequest wanted, ingest_request_from(request));
  wanted.known_only = true;
  if (const std::string* name = request.parameter("schema")) wanted.collection = *name;
  return wanted;
}

// Of the routes that take one record.
Result<IngestRequest> wanted_of_one(const Request& request) {
  CANVASBACK_ASSIGN(IngestRequest wanted, wanted_of(request));
  if (wanted.format != InputFormat::Json || !wanted.encoding.empty()) {
    return fail(ErrorCode::UnsupportedMediaType, "The body must be application/json.");
  }
  return wanted;
}

asio::awaitable<void> bulk(Services services, Connection& connection, Request& request) {
  auto wanted = wanted_of(request);
  if (!wanted) co_return co_await refuse(connection, request, wanted.error());
  std::string begun;
  if (request.parameter("schema") == nullptr) {
    std::optional<Envelope> envelope;
    while (!envelope && begun.size() < kEnvelopeBytesMax) {
      auto piece = co_await connection.read_body();
      if (!piece) co_return co_await refuse(connection, request, piece.error());
      if (piece->empty()) break;
      begun += *piece;
      envelope = read_envelope(begun);
    }
    if (!envelope || begun[envelope->records_at] != '[') {
      const Error error = no_envelope();
      co_return co_await refuse(connection, request, error);
    }
    wanted->collection = envelope->schema;
    begun.replace(0, envelope->records_at, "{\"records\":");
  }
  std::uint64_t bytes = 0;
  auto answer = co_await take_body(*services.collections, connection, *wanted, std::move(begun), bytes);
  if (!answer) co_return co_await refuse(connection, request, answer.error());
  co_await connection.respond(ingest_response(*wanted, *answer, bytes, services.collections->sync_each_commit()));
}

// The document of a record that was written: what /ingest says of it, and its id.
Response written(const IngestRequest& wanted, const IngestAnswer& answer, std::uint64_t bytes, bool synced,
                 int status) {
  Response response = ingest_response(wanted, answer, bytes, synced);
  response.status = status;
  response.body.insert(1, fmt::format("\"schema\":{},\"id\":{},", Json(wanted.collection).dump(), answer.id.dump()));
  return response;
}

bool is_one_object(std::string_view text) {
  const std::size_t at = skip_space(text, 0);
  return at < text.size() && text[at] == '{';
}

asio::awaitable<void> create(Services services, Connection& connection, Request& request) {
  auto wanted = wanted_of_one(request);
  if (!wanted) co_return co_await refuse(connection, request, wanted.error());
  std::string body = std::move(request.body);
  if (request.parameter("schema") == nullptr) {
    const auto envelope = read_envelope(body);
    const std::size_t end = body.find_last_not_of(" \t\r\n");
    if (!envelope || body[end] != '}' || end <= envelope->records_at) {
      const Error error = no_envelope();
      co_return co_await refuse(connection, request, error);
    }
    wanted->collection = envelope->schema;
    body = body.substr(envelope->records_at, end - envelope->records_at);
  }
  if (!is_one_object(body)) {
    const Error error = no_object();
    co_return co_await refuse(connection, request, error);
  }
  const std::uint64_t bytes = body.size();
  auto answer = co_await services.collections->ingest(*wanted, std::move(body));
  if (!answer) co_return co_await refuse(connection, request, answer.error());
  Response response = written(*wanted, *answer, bytes, services.collections->sync_each_commit(), 201);
  if (!answer->id.is_null()) {
    response.headers.emplace_back("Location", fmt::format("/api/v1/records/{}/{}", percent_encode(wanted->collection),
                                                          percent_encode(answer->id.scalar_text())));
  }
  co_await connection.respond(std::move(response));
}

// The schema of the address and the values of the key; without a schema, the id.
struct Address {
  std::string schema;
  std::vector<std::string> fields;
  std::vector<std::string> values;
};

Result<Address> address_of(const Services& services, Request& request) {
  Address out;
  out.schema = request.path_parameters["schema"];
  const std::string id = request.path_parameters["id"];
  const Collection* collection = services.collections->find(out.schema);
  if (collection == nullptr || collection->version == 0) {
    return fail(ErrorCode::SchemaNotFound, fmt::format("There is no schema \"{}\".", out.schema.substr(0, 128)));
  }
  if (collection->blocked) return std::unexpected(*collection->blocked);
  const bool keyed = collection->schema && !collection->schema->primary_key.empty();
  out.fields = keyed ? collection->schema->primary_key : std::vector<std::string>(1, std::string(kIdColumn));
  out.values = out.fields.size() == 1 ? std::vector<std::string>(1, id) : split(id, ',');
  if (out.values.size() != out.fields.size()) {
    return fail(ErrorCode::InvalidData, fmt::format("The key has {} values: {}, with commas between.",
                                                    out.fields.size(), fmt::join(out.fields, ", ")));
  }
  return out;
}

SqlRunRequest select_record(const Services& services, const Request& request, const Address& address) {
  const Kinds all = kinds_of(services.collections->find(address.schema)->files);
  SqlRunRequest run;
  Json parameters = Json::Array{};
  std::vector<std::string> conditions;
  for (std::size_t i = 0; i < address.fields.size(); ++i) {
    const Kinds* kinds = all.find(address.fields[i]);
    const auto columns = kinds != nullptr ? columns_of(*kinds, address.fields[i]) : std::vector<KindColumn>();
    const std::string type = columns.empty() ? "VARCHAR" : sql_type_of(*kinds, columns[0].role);
    parameters.push(address.values[i]);
    run.narrowing.keys.emplace_back(address.fields[i], address.values[i]);
    // As the column's own type, so that statistics and Bloom filters tell which row groups may hold it.
    const char* form = type == "VARCHAR" ? "{} = ${}" : "{} = TRY_CAST(${} AS {})";
    conditions.push_back(fmt::format(fmt::runtime(form), sql_identifier(address.fields[i]), i + 1, type));
  }
  run.sql = fmt::format("SELECT * FROM {} WHERE {} ORDER BY {} DESC LIMIT 1", sql_identifier(address.schema),
                        fmt::join(conditions, " AND "), sql_identifier(kIngestedAtColumn));
  run.narrowing.collection = address.schema;
  run.parameters = std::move(parameters);
  run.row_objects = true;
  run.received_ns = request.received_ns;
  return run;
}

asio::awaitable<Result<WholeAnswer>> find_record(Services services, Connection& connection, const Request& request,
                                                 const Address& address) {
  SqlRunRequest run = select_record(services, request, address);
  run.numbers_exact = request.method == "GET";  // what is read to be written again needs its digits, not a string
  auto answer = co_await whole_answer(services.queries, connection, std::move(run));
  if (answer && first_of_data(answer->body).empty()) {
    answer = fail(ErrorCode::RecordNotFound, "There is no record of this key.");
  }
  co_return answer;
}

asio::awaitable<void> show(Services services, Connection& connection, Request& request) {
  auto address = address_of(services, request);
  if (!address) co_return co_await refuse(connection, request, address.error());
  auto answer = co_await find_record(services, connection, request, *address);
  if (!answer) co_return co_await refuse(connection, request, answer.error());
  JsonWriter out;
  out.begin_object().member("schema", address->schema).key("data").raw(first_of_data(answer->body));
  out.member("performance_metrics", answer->metrics).end_object();
  Response response;
  response.body = out.take();
  response.headers.emplace_back("Server-Timing", server_timing(answer->metrics));
  co_await connection.respond(std::move(response));
}

// The members of a JSON object as they are written: name and text of the value.
Result<std::vector<std::pair<std::string, std::string_view>>> members_of(std::string_view text) {
  std::vector<std::pair<std::string, std::string_view>> out;
  const auto wrong = [] { return fail(ErrorCode::InvalidData, "The body is no JSON object."); };
  std::size_t at = 0;
  if (!take_char(text, at, '{')) return wrong();
  if (take_char(text, at, '}')) return out;
  while (true) {
    const auto key = take_string(text, at);
    if (!key || !take_char(text, at, ':')) return wrong();
    const std::size_t begin = skip_space(text, at);
    int depth = 0;
    bool in_string = false;
    for (at = begin; at < text.size(); ++at) {
      const char c = text[at];
      if (in_string) {
        if (c == '\\') ++at;
        if (c == '"') in_string = false;
        continue;
      }
      if (depth == 0 && (c == ',' || c == '}')) break;
      if (c == '"') in_string = true;
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
    }
    if (at >= text.size()) return wrong();
    out.emplace_back(*key, text.substr(begin, at - begin));
    if (text[at++] == '}') return out;
  }
}

// The record with the body's members in place of its own; null takes one away. The values stay as they are written, so
// nothing is rounded on the way.
Result<std::string> patched(std::string_view record, std::string_view body) {
  CANVASBACK_TRY(Json::parse(body));
  CANVASBACK_ASSIGN(auto members, members_of(record));
  CANVASBACK_ASSIGN(auto changes, members_of(body));
  std::erase_if(members, [&](const auto& member) {
    return member.first == kIngestedAtColumn || member.second == "null" ||
           std::ranges::any_of(changes, [&](const auto& change) { return change.first == member.first; });
  });
  for (const auto& change : changes) {
    if (trim(change.second) != "null") members.push_back(change);
  }
  std::string out = "{";
  for (const auto& [name, value] : members) {
    if (out.size() > 1) out += ',';
    append_json_string(out, name);
    out += ':';
    out += value;
  }
  return out + "}";
}

// When a record that was read had been ingested.
std::optional<std::int64_t> ingested_at(std::string_view record) {
  auto members = members_of(record);
  if (!members) return std::nullopt;
  for (const auto& [name, value] : *members) {
    if (name == kIngestedAtColumn && value.size() > 2) return parse_iso_time(value.substr(1, value.size() - 2));
  }
  return std::nullopt;
}

// Whether the record's own key is that of the address: one cannot become another by being written.
Status check_key(const Address& address, std::string_view record) {
  CANVASBACK_ASSIGN(auto members, members_of(record));
  for (std::size_t i = 0; i < address.fields.size(); ++i) {
    for (const auto& [name, value] : members) {
      if (name != address.fields[i]) continue;
      auto json = Json::parse(value);
      const std::string text =
          json && (json->is_string() || json->is_number()) ? json->scalar_text() : std::string(value);
      if (trim(text) != address.values[i]) {
        return fail(ErrorCode::InvalidData, fmt::format("\"{}\" is another than in the address.", name));
      }
    }
  }
  return {};
}

// Adds the key of the address where the body does not have it.
std::string with_key(const Services& services, const Address& address, std::string record) {
  auto members = members_of(record);
  const Collection* collection = services.collections->find(address.schema);
  std::string added;
  for (std::size_t i = 0; i < address.fields.size(); ++i) {
    const bool there =
        members && std::ranges::any_of(*members, [&](const auto& member) { return member.first == address.fields[i]; });
    if (there) continue;
    const SchemaField* field = collection->schema ? collection->schema->find(address.fields[i]) : nullptr;
    const bool plain = field != nullptr && (field->type == FieldType::Integer || field->type == FieldType::Boolean);
    append_json_string(added, address.fields[i]);
    added += ':' + (plain ? address.values[i] : Json(address.values[i]).dump()) + ',';
  }
  if (added.empty()) return record;
  const std::size_t at = record.find('{') + 1;
  if (members && members->empty()) added.pop_back();
  return record.insert(at, added);
}

asio::awaitable<void> write(Services services, Connection& connection, Request& request) {
  auto wanted = wanted_of_one(request);
  if (!wanted) co_return co_await refuse(connection, request, wanted.error());
  auto address = address_of(services, request);
  if (!address) co_return co_await refuse(connection, request, address.error());
  wanted->collection = address->schema;
  wanted->on_conflict = OnConflict::Replace;
  std::uint64_t bytes = 0;
  for (int attempt = 1;; ++attempt) {
    Result<std::string> record = request.body;
    if (request.method == "PATCH") {
      auto found = co_await find_record(services, connection, request, *address);
      if (!found) co_return co_await refuse(connection, request, found.error());
      const std::string_view known = first_of_data(found->body);
      wanted->expected_us = ingested_at(known);
      record = patched(known, request.body);
    }
    if (record && !is_one_object(*record)) record = std::unexpected(no_object());
    if (record) {
      if (Status same = check_key(*address, *record); !same) record = std::unexpected(same.error());
    }
    if (!record) co_return co_await refuse(connection, request, record.error());
    std::string body = with_key(services, *address, std::move(*record));
    bytes = body.size();
    auto answer = co_await services.collections->ingest(*wanted, std::move(body));
    if (answer) {
      co_await connection.respond(written(*wanted, *answer, bytes, services.collections->sync_each_commit(), 200));
      co_return;
    }
    // Changed between reading and writing: what was changed must not be lost.
    const bool changed = wanted->expected_us && answer.error().code == ErrorCode::Unavailable;
    if (!changed || attempt == kPatchAttemptsMax) co_return co_await refuse(connection, request, answer.error());
  }
}

asio::awaitable<void> remove(Services services, Connection& connection, Request& request) {
  auto address = address_of(services, request);
  if (!address) co_return co_await refuse(connection, request, address.error());
  auto removed = co_await services.collections->remove_record(address->schema, address->values);
  if (!removed) co_return co_await refuse(connection, request, removed.error());
  Response response;
  response.status = 204;
  co_await connection.respond(std::move(response));
}

}  // namespace

void add_record_routes(Router& router, Services services) {
  const auto add = [&](const char* method, const char* pattern, std::vector<std::string> parameters, bool takes_stream,
                       asio::awaitable<void> (*handle)(Services, Connection&, Request&)) {
    RouteInfo info{method, pattern, std::move(parameters)};
    info.takes_stream = takes_stream;
    router.add(std::move(info), [services, handle](Connection& connection, Request& request) {
      return handle(services, connection, request);
    });
  };
  add("POST", "/api/v1/records", {"schema", "cast", "on_conflict"}, false, create);
  add("POST", "/api/v1/records/bulk", {"schema", "on_error", "format", "cast", "on_conflict"}, true, bulk);
  add("GET", "/api/v1/records/{schema}/{id}", {}, false, show);
  add("PUT", "/api/v1/records/{schema}/{id}", {"cast"}, false, write);
  add("PATCH", "/api/v1/records/{schema}/{id}", {"cast"}, false, write);
  add("DELETE", "/api/v1/records/{schema}/{id}", {}, false, remove);
}

}  // namespace canvasback::http
