package canvasback

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
)

// endMarker closes an Arrow IPC stream. Readers take the end of the bytes for the end of the stream too, so that it is
// looked for here: a proxy may end a broken answer as if it were whole.
var endMarker = []byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}

// tailReader remembers the last bytes that were read, and what ended the reading.
type tailReader struct {
	from io.Reader
	tail [8]byte
	err  error
}

func (reader *tailReader) Read(into []byte) (int, error) {
	n, err := reader.from.Read(into)
	if n >= len(reader.tail) {
		copy(reader.tail[:], into[n-len(reader.tail):n])
	} else if n > 0 {
		copy(reader.tail[:], reader.tail[n:])
		copy(reader.tail[len(reader.tail)-n:], into[:n])
	}
	if err != nil {
		reader.err = err
	}
	return n, err
}

// Stream is the batches of an answer, as they arrive: an array.RecordReader. A slow reader holds the server's worker
// up, and nothing else; a Stream holds one batch. Close it when done, or cancel its context. It belongs to one
// goroutine.
type Stream struct {
	reader     *ipc.Reader
	tail       *tailReader
	answer     *http.Response
	stop       context.CancelFunc
	context    context.Context
	current    arrow.RecordBatch
	sliced     bool  // current is a slice that is ours
	limit      int64 // 0: none
	rows       int64
	truncated  bool
	ended      bool
	err        error
	metrics    Metrics
	references atomic.Int64
}

var _ array.RecordReader = (*Stream)(nil)

// Metrics is what the server measured of an answer; known at its end.
type Metrics struct {
	DurationMS float64 `json:"duration_ms"`
	QueueMS    float64 `json:"queue_ms"`
	EngineMS   float64 `json:"engine_ms"`
	EncodeMS   float64 `json:"encode_ms"`
	Rows       int64   `json:"rows"`
	Bytes      int64   `json:"bytes"`
	Method     string  `json:"method"`
}

// QueryOption changes how a statement is run.
type QueryOption func(*statement)

type statement struct {
	SQL          string `json:"sql"`
	Parameters   any    `json:"parameters,omitempty"`
	Format       string `json:"format"`
	Limit        int64  `json:"limit,omitempty"`
	TimeoutMS    int64  `json:"timeout_ms,omitempty"`
	onUnreadable string
}

// Parameters gives the values of $1, $2, …
func Parameters(values ...any) QueryOption {
	return func(wanted *statement) { wanted.Parameters = values }
}

// NamedParameters gives the values of $name, …
func NamedParameters(values map[string]any) QueryOption {
	return func(wanted *statement) { wanted.Parameters = values }
}

// Limit is the largest number of rows of an answer; Truncated says whether there were more.
func Limit(rows int64) QueryOption { return func(wanted *statement) { wanted.Limit = rows } }

// Timeout after which the server answers QueryTimeout.
func Timeout(after time.Duration) QueryOption {
	return func(wanted *statement) { wanted.TimeoutMS = max(1, after.Milliseconds()) }
}

// FailOnUnreadable refuses a statement over a dataset with a file that cannot be read, whatever the dataset's default.
func FailOnUnreadable() QueryOption { return func(wanted *statement) { wanted.onUnreadable = "fail" } }

// SkipUnreadable answers from the other files, and names those that were left out.
func SkipUnreadable() QueryOption { return func(wanted *statement) { wanted.onUnreadable = "skip" } }

func (client *Client) statementRequest(sql, format string, options []QueryOption) (statement, request, error) {
	wanted := statement{SQL: sql, Format: format}
	for _, option := range options {
		option(&wanted)
	}
	if wanted.Limit < 0 {
		return wanted, request{}, fmt.Errorf("canvasback: a limit must not be negative, but is %d", wanted.Limit)
	}
	sent := wanted
	if wanted.Limit > 0 {
		sent.Limit = wanted.Limit + 1
	}
	made, err := jsonRequest(http.MethodPost, "/api/v1/query", sent)
	if wanted.onUnreadable != "" {
		made.query = url.Values{"on_unreadable": {wanted.onUnreadable}}
	}
	return wanted, made, err
}

// Query runs one SELECT over the datasets and streams its result. Errors of the statement are *Error, with the byte
// Position where the engine tells it.
func (client *Client) Query(ctx context.Context, sql string, options ...QueryOption) (*Stream, error) {
	wanted, made, err := client.statementRequest(sql, "arrow", options)
	if err != nil {
		return nil, err
	}
	return client.stream(ctx, made, wanted.Limit)
}

// Stream streams a selection of a dataset.
func (client *Client) Stream(ctx context.Context, dataset string, selection Selection) (*Stream, error) {
	made, err := jsonRequest(http.MethodPost, "/api/v1/datasets/"+url.PathEscape(dataset)+"/export", selection.body())
	if err != nil {
		return nil, err
	}
	if unreadable := selection.unreadable(); unreadable != "" {
		made.query = url.Values{"on_unreadable": {unreadable}}
	}
	return client.stream(ctx, made, selection.Limit)
}

func (client *Client) stream(ctx context.Context, wanted request, limit int64) (*Stream, error) {
	ctx, stop := context.WithCancel(ctx)
	answer, err := client.do(ctx, wanted)
	if err != nil {
		stop()
		return nil, err
	}
	stream := &Stream{answer: answer, stop: stop, context: ctx, limit: limit, tail: &tailReader{from: answer.Body}}
	stream.references.Store(1)
	if stream.reader, err = ipc.NewReader(stream.tail, ipc.WithAllocator(&recycler{})); err != nil {
		err = stream.broken(err)
		_ = answer.Body.Close()
		stop()
		return nil, err
	}
	return stream, nil
}

// broken is what an error of reading means: the context's own end, or an answer that broke off.
func (stream *Stream) broken(cause error) error {
	if err := stream.context.Err(); err != nil {
		return fmt.Errorf("canvasback: %w", err)
	}
	return incomplete(cause)
}

// Schema of the batches.
func (stream *Stream) Schema() *arrow.Schema { return stream.reader.Schema() }

// Next reads the next batch; false at the end, after an error, and once closed.
func (stream *Stream) Next() bool {
	stream.drop()
	if stream.ended {
		return false
	}
	if !stream.reader.Next() {
		stream.finish(stream.reader.Err())
		return false
	}
	batch := stream.reader.RecordBatch()
	if stream.limit > 0 && stream.rows+batch.NumRows() > stream.limit {
		stream.truncated = true
		keep := stream.limit - stream.rows
		if keep == 0 {
			stream.finishEarly()
			return false
		}
		batch, stream.sliced = batch.NewSlice(0, keep), true
	}
	stream.rows += batch.NumRows()
	stream.current = batch
	return true
}

func (stream *Stream) drop() {
	if stream.sliced {
		stream.current.Release()
	}
	stream.current, stream.sliced = nil, false
}

// finish reads what is behind the last batch (the end of the body, and the trailers) and judges how the stream ended.
func (stream *Stream) finish(err error) {
	stream.ended = true
	switch {
	case err != nil:
		stream.err = stream.broken(err)
	case !bytes.Equal(stream.tail.tail[:], endMarker):
		stream.err = stream.broken(io.ErrUnexpectedEOF)
	default:
		if _, err := io.Copy(io.Discard, stream.answer.Body); err != nil {
			stream.err = stream.broken(err)
		}
	}
	if stream.err == nil {
		stream.metrics = metricsOf(stream.answer)
	}
	stream.hangUp()
}

// finishEarly ends a stream whose limit is reached: it was asked for one row more than that, so the end is near.
func (stream *Stream) finishEarly() {
	for stream.reader.Next() {
		continue
	}
	stream.finish(stream.reader.Err())
}

func (stream *Stream) hangUp() {
	_ = stream.answer.Body.Close()
	stream.stop()
}

// RecordBatch is the present batch, valid until the next call of Next; Retain it to keep it.
func (stream *Stream) RecordBatch() arrow.RecordBatch { return stream.current }

// Record is RecordBatch by its former name, which array.RecordReader still asks for.
func (stream *Stream) Record() arrow.RecordBatch { return stream.current }

// Err is what ended the stream: nil after its end, the context's error, an *Error, or ErrIncomplete.
func (stream *Stream) Err() error { return stream.err }

// Batches is the stream as an iterator. It ends with the error, if there is one, and closes the stream however it is
// left. A batch is valid during its turn.
func (stream *Stream) Batches() iter.Seq2[arrow.RecordBatch, error] {
	return func(yield func(arrow.RecordBatch, error) bool) {
		defer stream.Close()
		for stream.Next() {
			if !yield(stream.current, nil) {
				return
			}
		}
		if stream.err != nil {
			yield(nil, stream.err)
		}
	}
}

// Table reads the rest of the stream into memory. Release it.
func (stream *Stream) Table() (arrow.Table, error) {
	var batches []arrow.RecordBatch
	defer func() {
		for _, batch := range batches {
			batch.Release()
		}
	}()
	for stream.Next() {
		stream.current.Retain()
		batches = append(batches, stream.current)
	}
	if stream.err != nil {
		return nil, stream.err
	}
	return array.NewTableFromRecords(stream.Schema(), batches), nil
}

// Rows read so far.
func (stream *Stream) Rows() int64 { return stream.rows }

// Truncated says, at the end of the stream, whether its Limit left rows out.
func (stream *Stream) Truncated() bool { return stream.truncated }

// Total is the number of rows of the whole selection, as far as the server knew it before the first byte (ok), and
// whether it is exact.
func (stream *Stream) Total() (rows int64, exact, ok bool) {
	rows, err := strconv.ParseInt(stream.answer.Header.Get("X-Total-Rows"), 10, 64)
	return rows, stream.answer.Header.Get("X-Total-Exact") == "true", err == nil
}

// LeftOut names the files that could not be read and are missing in the answer.
func (stream *Stream) LeftOut() []string { return leftOut(stream.answer.Header) }

// Metrics of the answer, at its end.
func (stream *Stream) Metrics() Metrics { return stream.metrics }

// Close stops the stream, if need be also its work on the server, and frees its memory. It may be called again.
func (stream *Stream) Close() error {
	if stream.references.Load() > 0 {
		stream.Release()
	}
	return nil
}

// Retain adds a reference, for array.RecordReader.
func (stream *Stream) Retain() { stream.references.Add(1) }

// Release takes a reference back; with the last one the stream is closed.
func (stream *Stream) Release() {
	if stream.references.Add(-1) != 0 {
		return
	}
	stream.drop()
	if !stream.ended {
		stream.ended = true
		stream.hangUp()
	}
	stream.reader.Release()
}

func leftOut(headers http.Header) []string {
	names := headers.Get("X-Left-Out")
	if names == "" {
		return nil
	}
	return strings.Split(names, ", ")
}

// metricsOf reads the measured figures: a trailer where the answer was streamed, a header where it was whole at once.
func metricsOf(answer *http.Response) Metrics {
	text := answer.Trailer.Get("X-Performance-Metrics")
	if text == "" {
		text = answer.Header.Get("X-Performance-Metrics")
	}
	var metrics Metrics
	if err := json.Unmarshal([]byte(text), &metrics); err != nil && !errors.Is(err, io.EOF) {
		return Metrics{}
	}
	return metrics
}
