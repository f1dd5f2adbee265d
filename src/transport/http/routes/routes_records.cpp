// Records of collections with a schema, one by one and in bulk: /api/v1/records….
#include <fmt/format.h>

#include <algorithm>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "service/collection/record_reader.hpp"
#include "transport/http/connection/problem.hpp"
#include "transport/http/routes/ingest_answer.hpp"
#include "transport/http/routes/record_address.hpp"
#include "transport/http/routes/routes.hpp"
#include "transport/http/routes/stream_answer.hpp"

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
      "The schema is missing: name it with ?schema=, or send {\"schema\": NAME, \"data\": …}, in this order.";
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
  wanted->repeated_as = "POST one";
  auto answer = co_await services.collections->ingest().ingest(*wanted, std::move(body));
  if (!answer) co_return co_await refuse(connection, request, answer.error());
  // What an earlier request made is not made again.
  const int status = answer->repeated ? 200 : 201;
  Response response = written(*wanted, *answer, bytes, services.collections->sync_each_commit(), status);
  std::vector<std::string> key = answer->record;
  if (key.empty() && !answer->id.is_null()) key.push_back(answer->id.scalar_text());
  if (!key.empty()) response.headers.emplace_back("Location", record_location(wanted->collection, key));
  if (answer->ingested_us > 0 && wanted->on_conflict != OnConflict::Ignore) {
    response.headers.emplace_back("ETag", record_tag(answer->ingested_us));
  }
  co_await connection.respond(std::move(response));
}

// A record as it is, or as it will be once it is written.
asio::awaitable<Result<RecordAnswer>> ask_for(Services services, Connection& connection, const RecordAddress& address,
                                              RecordAction action, std::string body = {}) {
  RecordWork work;
  work.action = action;
  work.key = address.key;
  work.values = address.values;
  work.body = std::move(body);
  QueryService& queries = services.queries;
  connection.set_on_gone([&queries] { queries.cancel_gone(); });
  auto answer =
      co_await read_record(queries, services.datasets, *address.collection, std::move(work), connection.gone());
  connection.set_on_gone(nullptr);
  if (answer && !answer->info.found) answer = fail(ErrorCode::RecordNotFound, "No record has this key.");
  co_return answer;
}

Error other_version() {
  return Error{ErrorCode::PreconditionFailed, "The version of the record does not match.", {}, {}, 0};
}

asio::awaitable<void> show(Services services, Connection& connection, Request& request) {
  auto address = record_address(*services.collections, request);
  if (!address) co_return co_await refuse(connection, request, address.error());
  auto answer = co_await ask_for(services, connection, *address, RecordAction::Show);
  if (!answer) co_return co_await refuse(connection, request, answer.error());
  const ExpectedVersion expected = expected_version(request);
  const bool is_known = expected.none || std::ranges::count(expected.none_of, answer->info.ingested_us) > 0;
  if (!is_known && !expected.allows(answer->info.ingested_us)) {
    const Error error = other_version();
    co_return co_await refuse(connection, request, error);
  }
  Response response;
  response.headers = {{"ETag", record_tag(answer->info.ingested_us)}, {"Cache-Control", "private, no-cache"}};
  if (is_known) {
    response.status = 304;
    co_await connection.respond(std::move(response));
    co_return;
  }
  JsonWriter out;
  out.begin_object().member("schema", address->collection->name).key("data").raw(answer->body);
  out.member("performance_metrics", answer->metrics).end_object();
  response.body = out.take();
  response.headers.emplace_back("Server-Timing", server_timing(answer->metrics));
  co_await connection.respond(std::move(response));
}

// Whose records have keys, so that one of them can be written.
Result<RecordAddress> address_to_write(const Services& services, const Request& request) {
  CANVASBACK_ASSIGN(RecordAddress address, record_address(*services.collections, request));
  if (!address.collection->keys || !address.collection->keys->has_primary()) {
    return fail(ErrorCode::SchemaValidation,
                fmt::format("Collection \"{}\" has no schema with a key.", address.collection->name));
  }
  return address;
}

// PUT and PATCH: what is to be kept is made by a worker, and kept where the record is still the one it was made from.
asio::awaitable<Result<IngestAnswer>> write_once(Services services, Connection& connection, const Request& request,
                                                 const RecordAddress& address, IngestRequest wanted) {
  using Out = Result<IngestAnswer>;
  const bool patch = request.method == "PATCH";
  auto record =
      co_await ask_for(services, connection, address, patch ? RecordAction::Patch : RecordAction::Put, request.body);
  if (!record) co_return Out(std::unexpected(record.error()));
  wanted.times = std::move(record->info.times);
  if (patch) {
    if (!wanted.expected.allows(record->info.ingested_us)) co_return Out(std::unexpected(other_version()));
    wanted.expected = ExpectedVersion();
    wanted.expected.one_of.emplace(1, record->info.ingested_us);
  }
  co_return co_await services.collections->ingest().ingest(std::move(wanted), std::move(record->body));
}

asio::awaitable<void> write(Services services, Connection& connection, Request& request) {
  auto wanted = wanted_of_one(request);
  if (!wanted) co_return co_await refuse(connection, request, wanted.error());
  auto address = address_to_write(services, request);
  if (address && !is_utf8(request.body)) address = fail(ErrorCode::InvalidData, "The body is not UTF-8.");
  if (!address) co_return co_await refuse(connection, request, address.error());
  wanted->collection = address->collection->name;
  wanted->on_conflict = OnConflict::Replace;
  wanted->address = address->values;
  wanted->expected = expected_version(request);
  // What is kept of a PATCH is another thing each time.
  wanted->repeated_as = fmt::format("{} {}", request.method, record_location({}, address->values));
  wanted->repeated_body = request.body;
  std::optional<Result<IngestAnswer>> answer = services.collections->ingest().earlier_answer(*wanted);
  for (int attempt = 1; !answer; ++attempt) {
    auto once = co_await write_once(services, connection, request, *address, *wanted);
    // Changed by others between reading and writing: what they wrote must not be lost, so it is read again.
    const bool changed = !once && once.error().code == ErrorCode::PreconditionFailed && request.method == "PATCH";
    if (changed && wanted->expected.says_nothing() && attempt < kPatchAttemptsMax) continue;
    if (changed && wanted->expected.says_nothing()) {
      once = fail(Error{ErrorCode::Unavailable, "The record is changed by other requests; try again.", {}, {}, 1});
    }
    answer = std::move(once);
  }
  if (!*answer) co_return co_await refuse(connection, request, answer->error());
  Response response = written(*wanted, **answer, request.body.size(), services.collections->sync_each_commit(), 200);
  // What a PUT has sent may not be all that is kept (defaults), so its tag would say too much.
  const std::int64_t ingested_us = (*answer)->ingested_us;
  if (request.method == "PATCH" && ingested_us > 0) response.headers.emplace_back("ETag", record_tag(ingested_us));
  co_await connection.respond(std::move(response));
}

asio::awaitable<void> remove(Services services, Connection& connection, Request& request) {
  auto address = address_to_write(services, request);
  if (!address) co_return co_await refuse(connection, request, address.error());
  const std::string& name = address->collection->name;
  IngestService& ingest = services.collections->ingest();
  auto removed = co_await ingest.remove_record(name, address->values, expected_version(request));
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
    info.takes_conditions = std::string_view(pattern).starts_with("/api/v1/records/{schema}");
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
  // The same by ?key=.
  add("GET", "/api/v1/records/{schema}", {"key"}, false, show);
  add("PUT", "/api/v1/records/{schema}", {"cast", "key"}, false, write);
  add("PATCH", "/api/v1/records/{schema}", {"cast", "key"}, false, write);
  add("DELETE", "/api/v1/records/{schema}", {"key"}, false, remove);
}

}  // namespace canvasback::http
