#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/unique_fd.hpp"
#include "source/delimited/content_reader.hpp"
#include "source/delimited/delimited_file.hpp"
#include "source/delimited/row_tally.hpp"
#include "source/delimited/value_columns.hpp"

namespace canvasback {
namespace {

using namespace delimited;

struct ReadColumn {
  std::string name;
  ValueType type;
  CellRules rules;
};

// What readers share; it does not change.
struct ReadFiles {
  std::vector<std::string> paths;
  std::vector<TextFileReading> files;
  std::vector<ReadColumn> columns;
  std::vector<std::string> null_values;
  std::vector<PartSource::Part> parts;
  std::vector<std::size_t> part_in_file;  // by part: which of its file's
};

class DelimitedReader final : public PartSource::Reader {
 public:
  DelimitedReader(std::shared_ptr<const ReadFiles> files, SchemaPtr schema, std::vector<int> columns,
                  CancelToken cancel)
      : files_(std::move(files)),
        schema_(std::move(schema)),
        columns_(std::move(columns)),
        cancel_(std::move(cancel)) {}

  Result<BatchPtr> read(std::size_t index) override {
    CANVASBACK_TRY(cancel_.check());
    const PartSource::Part& part = files_->parts[index];
    const auto file = static_cast<std::size_t>(part.file);
    if (file_ != file) CANVASBACK_TRY(open(file));
    CANVASBACK_TRY(load(index));
    std::vector<std::unique_ptr<ValueColumn>> values;
    for (const int column : columns_) {
      const ReadColumn& one = files_->columns[static_cast<std::size_t>(column)];
      values.push_back(make_value_column(one.type, one.rules, part.rows));
    }
    CANVASBACK_TRY(convert(index, values));
    std::vector<std::shared_ptr<arrow::Array>> arrays;
    for (const auto& one : values) arrays.push_back(one->finish());
    return arrow::RecordBatch::Make(schema_, part.rows, std::move(arrays));
  }

 private:
  const TextFileReading& reading() const { return files_->files[*file_]; }
  const std::string& path() const { return files_->paths[*file_]; }

  Status open(std::size_t file) {
    file_ = file;
    const TextFileReading& of = reading();
    encoding_ = encoding_from(of.dialect.encoding).value_or(Encoding::Utf8);
    content_.reset();
    plain_.reset();
    if (!of.compressed) {
      plain_ = UniqueFd(::open(path().c_str(), O_RDONLY | O_CLOEXEC));
      if (!plain_) return fail(ErrorCode::InvalidData, fmt::format("The file {} cannot be read.", path()));
    }
    look_.dialect = of.dialect;
    look_.null_values = files_->null_values;
    std::unordered_map<std::string_view, std::size_t> places;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      places.emplace(files_->columns[static_cast<std::size_t>(columns_[i])].name, i);
    }
    std::vector<bool> found_here(columns_.size());
    targets_.assign(of.names.size(), kNowhere);
    cells_needed_ = 0;
    for (std::size_t cell = 0; cell < of.names.size(); ++cell) {
      const auto found = places.find(of.names[cell]);
      if (found == places.end()) continue;
      targets_[cell] = found->second;
      found_here[found->second] = true;
      cells_needed_ = cell + 1;
    }
    missing_.clear();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!found_here[i]) missing_.push_back(i);
    }
    return {};
  }

  // The text of a part.
  Status load(std::size_t index) {
    const TextFileReading& of = reading();
    const std::size_t at = files_->part_in_file[index];
    const std::uint64_t begin = of.parts[at].begin;
    const std::uint64_t end = at + 1 < of.parts.size() ? of.parts[at + 1].begin : of.end;
    if (of.compressed) {
      if (!content_ || content_->position() > begin) {
        CANVASBACK_ASSIGN(content_, ContentReader::open(path()));
      }
      CANVASBACK_TRY(content_->skip(begin - content_->position()));
      CANVASBACK_TRY(content_->take(end - begin, bytes_));
    } else {
      CANVASBACK_TRY(read_content(plain_.get(), begin, end, path(), bytes_));
    }
    std::optional<std::size_t> invalid;
    if (encoding_ == Encoding::Utf8) {
      text_.swap(bytes_);
      invalid = find_invalid_utf8(text_);
    } else {
      text_.clear();
      invalid = decode(encoding_, bytes_, text_);
    }
    if (invalid) return changed("its text is in another encoding");
    return {};
  }

  Status convert(std::size_t index, std::vector<std::unique_ptr<ValueColumn>>& values) {
    const PartSource::Part& part = files_->parts[index];
    const TextFileReading& of = reading();
    const std::size_t at = files_->part_in_file[index];
    const bool last = at + 1 == of.parts.size();
    RowParser parser(of.dialect, text_, last ? RowParser::Behind::EndOfContent : RowParser::Behind::OtherRow);
    std::int64_t rows = 0;
    RowParser::Outcome outcome = parser.next();
    for (; outcome == RowParser::Outcome::Row; outcome = parser.next()) {
      if (++rows > part.rows) return changed("it has other rows now");
      const std::vector<Cell>& cells = parser.cells();
      const std::size_t count = std::min(cells.size(), cells_needed_);
      for (std::size_t i = 0; i < count; ++i) {
        if (targets_[i] == kNowhere) continue;
        if (!convert_cell(cells[i], *values[targets_[i]])) {
          return misfit(cells[i], i, of.parts[at].first_line + parser.row_line());
        }
      }
      for (std::size_t i = count; i < cells_needed_; ++i) {
        if (targets_[i] != kNowhere) values[targets_[i]]->append_null();
      }
      for (const std::size_t one : missing_) values[one]->append_null();
    }
    if (outcome != RowParser::Outcome::End || rows != part.rows) return changed("it has other rows now");
    return {};
  }

  bool convert_cell(const Cell& cell, ValueColumn& column) {
    const std::string_view text = plain_text(cell, look_.dialect, scratch_);
    if (!look_.is_null(cell, text)) return column.append(text);
    column.append_null();
    return true;
  }

  std::unexpected<Error> misfit(const Cell& cell, std::size_t column, std::int64_t line) {
    const ReadColumn& of = files_->columns[static_cast<std::size_t>(columns_[targets_[column]])];
    return changed(fmt::format("line {} has \"{}\" in column \"{}\", which was {}", line,
                               shown(plain_text(cell, look_.dialect, scratch_)), of.name, of.type.sql));
  }

  std::unexpected<Error> changed(std::string_view how) const {
    return fail(ErrorCode::InvalidData,
                fmt::format("The file {} has changed since it was looked at: {}.", path(), how));
  }

  static constexpr std::size_t kNowhere = ~std::size_t{0};

  std::shared_ptr<const ReadFiles> files_;
  SchemaPtr schema_;
  std::vector<int> columns_;
  CancelToken cancel_;

  std::optional<std::size_t> file_;  // the open one
  UniqueFd plain_;
  std::optional<ContentReader> content_;  // of a compressed one
  Encoding encoding_ = Encoding::Utf8;
  CellLook look_;
  std::vector<std::size_t> targets_;  // by cell: the column of the batch
  std::vector<std::size_t> missing_;  // columns of the batch that the file does not have
  std::size_t cells_needed_ = 0;
  std::string bytes_;
  std::string text_;
  std::string scratch_;
};

class DelimitedParts final : public PartSource {
 public:
  explicit DelimitedParts(std::shared_ptr<ReadFiles> files) {
    arrow::FieldVector fields;
    for (const ReadColumn& column : files->columns) fields.push_back(arrow::field(column.name, column.type.arrow));
    schema_ = arrow::schema(std::move(fields));
    for (std::size_t file = 0; file < files->files.size(); ++file) {
      const TextFileReading& reading = files->files[file];
      is_sequential_ |= reading.compressed;
      for (std::size_t i = 0; i < reading.parts.size(); ++i) {
        const std::int64_t first = reading.parts[i].first_row;
        const std::int64_t end = i + 1 < reading.parts.size() ? reading.parts[i + 1].first_row : reading.rows;
        files->parts.push_back({static_cast<std::int64_t>(file), first, end - first});
        files->part_in_file.push_back(i);
      }
    }
    files_ = std::move(files);
  }

  SchemaPtr schema() const override { return schema_; }
  const std::vector<Part>& parts() const override { return files_->parts; }
  bool is_sequential() const override { return is_sequential_; }
  Result<std::unique_ptr<Reader>> open(std::vector<int> columns, CancelToken cancel) const override {
    arrow::FieldVector fields;
    for (const int column : columns) fields.push_back(schema_->field(column));
    return std::make_unique<DelimitedReader>(files_, arrow::schema(std::move(fields)), std::move(columns),
                                             std::move(cancel));
  }

 private:
  std::shared_ptr<const ReadFiles> files_;
  SchemaPtr schema_;
  bool is_sequential_ = false;
};

}  // namespace

Result<std::unique_ptr<PartSource>> open_delimited(std::vector<std::string> paths, const TextReading& reading) {
  auto files = std::make_shared<ReadFiles>();
  files->paths = std::move(paths);
  files->files = reading.files;
  files->null_values = reading.settings.null_values;
  for (const TextColumn& column : reading.columns) {
    CellRules rules;
    rules.told = reading.settings.types.contains(column.name);
    rules.decimal = reading.settings.decimal == "," ? ',' : '.';
    rules.date_format = reading.settings.date_format.value_or("");
    CANVASBACK_ASSIGN(ValueType type, value_type_from(column.type));
    files->columns.push_back({column.name, std::move(type), std::move(rules)});
  }
  return std::make_unique<DelimitedParts>(std::move(files));
}

}  // namespace canvasback
