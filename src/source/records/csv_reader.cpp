#include "source/records/csv_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.hpp"
#include "base/limits.hpp"
#include "source/records/number_text.hpp"
#include "source/records/place_builder.hpp"

namespace canvasback {
namespace {

using records::PlaceBuilder;

constexpr std::int64_t kBlockRows = 32'768;
constexpr std::size_t kBlockBytes = 8 * limits::kMiB;

struct Cell {
  std::string text;
  bool quoted = false;
};

}  // namespace

struct CsvRecordReader::Impl {
  enum class State { Begin, Plain, Quoted, QuoteInQuoted };

  Take take;
  std::vector<std::string> header;
  std::vector<Cell> row;
  std::size_t cells = 0;  // of row
  State state = State::Begin;
  std::int64_t line = 1;      // where the reading is
  std::int64_t row_line = 1;  // where the row began
  std::size_t row_bytes = 0;
  bool after_return = false;  // a carriage return, which counts only before a line feed
  bool any = false;           // something of this row has come
  bool at_start = true;
  std::unique_ptr<PlaceBuilder> block = std::make_unique<PlaceBuilder>(nullptr);
  std::vector<PlaceBuilder*> places;
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
      if (std::ranges::find(header, row[i].text) != header.end()) {
        return wrong(fmt::format("Two columns are called \"{}\".", row[i].text));
      }
      header.push_back(row[i].text);
    }
    begin_block();
    return {};
  }

  void begin_block() {
    block = std::make_unique<PlaceBuilder>(nullptr);
    places.clear();
    for (const std::string& name : header) places.push_back(&block->member(name));
    rows = 0;
    bytes = 0;
  }

  Status take_row() {
    if (cells != header.size()) {
      return wrong(fmt::format("There are {} cells, the header has {}.", cells, header.size()));
    }
    for (std::size_t i = 0; i < cells; ++i) {
      const Cell& value = row[i];
      if (value.text.empty() && !value.quoted) {
        places[i]->add_null();
      } else if (value.text == "true" || value.text == "false") {
        places[i]->add_bool(rows, value.text == "true");
      } else if (records::add_number(*places[i], rows, value.text) != records::NumberOutcome::Added) {
        if (!is_utf8(value.text)) return wrong("The text is not UTF-8.");
        places[i]->add_string(rows, value.text);
      }
      bytes += value.text.size();
    }
    ++rows;
    return rows >= kBlockRows || bytes >= kBlockBytes ? flush() : Status();
  }

  Status flush() {
    if (rows == 0) return {};
    Shredded out = block->finish(rows);
    out.seen = 0;
    begin_block();
    return take(std::move(out));
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
      if (c != '\n') return wrong("A carriage return stands by itself.");
    }
    switch (c) {
      case ',':
        end_cell();
        any = true;
        return {};
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

CsvRecordReader::CsvRecordReader(Take take) : impl_(std::make_unique<Impl>()) { impl_->take = std::move(take); }
CsvRecordReader::~CsvRecordReader() = default;

Status CsvRecordReader::add(std::string_view bytes) {
  if (impl_->at_start && !bytes.empty()) {
    // A byte order mark in one piece; one that is cut in two is a column's name.
    if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
    impl_->at_start = false;
  }
  for (char c : bytes) CANVASBACK_TRY(impl_->add_byte(c));
  return {};
}

Status CsvRecordReader::finish() {
  if (impl_->state == Impl::State::Quoted) return impl_->wrong("A quote is not closed.");
  impl_->after_return = false;
  if (impl_->any || impl_->cells > 0 || impl_->state != Impl::State::Begin) CANVASBACK_TRY(impl_->end_row());
  if (impl_->header.empty()) return {};
  return impl_->flush();
}

}  // namespace canvasback
