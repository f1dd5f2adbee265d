#include "encode/xlsx/sheet_formatter.hpp"
#include "encode/xlsx/workbook_parts.hpp"

#include <utility>

namespace canvasback::xlsx {
namespace {

template <class Array>
void add_words(const arrow::Array& column, BlockWords& words) {
  const auto& array = static_cast<const Array&>(column);
  const bool nulls = array.null_count() > 0;
  for (std::int64_t row = 0; row < array.length(); ++row) {
    if (nulls && array.IsNull(row)) {
      words.add_null();
    } else {
      words.add(array.GetView(row));
    }
  }
}

void add_words_of(const arrow::Array& column, BlockWords& words) {
  switch (column.type_id()) {
    case arrow::Type::STRING: return add_words<arrow::StringArray>(column, words);
    case arrow::Type::LARGE_STRING: return add_words<arrow::LargeStringArray>(column, words);
    default: return add_words<arrow::StringViewArray>(column, words);
  }
}

}  // namespace

struct SheetFormatter::Scratch {
  struct Words {
    std::size_t column;
    BlockWords block;
    std::vector<std::uint32_t> numbers;
    std::vector<WordCell> cells;  // of the block's words; empty: the column shares no more
  };
  std::vector<Words> words;  // of the text columns
  std::string xml;
  std::unique_ptr<Deflater> deflater;
};

// Waits until all blocks before this one have had their turn; gives it on, whatever happens.
class SheetFormatter::Turn {
 public:
  Turn(SheetFormatter& owner, std::int64_t number) : owner_(owner), number_(number) {}
  void wait() {
    if (mine_) return;
    std::unique_lock lock(owner_.mutex_);
    owner_.turned_.wait(lock, [this] { return owner_.turn_ == number_; });
    mine_ = true;
  }
  void pass_on() {
    if (passed_) return;
    wait();
    passed_ = true;
    {
      std::scoped_lock lock(owner_.mutex_);
      ++owner_.turn_;
    }
    owner_.turned_.notify_all();
  }
  ~Turn() { pass_on(); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  SheetFormatter& owner_;
  std::int64_t number_;
  bool mine_ = false;
  bool passed_ = false;
};

SheetFormatter::SheetFormatter(std::vector<ColumnLook> looks, SharedStrings& strings, DeflaterFactory make_deflater)
    : looks_(std::move(looks)), strings_(strings), make_deflater_(std::move(make_deflater)) {
  for (std::size_t i = 0; i < looks_.size(); ++i) {
    if (looks_[i].kind != CellKind::Text) strings_.never(i);
  }
}

SheetFormatter::~SheetFormatter() = default;

std::unique_ptr<SheetFormatter::Scratch> SheetFormatter::take_scratch() {
  {
    std::scoped_lock lock(mutex_);
    if (!scratches_.empty()) {
      auto scratch = std::move(scratches_.back());
      scratches_.pop_back();
      return scratch;
    }
  }
  auto scratch = std::make_unique<Scratch>();
  scratch->deflater = make_deflater_();
  for (std::size_t i = 0; i < looks_.size(); ++i) {
    if (looks_[i].kind == CellKind::Text) scratch->words.push_back({i, {}, {}, {}});
  }
  return scratch;
}

Result<SheetBlock> SheetFormatter::format(const RowBlock& block) {
  Turn turn(*this, block.number);
  auto scratch = take_scratch();
  SheetBlock out;
  out.rows = block.rows;
  collect_words(block, *scratch);
  turn.wait();
  number_words(*scratch, out);
  turn.pass_on();
  write_rows(block, *scratch, out);
  CANVASBACK_ASSIGN(out.xml, scratch->deflater->deflate(scratch->xml));
  // One long text must not stay in memory for good.
  if (scratch->xml.capacity() > 4 * 1024 * 1024) scratch->xml = std::string();
  std::scoped_lock lock(mutex_);
  scratches_.push_back(std::move(scratch));
  return out;
}

void SheetFormatter::collect_words(const RowBlock& block, Scratch& scratch) const {
  for (Scratch::Words& words : scratch.words) {
    if (!strings_.may_share(words.column)) continue;
    words.block.clear(static_cast<std::size_t>(block.rows));
    for (const BatchPtr& part : block.parts) {
      add_words_of(*part->column(static_cast<int>(words.column)), words.block);
    }
  }
}

void SheetFormatter::number_words(Scratch& scratch, SheetBlock& out) {
  constexpr std::uint64_t kCellLonger = 24;  // <c t="inlineStr"><is><t></t></is></c> for <c t="s"><v>1234</v></c>
  const std::uint64_t texts_before = strings_.text_bytes();
  const std::uint64_t words_before = strings_.size();
  for (Scratch::Words& words : scratch.words) strings_.add(words.column, words.block, words.numbers);
  out.new_word_bytes = strings_.text_bytes() - texts_before + (strings_.size() - words_before) * kCellLonger;
}

void SheetFormatter::write_rows(const RowBlock& block, Scratch& scratch, SheetBlock& out) const {
  std::vector<const Scratch::Words*> words_of(looks_.size());
  for (Scratch::Words& words : scratch.words) {
    words.cells.clear();
    if (words.numbers.empty()) continue;
    for (const std::uint32_t number : words.numbers) words.cells.push_back(word_cell(number));
    for (const std::uint32_t word : words.block.rows()) {
      if (word != kNoWord && words.numbers[word] != kNoWord) ++out.shared_cells;
    }
    words_of[words.column] = &words;
  }
  std::vector<ColumnNotes> notes(looks_.size());
  scratch.xml.clear();
  TextWriter writer(scratch.xml);
  std::int64_t first_row = 0;
  for (const BatchPtr& part : block.parts) {
    std::vector<CellColumn> columns;
    columns.reserve(looks_.size());
    for (std::size_t i = 0; i < looks_.size(); ++i) {
      CellColumn::Shared shared;
      if (words_of[i] != nullptr) shared = {words_of[i]->block.rows().data() + first_row, words_of[i]->cells.data()};
      columns.emplace_back(part->column(static_cast<int>(i)), looks_[i], shared, first_row, notes[i]);
    }
    for (std::int64_t row = 0; row < part->num_rows(); ++row) {
      writer.append(kRowOpen);
      for (CellColumn& column : columns) column.append(row, writer);
      writer.append(std::string_view("</row>"));
    }
    first_row += part->num_rows();
  }
  for (std::size_t i = 0; i < notes.size(); ++i) {
    for (const NoteCount& count : notes[i].counts()) out.notes.push_back({static_cast<int>(i), count});
  }
}

}  // namespace canvasback::xlsx
