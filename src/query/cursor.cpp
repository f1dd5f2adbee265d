#include "query/cursor.hpp"

#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace canvasback {

std::string signature_of(const Selection& selection) {
  if (selection.in_file_order()) return {};
  Selection bound;
  bound.filter = selection.filter;
  bound.sort = selection.sort;
  bound.sample = selection.sample;
  return sha256_hex(to_json(bound).dump()).substr(0, 12);
}

std::string encode_cursor(const Cursor& cursor) {
  Json out;
  out.set("v", cursor.version);
  out.set("g", cursor.signature);
  if (cursor.offset) out.set("o", *cursor.offset);
  if (!cursor.values.empty()) {
    Json values = Json::Array{};
    for (const auto& value : cursor.values) values.push(value ? Json(*value) : Json());
    out.set("k", std::move(values));
  }
  if (cursor.file_index >= 0) {
    out.set("f", cursor.file_index);
    out.set("r", cursor.file_row);
  }
  out.set("s", cursor.seen);
  return base64url_encode(out.dump());
}

Result<Cursor> decode_cursor(std::string_view text) {
  auto bad = [] { return fail(ErrorCode::InvalidData, "`after` is not a cursor of this server."); };
  auto bytes = base64url_decode(text);
  if (!bytes) return bad();
  auto json = Json::parse(*bytes);
  if (!json || !json->is_object() || !json->at("v").is_string()) return bad();
  Cursor cursor;
  cursor.version = json->at("v").as_string();
  cursor.signature = json->at("g").as_string();
  if (json->at("o").is_integer()) cursor.offset = json->at("o").as_int();
  for (const Json& value : json->at("k").as_array()) {
    cursor.values.push_back(value.is_string() ? std::optional(std::string(value.as_string())) : std::nullopt);
  }
  cursor.file_index = json->at("f").as_int(-1);
  cursor.file_row = json->at("r").as_int(-1);
  cursor.seen = json->at("s").as_int(0);
  if ((cursor.offset && *cursor.offset < 0) || cursor.seen < 0) return bad();
  return cursor;
}

}  // namespace canvasback
