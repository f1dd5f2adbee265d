// The second pass over JSON files: parts as batches.
#include <arrow/record_batch.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/limits.hpp"
#include "base/unique_fd.hpp"
#include "source/delimited/content_reader.hpp"
#include "source/records/json_file.hpp"
#include "source/records/json_index.hpp"
#include "source/records/json_reader.hpp"
#include "source/records/shredded.hpp"

namespace canvasback {
namespace {

std::unexpected<Error> changed(const std::string& path) {
  return fail(ErrorCode::InvalidData, fmt::format("The file {} changed while it was read.", path));
}

// Where a column's values are: the columns of a key stand together.
struct ColumnPlace {
  std::string key;
  std::size_t among = 0;  // the columns of the key
};

struct Shared {
  std::vector<std::string> paths;
  std::vector<TextFileReading> files;
  Kinds kinds;
  std::string signature;
  TextPlaces texts;
  SchemaPtr schema;
  std::vector<ColumnPlace> places;  // of schema
  std::vector<PartSource::Part> parts;
  std::vector<std::size_t> part_in_file;
};

// The text of a file that cannot be read from anywhere, as UTF-8 and in order.
class SequentialText {
 public:
  static Result<SequentialText> open(const std::string& path, const TextFileReading& file) {
    CANVASBACK_ASSIGN(delimited::ContentReader content, delimited::ContentReader::open(path));
    CANVASBACK_ASSIGN(const std::string_view head, content.head(64 * limits::kKiB));
    CANVASBACK_ASSIGN(const auto found, delimited::find_encoding(head, file.dialect.encoding));
    SequentialText out(std::move(content), found.encoding);
    if (found.encoding != delimited::Encoding::Utf8) CANVASBACK_TRY(out.content_.skip(found.mark_bytes));
    return out;
  }

  std::uint64_t position() const { return position_; }

  // The bytes [begin, end), which are not before those of the last time. False where the text ends before.
  Result<bool> take(std::uint64_t begin, std::uint64_t end, std::string& out) {
    while (position_ + text_.size() < end) {
      const std::size_t unwanted = std::min<std::uint64_t>(text_.size(), begin - std::min(begin, position_));
      text_.erase(0, unwanted);
      position_ += unwanted;
      std::string raw;
      CANVASBACK_TRY(content_.next(limits::kMiB, encoding_, raw));
      if (raw.empty()) return false;
      if (encoding_ == delimited::Encoding::Utf8) {
        text_ += raw;
      } else if (delimited::decode(encoding_, raw, text_)) {
        return false;
      }
    }
    out.assign(text_, begin - position_, end - begin);
    text_.erase(0, end - position_);
    position_ = end;
    return true;
  }

 private:
  SequentialText(delimited::ContentReader content, delimited::Encoding encoding)
      : content_(std::move(content)), encoding_(encoding) {}

  delimited::ContentReader content_;
  delimited::Encoding encoding_;
  std::string text_;            // not given out
  std::uint64_t position_ = 0;  // of text_
};

// The records of a text that is not a record a line: what stands at depth 0, beside commas. False where the text is not
// well-formed.
bool find_records(std::string_view text, const std::shared_ptr<records::JsonIndex>& index, RecordBlock& block) {
  if (!index->build(text)) return false;
  const auto places = index->places();
  const auto add = [&](std::size_t begin, std::size_t end) {
    while (end > begin && std::string_view(" \t\r\n").find(text[end - 1]) != std::string_view::npos) --end;
    block.records.push_back({static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin)});
  };
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::size_t begin = places[i];
    if (text[begin] == ',') continue;
    if (text[begin] != '{' && text[begin] != '[') {
      add(begin, i + 1 < places.size() ? places[i + 1] : text.size());
      continue;
    }
    std::size_t depth = 0;
    for (; i < places.size(); ++i) {
      const char c = text[places[i]];
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) break;
    }
    if (i == places.size()) return false;
    add(begin, places[i] + 1);
  }
  return true;
}

class JsonPartReader final : public PartSource::Reader {
 public:
  JsonPartReader(std::shared_ptr<const Shared> shared, const std::vector<int>& columns, CancelToken cancel)
      : shared_(std::move(shared)), cancel_(std::move(cancel)), reader_(JsonRecordReader::of_files()) {
    arrow::FieldVector fields;
    for (int column : columns) fields.push_back(shared_->schema->field(column));
    schema_ = arrow::schema(std::move(fields));
    // The kinds of the wanted keys alone give their columns, each key's together.
    std::vector<std::pair<std::string, std::size_t>> begins;
    std::size_t next = 0;
    for (const auto& [key, kinds] : shared_->kinds.members) {
      const bool is_wanted = std::ranges::any_of(
          columns, [&](int column) { return shared_->places[static_cast<std::size_t>(column)].key == key; });
      if (!is_wanted) continue;
      wanted_.members.emplace_back(key, kinds);
      begins.emplace_back(key, next);
      next += columns_of(kinds, key).size();
    }
    for (int column : columns) {
      const ColumnPlace& place = shared_->places[static_cast<std::size_t>(column)];
      const auto begin = std::ranges::find(begins, place.key, &std::pair<std::string, std::size_t>::first);
      order_.push_back(begin->second + place.among);
    }
  }

  Result<BatchPtr> read(std::size_t part) override {
    CANVASBACK_TRY(cancel_.check());
    const PartSource::Part& wanted = shared_->parts[part];
    if (order_.empty()) return arrow::RecordBatch::Make(schema_, wanted.rows, arrow::ArrayVector());
    const auto file = static_cast<std::size_t>(wanted.file);
    const std::string& path = shared_->paths[file];
    auto buffer = std::make_shared<std::string>();
    CANVASBACK_ASSIGN(const bool is_whole, text_of(file, shared_->part_in_file[part], *buffer));
    if (!is_whole) return changed(path);
    RecordBlock block;
    const std::size_t bytes = buffer->size();
    buffer->append(kRecordPadding, ' ');
    block.bytes = std::string_view(*buffer).substr(0, bytes);
    block.buffer = std::move(buffer);
    block.lines = shared_->files[file].layout == JsonLayout::Lines;
    block.in_array = shared_->files[file].layout == JsonLayout::Array;
    if (!block.lines) {
      const auto index = std::make_shared<records::JsonIndex>();
      if (!find_records(block.bytes, index, block)) return changed(path);
      block.index = index;
    }
    ReadRecords read = reader_.read(std::span(&block, 1), shared_->texts);
    if (read.blocks[0].error_count > 0 || read.records.rows != wanted.rows) return changed(path);
    // Values of other kinds than the file had would be lost without a word.
    Kinds kinds = shared_->kinds;
    kinds.merge(kinds_of(read.records));
    if (signature_of(column_kinds(kinds)) != shared_->signature) return changed(path);
    CANVASBACK_ASSIGN(const arrow::ArrayVector arrays, columns_from(read.records, wanted_));
    arrow::ArrayVector ordered;
    for (std::size_t at : order_) ordered.push_back(arrays[at]);
    return arrow::RecordBatch::Make(schema_, wanted.rows, std::move(ordered));
  }

 private:
  // False where the file is shorter.
  Result<bool> text_of(std::size_t file, std::size_t part, std::string& out) {
    const TextFileReading& reading = shared_->files[file];
    const std::uint64_t begin = reading.parts[part].begin;
    const std::uint64_t end = part + 1 < reading.parts.size() ? reading.parts[part + 1].begin : reading.end;
    const std::string& path = shared_->paths[file];
    if (reading.compressed) {
      if (!sequential_ || file_ != file || sequential_->position() > begin) {
        CANVASBACK_ASSIGN(SequentialText opened, SequentialText::open(path, reading));
        sequential_.emplace(std::move(opened));
        file_ = file;
      }
      return sequential_->take(begin, end, out);
    }
    if (!plain_ || file_ != file) {
      plain_ = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
      if (!plain_) return fail(ErrorCode::InvalidData, fmt::format("The file {} cannot be read.", path));
      file_ = file;
    }
    CANVASBACK_TRY(delimited::read_content(plain_.get(), begin, end, path, out));
    return true;
  }

  std::shared_ptr<const Shared> shared_;
  CancelToken cancel_;
  JsonRecordReader reader_;
  SchemaPtr schema_;
  Kinds wanted_;
  std::vector<std::size_t> order_;  // of the wanted columns among those of wanted_
  std::size_t file_ = 0;            // that is open
  UniqueFd plain_;
  std::optional<SequentialText> sequential_;
};

class JsonSource final : public PartSource {
 public:
  explicit JsonSource(std::shared_ptr<const Shared> shared) : shared_(std::move(shared)) {}
  SchemaPtr schema() const override { return shared_->schema; }
  const std::vector<Part>& parts() const override { return shared_->parts; }
  bool is_sequential() const override {
    return std::ranges::any_of(shared_->files, [](const TextFileReading& file) { return file.compressed; });
  }
  Result<std::unique_ptr<Reader>> open(std::vector<int> columns, CancelToken cancel) const override {
    return std::make_unique<JsonPartReader>(shared_, columns, std::move(cancel));
  }

 private:
  std::shared_ptr<const Shared> shared_;
};

}  // namespace

Result<std::unique_ptr<PartSource>> open_json(std::vector<std::string> paths, const TextReading& reading) {
  auto shared = std::make_shared<Shared>();
  shared->paths = std::move(paths);
  shared->files = reading.files;
  shared->kinds = reading.kinds;
  shared->signature = signature_of(reading.kinds);
  shared->texts.add_from(reading.kinds);
  CANVASBACK_ASSIGN(shared->schema, schema_of(reading.kinds));
  for (const auto& [key, kinds] : reading.kinds.members) {
    const std::size_t count = columns_of(kinds, key).size();
    for (std::size_t i = 0; i < count; ++i) shared->places.push_back({key, i});
  }
  for (std::size_t file = 0; file < reading.files.size(); ++file) {
    const TextFileReading& found = reading.files[file];
    for (std::size_t part = 0; part < found.parts.size(); ++part) {
      shared->parts.push_back({static_cast<std::int64_t>(file), found.parts[part].first_row, found.rows_of_part(part)});
      shared->part_in_file.push_back(part);
    }
  }
  return std::make_unique<JsonSource>(std::move(shared));
}

}  // namespace canvasback
