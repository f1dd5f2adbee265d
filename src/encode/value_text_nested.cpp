// The types made of others: lists, structs, maps, unions, dictionaries and extensions.
#include <arrow/array/array_nested.h>
#include <arrow/extension_type.h>

#include <algorithm>
#include <utility>

#include "encode/value_text.hpp"

namespace canvasback {
namespace {

using Dialect = TextStyle::Dialect;

void append_null(const ValueText& column, TextWriter& out) {
  if (column.style.dialect == Dialect::Json) out.append(std::string_view("null"));
}

// ArrayType has value_offset() and value_length(), in rows of its values.
template <class ArrayType>
void append_list(const ValueText& column, std::int64_t row, TextWriter& out) {
  if (column.is_null(row)) return append_null(column, out);
  const auto& list = static_cast<const ArrayType&>(*column.array);
  const std::int64_t first = list.value_offset(row);
  const std::int64_t end = first + list.value_length(row);
  out.append('[');
  for (std::int64_t i = first; i < end; ++i) {
    if (i > first) out.append(',');
    column.children[0].append(i, out);
  }
  out.append(']');
}

void append_struct(const ValueText& column, std::int64_t row, TextWriter& out) {
  if (column.is_null(row)) return append_null(column, out);
  out.append('{');
  for (std::size_t i = 0; i < column.children.size(); ++i) {
    if (i > 0) out.append(',');
    out.append(column.keys[i]);
    column.children[i].append(row, out);
  }
  out.append('}');
}

template <bool KeysAreText>
void append_map(const ValueText& column, std::int64_t row, TextWriter& out) {
  if (column.is_null(row)) return append_null(column, out);
  const auto& map = static_cast<const arrow::MapArray&>(*column.array);
  const std::int64_t first = map.value_offset(row);
  const std::int64_t end = first + map.value_length(row);
  out.append(KeysAreText ? '{' : '[');
  for (std::int64_t i = first; i < end; ++i) {
    if (i > first) out.append(',');
    if (!KeysAreText) out.append('[');
    if (KeysAreText && column.children[0].is_null(i)) {
      out.append(std::string_view("\"null\""));  // Arrow forbids such a key; the JSON stays valid all the same
    } else {
      column.children[0].append(i, out);
    }
    out.append(KeysAreText ? ':' : ',');
    column.children[1].append(i, out);
    if (!KeysAreText) out.append(']');
  }
  out.append(KeysAreText ? '}' : ']');
}

template <bool Dense>
void append_union(const ValueText& column, std::int64_t row, TextWriter& out) {
  const auto& values = static_cast<const arrow::UnionArray&>(*column.array);
  const auto child = static_cast<std::size_t>(values.child_id(row));
  if (child >= column.children.size()) return append_null(column, out);
  if constexpr (Dense) row = static_cast<const arrow::DenseUnionArray&>(values).value_offset(row);
  column.children[child].append(row, out);
}

void append_dictionary(const ValueText& column, std::int64_t row, TextWriter& out) {
  if (column.is_null(row)) return append_null(column, out);
  column.children[0].append(static_cast<const arrow::DictionaryArray&>(*column.array).GetValueIndex(row), out);
}

void append_stored(const ValueText& column, std::int64_t row, TextWriter& out) { column.children[0].append(row, out); }

// A nested value in CSV: its JSON text in quotes, each quote of it doubled in place, from the end.
void append_json_as_csv(const ValueText& column, std::int64_t row, TextWriter& out) {
  if (column.is_null(row)) return;
  out.append('"');
  const std::size_t start = out.size();
  column.children[0].append(row, out);
  const char* text = out.data_at(start);
  const std::size_t length = out.size() - start;
  const auto quotes = static_cast<std::size_t>(std::count(text, text + length, '"'));
  char* to = out.reserve(quotes + 1) + quotes;
  out.advance_to(to);
  for (const char* from = to - quotes; from != to;) {
    *--to = *--from;
    if (*from == '"') *--to = '"';
  }
  out.append('"');
}

template <class ArrayType>
void bind_list(ValueText& column) {
  const auto& list = static_cast<const ArrayType&>(*column.array);
  column.children.emplace_back(list.values(), column.style);
  column.append_value = append_list<ArrayType>;
}

void bind_struct(ValueText& column) {
  const auto& rows = static_cast<const arrow::StructArray&>(*column.array);
  for (int i = 0; i < rows.num_fields(); ++i) column.children.emplace_back(rows.field(i), column.style);
  column.keys = unique_json_keys(rows.type()->fields());
  column.append_value = append_struct;
}

void bind_map(ValueText& column) {
  const auto& map = static_cast<const arrow::MapArray&>(*column.array);
  column.children.emplace_back(map.keys(), column.style);
  column.children.emplace_back(map.items(), column.style);
  const auto key = map.map_type()->key_type()->id();
  const bool text = key == arrow::Type::STRING || key == arrow::Type::LARGE_STRING || key == arrow::Type::STRING_VIEW;
  column.append_value = text ? append_map<true> : append_map<false>;
}

// Lists, structs and maps, as JSON.
bool bind_container(ValueText& column) {
  switch (column.array->type_id()) {
    case arrow::Type::LIST: bind_list<arrow::ListArray>(column); return true;
    case arrow::Type::LARGE_LIST: bind_list<arrow::LargeListArray>(column); return true;
    case arrow::Type::FIXED_SIZE_LIST: bind_list<arrow::FixedSizeListArray>(column); return true;
    case arrow::Type::LIST_VIEW: bind_list<arrow::ListViewArray>(column); return true;
    case arrow::Type::LARGE_LIST_VIEW: bind_list<arrow::LargeListViewArray>(column); return true;
    case arrow::Type::STRUCT: bind_struct(column); return true;
    case arrow::Type::MAP: bind_map(column); return true;
    default: return false;
  }
}

bool is_container(arrow::Type::type id) {
  return arrow::is_list_like(id) || arrow::is_list_view(id) || id == arrow::Type::STRUCT;
}

}  // namespace

bool bind_nested(ValueText& column) {
  const arrow::Array& array = *column.array;
  switch (array.type_id()) {
    case arrow::Type::SPARSE_UNION:
    case arrow::Type::DENSE_UNION: {
      const auto& values = static_cast<const arrow::UnionArray&>(array);
      for (int i = 0; i < values.num_fields(); ++i) column.children.emplace_back(values.field(i), column.style);
      column.append_value = array.type_id() == arrow::Type::DENSE_UNION ? append_union<true> : append_union<false>;
      return true;
    }
    case arrow::Type::DICTIONARY:
      column.children.emplace_back(static_cast<const arrow::DictionaryArray&>(array).dictionary(), column.style);
      column.append_value = append_dictionary;
      return true;
    case arrow::Type::EXTENSION:
      column.children.emplace_back(static_cast<const arrow::ExtensionArray&>(array).storage(), column.style);
      column.append_value = append_stored;
      return true;
    default: break;
  }
  if (column.style.dialect == Dialect::Json) return bind_container(column);
  if (!is_container(array.type_id())) return false;
  TextStyle json = column.style;
  json.dialect = Dialect::Json;
  column.children.emplace_back(column.array, json);
  column.append_value = append_json_as_csv;
  return true;
}

}  // namespace canvasback
