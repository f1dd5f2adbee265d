// Any bytes as records: pieces of any size give the same records; what the reader takes is JSON to another parser and
// the reverse; whatever was taken becomes columns that hold together.
#include <arrow/array.h>

#include <algorithm>

#include "base/json.hpp"
#include "base/limits.hpp"
#include "fuzz/support.hpp"
#include "source/records/json_reader.hpp"
#include "source/records/record_splitter.hpp"

namespace {

using namespace canvasback;

// The index that comes with a block leads to the same records as the reader's own.
void check_index(RecordBlock block) {
  if (!block.index) return;
  JsonRecordReader reader(RecordStamps(0, true), true);
  const ReadRecords given = reader.read(std::span(&block, 1), {});
  block.index.reset();
  const ReadRecords own = reader.read(std::span(&block, 1), {});
  FUZZ_CHECK(given.records.rows == own.records.rows && given.blocks[0].seen == own.blocks[0].seen);
  FUZZ_CHECK(given.blocks[0].error_count == own.blocks[0].error_count);
  FUZZ_CHECK(kinds_of(given.records) == kinds_of(own.records));
}

std::vector<std::string> split_records(std::string_view bytes, std::size_t block_bytes, std::size_t piece, bool& ok) {
  std::vector<std::string> out;
  RecordSplitter splitter(RecordFormat::Json, block_bytes, [&](RecordBlock block) -> Status {
    if (block.lines) {
      out.emplace_back(block.bytes);
    } else {
      for (const auto& range : block.records) out.emplace_back(block.bytes.substr(range.begin, range.length));
    }
    check_index(block);
    return {};
  });
  Status status;
  for (std::size_t at = 0; at < bytes.size() && status; at += piece) status = splitter.add(bytes.substr(at, piece));
  if (status) status = splitter.finish();
  ok = status.has_value();
  return out;
}

RecordBlock block_of(std::string_view record) {
  RecordBlock block;
  std::string text(record);
  text.append(kRecordPadding, ' ');
  block.buffer = std::make_shared<const std::string>(std::move(text));
  block.bytes = std::string_view(*block.buffer).substr(0, record.size());
  block.lines = false;
  block.records.push_back({0, static_cast<std::uint32_t>(record.size())});
  return block;
}

// No column can be called so: the reader refuses what is JSON otherwise.
bool has_empty_key(const Json& value) {
  if (value.is_array()) return std::ranges::any_of(value.as_array(), has_empty_key);
  return std::ranges::any_of(value.as_object(),
                             [](const auto& member) { return member.first.empty() || has_empty_key(member.second); });
}

void compare(std::string_view record, bool taken) {
  const auto parsed = Json::parse(record);
  // The tree has no place for integers beyond 64 bits; the reader has.
  std::size_t run = 0;
  std::size_t longest = 0;
  for (char c : record) {
    run = c >= '0' && c <= '9' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  if (longest < 19) FUZZ_CHECK(taken == (parsed && parsed->is_object() && !has_empty_key(*parsed)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  bool whole_ok = false;
  bool pieces_ok = false;
  const auto whole = split_records(bytes, limits::kMiB, size + 1, whole_ok);
  const auto pieces = split_records(bytes, 64, 1 + size % 7, pieces_ok);
  // An array that fits into a block is gone over byte by byte, one that does not by its structure. (A backslash outside
  // of a string is nothing to the one and an escape to the other: the record is bad to both, its end is not the same.)
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && bytes[first] == '[' && bytes.find('\\') == std::string_view::npos) {
    FUZZ_CHECK(whole_ok == pieces_ok);
    FUZZ_CHECK(!whole_ok || whole == pieces);
  }

  JsonRecordReader reader(RecordStamps(0, true), true);
  std::vector<RecordBlock> blocks;
  std::string_view rest = bytes;
  while (!rest.empty() && blocks.size() < 64) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    blocks.push_back(block_of(line));
  }
  TextPlaces texts;
  ReadRecords read = reader.read(blocks, texts);
  std::int64_t good = 0;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    FUZZ_CHECK(read.blocks[i].seen == 1 && read.blocks[i].error_count <= 1);
    compare(blocks[i].bytes, read.blocks[i].error_count == 0);
    good += 1 - read.blocks[i].error_count;
  }
  FUZZ_CHECK(read.records.rows == good);
  Kinds kinds = kinds_of(read.records);
  for (int rounds = 0; texts.add_from(kinds); ++rounds) {
    FUZZ_CHECK(rounds < 100);
    read = reader.read(blocks, texts);
    FUZZ_CHECK(read.records.rows == good);
    kinds.merge(kinds_of(read.records));
  }
  FUZZ_CHECK(kinds_from_json(to_json(kinds)) == kinds);
  const auto columns = columns_from(read.records, kinds);
  FUZZ_CHECK(columns && schema_of(kinds));
  for (const auto& column : *columns) FUZZ_CHECK(column->length() == good && column->ValidateFull().ok());
  return 0;
}
