#include "source/delimited/row_tally.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "source/delimited/time_text.hpp"

namespace canvasback::delimited {

bool CellLook::is_null(const Cell& cell, std::string_view text) const {
  if (text.empty() && !cell.quoted) return true;
  return !null_values.empty() && std::ranges::find(null_values, text) != null_values.end();
}

void look_at(CellKinds& kinds, std::size_t column, const Cell& cell, std::int64_t line, const CellLook& look,
             std::string& scratch) {
  if (cell.text.empty() && !cell.quoted) return;
  const bool told = column < look.told.size() && look.told[column];
  const bool formatted = !look.rules.date_format.empty();
  // Nothing can change that such a column is text.
  const bool settled = kinds.has(CellForm::Text) && (!formatted || kinds.told_format >= 2);
  if (settled && !told && look.null_values.empty()) return;
  const std::string_view text = plain_text(cell, look.dialect, scratch);
  if (look.is_null(cell, text)) return;
  kinds.any = true;
  if (told && !kinds.unfit) {
    CellRules rules = look.rules;
    rules.told = true;
    if (!fits(text, *look.told[column], rules)) kinds.unfit = CellKinds::First{CellForm::Text, line, shown(text), {}};
  }
  if (settled) return;
  if (formatted) kinds.told_format |= parse_in_format(text, look.rules.date_format) ? 1 : 2;
  const FoundForm found = form_of(text, look.rules.decimal);
  if (!kinds.has(found.form)) kinds.note(found.form, line, text);
  kinds.outside_nanoseconds |= found.outside_nanoseconds;
  if (found.form == CellForm::Fraction || found.form == CellForm::ExactFraction) {
    kinds.whole_digits_max = std::max(kinds.whole_digits_max, found.whole_digits);
    kinds.fraction_digits_min = std::min(kinds.fraction_digits_min, found.fraction_digits);
    kinds.fraction_digits_max = std::max(kinds.fraction_digits_max, found.fraction_digits);
  }
}

TalliedRows tally_rows(const CellLook& look, std::string_view text, RowParser::Behind behind) {
  TalliedRows out;
  RowTally& tally = out.tally;
  RowParser parser(look.dialect, text, behind);
  std::string scratch;
  RowParser::Outcome outcome = parser.next();
  for (; outcome == RowParser::Outcome::Row; outcome = parser.next()) {
    const std::vector<Cell>& cells = parser.cells();
    if (cells.size() > limits::kTextColumnsMax) {
      out.end = RowsEnd::TooManyColumns;
      out.anomaly_line = parser.row_line();
      return out;
    }
    if (cells.size() > tally.columns.size()) tally.columns.resize(cells.size());
    const std::int64_t line = parser.row_line() + 1;
    for (std::size_t i = 0; i < cells.size(); ++i) look_at(tally.columns[i], i, cells[i], line, look, scratch);
    tally.begins.push_back(
        {static_cast<std::uint32_t>(parser.row_begin()), static_cast<std::uint32_t>(parser.row_line())});
    ++tally.rows;
    tally.narrow += cells.size() < look.width ? 1 : 0;
    tally.wide += cells.size() > look.width ? 1 : 0;
    tally.single += cells.size() == 1 ? 1 : 0;
  }
  tally.lines = parser.lines();
  out.position = parser.position();
  if (outcome == RowParser::Outcome::Incomplete) out.end = RowsEnd::Incomplete;
  if (outcome == RowParser::Outcome::Anomaly) {
    out.end = RowsEnd::Anomaly;
    out.anomaly = parser.anomaly();
    out.anomaly_line = parser.anomaly_line();
  }
  return out;
}

}  // namespace canvasback::delimited
