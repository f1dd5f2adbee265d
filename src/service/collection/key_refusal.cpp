#include "service/collection/key_refusal.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.hpp"
#include "base/limits.hpp"

namespace canvasback {

std::optional<Error> key_refusal(const CollectionKeys& keys, const KeyVerdict& verdict, RequestRows rows,
                                 const std::vector<RequestRows>& refused) {
  Json errors = Json::Array{};
  std::int64_t count = 0;
  bool missing = false;
  bool changed = false;
  const auto names = keys.schema().keys();
  for (const KeyConflict& conflict : verdict.conflicts) {
    const auto has_it = [&](const RequestRows& request) { return request.contains(conflict.with); };
    if (!rows.contains(conflict.row) || std::ranges::any_of(refused, has_it)) continue;
    missing = missing || conflict.missing;
    changed = changed || conflict.changed;
    if (++count > static_cast<std::int64_t>(limits::kRecordErrorsMax)) continue;
    Json entry;
    entry.set("record", conflict.row - rows.first);
    entry.set("field", fmt::format("{}", fmt::join(names[conflict.key], ", ")));
    entry.set("rule", keys.has_primary() && conflict.key == 0 ? "primary_key" : "unique");
    entry.set("message", conflict.missing ? "No record has this key." : "A record with this key already exists.");
    errors.push(std::move(entry));
  }
  if (count == 0) return std::nullopt;
  if (changed) return Error{ErrorCode::PreconditionFailed, "The version of the record does not match.", {}, {}, 0};
  const Json& shown = errors.as_array()[0];
  std::string message = fmt::format("Nothing was kept: record {}: \"{}\": {}", shown.at("record").as_int(),
                                    shown.at("field").as_string(), shown.at("message").as_string());
  if (count > 1) message += fmt::format(" (and {} more)", count - 1);
  return Error{
      missing ? ErrorCode::RecordNotFound : ErrorCode::DuplicateRecord, std::move(message), errors.dump(), {}, 0};
}

Status check_address(const CollectionKeys& keys, std::string_view entries, const std::vector<std::string>& address) {
  const KeyEntries rows(entries, keys.schema().keys().size());
  if (address.empty() || rows.rows() == 0) return {};
  CANVASBACK_ASSIGN(const KeyHash wanted, keys.hash_of(address));
  if (rows.rows() == 1 && rows.hash(0, 0) == wanted) return {};
  return fail(ErrorCode::InvalidData,
              fmt::format("The record's {} does not match the URL.", fmt::join(keys.schema().primary_key, ", ")));
}

}  // namespace canvasback
