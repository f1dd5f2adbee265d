#include "encode/xlsx/xlsx_encoder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <optional>
#include <utility>

#include "base/limits.hpp"
#include "base/ordered_pipeline.hpp"
#include "encode/value_text.hpp"
#include "encode/xlsx/block_cutter.hpp"
#include "encode/xlsx/limits.hpp"
#include "encode/xlsx/sheet_formatter.hpp"
#include "encode/xlsx/workbook_parts.hpp"
#include "encode/xlsx/zip_writer.hpp"

namespace canvasback {
namespace {

using namespace xlsx;

using BlockPipeline = OrderedPipeline<RowBlock, SheetBlock>;

// A sheet's XML is taken to be so much larger than its first block promises.
constexpr double kSizeMargin = 1.5;
constexpr std::size_t kSharedStringsPiece = 512 * 1024;

class XlsxEncoder final : public Encoder {
 public:
  XlsxEncoder(ByteSink& sink, const EncodeOptions& options, Compression compression)
      : sink_(sink),
        document_(options.document),
        threads_(std::max(1, options.threads)),
        compression_(compression),
        zip_(sink, options.document.created_us),
        deflater_(make_deflater(compression)) {}

  std::int64_t rows_done() const override { return rows_done_; }

 protected:
  Status do_begin(SchemaPtr schema) override {
    return guard([&] { return begin_workbook(std::move(schema)); });
  }
  Status do_write(BatchPtr batch) override {
    return guard([&] {
      cutter_->push(std::move(batch));
      return take_blocks(false);
    });
  }
  Status do_finish() override {
    const Status status = guard([&] { return end_workbook(); });
    if (!status) {
      sink_.abandon();
      return status;
    }
    return sink_.finish();
  }
  void do_abandon() override {
    pipeline_.reset();
    sink_.abandon();
  }

 private:
  // Runs one step; the first error stops all threads and is every later step's answer.
  template <class Step>
  Status guard(Step step) {
    if (failure_) return fail(*failure_);
    Status status;
    try {
      status = step();
    } catch (const std::bad_alloc&) {
      status = fail(ErrorCode::MemoryLimit, "There was not enough memory to write the workbook.");
    }
    if (!status) {
      failure_ = status.error();
      pipeline_.reset();
    }
    return status;
  }

  Status begin_workbook(SchemaPtr schema) {
    if (schema->num_fields() > kSheetColumnsMax) {
      return fail(ErrorCode::InvalidData,
                  fmt::format("An xlsx sheet has at most 16,384 columns, the result {}; choose some with `columns`.",
                              schema->num_fields()));
    }
    for (const auto& field : schema->fields()) CANVASBACK_TRY(ValueText::check(*field));
    schema_ = std::move(schema);
    cutter_.emplace(*schema_);
    strings_.emplace(static_cast<std::size_t>(schema_->num_fields()));
    CANVASBACK_TRY(add_part(kRootRelationsName, root_relations_xml()));
    CANVASBACK_TRY(add_part(kCoreName, core_xml(document_)));
    return add_part(kCustomName, custom_xml(document_));
  }

  Status take_blocks(bool all) {
    while (auto block = cutter_->cut(all)) {
      if (!formatter_) CANVASBACK_TRY(begin_rows(*block));
      CANVASBACK_TRY(take_block(std::move(*block)));
    }
    return {};
  }

  // What the first block tells about all of them.
  Status begin_rows(const RowBlock& first) {
    plan_ = plan_sheet(*schema_, first);
    for (std::size_t i = 0; i < plan_.looks.size(); ++i) {
      if (plan_.looks[i].kind == CellKind::Text) text_columns_.push_back(static_cast<int>(i));
    }
    formatter_.emplace(plan_.looks, *strings_, [compression = compression_] { return make_deflater(compression); });
    return {};
  }

  // The first block never waits for a thread to start, so small workbooks need none.
  Status take_block(RowBlock block) {
    if (threads_ == 1 || block.number == 0) {
      CANVASBACK_ASSIGN(SheetBlock done, formatter_->format(block));
      return write_block(std::move(done));
    }
    const auto in_flight_max = static_cast<std::size_t>(threads_ * limits::kBlocksInFlightPerThread);
    if (!pipeline_) {
      pipeline_.emplace(BlockPipeline::Bounds{threads_, in_flight_max},
                        [this](const RowBlock& rows) { return formatter_->format(rows); });
    }
    while (in_flight_ >= in_flight_max) CANVASBACK_TRY(write_next());
    if (!pipeline_->push(std::move(block), 0)) {
      return fail(ErrorCode::DataProcessing, "Writing the workbook was cancelled.");
    }
    ++in_flight_;
    return {};
  }

  Status write_next() {
    CANVASBACK_ASSIGN(std::optional<SheetBlock> done, pipeline_->pop([] { return Status(); }));
    if (!done) return fail(ErrorCode::DataProcessing, "Writing the workbook was cancelled.");
    --in_flight_;
    return write_block(std::move(*done));
  }

  Status write_block(SheetBlock block) {
    // A sheet is full by its rows, or because its XML would pass what its place in the ZIP file can hold.
    if (!sheets_.empty()) {
      const bool full = sheets_.back().rows + block.rows > kSheetRowsMax;
      const bool large = !sheet_is_large_ && zip_.raw_bytes() + block.xml.raw_bytes > kPlainEntryBytesMax;
      if (full || large) CANVASBACK_TRY(end_sheet());
    }
    if (!sheet_is_open_) CANVASBACK_TRY(begin_sheet(block));
    SheetInfo& sheet = sheets_.back();
    for (const BlockNote& note : block.notes) add_note(note, sheet);
    sheet.rows += block.rows;
    CANVASBACK_TRY(zip_.append(block.xml));
    shared_cells_ += block.shared_cells;
    rows_done_ += block.rows;
    return {};
  }

  void add_note(const BlockNote& note, const SheetInfo& sheet) {
    std::string place;
    if (!notes_.has(note.column, note.count.reason)) {
      place = fmt::format("{}!{}{}", sheet.name, column_letters(note.column), sheet.rows + note.count.first_row + 1);
    }
    notes_.add(note.column, note.count.reason, note.count.cells, place);
  }

  // How large it may become is guessed from its first block; a guess that was too small costs a further sheet. Words
  // that are new there count as if they stood in their cells: columns of few repeats stop sharing soon.
  Status begin_sheet(const SheetBlock& first) {
    std::int64_t rows = kSheetRowsMax - 1;
    if (document_.rows_max >= 0) rows = std::clamp<std::int64_t>(document_.rows_max - rows_done_, 0, rows);
    const auto first_bytes = static_cast<double>(first.xml.raw_bytes + first.new_word_bytes);
    const double row_bytes = first_bytes / static_cast<double>(std::max<std::int64_t>(first.rows, 1));
    const bool large = row_bytes * static_cast<double>(rows) * kSizeMargin > static_cast<double>(kPlainEntryBytesMax);
    return begin_sheet(large);
  }
  Status begin_sheet(bool large) {
    sheets_.push_back({sheet_name(document_.title, sheets_.size() + 1), 1, true});
    sheet_is_large_ = large;
    sheet_is_open_ = true;
    CANVASBACK_TRY(zip_.begin(sheet_part_name(sheets_.size()), large));
    return append(sheet_head(plan_, sheets_.size() == 1));
  }
  Status end_sheet() {
    CANVASBACK_TRY(append(sheet_tail(plan_, sheets_.back().rows, text_columns_)));
    sheet_is_open_ = false;
    return zip_.end();
  }

  Status end_workbook() {
    CANVASBACK_TRY(take_blocks(true));
    while (in_flight_ > 0) CANVASBACK_TRY(write_next());
    pipeline_.reset();
    if (!formatter_) CANVASBACK_TRY(begin_rows(RowBlock{}));
    if (!sheet_is_open_) CANVASBACK_TRY(begin_sheet(false));
    CANVASBACK_TRY(end_sheet());
    const auto columns = static_cast<int>(plan_.headers.size());
    if (!notes_.empty()) {
      SheetInfo sheet{"Notes", 0, false};
      const std::string xml = notes_sheet(notes_, plan_, sheet.rows);
      sheets_.push_back(sheet);
      CANVASBACK_TRY(add_part(sheet_part_name(sheets_.size()), xml));
    }
    const bool shared = strings_->size() > 0;
    if (shared) CANVASBACK_TRY(write_shared_strings());
    CANVASBACK_TRY(add_part(kStylesName, styles_xml(plan_)));
    CANVASBACK_TRY(add_part(kWorkbookName, workbook_xml(sheets_, columns)));
    CANVASBACK_TRY(add_part(kWorkbookRelationsName, workbook_relations_xml(sheets_.size(), shared)));
    CANVASBACK_TRY(add_part(kAppName, app_xml(sheets_)));
    CANVASBACK_TRY(add_part(kContentTypesName, content_types_xml(sheets_.size(), shared)));
    return zip_.finish();
  }

  Status write_shared_strings() {
    CANVASBACK_TRY(zip_.begin(kSharedStringsName, false));
    std::string xml = shared_strings_head(shared_cells_, strings_->size());
    for (std::uint32_t number = 0; number < strings_->size(); ++number) {
      {
        TextWriter writer(xml);
        append_shared_string(writer, strings_->word(number));
      }
      if (xml.size() < kSharedStringsPiece) continue;
      CANVASBACK_TRY(append(xml));
      xml.clear();
    }
    xml += kSharedStringsTail;
    CANVASBACK_TRY(append(xml));
    return zip_.end();
  }

  Status append(std::string_view xml) {
    CANVASBACK_ASSIGN(DeflatedBlock block, deflater_->deflate(xml));
    return zip_.append(block);
  }
  Status add_part(std::string_view name, std::string_view xml) {
    CANVASBACK_ASSIGN(DeflatedBlock block, deflater_->deflate(xml));
    return zip_.add(name, block);
  }

  ByteSink& sink_;
  const DocumentInfo document_;
  const int threads_;
  const Compression compression_;
  ZipWriter zip_;
  std::unique_ptr<Deflater> deflater_;
  SchemaPtr schema_;
  SheetPlan plan_;
  std::vector<int> text_columns_;
  std::vector<SheetInfo> sheets_;
  bool sheet_is_open_ = false;
  bool sheet_is_large_ = false;
  Notes notes_;
  std::int64_t shared_cells_ = 0;
  std::atomic<std::int64_t> rows_done_ = 0;
  std::optional<Error> failure_;
  std::size_t in_flight_ = 0;
  std::optional<BlockCutter> cutter_;
  std::optional<SharedStrings> strings_;
  std::optional<SheetFormatter> formatter_;
  std::optional<BlockPipeline> pipeline_;  // last: its threads end before what they use goes
};

}  // namespace

Result<std::unique_ptr<Encoder>> make_xlsx_encoder(ByteSink& sink, const EncodeOptions& options) {
  if (!options.compression.empty() && options.compression != "fast" && options.compression != "best") {
    return fail(ErrorCode::InvalidData,
                fmt::format("\"{}\" is not a compression for the xlsx format; use fast or best.",
                            options.compression.substr(0, 64)));
  }
  const Compression compression = options.compression == "best" ? Compression::Best : Compression::Fast;
  return std::make_unique<XlsxEncoder>(sink, options, compression);
}

}  // namespace canvasback
