#include "encode/xlsx/sheet_plan.hpp"

#include <arrow/array.h>

#include <algorithm>
#include <cstring>

#include "base/text.hpp"
#include "encode/xlsx/limits.hpp"
#include "encode/xlsx/serial.hpp"

namespace canvasback::xlsx {
namespace {

constexpr int kWidthMin = 6;
constexpr int kWidthMax = 60;
constexpr int kFilterButton = 3;       // characters that the header's button hides
constexpr int kGeneralDigitsMax = 11;  // the format General shows longer integers as 1.2E+11
constexpr std::string_view kDateFormat = "yyyy\\-mm\\-dd";
constexpr std::string_view kTimestampFormat = "yyyy\\-mm\\-dd\\ hh:mm:ss";
constexpr std::string_view kTimeFormat = "hh:mm:ss";

// Characters, for widths: bytes that start one.
int characters(std::string_view text) {
  return static_cast<int>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

// What stands in a cell of XML.
std::string_view content_of(std::string_view cell) {
  const std::size_t end = cell.find("</");
  if (end == std::string_view::npos) return {};
  const std::size_t begin = cell.rfind('>', end);
  return cell.substr(begin + 1, end - begin - 1);
}

// What the first rows of one column show.
struct Sample {
  int width = 0;       // of the widest cell
  bool parts = false;  // times: a fraction of a second
};

bool has_part_of_second(const arrow::Array& column, std::int64_t row) {
  const auto part = [&](std::int64_t value, arrow::TimeUnit::type unit) {
    switch (unit) {
      case arrow::TimeUnit::SECOND: return false;
      case arrow::TimeUnit::MILLI: return value % 1'000 != 0;
      case arrow::TimeUnit::MICRO: return value % 1'000'000 != 0;
      case arrow::TimeUnit::NANO: return value % 1'000'000'000 != 0;
    }
    return false;
  };
  switch (column.type_id()) {
    case arrow::Type::TIMESTAMP:
      return part(static_cast<const arrow::TimestampArray&>(column).Value(row),
                  static_cast<const arrow::TimestampType&>(*column.type()).unit());
    case arrow::Type::TIME32:
      return part(static_cast<const arrow::Time32Array&>(column).Value(row),
                  static_cast<const arrow::Time32Type&>(*column.type()).unit());
    case arrow::Type::TIME64:
      return part(static_cast<const arrow::Time64Array&>(column).Value(row),
                  static_cast<const arrow::Time64Type&>(*column.type()).unit());
    default: return false;
  }
}

Sample sample_column(const RowBlock& block, int index, CellKind kind) {
  Sample sample;
  std::int64_t left = kPlanRows;
  std::string cell;
  for (const BatchPtr& part : block.parts) {
    const std::int64_t rows = std::min(left, part->num_rows());
    left -= rows;
    ColumnNotes unused;
    CellColumn column(part->column(index), {kind, 0}, {}, 0, unused);
    for (std::int64_t row = 0; row < rows; ++row) {
      if (column.array->IsNull(row)) continue;
      sample.parts = sample.parts || has_part_of_second(*column.array, row);
      cell.clear();
      {
        TextWriter writer(cell);
        column.append(row, writer);
      }
      const std::string_view content = content_of(cell);
      sample.width = std::max(sample.width, characters(content.substr(0, content.find('\n'))));
    }
    if (left == 0) break;
  }
  return sample;
}

class Planner {
 public:
  void add(const arrow::Field& field, const RowBlock& first, int index) {
    ColumnLook look{kind_of(*field.type()), 0};
    const Sample sample = sample_column(first, index, look.kind);
    int width = sample.width;
    std::string header = field.name();
    switch (look.kind) {
      case CellKind::Date:
        look.style = style_of(std::string(kDateFormat));
        width = 10;
        break;
      case CellKind::Timestamp: {
        if (!static_cast<const arrow::TimestampType&>(*field.type()).timezone().empty()) header += " (UTC)";
        look.style = style_of(std::string(kTimestampFormat) + (sample.parts ? ".000" : ""));
        width = sample.parts ? 23 : 19;
        break;
      }
      case CellKind::Time:
        look.style = style_of(std::string(kTimeFormat) + (sample.parts ? ".000" : ""));
        width = sample.parts ? 12 : 8;
        break;
      case CellKind::Integer:
        if (sample.width > kGeneralDigitsMax) look.style = style_of("0");
        break;
      case CellKind::Decimal: {
        const int scale = static_cast<const arrow::DecimalType&>(*field.type()).scale();
        look.style = style_of(scale > 0 ? "0." + std::string(static_cast<std::size_t>(std::min(scale, 15)), '0') : "0");
        width += scale > 0 ? 2 : 0;
        break;
      }
      default: break;
    }
    plan_.looks.push_back(look);
    plan_.widths.push_back(std::clamp(std::max(width + 1, characters(header) + kFilterButton), kWidthMin, kWidthMax));
    plan_.headers.push_back(std::move(header));
  }

  SheetPlan take() { return std::move(plan_); }

 private:
  int style_of(const std::string& format) {
    const auto found = std::ranges::find(plan_.formats, format);
    const auto index = static_cast<int>(found - plan_.formats.begin());
    if (found == plan_.formats.end()) plan_.formats.push_back(format);
    return kFirstFormatStyle + index;
  }

  SheetPlan plan_;
};

}  // namespace

SheetPlan plan_sheet(const arrow::Schema& schema, const RowBlock& first) {
  Planner planner;
  for (int i = 0; i < schema.num_fields(); ++i) planner.add(*schema.field(i), first, i);
  return planner.take();
}

}  // namespace canvasback::xlsx
