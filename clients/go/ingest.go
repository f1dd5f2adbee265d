package canvasback

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
)

const (
	ingestTries      = 5
	retryPause       = 200 * time.Millisecond
	retryPauseMax    = 5 * time.Second
	contentTypeJSONL = "application/x-ndjson"
	contentTypeArrow = "application/vnd.apache.arrow.stream"
)

// IngestOptions of a batch. The zero value: an invalid record rejects the batch, and so does a key that exists.
type IngestOptions struct {
	// Quarantine stores the valid records and puts the others into quarantine.
	Quarantine bool
	// OnConflict of a key that exists: "reject" (the default), "update", "ignore".
	OnConflict string
	// IdempotencyKey identifies the batch: sending it again has no further effect. A random one where it is empty.
	IdempotencyKey string
}

// Ingested is what became of a batch: its records are on disk.
type Ingested struct {
	Records     int64  `json:"records_processed"`
	Quarantined int64  `json:"quarantined"`
	Collection  string `json:"collection"`
	Commit      *int64 `json:"commit"` // nil where there was nothing to store
	// Repeated: stored by an earlier request with the same IdempotencyKey.
	Repeated bool            `json:"repeated"`
	Errors   []RecordProblem `json:"errors"` // of quarantined records, the first ones
}

func (options IngestOptions) query(collection string) url.Values {
	query := url.Values{}
	if collection != "" {
		query.Set("collection", collection)
	}
	if options.Quarantine {
		query.Set("on_error", "quarantine")
	}
	if options.OnConflict != "" {
		query.Set("on_conflict", options.OnConflict)
	}
	return query
}

// Ingest stores records, each of which marshals to a JSON object, as one batch: all of them or none. A request whose
// answer was lost, and one that an overloaded server refused, is sent again under its idempotency key, so that nothing
// is stored twice. A rejected batch is an *Error whose Errors name the records.
func Ingest[T any](
	ctx context.Context, client *Client, collection string, records []T, options IngestOptions,
) (*Ingested, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	for i, record := range records {
		if err := encoder.Encode(record); err != nil {
			return nil, fmt.Errorf("canvasback: record %d: %w", i, err)
		}
	}
	return client.ingestBytes(ctx, collection, contentTypeJSONL, body.Bytes(), options)
}

// IngestBatches stores the rows of Arrow batches as records, streamed in constant memory as one commit. The stream
// cannot be read twice, so that it is sent once: after ErrIncomplete or a lost connection send the rows again under the
// same IdempotencyKey.
func (client *Client) IngestBatches(
	ctx context.Context, collection string, batches array.RecordReader, options IngestOptions,
) (*Ingested, error) {
	reading, writing := io.Pipe()
	go func() {
		writer := ipc.NewWriter(writing, ipc.WithSchema(batches.Schema()))
		var err error
		for err == nil && batches.Next() {
			err = writer.Write(batches.RecordBatch())
		}
		// An error of the source must not look like the end of the rows.
		if err = errors.Join(err, batches.Err()); err == nil {
			err = writer.Close()
		}
		_ = writing.CloseWithError(err)
	}()
	defer reading.Close()
	return client.IngestReader(ctx, collection, contentTypeArrow, reading, options)
}

// IngestReader stores a body of any size, streamed: application/x-ndjson, application/json, text/csv,
// application/vnd.apache.parquet, application/vnd.apache.arrow.stream. It is sent once, as for IngestBatches.
func (client *Client) IngestReader(
	ctx context.Context, collection, contentType string, body io.Reader, options IngestOptions,
) (*Ingested, error) {
	return client.ingestOnce(ctx, options, request{
		method: http.MethodPost, path: "/ingest/file", query: options.query(collection),
		headers: map[string]string{"Content-Type": contentType},
	}, body)
}

func (client *Client) ingestOnce(
	ctx context.Context, options IngestOptions, wanted request, body io.Reader,
) (*Ingested, error) {
	if options.IdempotencyKey == "" {
		options.IdempotencyKey = randomKey()
	}
	wanted.headers["Idempotency-Key"] = options.IdempotencyKey
	answer, err := client.doReader(ctx, wanted, body)
	if err != nil {
		return nil, err
	}
	defer closeBody(answer.Body)
	ingested := &Ingested{}
	if err := json.NewDecoder(answer.Body).Decode(ingested); err != nil {
		return nil, incomplete(err)
	}
	return ingested, nil
}

func (client *Client) ingestBytes(
	ctx context.Context, collection, contentType string, body []byte, options IngestOptions,
) (*Ingested, error) {
	if options.IdempotencyKey == "" {
		options.IdempotencyKey = randomKey()
	}
	pause := retryPause
	for try := 1; ; try++ {
		ingested, err := client.IngestReader(ctx, collection, contentType, bytes.NewReader(body), options)
		if err == nil || try == ingestTries || !worthAnotherTry(err) || ctx.Err() != nil {
			return ingested, err
		}
		wait := pause
		var problem *Error
		if errors.As(err, &problem) && problem.RetryAfter > 0 {
			wait = problem.RetryAfter
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("canvasback: %w", ctx.Err())
		case <-time.After(wait):
		}
		pause = min(2*pause, retryPauseMax)
	}
}

// worthAnotherTry: overload, a server that starts or stops, a batch that is being stored, a connection that broke.
// Everything else would be refused again.
func worthAnotherTry(err error) bool {
	var problem *Error
	if !errors.As(err, &problem) {
		return true
	}
	return problem.Code == TooManyRequests || problem.Code == Unavailable || problem.Code == IdempotencyKeyInUse
}

func randomKey() string {
	var bytes [16]byte
	_, _ = rand.Read(bytes[:]) // never fails, by its contract
	return hex.EncodeToString(bytes[:])
}
