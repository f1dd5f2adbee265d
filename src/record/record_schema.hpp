// RecordSchema: what a collection's owner says of its records: the fields, what their values must be, and the keys.
// Made from the JSON of POST /api/v1/schemas, kept by service/collection/schema_store, checked by
// source/records/schema_check in the worker that parses the records. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "record/kinds.hpp"

namespace canvasback {

enum class FieldType { Any, String, Integer, Number, Boolean, Date, Timestamp, Array, Object };

std::string_view name_of(FieldType type);

struct SchemaField {
  std::string name;
  FieldType type = FieldType::Any;
  std::string description = {};
  bool required = false;
  bool unique = false;
  Json minimum = {};  // null: none; a number, or a date or time as text
  Json maximum = {};
  std::optional<std::int64_t> min_length = {};  // of a string, in characters
  std::optional<std::int64_t> max_length = {};
  std::string pattern = {};        // a regular expression that is found in the value; empty: none
  std::vector<Json> allowed = {};  // `enum`; empty: any value
  Json default_value = {};         // null: none
};

struct RecordSchema {
  std::string name;
  std::string description;
  std::vector<SchemaField> fields;
  std::vector<std::string> primary_key;  // empty: records have no key
  bool cast = false;                     // numbers and booleans written as strings are taken as such, and back
  bool additional_fields = true;         // fields that are not named here are kept, of whatever type
  std::int64_t version = 1;
  std::int64_t time_us = 0;  // of this version

  const SchemaField* find(std::string_view field) const;
  // The primary key, then each unique field: what the columns of a key index are.
  std::vector<std::vector<std::string>> keys() const;
};

// Errors: SchemaValidation that names the field. `name`, where it is not empty, is the name the address gave.
Result<RecordSchema> record_schema_from(const Json& json, std::string_view name);

Json to_json(const RecordSchema& schema);
// Of what to_json() gave.
RecordSchema record_schema_from_kept(const Json& json);

// The columns that the schema promises, whether or not any record has a value yet.
Kinds declared_kinds(const RecordSchema& schema);
// The kind of a value of the type; 0 where it has no one kind (Any, Array, Object).
std::uint32_t kind_of(FieldType type);

// Days since 1970-01-01 of YYYY-MM-DD, and microseconds since then of YYYY-MM-DD[T ]HH:MM[:SS[.f…]][Z|±HH[:MM]] (or of
// a date). nullopt where the text is neither, no day of the calendar, or finer than microseconds (iso_time.hpp).
std::optional<std::int32_t> parse_iso_date(std::string_view text);
std::optional<std::int64_t> parse_iso_time(std::string_view text);

}  // namespace canvasback
