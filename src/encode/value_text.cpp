#include "encode/value_text.hpp"

#include <arrow/extension_type.h>
#include <fmt/format.h>

#include <cassert>
#include <cstdlib>
#include <unordered_set>
#include <utility>

#include "record/type_name.hpp"

namespace canvasback {
namespace {

bool is_known(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::RUN_END_ENCODED: return false;
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:
      return std::abs(static_cast<const arrow::DecimalType&>(type).scale()) <= kDecimalScaleMax;
    case arrow::Type::DICTIONARY: return is_known(*static_cast<const arrow::DictionaryType&>(type).value_type());
    case arrow::Type::EXTENSION: return is_known(*static_cast<const arrow::ExtensionType&>(type).storage_type());
    default: break;
  }
  for (const auto& field : type.fields()) {
    if (!is_known(*field->type())) return false;
  }
  return type.id() <= arrow::Type::DECIMAL64;  // the last one this was written for
}

}  // namespace

Status ValueText::check(const arrow::Field& field) {
  if (is_known(*field.type())) return {};
  return fail(ErrorCode::DataProcessing,
              fmt::format("Column \"{}\" of type {} cannot be written as text.", field.name(), sql_type_name(field)));
}

ValueText::ValueText(std::shared_ptr<arrow::Array> column, const TextStyle& text_style)
    : style(text_style), array(std::move(column)) {
  if (array->null_bitmap_data() != nullptr && array->null_count() > 0) {
    validity = array->null_bitmap_data();
    offset = array->offset();
  }
  [[maybe_unused]] const bool bound = bind_scalar(*this) || bind_nested(*this);
  assert(bound && "check() lets pass only types that can be bound");
}

std::vector<std::string> unique_json_keys(const arrow::FieldVector& fields) {
  std::unordered_set<std::string> given;
  for (const auto& field : fields) given.insert(field->name());
  std::unordered_set<std::string> taken;
  std::vector<std::string> keys;
  for (const auto& field : fields) {
    std::string name = field->name();
    // A made-up name does not take one that another column really has.
    for (int suffix = 1; taken.contains(name) || (suffix > 1 && given.contains(name)); ++suffix) {
      name = fmt::format("{}_{}", field->name(), suffix);
    }
    taken.insert(name);
    std::string& key = keys.emplace_back();
    TextWriter writer(key);
    write_json_string(writer, name);
    writer.append(':');
  }
  return keys;
}

}  // namespace canvasback
