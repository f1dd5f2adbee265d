#include "worker/roles/query/record_text.hpp"

#include <arrow/array.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "encode/value_text.hpp"

namespace canvasback {
namespace {

// One column of a place.
struct Column {
  ColumnRole role;
  std::shared_ptr<arrow::Array> array;
};

constexpr const char* kNoNumber = "NaN or an infinity";

class Writer {
 public:
  // Appends the value that these columns of a place have in the row; false where it is null in all of them.
  Result<bool> append(const Kinds& kinds, std::span<const Column> columns, std::int64_t row, std::string& out) {
    for (const Column& column : columns) {
      if (column.array->IsNull(row)) continue;
      CANVASBACK_TRY(append_value(kinds, column, row, out));
      return true;
    }
    return false;
  }

  // Of the values since the last call: what one of them was that JSON has not; the type of a date or time.
  std::string take_unsayable() { return std::exchange(unsayable_, {}); }
  std::optional<FieldType> take_time() { return std::exchange(time_, std::nullopt); }

 private:
  Status append_value(const Kinds& kinds, const Column& column, std::int64_t row, std::string& out) {
    switch (column.role) {
      case ColumnRole::Numbers:
      case ColumnRole::Doubles: append_number(column, row, out); return {};
      case ColumnRole::Times: append_time(column, row, out); return {};
      case ColumnRole::Binaries: unsayable_ = "binary"; return {};
      case ColumnRole::List: return append_list(kinds, column, row, out);
      case ColumnRole::Object: return append_object(kinds, column, row, out);
      case ColumnRole::Odd: {
        // Text that was JSON before it stood here, where a string would have the column of the field's own name.
        const ColumnRole first = columns_of(kinds, "")[0].role;
        if (first == ColumnRole::List || first == ColumnRole::Binaries) return append_raw(column, row, out);
        append_plain(column, row, out);
        return {};
      }
      default: append_plain(column, row, out); return {};
    }
  }

  static void append_plain(const Column& column, std::int64_t row, std::string& out) {
    TextWriter writer(out);
    ValueText(column.array, {TextStyle::Dialect::Json, false}).append(row, writer);
  }

  // Integers as all their digits; what is a double must be read as one again.
  void append_number(const Column& column, std::int64_t row, std::string& out) {
    std::string text;
    append_plain(column, row, text);
    if (text.starts_with('"')) unsayable_ = kNoNumber;
    const bool is_double = arrow::is_floating(column.array->type_id());
    out += text;
    if (is_double && text.find_first_of(".eE") == std::string::npos) out += ".0";
  }

  void append_time(const Column& column, std::int64_t row, std::string& out) {
    if (depth_ > 0) unsayable_ = "a date or time inside a list or object";
    time_ = column.array->type_id() == arrow::Type::DATE32 ? FieldType::Date : FieldType::Timestamp;
    append_plain(column, row, out);
  }

  static bool is_text(const arrow::Array& array) { return arrow::is_base_binary_like(array.type_id()); }

  static Status append_raw(const Column& column, std::int64_t row, std::string& out) {
    if (column.array->type_id() == arrow::Type::STRING) {
      out += static_cast<const arrow::StringArray&>(*column.array).GetView(row);
    } else if (column.array->type_id() == arrow::Type::LARGE_STRING) {
      out += static_cast<const arrow::LargeStringArray&>(*column.array).GetView(row);
    } else {
      return fail(ErrorCode::DataProcessing, "A column of a collection is not of the type that its kinds tell.");
    }
    return {};
  }

  template <class List>
  Status append_items(const Kinds& kinds, const List& list, std::int64_t row, std::string& out) {
    const Kinds none;
    const Kinds& items = kinds.items ? *kinds.items : none;
    const auto places = columns_of(items, "");
    std::vector<Column> columns;
    for (const KindColumn& place : places) columns.push_back({place.role, list.values()});
    out += '[';
    ++depth_;
    for (std::int64_t item = list.value_offset(row); item < list.value_offset(row + 1); ++item) {
      if (item > list.value_offset(row)) out += ',';
      CANVASBACK_ASSIGN(const bool any, append(items, columns, item, out));
      if (!any) out += "null";
    }
    --depth_;
    out += ']';
    return {};
  }

  Status append_list(const Kinds& kinds, const Column& column, std::int64_t row, std::string& out) {
    if (is_text(*column.array)) return append_raw(column, row, out);
    if (column.array->type_id() == arrow::Type::LIST) {
      return append_items(kinds, static_cast<const arrow::ListArray&>(*column.array), row, out);
    }
    if (column.array->type_id() == arrow::Type::LARGE_LIST) {
      return append_items(kinds, static_cast<const arrow::LargeListArray&>(*column.array), row, out);
    }
    return fail(ErrorCode::DataProcessing, "A list of a collection is no list.");
  }

  Status append_object(const Kinds& kinds, const Column& column, std::int64_t row, std::string& out) {
    if (is_text(*column.array)) return append_raw(column, row, out);
    const auto places = columns_of_members(kinds);
    if (column.array->type_id() != arrow::Type::STRUCT ||
        column.array->num_fields() != static_cast<int>(places.size())) {
      return fail(ErrorCode::DataProcessing, "An object of a collection has other members than its kinds tell.");
    }
    const auto& object = static_cast<const arrow::StructArray&>(*column.array);
    out += '{';
    ++depth_;
    bool first = true;
    for (std::size_t i = 0; i < places.size();) {
      const std::string& key = places[i].key;
      std::vector<Column> columns;
      for (; i < places.size() && places[i].key == key; ++i) {
        columns.push_back({places[i].role, object.field(static_cast<int>(i))});
      }
      std::string value;
      CANVASBACK_ASSIGN(const bool any, append(*kinds.find(key), columns, row, value));
      if (!any) continue;
      if (!std::exchange(first, false)) out += ',';
      append_json_string(out, key);
      out += ':' + value;
    }
    --depth_;
    out += '}';
    return {};
  }

  int depth_ = 0;
  std::string unsayable_;
  std::optional<FieldType> time_;
};

}  // namespace

Result<RecordText> record_text(const Kinds& kinds, const arrow::RecordBatch& batch, std::int64_t row) {
  const auto places = columns_of_members(kinds);
  if (batch.num_columns() != static_cast<int>(places.size())) {
    return fail(ErrorCode::DataProcessing, "A collection has other columns than its kinds tell.");
  }
  RecordText out;
  Writer writer;
  for (std::size_t i = 0; i < places.size();) {
    const std::string& key = places[i].key;
    std::vector<Column> columns;
    for (; i < places.size() && places[i].key == key; ++i) {
      const bool is_stamp = key == kIngestedAtColumn && places[i].role == ColumnRole::Times;
      if (!is_stamp) columns.push_back({places[i].role, batch.column(static_cast<int>(i))});
    }
    JsonMember member{key, {}};
    CANVASBACK_ASSIGN(const bool any, writer.append(*kinds.find(key), columns, row, member.value));
    const auto time = writer.take_time();
    std::string unsayable = writer.take_unsayable();
    if (!any) continue;
    if (!unsayable.empty()) {
      out.unsayable.emplace_back(key, std::move(unsayable));
      continue;
    }
    if (time) out.times.emplace_back(key, *time);
    out.members.push_back(std::move(member));
  }
  return out;
}

}  // namespace canvasback
