#include "source/delimited/file_scan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "base/limits.hpp"
#include "base/work_pieces.hpp"

namespace canvasback::delimited {
namespace {

constexpr std::size_t kGuessBytes = 64 * limits::kKiB;  // within which a block's first row is looked for
constexpr int kGuessRows = 4;

struct Block {
  std::size_t index = 0;
  std::uint64_t place = 0;  // in the content
  std::string text;         // UTF-8
  std::optional<std::size_t> invalid;
  std::optional<std::size_t> start;  // where a row seems to begin
  TalliedRows rows;                  // from there
};

// How many of the first rows from `start` on are as wide as the file's first; -1 for none where there is an anomaly.
int credibility(const CellLook& look, std::string_view text, std::size_t start) {
  RowParser parser(look.dialect, text.substr(start, kGuessBytes), RowParser::Behind::Unknown);
  int good = 0;
  for (int row = 0; row < kGuessRows; ++row) {
    const RowParser::Outcome outcome = parser.next();
    if (outcome == RowParser::Outcome::Anomaly) return -1;
    if (outcome != RowParser::Outcome::Row) break;
    if (parser.cells().size() == look.width) ++good;
  }
  return good;
}

std::optional<std::size_t> behind_line_end(std::string_view text) {
  const std::size_t at = text.find_first_of("\r\n");
  if (at == std::string_view::npos) return std::nullopt;
  if (text[at] == '\n') return at + 1;
  if (at + 1 == text.size()) return std::nullopt;  // the other half may follow
  return text[at + 1] == '\n' ? at + 2 : at + 1;
}

// Behind the row in whose quotes the text begins.
std::optional<std::size_t> behind_quoted_row(const CellLook& look, std::string_view text) {
  std::string quoted(1, look.dialect.quote);
  quoted += text.substr(0, kGuessBytes);
  TextDialect dialect = look.dialect;
  dialect.comment = '\0';
  RowParser parser(dialect, quoted, RowParser::Behind::Unknown);
  if (parser.next() != RowParser::Outcome::Row) return std::nullopt;
  return parser.position() - 1;
}

// Where a row begins in a block, as well as the block alone can tell.
std::optional<std::size_t> guess_start(const CellLook& look, std::string_view text) {
  const std::optional<std::size_t> outside = behind_line_end(text);
  const char quote = look.dialect.quote;
  if (quote == '\0' || text.substr(0, kGuessBytes).find(quote) == std::string_view::npos) return outside;
  const std::optional<std::size_t> inside = behind_quoted_row(look, text);
  if (!inside || !outside) return outside ? outside : inside;
  return credibility(look, text, *inside) > credibility(look, text, *outside) ? inside : outside;
}

// Puts the blocks together, in their order.
class Stitcher {
 public:
  Stitcher(const std::string& path, Encoding encoding, const CellLook& look, const ScanStart& start)
      : path_(path), encoding_(encoding), look_(look), carry_place_(start.place) {
    out_.tally.lines = start.lines;
    out_.parts.push_back({start.place, 0, start.lines + 1});
  }

  Status add(Block block) {
    if (block.invalid) return invalid_text(block);
    if (block.start && carry_.size() + *block.start >= retry_at_) {
      std::string between = carry_;
      between += std::string_view(block.text).substr(0, *block.start);
      TalliedRows rows = tally_rows(look_, between, RowParser::Behind::OtherRow);
      if (rows.end == RowsEnd::End) {
        absorb(rows, between, carry_place_);
        const std::string_view rest = std::string_view(block.text).substr(*block.start);
        const std::uint64_t place = place_in(block.text, *block.start, block.place);
        absorb(block.rows, rest, place);
        carry_.assign(rest.substr(block.rows.position));
        carry_place_ = place_in(rest, block.rows.position, place);
        retry_at_ = 0;
        return {};
      }
    }
    carry_ += block.text;
    if (carry_.size() < retry_at_) return {};
    return take_carry(RowParser::Behind::Unknown);
  }

  Status finish() { return take_carry(RowParser::Behind::EndOfContent); }

  bool stopped() const { return !out_.anomaly.empty(); }
  FileScan take() {
    out_.end = carry_place_;
    if (out_.tally.rows == 0) out_.parts.clear();
    return std::move(out_);
  }

 private:
  Status take_carry(RowParser::Behind behind) {
    TalliedRows rows = tally_rows(look_, carry_, behind);
    absorb(rows, carry_, carry_place_);
    carry_place_ = place_in(carry_, rows.position, carry_place_);
    carry_.erase(0, rows.position);
    // A long row is looked at again when twice as much of it is there: all of it costs no more than its length.
    retry_at_ = rows.position == 0 ? 2 * carry_.size() : 0;
    if (carry_.size() <= limits::kTextRowBytesMax) return {};
    return fail(ErrorCode::InvalidData,
                fmt::format("The file {} cannot be read: the row of line {} is longer than 256 MiB. Perhaps a quote in "
                            "it is never closed.",
                            path_, out_.tally.lines + 1));
  }

  std::uint64_t place_in(std::string_view text, std::size_t at, std::uint64_t place) const {
    return place + encoded_bytes(encoding_, text.substr(0, at));
  }

  void absorb(TalliedRows& rows, std::string_view text, std::uint64_t place) {
    RowTally& all = out_.tally;
    RowTally& some = rows.tally;
    if (stopped()) return;
    if (rows.end == RowsEnd::Anomaly || rows.end == RowsEnd::TooManyColumns) {
      out_.anomaly = rows.end == RowsEnd::Anomaly
                         ? rows.anomaly
                         : fmt::format("a row has more than {} cells", limits::kTextColumnsMax);
      out_.anomaly_line = all.lines + rows.anomaly_line + 1;
      return;
    }
    if (all.columns.size() < some.columns.size()) all.columns.resize(some.columns.size());
    for (std::size_t i = 0; i < some.columns.size(); ++i) all.columns[i].append(std::move(some.columns[i]), all.lines);
    cut_parts(some, text, place);
    all.rows += some.rows;
    all.lines += some.lines;
    all.narrow += some.narrow;
    all.wide += some.wide;
    all.single += some.single;
    text_bytes_ += rows.position;
  }

  void cut_parts(const RowTally& some, std::string_view text, std::uint64_t place) {
    for (std::size_t i = 0; i < some.begins.size(); ++i) {
      const RowTally::Begin& begin = some.begins[i];
      const std::int64_t row = out_.tally.rows + static_cast<std::int64_t>(i);
      const std::uint64_t bytes = text_bytes_ + begin.place - part_text_begin_;
      const std::int64_t rows_max = kTextPartRows - (out_.parts.size() == 1 ? 1 : 0);
      if (row == out_.parts.back().first_row) continue;
      if (row - out_.parts.back().first_row < rows_max && bytes < limits::kTextPartBytes) continue;
      out_.parts.push_back({place_in(text, begin.place, place), row, out_.tally.lines + begin.line + 1});
      part_text_begin_ = text_bytes_ + begin.place;
    }
  }

  Status invalid_text(const Block& block) const {
    const std::int64_t line = out_.tally.lines + count_line_ends(carry_) +
                              count_line_ends(std::string_view(block.text).substr(0, *block.invalid)) + 1;
    const std::string what =
        encoding_ == Encoding::Utf8
            ? fmt::format(
                  "has the byte 0x{:02X} where UTF-8 has none. If the file is in another encoding, say which "
                  "(for example windows-1252).",
                  static_cast<unsigned char>(block.text[*block.invalid]))
            : fmt::format("is no {} text.", name_of(encoding_));
    return fail(ErrorCode::InvalidData, fmt::format("The file {} cannot be read: line {} {}", path_, line, what));
  }

  const std::string& path_;
  const Encoding encoding_;
  const CellLook& look_;
  FileScan out_;
  std::string carry_;                  // behind the last whole row
  std::uint64_t carry_place_;          // in the content
  std::size_t retry_at_ = 0;           // no row of the carry is whole before it has so many bytes
  std::uint64_t text_bytes_ = 0;       // of the rows so far
  std::uint64_t part_text_begin_ = 0;  // of the last part, among these
};

class ParallelScan {
 public:
  ParallelScan(ContentReader reader, Encoding encoding, const CellLook& look, const ScanWork& work, Stitcher& stitcher)
      : reader_(std::move(reader)),
        encoding_(encoding),
        look_(look),
        work_(work),
        stitcher_(stitcher),
        ahead_max_(2 * static_cast<std::size_t>(std::max(work.threads, 1))) {}

  Status run() {
    const auto threads = static_cast<std::size_t>(std::max(work_.threads, 1));
    CANVASBACK_TRY(work_pieces(work_.threads, threads, [this](std::size_t, std::size_t) {
      Stop stop(*this);
      Status status = work();
      stop.ended_well = status.has_value();
      return status;
    }));
    return stitcher_.stopped() ? Status() : stitcher_.finish();
  }

 private:
  // Lets no thread wait for one that failed, by an exception too.
  struct Stop {
    explicit Stop(ParallelScan& stopped) : scan(stopped) {}
    ~Stop() {
      if (ended_well) return;
      std::scoped_lock lock(scan.stitch_mutex_);
      scan.stopped_ = true;
      scan.stitched_.notify_all();
    }
    ParallelScan& scan;
    bool ended_well = false;
  };

  Status work() {
    while (true) {
      CANVASBACK_TRY(work_.cancel.check());
      Block block;
      CANVASBACK_ASSIGN(const bool more, take(block));
      if (!more) return {};
      if (!block.invalid) {
        block.start = block.index == 0 ? 0 : guess_start(look_, block.text);
        if (block.start) {
          block.rows = tally_rows(look_, std::string_view(block.text).substr(*block.start), RowParser::Behind::Unknown);
        }
      }
      CANVASBACK_ASSIGN(const bool go_on, deliver(std::move(block)));
      if (!go_on) return {};
    }
  }

  Result<bool> take(Block& block) {
    std::string bytes;
    {
      std::scoped_lock lock(read_mutex_);
      block.index = taken_;
      block.place = reader_.position();
      CANVASBACK_TRY(reader_.next(limits::kTextBlockBytes, encoding_, bytes));
      if (bytes.empty()) return false;
      ++taken_;
      if (work_.on_progress) work_.on_progress(reader_.file_bytes());
    }
    if (encoding_ == Encoding::Utf8) {
      block.text = std::move(bytes);
      block.invalid = find_invalid_utf8(block.text);
    } else if (decode(encoding_, bytes, block.text)) {
      block.invalid = block.text.size();
    }
    return true;
  }

  // False where the reading is over.
  Result<bool> deliver(Block block) {
    std::unique_lock lock(stitch_mutex_);
    stitched_.wait(lock, [&] { return stopped_ || block.index < next_ + ahead_max_; });
    if (stopped_) return false;
    waiting_.emplace(block.index, std::move(block));
    while (!waiting_.empty() && waiting_.begin()->first == next_) {
      Block first = std::move(waiting_.begin()->second);
      waiting_.erase(waiting_.begin());
      ++next_;
      CANVASBACK_TRY(stitcher_.add(std::move(first)));
      if (stitcher_.stopped()) {
        stopped_ = true;
        break;
      }
    }
    stitched_.notify_all();
    return !stopped_;
  }

  std::mutex read_mutex_;
  ContentReader reader_;
  std::size_t taken_ = 0;
  const Encoding encoding_;
  const CellLook& look_;
  const ScanWork& work_;

  std::mutex stitch_mutex_;
  std::condition_variable stitched_;
  Stitcher& stitcher_;
  const std::size_t ahead_max_;
  std::map<std::size_t, Block> waiting_;
  std::size_t next_ = 0;
  bool stopped_ = false;
};

}  // namespace

Result<FileScan> scan_file(const std::string& path, Encoding encoding, const CellLook& look, const ScanStart& start,
                           const ScanWork& work) {
  CANVASBACK_ASSIGN(ContentReader reader, ContentReader::open(path));
  CANVASBACK_TRY(reader.skip(start.place));
  Stitcher stitcher(path, encoding, look, start);
  ParallelScan scan(std::move(reader), encoding, look, work, stitcher);
  CANVASBACK_TRY(scan.run());
  return stitcher.take();
}

}  // namespace canvasback::delimited
