// The first pass over a JSON file: blocks of whole records, read by several threads, put together in their order.
#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/json.hpp"
#include "base/limits.hpp"
#include "base/ordered_pipeline.hpp"
#include "record/twins.hpp"
#include "source/delimited/content_reader.hpp"
#include "source/records/json_file.hpp"
#include "source/records/json_reader.hpp"
#include "source/records/record_splitter.hpp"

namespace canvasback {
namespace {

// Rows between two places in a block where a part may begin.
constexpr std::int64_t kStepRows = 1024;

// What a worker finds out about a block.
struct BlockScan {
  Kinds kinds;
  std::uint64_t begin = 0;
  std::uint64_t bytes = 0;
  std::int64_t rows = 0;
  std::int64_t lines = 0;       // line ends in it
  std::vector<TextPart> steps;  // every kStepRows: begin in the content, row and line in the block
  std::uint64_t end = 0;        // behind its last record
  std::optional<RecordError> error;
};

// Lines are long: a search for each end is many times faster than a look at each byte.
std::int64_t line_ends(std::string_view text) {
  std::int64_t count = 0;
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) ++count;
  return count;
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r\n") == std::string_view::npos; }

// Calls visit(begin, end) with each record's place in the block.
template <class Visit>
void each_place(const RecordBlock& block, Visit visit) {
  if (!block.lines) {
    for (const RecordBlock::Range& range : block.records) visit(range.begin, range.begin + range.length);
    return;
  }
  for (std::size_t at = 0; at < block.bytes.size();) {
    const std::size_t found = block.bytes.find('\n', at);
    const std::size_t end = found == std::string_view::npos ? block.bytes.size() : found;
    if (!is_blank(block.bytes.substr(at, end - at))) visit(at, end);
    at = end + 1;
  }
}

Result<BlockScan> scan_block(const RecordBlock& block) {
  thread_local JsonRecordReader reader = JsonRecordReader::of_files();
  BlockScan out;
  if (block.too_long_lines > 0) {
    out.error = RecordError{0, 1, {}, "The line is longer than 16 MiB."};
    return out;
  }
  const ReadRecords read = reader.read(std::span(&block, 1), TextPlaces());
  out.begin = block.begin;
  out.bytes = block.bytes.size();
  out.rows = read.records.rows;
  out.lines = line_ends(block.bytes);
  out.kinds = kinds_of(read.records);
  const auto& errors = read.blocks[0].errors;
  std::int64_t row = 0;
  std::int64_t line = 1;
  std::size_t counted = 0;
  each_place(block, [&](std::size_t begin, std::size_t end) {
    const bool is_wrong = !errors.empty() && errors[0].record == row;
    if (row % kStepRows == 0 || is_wrong) {
      line += line_ends(block.bytes.substr(counted, begin - counted));
      counted = begin;
      if (is_wrong) {
        out.error = errors[0];
        out.error->line = line;
      } else {
        out.steps.push_back({block.begin + begin, row, line});
      }
    }
    ++row;
    out.end = block.begin + end;
  });
  return out;
}

class FileScan {
 public:
  FileScan(const std::string& path, const ScanWork& work) : path_(path), work_(work) {}

  Result<JsonScan> run(const std::optional<std::string>& encoding, RecordFormat format) {
    CANVASBACK_ASSIGN(delimited::ContentReader content, delimited::ContentReader::open(path_));
    CANVASBACK_ASSIGN(const std::string_view head, content.head(64 * limits::kKiB));
    CANVASBACK_ASSIGN(const delimited::EncodingFound found, delimited::find_encoding(head, encoding));
    scan_.reading.dialect.encoding = name_of(found.encoding);
    scan_.reading.compressed = content.compressed() || found.encoding != delimited::Encoding::Utf8;
    const int threads = std::max(1, work_.threads);
    const auto blocks_max = static_cast<std::size_t>(threads * limits::kBlocksInFlightPerThread);
    OrderedPipeline<RecordBlock, BlockScan> pipeline({threads, blocks_max, SIZE_MAX},
                                                     [](RecordBlock block) { return scan_block(block); });
    std::jthread feeding([&] { pipeline.close(feed(content, found, format, pipeline)); });
    const Status status = take_all(pipeline);
    pipeline.stop();
    feeding.join();
    if (!status) return std::unexpected(status.error());
    return std::move(scan_);
  }

  // Whether the records were taken for lines.
  bool begins_with_array() const { return first_ == '['; }
  bool was_lines() const { return scan_.reading.layout == JsonLayout::Lines; }

 private:
  Status feed(delimited::ContentReader& content, const delimited::EncodingFound& found, RecordFormat format,
              OrderedPipeline<RecordBlock, BlockScan>& pipeline) {
    RecordSplitter splitter(format, limits::kIngestBlockBytes, [&](RecordBlock block) -> Status {
      scan_.reading.layout = block.lines ? JsonLayout::Lines : block.in_array ? JsonLayout::Array : JsonLayout::Values;
      const std::size_t bytes = block.bytes.size();
      if (pipeline.push(std::move(block), bytes)) return {};
      return fail(ErrorCode::Cancelled, "The task was stopped.");
    });
    const bool decodes = found.encoding != delimited::Encoding::Utf8;
    if (decodes) CANVASBACK_TRY(content.skip(found.mark_bytes));
    std::string raw;
    std::string text;
    while (true) {
      CANVASBACK_TRY(work_.cancel.check());
      // UTF-8 is judged with the records: it may be cut anywhere.
      CANVASBACK_TRY(content.next(limits::kMiB, found.encoding, raw));
      if (raw.empty()) break;
      if (decodes) {
        text.clear();
        if (delimited::decode(found.encoding, raw, text)) {
          return fail(ErrorCode::InvalidData, fmt::format("The text is not {}.", name_of(found.encoding)));
        }
      }
      note_first(decodes ? text : raw);
      CANVASBACK_TRY(splitter.add(decodes ? text : raw));
      if (work_.on_progress) work_.on_progress(content.file_bytes());
    }
    return splitter.finish();
  }

  // The first byte of the first value.
  void note_first(std::string_view text) {
    if (first_ != '\0') return;
    const std::size_t at = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
    if (at != std::string_view::npos) first_ = text[at];
  }

  Status take_all(OrderedPipeline<RecordBlock, BlockScan>& pipeline) {
    while (true) {
      auto popped = pipeline.pop([&] { return work_.cancel.check(); });
      if (!popped) return std::unexpected(placed(popped.error()));
      const std::optional<BlockScan> block = std::move(*popped);
      if (!block) return {};
      if (block->error) {
        const RecordError& error = *block->error;
        const std::string field = error.field.empty() ? "" : fmt::format("\"{}\": ", error.field);
        return fail(ErrorCode::InvalidData, fmt::format("line {}: {}{}", lines_ + error.line, field, error.message));
      }
      take(*block);
    }
  }

  // What is wrong between records is known to be behind those of the blocks before.
  Error placed(Error error) const {
    if (error.code == ErrorCode::InvalidData || error.code == ErrorCode::PayloadTooLarge) {
      error.message = fmt::format("from line {} on: {}", lines_ + 1, error.message);
    }
    return error;
  }

  void take(const BlockScan& block) {
    TextFileReading& reading = scan_.reading;
    for (std::size_t i = 0; i < block.steps.size(); ++i) {
      const TextPart& step = block.steps[i];
      const std::int64_t row = reading.rows + step.first_row;
      const std::int64_t next_row =
          reading.rows + (i + 1 < block.steps.size() ? block.steps[i + 1].first_row : block.rows);
      const std::uint64_t next_begin = i + 1 < block.steps.size() ? block.steps[i + 1].begin : block.end;
      const bool is_full = reading.parts.empty() || next_row - reading.parts.back().first_row > kTextPartRows ||
                           next_begin - reading.parts.back().begin > limits::kTextPartBytes;
      if (is_full) reading.parts.push_back({step.begin, row, lines_ + step.first_line});
    }
    scan_.kinds.merge(block.kinds);
    reading.rows += block.rows;
    if (block.rows > 0) reading.end = block.end;
    lines_ += block.lines;
  }

  const std::string& path_;
  const ScanWork& work_;
  JsonScan scan_;
  std::int64_t lines_ = 0;
  char first_ = '\0';
};

Result<JsonScan> scan_any(const std::string& path, const TextSettings& settings, const ScanWork& work) {
  FileScan scan(path, work);
  auto found = scan.run(settings.encoding, RecordFormat::File);
  if (found || found.error().code != ErrorCode::InvalidData) return found;
  if (!scan.begins_with_array() && !scan.was_lines()) return found;
  // What is no array may be one a line; what is no record a line may be one record behind the other: {…}{…} or some of
  // them on lines of their own.
  const RecordFormat other = scan.begins_with_array() ? RecordFormat::Ndjson : RecordFormat::Values;
  auto again = FileScan(path, work).run(settings.encoding, other);
  return again || again.error().code != ErrorCode::InvalidData ? again : found;
}

// Of the file's keys, at any depth.
const std::string* key_with_nul(const Kinds& kinds) {
  for (const auto& [key, member] : kinds.members) {
    if (key.find('\0') != std::string::npos) return &key;
    if (const std::string* inner = key_with_nul(member)) return inner;
  }
  return kinds.items ? key_with_nul(*kinds.items) : nullptr;
}

}  // namespace

Result<JsonScan> scan_json(const std::string& path, const TextSettings& settings, const ScanWork& work) {
  TextSettings rest = settings;
  rest.encoding.reset();
  if (rest != TextSettings()) {
    return fail(ErrorCode::InvalidData, "Of how files are read, only their encoding can be told for JSON.");
  }
  CANVASBACK_ASSIGN(JsonScan found, scan_any(path, settings, work));
  if (const std::string* key = key_with_nul(found.kinds)) {
    return fail(ErrorCode::InvalidData, fmt::format("The key {} has the character NUL: no column can be called so.",
                                                    Json(key->substr(0, 64)).dump()));
  }
  return found;
}

namespace {

void add_null_columns(Kinds& kinds) {
  if ((kinds.seen & ~bit(Kind::Null)) == 0) kinds.seen |= bit(Kind::String);
  for (auto& [name, member] : kinds.members) add_null_columns(member);
}

}  // namespace

Kinds column_kinds(const Kinds& merged) {
  Kinds out = merged;
  for (auto& [name, member] : out.members) add_null_columns(member);
  if (out.members.empty()) out.member(kValueKey).seen = bit(Kind::String);
  settle_twins(out);
  return out;
}

std::vector<TextColumn> json_columns(const Kinds& kinds) {
  std::vector<TextColumn> out;
  for (const KindColumn& column : columns_of_members(kinds)) {
    const Kinds& member = *kinds.find(column.key);
    std::string reason;
    if (column.name != column.key) {
      reason = fmt::format("the values of \"{}\" are of several kinds: {}", column.key,
                           fmt::join(names_of_kinds(member.seen & ~bit(Kind::Null)), ", "));
    }
    out.push_back({column.name, sql_type_of(member, column.role), std::move(reason)});
  }
  return out;
}

}  // namespace canvasback
