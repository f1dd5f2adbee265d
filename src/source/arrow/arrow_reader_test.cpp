#include "source/arrow/arrow_reader.hpp"

#include <arrow/array.h>
#include <arrow/io/file.h>
#include <arrow/ipc/writer.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include "base/test_support.hpp"

namespace canvasback {
namespace {

using Ids = std::vector<std::int64_t>;

BatchPtr ids(const std::string& json) {
  auto array = arrow::json::ArrayFromJSONString(arrow::int64(), json).ValueOrDie();
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("id", arrow::int64())}), array->length(), {array});
}

enum class Container { File, Stream };

std::string write(const std::string& path, const std::vector<BatchPtr>& batches, Container container,
                  arrow::Compression::type compression = arrow::Compression::UNCOMPRESSED) {
  auto sink = arrow::io::FileOutputStream::Open(path).ValueOrDie();
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  if (compression != arrow::Compression::UNCOMPRESSED) {
    options.codec = arrow::util::Codec::Create(compression).ValueOrDie();
  }
  auto made = container == Container::File ? arrow::ipc::MakeFileWriter(sink, batches[0]->schema(), options)
                                           : arrow::ipc::MakeStreamWriter(sink, batches[0]->schema(), options);
  auto writer = made.ValueOrDie();
  for (const BatchPtr& batch : batches) EXPECT_TRUE(writer->WriteRecordBatch(*batch).ok());
  EXPECT_TRUE(writer->Close().ok() && sink->Close().ok());
  return path;
}

Result<Ids> read(std::vector<std::string> paths, CancelToken cancel = {}) {
  CANVASBACK_ASSIGN(auto stream, open_arrow_files(std::move(paths), {}, std::move(cancel)));
  Ids out;
  while (true) {
    CANVASBACK_ASSIGN(BatchPtr batch, stream->next());
    if (!batch) return out;
    EXPECT_GT(batch->num_rows(), 0);
    const auto& column = static_cast<const arrow::Int64Array&>(*batch->column(0));
    for (std::int64_t i = 0; i < column.length(); ++i) out.push_back(column.Value(i));
  }
}

TEST(ArrowReader, FilesAndStreamsAreToldApartByTheirBytes) {
  TemporaryFolder folder;
  const std::vector<BatchPtr> batches{ids("[1, 2]"), ids("[]"), ids("[3]")};
  for (Container container : {Container::File, Container::Stream}) {
    const std::string path = write(folder / "a.arrow", batches, container);
    EXPECT_EQ(read({path}).value(), (Ids{1, 2, 3}));
    EXPECT_EQ(look_into_arrow_file(path, {}).value().rows, 3);
  }
}

TEST(ArrowReader, SeveralFilesComeInTheOrderGiven) {
  TemporaryFolder folder;
  const std::string first = write(folder / "1.arrow", {ids("[5]")}, Container::Stream);
  const std::string empty = write(folder / "2.arrow", {ids("[]")}, Container::File);
  const std::string last = write(folder / "3.arrow", {ids("[1]")}, Container::File, arrow::Compression::LZ4_FRAME);
  EXPECT_EQ(read({first, empty, last}).value(), (Ids{5, 1}));
  EXPECT_EQ(read({empty}).value(), Ids());
}

TEST(ArrowReader, DictionariesComeOutDecoded) {
  TemporaryFolder folder;
  const auto type = arrow::dictionary(arrow::int8(), arrow::utf8());
  auto array = arrow::DictionaryArray::FromArrays(
                   type, arrow::json::ArrayFromJSONString(arrow::int8(), "[1, null, 0]").ValueOrDie(),
                   arrow::json::ArrayFromJSONString(arrow::utf8(), R"(["x", "y"])").ValueOrDie())
                   .ValueOrDie();
  auto batch = arrow::RecordBatch::Make(arrow::schema({arrow::field("c", type)}), 3, {array});
  const std::string path = write(folder / "a.arrow", {batch}, Container::Stream);
  auto stream = open_arrow_files({path}, {}, {});
  ASSERT_TRUE(stream);
  EXPECT_EQ((*stream)->schema()->field(0)->type()->id(), arrow::Type::STRING);
  const BatchPtr decoded = (*stream)->next().value();
  EXPECT_EQ(decoded->column(0)->ToString(), "[\n  \"y\",\n  null,\n  \"x\"\n]");
}

TEST(ArrowReader, FilesOfAnotherSchemaAreNamed) {
  TemporaryFolder folder;
  auto text = arrow::json::ArrayFromJSONString(arrow::utf8(), R"(["a"])").ValueOrDie();
  auto other = arrow::RecordBatch::Make(arrow::schema({arrow::field("id", arrow::utf8())}), 1, {text});
  const std::string first = write(folder / "1.arrow", {ids("[1]")}, Container::File);
  const std::string second = write(folder / "2.arrow", {other}, Container::File);
  const auto result = read({first, second});
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("2.arrow"), std::string::npos);
}

TEST(ArrowReader, DamagedFilesAreErrors) {
  TemporaryFolder folder;
  EXPECT_FALSE(read({}));
  EXPECT_FALSE(read({folder / "none.arrow"}));
  EXPECT_FALSE(read({folder.write("empty.arrow", "")}));
  EXPECT_FALSE(read({folder.write("text.arrow", "id\n1\n2\n")}));
  const std::string whole = file_bytes(write(folder / "a.arrow", {ids("[1, 2, 3]")}, Container::File));
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    EXPECT_FALSE(read({folder.write("cut.arrow", whole.substr(0, size))})) << size;
  }
}

TEST(ArrowReader, FewerThanNoRowsIsAnError) {
  TemporaryFolder folder;
  const BatchPtr batch = arrow::RecordBatch::Make(arrow::schema(arrow::FieldVector()), -5, arrow::ArrayVector());
  const std::string path = write(folder / "a.arrow", {batch}, Container::Stream);
  auto stream = open_arrow_files({path}, {}, {});
  EXPECT_TRUE(!stream || !(*stream)->next());
  EXPECT_FALSE(look_into_arrow_file(path, {}));
}

TEST(ArrowReader, ACancelledReadEndsWithTheReason) {
  TemporaryFolder folder;
  const std::string path = write(folder / "a.arrow", {ids("[1]")}, Container::File);
  CancelToken cancel;
  cancel.cancel(CancelReason::Client);
  const auto result = read({path}, cancel);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::Cancelled);
}

}  // namespace
}  // namespace canvasback
