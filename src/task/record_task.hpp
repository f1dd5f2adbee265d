// The task of one record of a collection (TaskKind::Record), as its `work`: shown as it is, or made into what is to be
// kept of it, which the front hands on to an ingest worker without looking into it. Also what a record's address is:
// the values of its key as text, of which each value has one form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "record/kinds.hpp"
#include "record/record_schema.hpp"

namespace canvasback {

enum class RecordAction {
  Show,   // its row, a JSON object by column
  Patch,  // the record with the members of `body` in place of its own; null takes one away
  Put,    // `body`, and the key where it is left out
};

struct RecordWork {
  std::string dataset;  // of the collection
  RecordAction action = RecordAction::Show;
  std::vector<SchemaField> key;     // name and type of its fields
  std::vector<std::string> values;  // of the key: key_text()
  Kinds kinds;                      // of the collection: the dataset has the columns that follow from them
  std::string body;                 // JSON text, UTF-8
};

// What is told beside the bytes of the answer.
struct RecordInfo {
  bool found = false;            // Put: always
  std::int64_t ingested_us = 0;  // of Show and Patch
  // Patch: fields whose values are dates or times and came from a format that has such types. In JSON they are text:
  // whoever keeps the record must take that text for what it was.
  std::vector<std::pair<std::string, FieldType>> times;
};

Json to_json(const RecordWork& work);
RecordWork record_work_from_json(const Json& json);
Json to_json(const RecordInfo& info);
RecordInfo record_info_from_json(const Json& json);

// A value of a key's field as it is written in addresses: digits without a sign or zeros before them, a time in UTC.
// Errors: InvalidData where the text is no value of the type.
Result<std::string> key_text(std::string_view field, FieldType type, std::string_view text);
// The same of a day (since 1970) and of a time (in microseconds since then).
std::string key_text_of_day(std::int32_t days);
std::string key_text_of_time(std::int64_t micros);

}  // namespace canvasback
