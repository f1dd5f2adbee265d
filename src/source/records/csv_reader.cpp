#include "source/records/csv_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.hpp"
#include "base/limits.hpp"
#include "source/delimited/cell_form.hpp"
#include "source/delimited/dialects.hpp"
#include "source/records/number_text.hpp"
#include "source/records/place_builder.hpp"

namespace canvasback {
namespace {

using records::PlaceBuilder;

constexpr std::int64_t kBlockRows = 32'768;
constexpr std::size_t kBlockBytes = 8 * limits::kMiB;
constexpr std::size_t kHeadBytes = 64 * limits::kKiB;
constexpr int kExactDigits = 15;  // that a double gives back

struct Cell {
  std::string text;
  bool quoted = false;
};

// The cells of a column that wait for the rest of their block: amounts (241.30, 100.00) are numbers where every cell
// of the block is a fraction of as many decimals; where they are not, 1.10 is a text.
struct WaitingCells {
  struct Waiting {
    std::int64_t row = 0;
    std::string text;
    bool is_exact = false;  // only its decimals give it back
  };
  std::vector<Waiting> fractions;  // all cells so far, while they are alike
  int decimals = -1;               // of the first cell
  bool alike = true;               // all of them are fractions of so many decimals

  // Whether the cell is alike, and waits.
  bool keep(const delimited::FoundForm& found, std::int64_t row, const std::string& text) {
    const bool is_exact = found.form == delimited::CellForm::ExactFraction;
    if (decimals < 0) decimals = found.fraction_digits;
    const bool is_amount = (is_exact || found.form == delimited::CellForm::Fraction) &&
                           found.whole_digits + found.fraction_digits <= kExactDigits;
    alike = alike && is_amount && decimals == found.fraction_digits;
    if (alike) fractions.push_back({row, text, is_exact});
    return alike;
  }
};

// Forms that a number gives back, so that nothing is lost by it.
bool is_number(delimited::CellForm form) {
  switch (form) {
    case delimited::CellForm::Integer:
    case delimited::CellForm::WideInteger:
    case delimited::CellForm::BigInteger:
    case delimited::CellForm::Fraction:
    case delimited::CellForm::NegativeZero:
    case delimited::CellForm::Exponent: return true;
    default: return false;
  }
}

}  // namespace

struct CsvRecordReader::Impl {
  enum class State { Begin, Plain, Quoted, QuoteInQuoted };

  Take take;
  CsvColumns columns;
  std::vector<std::string> header;
  std::vector<Cell> row;
  std::size_t cells = 0;  // of row
  State state = State::Begin;
  std::int64_t line = 1;      // where the reading is
  std::int64_t row_line = 1;  // where the row began
  std::size_t row_bytes = 0;
  bool after_return = false;  // a carriage return: it ends the row, with a line feed that follows
  bool any = false;           // something of this row has come
  std::string head;           // what came, until it is known what it is
  bool opened = false;
  delimited::Encoding encoding = delimited::Encoding::Utf8;
  char delimiter = ',';
  std::string undecoded;  // UTF-16
  std::unique_ptr<PlaceBuilder> block = std::make_unique<PlaceBuilder>(nullptr);
  std::vector<PlaceBuilder*> places;
  std::vector<bool> is_text;          // as header
  std::vector<WaitingCells> waiting;  // as places
  std::int64_t rows = 0;
  std::size_t bytes = 0;

  std::unexpected<Error> wrong(std::string_view what) const {
    return fail(ErrorCode::InvalidData, fmt::format("Nothing was kept: line {}: {}", row_line, what));
  }

  Cell& cell() {
    if (cells == row.size()) row.emplace_back();
    return row[cells];
  }

  void end_cell() {
    cell();
    ++cells;
    state = State::Begin;
  }

  Status end_row() {
    end_cell();
    const bool blank = cells == 1 && row[0].text.empty() && !row[0].quoted;
    if (!blank) CANVASBACK_TRY(header.empty() ? take_header() : take_row());
    for (std::size_t i = 0; i < cells; ++i) {
      row[i].text.clear();
      row[i].quoted = false;
    }
    cells = 0;
    row_bytes = 0;
    any = false;
    row_line = line;
    return {};
  }

  Status take_header() {
    if (cells > limits::kRecordKeysMax) return wrong("There are too many columns.");
    for (std::size_t i = 0; i < cells; ++i) {
      if (row[i].text.empty() || !is_utf8(row[i].text)) return wrong("A column has no name.");
      if (row[i].text.find('\0') != std::string_view::npos) {
        return wrong("A column's name has the character NUL: no column can be called so.");
      }
      if (std::ranges::find(header, row[i].text) != header.end()) {
        return wrong(fmt::format("Two columns are called \"{}\".", row[i].text));
      }
      header.push_back(row[i].text);
      is_text.push_back(columns.texts.contains(row[i].text));
    }
    begin_block();
    return {};
  }

  void begin_block() {
    block = std::make_unique<PlaceBuilder>(nullptr);
    places.clear();
    for (const std::string& name : header) places.push_back(&block->member(name));
    waiting.assign(header.size(), {});
    rows = 0;
    bytes = 0;
  }

  Status take_row() {
    if (cells != header.size()) {
      return wrong(fmt::format("There are {} cells, the header has {}.", cells, header.size()));
    }
    for (std::size_t i = 0; i < cells; ++i) {
      CANVASBACK_TRY(take_cell(i));
      bytes += row[i].text.size();
    }
    ++rows;
    return rows >= kBlockRows || bytes >= kBlockBytes ? flush() : Status();
  }

  Status take_cell(std::size_t column) {
    const Cell& value = row[column];
    PlaceBuilder& place = *places[column];
    if (value.text.empty() && !value.quoted) {
      place.add_null();
      return {};
    }
    if (is_text[column]) return add_text(place, rows, value.text);
    const delimited::FoundForm found = delimited::form_of(value.text, '.');
    if (columns.amounts && waiting[column].keep(found, rows, value.text)) return {};
    CANVASBACK_TRY(settle(column));
    return add_cell(place, rows, value.text, is_number(found.form));
  }

  // The block ends, or a cell is not like those that wait.
  Status settle(std::size_t column) {
    WaitingCells& cells_before = waiting[column];
    for (const auto& [at, text, is_exact] : cells_before.fractions) {
      CANVASBACK_TRY(add_cell(*places[column], at, text, cells_before.alike || !is_exact));
    }
    cells_before.fractions.clear();
    return {};
  }

  Status add_cell(PlaceBuilder& place, std::int64_t at, const std::string& text, bool as_number) {
    if (text == "true" || text == "false") {
      place.add_bool(at, text == "true");
    } else if (!as_number || records::add_number(place, at, text) != records::NumberOutcome::Added) {
      return add_text(place, at, text);
    }
    return {};
  }

  Status add_text(PlaceBuilder& place, std::int64_t at, const std::string& text) {
    if (!is_utf8(text)) return wrong("The text is not UTF-8.");
    place.add_string(at, text);
    return {};
  }

  Status flush() {
    if (rows == 0) return {};
    for (std::size_t i = 0; i < places.size(); ++i) CANVASBACK_TRY(settle(i));
    Shredded out = block->finish(rows);
    out.seen = 0;
    begin_block();
    return take(std::move(out));
  }

  // From the begin, what the rest is to be read as; then all of that.
  Status open(bool whole) {
    opened = true;
    CANVASBACK_ASSIGN(const delimited::FileHead found, delimited::head_of(head, whole, {}));
    encoding = found.encoding.encoding;
    delimiter = delimited::delimiter_of_head(found);
    line += found.lines;
    row_line = line;
    std::string rest = head.substr(found.place);
    head = {};
    return feed(rest);
  }

  Status feed(std::string_view piece) {
    if (encoding == delimited::Encoding::Utf8) {
      for (const char c : piece) CANVASBACK_TRY(add_byte(c));
      return {};
    }
    undecoded += piece;
    const std::size_t count = delimited::whole_characters(encoding, undecoded);
    std::string text;
    const bool invalid = delimited::decode(encoding, std::string_view(undecoded).substr(0, count), text).has_value();
    undecoded.erase(0, count);
    for (const char c : text) CANVASBACK_TRY(add_byte(c));
    return invalid ? wrong("The text is not UTF-16.") : Status();
  }

  Status add_byte(char c) {
    if (++row_bytes > limits::kRecordBytesMax) return fail(ErrorCode::PayloadTooLarge, "A row is larger than 16 MiB.");
    if (state == State::Quoted) {
      if (c == '"') {
        state = State::QuoteInQuoted;
      } else {
        cell().text += c;
        if (c == '\n') ++line;
      }
      return {};
    }
    if (after_return) {
      after_return = false;
      if (c != '\n') {
        ++line;
        CANVASBACK_TRY(end_row());
      }
    }
    if (c == delimiter) {
      end_cell();
      any = true;
      return {};
    }
    switch (c) {
      case '\r': after_return = true; return {};
      case '\n': ++line; return end_row();
      case '"':
        if (state == State::QuoteInQuoted) {
          cell().text += '"';
          state = State::Quoted;
          return {};
        }
        if (state == State::Plain) return wrong("A quote stands inside a cell that does not begin with one.");
        cell().quoted = true;
        any = true;
        state = State::Quoted;
        return {};
      default:
        if (state == State::QuoteInQuoted) return wrong("Something follows the closing quote of a cell.");
        state = State::Plain;
        any = true;
        cell().text += c;
        return {};
    }
  }
};

CsvRecordReader::CsvRecordReader(Take take, CsvColumns columns) : impl_(std::make_unique<Impl>()) {
  impl_->take = std::move(take);
  impl_->columns = std::move(columns);
}
CsvRecordReader::~CsvRecordReader() = default;

Status CsvRecordReader::add(std::string_view bytes) {
  if (impl_->opened) return impl_->feed(bytes);
  impl_->head += bytes;
  return impl_->head.size() < kHeadBytes ? Status() : impl_->open(false);
}

Status CsvRecordReader::finish() {
  if (!impl_->opened) CANVASBACK_TRY(impl_->open(true));
  if (!impl_->undecoded.empty()) return impl_->wrong("The text ends within a character.");
  if (impl_->state == Impl::State::Quoted) return impl_->wrong("A quote is not closed.");
  impl_->after_return = false;
  if (impl_->any || impl_->cells > 0 || impl_->state != Impl::State::Begin) CANVASBACK_TRY(impl_->end_row());
  if (impl_->header.empty()) return {};
  return impl_->flush();
}

}  // namespace canvasback
