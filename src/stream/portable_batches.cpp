#include "stream/portable_batches.hpp"

#include <arrow/array.h>
#include <arrow/array/builder_time.h>
#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/cast.h>
#include <arrow/extension_type.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/decimal.h>
#include <arrow/util/float16.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/json.hpp"
#include "base/text.hpp"

namespace canvasback {
namespace {

using arrow::Type;
using ArrayPtr = std::shared_ptr<arrow::Array>;
using TypePtr = std::shared_ptr<arrow::DataType>;

constexpr std::int64_t kNanosPerMicro = 1000;
constexpr int kDecimalDigitsMax = 38;

bool is_zoned_nanos(const arrow::DataType& type) {
  if (type.id() != Type::TIMESTAMP) return false;
  const auto& timestamp = static_cast<const arrow::TimestampType&>(type);
  return timestamp.unit() == arrow::TimeUnit::NANO && !timestamp.timezone().empty();
}

// A duration is an INTERVAL of microseconds, where it is one.
bool is_whole_micros(const arrow::DataType& type, std::int64_t value) {
  if (type.id() == Type::TIMESTAMP) return value % kNanosPerMicro == 0;
  switch (static_cast<const arrow::DurationType&>(type).unit()) {
    case arrow::TimeUnit::NANO: return value % kNanosPerMicro == 0;
    case arrow::TimeUnit::MICRO: return true;
    case arrow::TimeUnit::MILLI: return value >= INT64_MIN / 1000 && value <= INT64_MAX / 1000;
    case arrow::TimeUnit::SECOND: return value >= INT64_MIN / 1'000'000 && value <= INT64_MAX / 1'000'000;
  }
  return false;
}

// Types of which the engine knows the extension; of others it gets what they are stored as.
bool is_known_extension(const arrow::ExtensionType& type) {
  return type.extension_name() == "arrow.uuid" || type.extension_name() == "arrow.json" ||
         type.extension_name() == "arrow.bool8";
}

std::shared_ptr<arrow::Field> portable_field(const std::shared_ptr<arrow::Field>& field, bool fine) {
  return arrow::field(field->name(), portable_type(field->type(), fine), field->nullable());
}

TypePtr portable_struct(const arrow::DataType& type, bool fine, bool all_nullable) {
  std::vector<std::string> names;
  for (const auto& field : type.fields()) names.push_back(field->name());
  names = distinct_names(names);
  arrow::FieldVector fields;
  for (int i = 0; i < type.num_fields(); ++i) {
    const auto field = portable_field(type.field(i), fine);
    const bool nullable = all_nullable || field->nullable();
    fields.push_back(arrow::field(names[static_cast<std::size_t>(i)], field->type(), nullable));
  }
  return arrow::struct_(std::move(fields));
}

arrow::Result<ArrayPtr> converted(const ArrayPtr& array, const TypePtr& wanted);

arrow::Result<ArrayPtr> take(const ArrayPtr& values, const ArrayPtr& indices) {
  ARROW_ASSIGN_OR_RAISE(auto taken, arrow::compute::Take(arrow::Datum(values), arrow::Datum(indices),
                                                         arrow::compute::TakeOptions::NoBoundsCheck()));
  return taken.make_array();
}

// The array with another type and other children: lists and structs, whose own buffers stay as they are.
ArrayPtr with_children(const arrow::Array& array, const TypePtr& type, arrow::ArrayVector children) {
  auto data = array.data()->Copy();
  data->type = type;
  for (std::size_t i = 0; i < children.size(); ++i) data->child_data[i] = children[i]->data();
  return arrow::MakeArray(std::move(data));
}

arrow::Result<ArrayPtr> convert_children(const arrow::Array& array, const TypePtr& wanted) {
  arrow::ArrayVector children;
  for (int i = 0; i < wanted->num_fields(); ++i) {
    const auto child = arrow::MakeArray(array.data()->child_data[static_cast<std::size_t>(i)]);
    ARROW_ASSIGN_OR_RAISE(auto made, converted(child, wanted->field(i)->type()));
    children.push_back(std::move(made));
  }
  return with_children(array, wanted, std::move(children));
}

arrow::Result<ArrayPtr> decode_dictionary(const ArrayPtr& array, const TypePtr& wanted) {
  const auto& dictionary = static_cast<const arrow::DictionaryArray&>(*array);
  ARROW_ASSIGN_OR_RAISE(auto values, converted(dictionary.dictionary(), wanted));
  return take(values, dictionary.indices());
}

arrow::Result<ArrayPtr> decode_runs(const ArrayPtr& array, const TypePtr& wanted) {
  const auto& runs = static_cast<const arrow::RunEndEncodedArray&>(*array);
  ARROW_ASSIGN_OR_RAISE(auto ends, arrow::compute::Cast(*runs.run_ends(), arrow::int64()));
  const auto& end_of = static_cast<const arrow::Int64Array&>(*ends);
  arrow::Int64Builder indices;
  ARROW_RETURN_NOT_OK(indices.Reserve(array->length()));
  std::int64_t run = 0;
  for (std::int64_t i = 0; i < array->length(); ++i) {
    while (end_of.Value(run) <= i + array->offset()) ++run;
    indices.UnsafeAppend(run);
  }
  ARROW_ASSIGN_OR_RAISE(auto at, indices.Finish());
  ARROW_ASSIGN_OR_RAISE(auto values, converted(runs.values(), wanted));
  return take(values, at);
}

// A list view as a list: its items one after the other.
template <class View, class Builder>
arrow::Result<ArrayPtr> gather_view(const arrow::Array& array, const TypePtr& wanted) {
  const auto& view = static_cast<const View&>(array);
  arrow::Int64Builder items;
  Builder offsets;
  ARROW_RETURN_NOT_OK(offsets.Append(0));
  for (std::int64_t i = 0; i < view.length(); ++i) {
    const std::int64_t size = view.IsNull(i) ? 0 : view.value_length(i);
    for (std::int64_t k = 0; k < size; ++k) ARROW_RETURN_NOT_OK(items.Append(view.value_offset(i) + k));
    ARROW_RETURN_NOT_OK(offsets.Append(static_cast<typename Builder::value_type>(items.length())));
  }
  ARROW_ASSIGN_OR_RAISE(auto item_array, items.Finish());
  ARROW_ASSIGN_OR_RAISE(auto offset_array, offsets.Finish());
  ARROW_ASSIGN_OR_RAISE(auto values, converted(view.values(), wanted->field(0)->type()));
  ARROW_ASSIGN_OR_RAISE(values, take(values, item_array));
  std::shared_ptr<arrow::Buffer> valid;
  if (view.null_count() > 0) {
    ARROW_ASSIGN_OR_RAISE(auto bits, arrow::AllocateEmptyBitmap(view.length()));
    for (std::int64_t i = 0; i < view.length(); ++i) {
      arrow::bit_util::SetBitTo(bits->mutable_data(), i, view.IsValid(i));
    }
    valid = std::move(bits);
  }
  return arrow::MakeArray(arrow::ArrayData::Make(wanted, view.length(), {valid, offset_array->data()->buffers[1]},
                                                 {values->data()}, view.null_count()));
}

// A union as a struct: in each row the member that is there, the others NULL.
arrow::Result<ArrayPtr> spread_union(const arrow::Array& array, const TypePtr& wanted) {
  const auto& from = static_cast<const arrow::UnionArray&>(array);
  const bool dense = array.type_id() == Type::DENSE_UNION;
  arrow::ArrayVector members;
  for (int member = 0; member < from.num_fields(); ++member) {
    arrow::Int64Builder indices;
    for (std::int64_t i = 0; i < array.length(); ++i) {
      if (from.child_id(i) != member) {
        ARROW_RETURN_NOT_OK(indices.AppendNull());
      } else {
        const std::int64_t at = dense ? static_cast<const arrow::DenseUnionArray&>(array).value_offset(i) : i;
        ARROW_RETURN_NOT_OK(indices.Append(at));
      }
    }
    ARROW_ASSIGN_OR_RAISE(auto at, indices.Finish());
    ARROW_ASSIGN_OR_RAISE(auto values, converted(from.field(member), wanted->field(member)->type()));
    ARROW_ASSIGN_OR_RAISE(auto taken, take(values, at));
    members.push_back(std::move(taken));
  }
  return std::make_shared<arrow::StructArray>(wanted, array.length(), std::move(members));
}

arrow::Result<ArrayPtr> widen_halves(const arrow::Array& array) {
  const auto& halves = static_cast<const arrow::HalfFloatArray&>(array);
  arrow::FloatBuilder floats;
  ARROW_RETURN_NOT_OK(floats.Reserve(array.length()));
  for (std::int64_t i = 0; i < array.length(); ++i) {
    if (halves.IsNull(i)) {
      floats.UnsafeAppendNull();
    } else {
      floats.UnsafeAppend(arrow::util::Float16::FromBits(halves.Value(i)).ToFloat());
    }
  }
  return floats.Finish();
}

std::string plain_digits(std::string digits, int scale) {
  const bool negative = digits.starts_with('-');
  if (negative) digits.erase(0, 1);
  if (scale < 0 && digits != "0") digits.append(static_cast<std::size_t>(-scale), '0');
  if (scale > 0) {
    const auto places = static_cast<std::size_t>(scale);
    if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
    digits.insert(digits.size() - places, 1, '.');
  }
  return negative ? "-" + digits : digits;
}

template <class Decimals, class Decimal>
arrow::Result<ArrayPtr> decimal_texts(const arrow::Array& array) {
  const auto& decimals = static_cast<const Decimals&>(array);
  const int scale = static_cast<const arrow::DecimalType&>(*array.type()).scale();
  arrow::StringBuilder texts;
  for (std::int64_t i = 0; i < array.length(); ++i) {
    if (decimals.IsNull(i)) {
      ARROW_RETURN_NOT_OK(texts.AppendNull());
    } else {
      ARROW_RETURN_NOT_OK(texts.Append(plain_digits(Decimal(decimals.GetValue(i)).ToIntegerString(), scale)));
    }
  }
  return texts.Finish();
}

arrow::Result<ArrayPtr> convert_decimals(const arrow::Array& array, const TypePtr& wanted) {
  if (wanted->id() != Type::STRING) return arrow::compute::Cast(array, wanted);
  switch (array.type_id()) {
    case Type::DECIMAL32: return decimal_texts<arrow::Decimal32Array, arrow::Decimal32>(array);
    case Type::DECIMAL64: return decimal_texts<arrow::Decimal64Array, arrow::Decimal64>(array);
    case Type::DECIMAL128: return decimal_texts<arrow::Decimal128Array, arrow::Decimal128>(array);
    default: return decimal_texts<arrow::Decimal256Array, arrow::Decimal256>(array);
  }
}

ArrayPtr under_type(const arrow::Array& array, const TypePtr& type) {
  auto data = array.data()->Copy();
  data->type = type;
  return arrow::MakeArray(std::move(data));
}

// Bytes that are said to be text.
arrow::Result<ArrayPtr> bytes_as_texts(const ArrayPtr& array, const TypePtr& wanted) {
  if (wanted->id() != Type::STRING) return arrow::Status::TypeError("bytes where ", *wanted, " was expected");
  const auto& bytes = static_cast<const arrow::BinaryArray&>(*array);
  for (std::int64_t i = 0; i < bytes.length(); ++i) {
    if (bytes.IsValid(i) && !is_utf8(bytes.GetView(i))) return arrow::Status::Invalid("a text is not UTF-8");
  }
  return under_type(*array, wanted);
}

arrow::Result<ArrayPtr> widen_intervals(const arrow::Array& array) {
  arrow::MonthDayNanoIntervalBuilder out;
  for (std::int64_t i = 0; i < array.length(); ++i) {
    arrow::MonthDayNanoIntervalType::MonthDayNanos value{};
    if (array.IsNull(i)) {
      ARROW_RETURN_NOT_OK(out.AppendNull());
      continue;
    }
    if (array.type_id() == Type::INTERVAL_MONTHS) {
      value.months = static_cast<const arrow::MonthIntervalArray&>(array).Value(i);
    } else {
      const auto days = static_cast<const arrow::DayTimeIntervalArray&>(array).GetValue(i);
      value.days = days.days;
      value.nanoseconds = std::int64_t{days.milliseconds} * 1'000'000;
    }
    ARROW_RETURN_NOT_OK(out.Append(value));
  }
  return out.Finish();
}

arrow::Status check_intervals(const arrow::Array& array) {
  const auto& intervals = static_cast<const arrow::MonthDayNanoIntervalArray&>(array);
  for (std::int64_t i = 0; i < array.length(); ++i) {
    if (intervals.IsValid(i) && intervals.GetValue(i).nanoseconds % kNanosPerMicro != 0) {
      return arrow::Status::Invalid("an interval is finer than a microsecond");
    }
  }
  return arrow::Status::OK();
}

arrow::Result<ArrayPtr> converted(const ArrayPtr& array, const TypePtr& wanted) {
  if (array->type()->Equals(*wanted) && array->type_id() != Type::INTERVAL_MONTH_DAY_NANO) return array;
  switch (array->type_id()) {
    case Type::DICTIONARY: return decode_dictionary(array, wanted);
    case Type::RUN_END_ENCODED: return decode_runs(array, wanted);
    case Type::LIST_VIEW: return gather_view<arrow::ListViewArray, arrow::Int32Builder>(*array, wanted);
    case Type::LARGE_LIST_VIEW: return gather_view<arrow::LargeListViewArray, arrow::Int64Builder>(*array, wanted);
    case Type::SPARSE_UNION:
    case Type::DENSE_UNION: return spread_union(*array, wanted);
    case Type::HALF_FLOAT: return widen_halves(*array);
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128:
    case Type::DECIMAL256: return convert_decimals(*array, wanted);
    case Type::BINARY: return bytes_as_texts(array, wanted);
    case Type::INTERVAL_MONTHS:
    case Type::INTERVAL_DAY_TIME: return widen_intervals(*array);
    case Type::INTERVAL_MONTH_DAY_NANO: ARROW_RETURN_NOT_OK(check_intervals(*array)); return array;
    case Type::EXTENSION: return converted(static_cast<const arrow::ExtensionArray&>(*array).storage(), wanted);
    case Type::TIMESTAMP:
    case Type::DURATION: return under_type(*array, wanted);
    default:
      if (array->type()->num_fields() > 0) return convert_children(*array, wanted);
      return arrow::Status::TypeError("values of type ", array->type()->ToString(), " where ", wanted->ToString(),
                                      " were expected");
  }
}

}  // namespace

std::vector<std::string> distinct_names(const std::vector<std::string>& names) {
  std::vector<std::string> out;
  std::map<std::string, int> taken;  // in lower case: the next number
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string name = names[i].empty() ? fmt::format("column{}", i) : names[i];
    while (taken.contains(lower(name))) {
      const int number = taken[lower(name)]++;
      name += fmt::format("_{}", number);
    }
    taken.emplace(lower(name), 1);
    out.push_back(std::move(name));
  }
  return out;
}

bool may_be_fine(const arrow::DataType& type) {
  if (is_zoned_nanos(type) || type.id() == Type::DURATION) return true;
  if (type.id() == Type::DICTIONARY) return may_be_fine(*static_cast<const arrow::DictionaryType&>(type).value_type());
  return std::ranges::any_of(type.fields(), [](const auto& field) { return may_be_fine(*field->type()); });
}

bool has_fine_values(const arrow::Array& array) {
  const arrow::DataType& type = *array.type();
  if (!may_be_fine(type)) return false;
  if (type.id() == Type::TIMESTAMP || type.id() == Type::DURATION) {
    const auto* values = array.data()->GetValues<std::int64_t>(1);
    for (std::int64_t i = 0; i < array.length(); ++i) {
      if (array.IsValid(i) && !is_whole_micros(type, values[i])) return true;
    }
    return false;
  }
  if (type.id() == Type::DICTIONARY) {
    return has_fine_values(*static_cast<const arrow::DictionaryArray&>(array).dictionary());
  }
  return std::ranges::any_of(array.data()->child_data,
                             [](const auto& child) { return has_fine_values(*arrow::MakeArray(child)); });
}

TypePtr portable_type(const TypePtr& type, bool fine) {
  switch (type->id()) {
    case Type::DICTIONARY: return portable_type(static_cast<const arrow::DictionaryType&>(*type).value_type(), fine);
    case Type::RUN_END_ENCODED:
      return portable_type(static_cast<const arrow::RunEndEncodedType&>(*type).value_type(), fine);
    case Type::LIST:
    case Type::LIST_VIEW: return arrow::list(portable_field(type->field(0), fine));
    case Type::LARGE_LIST:
    case Type::LARGE_LIST_VIEW: return arrow::large_list(portable_field(type->field(0), fine));
    case Type::FIXED_SIZE_LIST:
      return arrow::fixed_size_list(portable_field(type->field(0), fine),
                                    static_cast<const arrow::FixedSizeListType&>(*type).list_size());
    case Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      return std::make_shared<arrow::MapType>(portable_field(map.key_field(), fine),
                                              portable_field(map.item_field(), fine), map.keys_sorted());
    }
    case Type::STRUCT: return portable_struct(*type, fine, false);
    case Type::SPARSE_UNION:
    case Type::DENSE_UNION: return portable_struct(*type, fine, true);
    case Type::HALF_FLOAT: return arrow::float32();
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128:
    case Type::DECIMAL256: {
      const auto& decimal = static_cast<const arrow::DecimalType&>(*type);
      const bool fits = decimal.precision() <= kDecimalDigitsMax && decimal.scale() >= 0;
      return fits ? arrow::decimal128(decimal.precision(), decimal.scale()) : arrow::utf8();
    }
    case Type::INTERVAL_MONTHS:
    case Type::INTERVAL_DAY_TIME: return arrow::month_day_nano_interval();
    case Type::TIMESTAMP: return fine && is_zoned_nanos(*type) ? arrow::timestamp(arrow::TimeUnit::NANO) : type;
    case Type::DURATION: return fine ? arrow::int64() : type;
    case Type::EXTENSION: {
      const auto& extension = static_cast<const arrow::ExtensionType&>(*type);
      return is_known_extension(extension) ? type : portable_type(extension.storage_type(), fine);
    }
    default: return type;
  }
}

SchemaPtr portable_schema(const arrow::Schema& schema, const std::vector<std::string>& fine) {
  const std::vector<std::string> names = distinct_names(schema.field_names());
  arrow::FieldVector fields;
  for (int i = 0; i < schema.num_fields(); ++i) {
    const bool is_fine = std::ranges::find(fine, schema.field(i)->name()) != fine.end();
    fields.push_back(arrow::field(names[static_cast<std::size_t>(i)], portable_type(schema.field(i)->type(), is_fine)));
  }
  return arrow::schema(std::move(fields));
}

Result<BatchPtr> portable_batch(const arrow::RecordBatch& batch, const SchemaPtr& portable) {
  arrow::ArrayVector columns;
  for (int i = 0; i < batch.num_columns(); ++i) {
    auto column = converted(batch.column(i), portable->field(i)->type());
    if (!column.ok()) {
      return fail(column.status().IsOutOfMemory() ? ErrorCode::MemoryLimit : ErrorCode::InvalidData,
                  fmt::format("column \"{}\": {}", portable->field(i)->name(), column.status().message()));
    }
    columns.push_back(std::move(*column));
  }
  return arrow::RecordBatch::Make(portable, batch.num_rows(), std::move(columns));
}

}  // namespace canvasback
