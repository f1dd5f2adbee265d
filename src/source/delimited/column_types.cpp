#include "source/delimited/column_types.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <map>
#include <utility>
#include <vector>

#include "source/delimited/cell_value.hpp"
#include "source/delimited/delimited_file.hpp"
#include "source/delimited/time_text.hpp"

namespace canvasback {
namespace delimited {
namespace {

using Forms = std::initializer_list<CellForm>;

constexpr int kShortDecimalDigits = 18;
constexpr int kDecimalDigits = 38;

std::uint32_t bits(Forms forms) {
  std::uint32_t out = 0;
  for (const CellForm form : forms) out |= bit(form);
  return out;
}

bool only(const CellKinds& kinds, Forms forms) { return kinds.seen != 0 && (kinds.seen & ~bits(forms)) == 0; }

// The first cells of two forms that do not go together.
std::string both(const CellKinds& kinds, Forms one, Forms other) {
  const auto earliest = [&](Forms forms) {
    const CellKinds::First* found = nullptr;
    for (const CellKinds::First& first : kinds.first) {
      if ((bits(forms) & bit(first.form)) != 0 && found == nullptr) found = &first;
    }
    return found;
  };
  const CellKinds::First* left = earliest(one);
  const CellKinds::First* right = earliest(other);
  if (left == nullptr || right == nullptr) return {};
  return place_of(*left) + ", " + place_of(*right);
}

std::string place_of_form(const CellKinds& kinds, CellForm form) {
  const CellKinds::First* first = kinds.first_of(form);
  return first == nullptr ? std::string() : place_of(*first);
}

DecidedType number_type(const CellKinds& kinds) {
  using enum CellForm;
  if (only(kinds, {Integer, WideInteger})) return {"BIGINT", {}};
  if (only(kinds, {Integer, WideInteger, BigInteger})) return {"DECIMAL(38,0)", place_of_form(kinds, BigInteger)};
  const int digits = kinds.whole_digits_max + kinds.fraction_digits_max;
  const bool one_scale = kinds.fraction_digits_min == kinds.fraction_digits_max;
  if (only(kinds, {Fraction, ExactFraction}) && one_scale && digits <= kDecimalDigits) {
    const int precision = digits <= kShortDecimalDigits ? kShortDecimalDigits : kDecimalDigits;
    return {fmt::format("DECIMAL({},{})", precision, kinds.fraction_digits_max), {}};
  }
  const bool any_number = (kinds.seen & ~bit(NotFinite)) != 0;
  if (only(kinds, {Integer, Fraction, NegativeZero, Exponent, NotFinite}) && any_number) {
    for (const CellForm form : {Exponent, NotFinite, NegativeZero, Fraction}) {
      if (kinds.has(form)) return {"DOUBLE", place_of_form(kinds, form)};
    }
  }
  if (!any_number) return {"VARCHAR", place_of_form(kinds, NotFinite)};
  if (kinds.has(ExactFraction)) {
    // Two numbers of decimals, or digits that only a text has room for.
    return {"VARCHAR", place_of_form(kinds, ExactFraction)};
  }
  return {"VARCHAR", both(kinds, {WideInteger, BigInteger}, {Fraction, NegativeZero, Exponent, NotFinite})};
}

DecidedType time_type(const CellKinds& kinds) {
  using enum CellForm;
  if (only(kinds, {Date})) return {"DATE", {}};
  if (only(kinds, {Time})) return {"TIME", {}};
  if (only(kinds, {Instant})) return {"TIMESTAMP WITH TIME ZONE", {}};
  if (only(kinds, {Timestamp})) return {"TIMESTAMP", {}};
  if (only(kinds, {Timestamp, NanoTimestamp}) && !kinds.outside_nanoseconds) {
    return {"TIMESTAMP_NS", place_of_form(kinds, NanoTimestamp)};
  }
  if (only(kinds, {Timestamp, NanoTimestamp})) return {"VARCHAR", place_of_form(kinds, NanoTimestamp)};
  // Times of several forms: any two of them.
  std::vector<const CellKinds::First*> firsts;
  for (const CellKinds::First& first : kinds.first) firsts.push_back(&first);
  if (firsts.size() < 2) return {};
  return {"VARCHAR", place_of(*firsts[0]) + ", " + place_of(*firsts[1])};
}

}  // namespace

std::string place_of(const CellKinds::First& first) {
  if (first.file.empty()) return fmt::format("line {} has \"{}\"", first.line, first.text);
  return fmt::format("line {} of {} has \"{}\"", first.line, first.file, first.text);
}

DecidedType decide_type(const CellKinds& kinds, const TextSettings& settings) {
  using enum CellForm;
  if (kinds.seen == 0) return {"VARCHAR", kinds.any ? "" : "no cell has a value"};
  if (settings.date_format && kinds.told_format == 1) {
    return {has_time_of_day(*settings.date_format) ? "TIMESTAMP" : "DATE", {}};
  }
  if (kinds.has(Text)) return {"VARCHAR", place_of_form(kinds, Text)};
  if (kinds.has(EmptyText)) return {"VARCHAR", place_of_form(kinds, EmptyText)};
  const std::uint32_t numbers =
      bits({Integer, WideInteger, BigInteger, Fraction, ExactFraction, NegativeZero, Exponent, NotFinite});
  const std::uint32_t times = bits({Date, Time, Timestamp, NanoTimestamp, Instant});
  if ((kinds.seen & ~numbers) == 0) return number_type(kinds);
  if ((kinds.seen & ~times) == 0) {
    // One way to write dates holds for a column: some cells being of the told one says that the others are not.
    if (kinds.told_format == 3) return {"VARCHAR", place_of(kinds.first.front())};
    return time_type(kinds);
  }
  for (const CellForm form : {LowerBool, CapitalBool, UpperBool}) {
    if (only(kinds, {form})) return {"BOOLEAN", {}};
  }
  return {"VARCHAR", place_of(kinds.first[0]) + ", " + place_of(kinds.first[1])};
}

}  // namespace delimited

namespace {

std::string file_name(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

struct Merged {
  std::string name;
  CellKinds kinds;
};

std::vector<Merged> merge(const std::vector<DelimitedScan>& scans) {
  std::vector<Merged> out;
  std::map<std::string, std::size_t, std::less<>> places;
  for (const DelimitedScan& scan : scans) {
    for (std::size_t i = 0; i < scan.cells.size(); ++i) {
      const auto [place, added] = places.try_emplace(scan.reading.names[i], out.size());
      if (added) out.push_back({scan.reading.names[i], {}});
      CellKinds kinds = scan.cells[i];
      if (scans.size() > 1) {
        for (CellKinds::First& first : kinds.first) first.file = file_name(scan.path);
      }
      if (kinds.unfit) kinds.unfit->file = file_name(scan.path);
      out[place->second].kinds.append(std::move(kinds), 0);
    }
  }
  return out;
}

}  // namespace

Result<std::vector<TextColumn>> decide_columns(const std::vector<DelimitedScan>& scans, const TextSettings& settings) {
  std::vector<TextColumn> out;
  std::size_t told_count = 0;
  for (const Merged& column : merge(scans)) {
    const auto told = settings.types.find(column.name);
    if (told == settings.types.end()) {
      if (settings.all_text) {
        out.push_back({column.name, "VARCHAR", {}});
        continue;
      }
      delimited::DecidedType decided = delimited::decide_type(column.kinds, settings);
      out.push_back({column.name, std::move(decided.type), std::move(decided.reason)});
      continue;
    }
    ++told_count;
    CANVASBACK_ASSIGN(const delimited::ValueType type, delimited::value_type_from(told->second));
    if (column.kinds.unfit) {
      return fail(ErrorCode::InvalidData, fmt::format("Column \"{}\" was told to be {}: {}, which is none.",
                                                      column.name, type.sql, delimited::place_of(*column.kinds.unfit)));
    }
    out.push_back({column.name, type.sql, "told"});
  }
  if (told_count < settings.types.size() && !out.empty()) {
    for (const auto& [name, type] : settings.types) {
      if (std::ranges::find(out, name, &TextColumn::name) == out.end()) {
        return fail(ErrorCode::InvalidData,
                    fmt::format("A type is set for \"{}\", but there is no such column.", name));
      }
    }
  }
  return out;
}

}  // namespace canvasback
