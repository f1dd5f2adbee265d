#include "source/records/shredded.hpp"

#include <arrow/builder.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <cmath>

namespace canvasback {
namespace {

using arrow::Array;
using ArrayPtr = std::shared_ptr<Array>;

std::unexpected<Error> failed(const arrow::Status& status) {
  const ErrorCode code = status.IsOutOfMemory() ? ErrorCode::MemoryLimit : ErrorCode::DataProcessing;
  return fail(code, "The records could not be turned into columns.", status.ToString());
}

template <class T>
Result<T> taken(arrow::Result<T> result) {
  if (!result.ok()) return failed(result.status());
  return std::move(result).ValueUnsafe();
}

bool is_set(const ArrayPtr& array, std::int64_t row) { return array && array->IsValid(row); }

std::int64_t int_at(const ArrayPtr& array, std::int64_t row) {
  return static_cast<const arrow::Int64Array&>(*array).Value(row);
}
double double_at(const ArrayPtr& array, std::int64_t row) {
  return static_cast<const arrow::DoubleArray&>(*array).Value(row);
}

// Whether a double that stands beside wide integers is one of them. Minus zero is none: it would lose its sign.
bool counts_as_integer(double value) {
  return std::trunc(value) == value && std::abs(value) <= static_cast<double>(kExactDoubleInteger) &&
         !(value == 0 && std::signbit(value));
}

Result<ArrayPtr> nulls(const std::shared_ptr<arrow::DataType>& type, std::int64_t rows) {
  return taken(arrow::MakeArrayOfNull(type, rows));
}

std::shared_ptr<arrow::DataType> number_type(const Kinds& kinds) {
  if (kinds.has(Kind::Double) && !splits_doubles(kinds)) return arrow::float64();
  return has_big_integers(kinds) ? arrow::decimal128(38, 0) : arrow::int64();
}

Result<ArrayPtr> doubles_of(const Shredded& block) {
  if (!block.ints) return block.doubles ? block.doubles : nulls(arrow::float64(), block.rows);
  arrow::DoubleBuilder out;
  if (auto status = out.Reserve(block.rows); !status.ok()) return failed(status);
  for (std::int64_t row = 0; row < block.rows; ++row) {
    if (is_set(block.doubles, row)) {
      out.UnsafeAppend(double_at(block.doubles, row));
    } else if (block.ints->IsValid(row)) {
      out.UnsafeAppend(static_cast<double>(int_at(block.ints, row)));
    } else {
      out.UnsafeAppendNull();
    }
  }
  return taken(out.Finish());
}

Result<ArrayPtr> integers_of(const Shredded& block, bool with_doubles) {
  if (!with_doubles || !block.doubles) return block.ints ? block.ints : nulls(arrow::int64(), block.rows);
  arrow::Int64Builder out;
  if (auto status = out.Reserve(block.rows); !status.ok()) return failed(status);
  for (std::int64_t row = 0; row < block.rows; ++row) {
    if (is_set(block.ints, row)) {
      out.UnsafeAppend(int_at(block.ints, row));
    } else if (block.doubles->IsValid(row) && counts_as_integer(double_at(block.doubles, row))) {
      out.UnsafeAppend(static_cast<std::int64_t>(double_at(block.doubles, row)));
    } else {
      out.UnsafeAppendNull();
    }
  }
  return taken(out.Finish());
}

Result<ArrayPtr> decimals_of(const Shredded& block, bool with_doubles) {
  if (!block.ints && !(with_doubles && block.doubles)) {
    return block.bigs ? block.bigs : nulls(arrow::decimal128(38, 0), block.rows);
  }
  arrow::Decimal128Builder out(arrow::decimal128(38, 0));
  if (auto status = out.Reserve(block.rows); !status.ok()) return failed(status);
  for (std::int64_t row = 0; row < block.rows; ++row) {
    if (is_set(block.bigs, row)) {
      out.UnsafeAppend(static_cast<const arrow::Decimal128Array&>(*block.bigs).GetView(row));
    } else if (is_set(block.ints, row)) {
      out.UnsafeAppend(arrow::Decimal128(int_at(block.ints, row)));
    } else if (with_doubles && is_set(block.doubles, row) && counts_as_integer(double_at(block.doubles, row))) {
      out.UnsafeAppend(arrow::Decimal128(static_cast<std::int64_t>(double_at(block.doubles, row))));
    } else {
      out.UnsafeAppendNull();
    }
  }
  return taken(out.Finish());
}

// The doubles that stay beside wide integers.
Result<ArrayPtr> split_doubles_of(const Shredded& block) {
  if (!block.doubles) return nulls(arrow::float64(), block.rows);
  arrow::DoubleBuilder out;
  if (auto status = out.Reserve(block.rows); !status.ok()) return failed(status);
  for (std::int64_t row = 0; row < block.rows; ++row) {
    if (block.doubles->IsValid(row) && !counts_as_integer(double_at(block.doubles, row))) {
      out.UnsafeAppend(double_at(block.doubles, row));
    } else {
      out.UnsafeAppendNull();
    }
  }
  return taken(out.Finish());
}

Result<ArrayPtr> times_of(const Shredded& block, const Kinds& kinds) {
  const auto timestamp = arrow::timestamp(arrow::TimeUnit::MICRO);
  if (!kinds.has(Kind::Timestamp)) return block.dates ? block.dates : nulls(arrow::date32(), block.rows);
  if (!block.dates) return block.timestamps ? block.timestamps : nulls(timestamp, block.rows);
  constexpr std::int64_t kDayUs = 86'400'000'000;
  arrow::TimestampBuilder out(timestamp, arrow::default_memory_pool());
  if (auto status = out.Reserve(block.rows); !status.ok()) return failed(status);
  for (std::int64_t row = 0; row < block.rows; ++row) {
    if (is_set(block.timestamps, row)) {
      out.UnsafeAppend(static_cast<const arrow::TimestampArray&>(*block.timestamps).Value(row));
    } else if (block.dates->IsValid(row)) {
      out.UnsafeAppend(kDayUs * static_cast<const arrow::Date32Array&>(*block.dates).Value(row));
    } else {
      out.UnsafeAppendNull();
    }
  }
  return taken(out.Finish());
}

// All values of the classes behind the first, as text.
Result<ArrayPtr> odd_values_of(const Shredded& block, ColumnRole first) {
  const ArrayPtr strings = first == ColumnRole::Strings ? nullptr : block.strings;
  const ArrayPtr bools = first == ColumnRole::Bools ? nullptr : block.bools;
  const ArrayPtr lists = first == ColumnRole::List ? nullptr : block.list_texts;
  const bool only_strings = strings && !bools && !lists && !block.object_texts && !block.timestamps && !block.dates;
  if (only_strings) return strings;
  arrow::StringBuilder out;
  for (std::int64_t row = 0; row < block.rows; ++row) {
    arrow::Status status;
    const auto text_at = [row](const ArrayPtr& array) {
      return static_cast<const arrow::BinaryArray&>(*array).GetView(row);
    };
    if (is_set(strings, row)) {
      status = out.Append(text_at(strings));
    } else if (is_set(bools, row)) {
      status = out.Append(static_cast<const arrow::BooleanArray&>(*bools).Value(row) ? "true" : "false");
    } else if (is_set(lists, row)) {
      status = out.Append(text_at(lists));
    } else if (is_set(block.object_texts, row)) {
      status = out.Append(text_at(block.object_texts));
    } else if (first != ColumnRole::Times && (is_set(block.timestamps, row) || is_set(block.dates, row))) {
      const ArrayPtr& times = is_set(block.timestamps, row) ? block.timestamps : block.dates;
      auto scalar = times->GetScalar(row);
      if (!scalar.ok()) return failed(scalar.status());
      status = out.Append((*scalar)->ToString());
    } else {
      status = out.AppendNull();
    }
    if (!status.ok()) return failed(status);
  }
  return taken(out.Finish());
}

Result<ArrayPtr> column_from(const Shredded& block, const Kinds& kinds, ColumnRole role, ColumnRole first);
Result<std::shared_ptr<arrow::DataType>> type_of(const Kinds& kinds, ColumnRole role);

Result<std::pair<std::shared_ptr<arrow::Buffer>, std::int64_t>> validity_of(const ArrayPtr& flags, std::int64_t rows) {
  // The flags' own validity says where a list or object is.
  std::pair<std::shared_ptr<arrow::Buffer>, std::int64_t> out(flags->null_bitmap(), flags->null_count());
  if (flags->length() != rows) return fail(ErrorCode::DataProcessing, "A block of records is not whole.");
  return out;
}

Result<ArrayPtr> list_from(const Shredded& block, const Kinds& kinds) {
  if (list_is_text(kinds)) return block.list_texts ? block.list_texts : nulls(arrow::utf8(), block.rows);
  CANVASBACK_ASSIGN(auto type, type_of(kinds, ColumnRole::List));
  if (!block.lists) return nulls(type, block.rows);
  ArrayPtr items;
  const auto item_columns = kinds.items ? columns_of(*kinds.items, "") : std::vector<KindColumn>();
  if (item_columns.empty()) {
    CANVASBACK_ASSIGN(items, nulls(arrow::utf8(), block.items ? block.items->rows : 0));
  } else {
    const ColumnRole role = item_columns[0].role;
    CANVASBACK_ASSIGN(items, column_from(*block.items, *kinds.items, role, role));
  }
  CANVASBACK_ASSIGN(auto validity, validity_of(block.lists, block.rows));
  return ArrayPtr(
      std::make_shared<arrow::ListArray>(type, block.rows, block.offsets, items, validity.first, validity.second));
}

Result<ArrayPtr> object_from(const Shredded& block, const Kinds& kinds) {
  if (object_is_text(kinds)) return block.object_texts ? block.object_texts : nulls(arrow::utf8(), block.rows);
  const auto columns = columns_of_members(kinds);
  if (columns.empty()) {
    arrow::StringBuilder out;
    for (std::int64_t row = 0; row < block.rows; ++row) {
      const auto status = is_set(block.objects, row) ? out.Append("{}") : out.AppendNull();
      if (!status.ok()) return failed(status);
    }
    return taken(out.Finish());
  }
  CANVASBACK_ASSIGN(auto type, type_of(kinds, ColumnRole::Object));
  if (!block.objects) return nulls(type, block.rows);
  CANVASBACK_ASSIGN(arrow::ArrayVector children, columns_from(block, kinds));
  CANVASBACK_ASSIGN(auto validity, validity_of(block.objects, block.rows));
  return ArrayPtr(std::make_shared<arrow::StructArray>(type, block.rows, children, validity.first, validity.second));
}

Result<ArrayPtr> column_from(const Shredded& block, const Kinds& kinds, ColumnRole role, ColumnRole first) {
  switch (role) {
    case ColumnRole::Numbers: {
      const auto type = number_type(kinds);
      if (type->id() == arrow::Type::DOUBLE) return doubles_of(block);
      if (type->id() == arrow::Type::INT64) return integers_of(block, splits_doubles(kinds));
      return decimals_of(block, splits_doubles(kinds));
    }
    case ColumnRole::Doubles: return split_doubles_of(block);
    case ColumnRole::Bools: return block.bools ? block.bools : nulls(arrow::boolean(), block.rows);
    case ColumnRole::Times: return times_of(block, kinds);
    case ColumnRole::Strings: return block.strings ? block.strings : nulls(arrow::utf8(), block.rows);
    case ColumnRole::Binaries: return block.binaries ? block.binaries : nulls(arrow::binary(), block.rows);
    case ColumnRole::List: return list_from(block, kinds);
    case ColumnRole::Object: return object_from(block, kinds);
    case ColumnRole::Odd: return odd_values_of(block, first);
  }
  return fail(ErrorCode::DataProcessing, "A column has no known role.");
}

Result<std::shared_ptr<arrow::DataType>> type_of(const Kinds& kinds, ColumnRole role) {
  switch (role) {
    case ColumnRole::Numbers: return number_type(kinds);
    case ColumnRole::Doubles: return arrow::float64();
    case ColumnRole::Bools: return arrow::boolean();
    case ColumnRole::Times:
      return kinds.has(Kind::Timestamp) ? arrow::timestamp(arrow::TimeUnit::MICRO) : arrow::date32();
    case ColumnRole::Binaries: return arrow::binary();
    case ColumnRole::Strings:
    case ColumnRole::Odd: return arrow::utf8();
    case ColumnRole::List: {
      if (list_is_text(kinds)) return arrow::utf8();
      const auto item = kinds.items ? columns_of(*kinds.items, "") : std::vector<KindColumn>();
      if (item.empty()) return arrow::list(arrow::utf8());
      CANVASBACK_ASSIGN(auto type, type_of(*kinds.items, item[0].role));
      return arrow::list(type);
    }
    case ColumnRole::Object: {
      const auto columns = object_is_text(kinds) ? std::vector<KindColumn>() : columns_of_members(kinds);
      if (columns.empty()) return arrow::utf8();
      CANVASBACK_ASSIGN(auto schema, schema_of(kinds));
      return arrow::struct_(schema->fields());
    }
  }
  return fail(ErrorCode::DataProcessing, "A column has no known role.");
}

}  // namespace

Kinds kinds_of(const Shredded& shredded) {
  Kinds out;
  out.seen = shredded.seen;
  for (const auto& [name, member] : shredded.members) out.members.emplace_back(name, kinds_of(member));
  if (shredded.items) out.items = std::make_unique<Kinds>(kinds_of(*shredded.items));
  return out;
}

const TextPlaces* TextPlaces::find(std::string_view key) const {
  for (const auto& [name, places] : members) {
    if (name == key) return &places;
  }
  return nullptr;
}

bool TextPlaces::add_from(const Kinds& kinds) {
  bool added = false;
  const auto columns = columns_of(kinds, "");
  const bool typed_list = !columns.empty() && columns[0].role == ColumnRole::List && !list_is_text(kinds);
  const bool typed_object = !columns.empty() && columns[0].role == ColumnRole::Object && !object_is_text(kinds);
  if (kinds.has(Kind::List)) {
    if (!typed_list && !lists) added = lists = true;
    if (typed_list && kinds.items) {
      if (!items) items = std::make_unique<TextPlaces>();
      added = items->add_from(*kinds.items) || added;
    }
  }
  // The record itself has no kind: its members are looked at.
  const bool is_record = kinds.seen == 0;
  if (kinds.has(Kind::Object) && !typed_object && !objects) added = objects = true;
  if (!is_record && !typed_object) return added;
  for (const auto& [name, member] : kinds.members) {
    TextPlaces* place = nullptr;
    for (auto& [known, places] : members) {
      if (known == name) place = &places;
    }
    if (place != nullptr) {
      added = place->add_from(member) || added;
    } else {
      TextPlaces fresh;
      if (fresh.add_from(member)) {
        members.emplace_back(name, std::move(fresh));
        added = true;
      }
    }
  }
  return added;
}

bool operator==(const TextPlaces& left, const TextPlaces& right) {
  if (left.lists != right.lists || left.objects != right.objects || left.members != right.members) return false;
  if (!left.items || !right.items) return !left.items == !right.items;
  return *left.items == *right.items;
}

Result<std::shared_ptr<arrow::Schema>> schema_of(const Kinds& kinds) {
  arrow::FieldVector fields;
  for (const KindColumn& column : columns_of_members(kinds)) {
    CANVASBACK_ASSIGN(auto type, type_of(*kinds.find(column.key), column.role));
    fields.push_back(arrow::field(column.name, std::move(type)));
  }
  return arrow::schema(std::move(fields));
}

Result<arrow::ArrayVector> columns_from(const Shredded& block, const Kinds& kinds) {
  arrow::ArrayVector out;
  for (const auto& [name, member] : kinds.members) {
    const auto columns = columns_of(member, name);
    const Shredded* values = nullptr;
    for (const auto& [known, shredded] : block.members) {
      if (known == name) values = &shredded;
    }
    Shredded none;
    none.rows = block.rows;
    for (const KindColumn& column : columns) {
      CANVASBACK_ASSIGN(auto array,
                        column_from(values != nullptr ? *values : none, member, column.role, columns[0].role));
      out.push_back(std::move(array));
    }
  }
  return out;
}

}  // namespace canvasback
