package canvasback

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

func TestStreamBringsEveryRow(t *testing.T) {
	stream := must(connect(t).Stream(background(t), "orders", Selection{Columns: []string{"id"}}))
	defer stream.Close()
	next := int64(0)
	for stream.Next() {
		for _, id := range stream.RecordBatch().Column(0).(*array.Int64).Int64Values() {
			if id != next {
				t.Fatalf("row %d has id %d", next, id)
			}
			next++
		}
	}
	if stream.Err() != nil || next != ordersRows || stream.Rows() != ordersRows {
		t.Fatalf("%d rows, %v", next, stream.Err())
	}
	if rows, exact, ok := stream.Total(); rows != ordersRows || !exact || !ok {
		t.Errorf("total %d, exact %v, known %v", rows, exact, ok)
	}
	if stream.Truncated() || stream.Metrics().Rows != ordersRows || stream.Metrics().Method == "" {
		t.Errorf("truncated %v, metrics %+v", stream.Truncated(), stream.Metrics())
	}
}

func TestSelectionIsCarriedOut(t *testing.T) {
	stream := must(connect(t).Stream(background(t), "orders", Selection{
		Columns: []string{"country", "id"},
		Filter:  map[string]any{"country": "Malta", "id": map[string]any{"op": "lt", "value": 100}},
		Sort:    []SortKey{{Column: "id", Descending: true}},
		Offset:  1,
	}))
	defer stream.Close()
	table := must(stream.Table())
	defer table.Release()
	if table.NumRows() != 19 || table.Schema().Field(0).Name != "country" {
		t.Fatal(table)
	}
	if first := table.Column(1).Data().Chunk(0).(*array.Int64).Value(0); first != 90 {
		t.Errorf("first id %d", first)
	}
}

func TestParametersOfEveryKind(t *testing.T) {
	client := connect(t)
	page := must(client.QueryPage(background(t), "SELECT $1 AS a, $2 AS b, $3 AS c, $4 AS d",
		Parameters(7, "o'x", nil, true)))
	row := page.Rows[0]
	if row[1] != "o'x" || row[2] != nil || row[3] != true {
		t.Error(row)
	}
	named := must(client.QueryPage(background(t), "SELECT count(*) AS n FROM orders WHERE country = $country",
		NamedParameters(map[string]any{"country": "Kenya"})))
	if len(named.Rows) != 1 || named.Columns[0].Name != "n" {
		t.Error(named.Rows)
	}
}

func TestLimitIsNeverSilent(t *testing.T) {
	client := connect(t)
	for _, trial := range []struct {
		sql       string
		limit     int64
		rows      int64
		truncated bool
	}{
		{"SELECT * FROM orders", 1000, 1000, true},
		{"SELECT * FROM orders", ordersRows - 1, ordersRows - 1, true},
		{"SELECT * FROM orders", ordersRows, ordersRows, false},
		{"SELECT * FROM orders", ordersRows + 1, ordersRows, false},
		{"SELECT 1 WHERE false", 1, 0, false},
	} {
		stream := must(client.Query(background(t), trial.sql, Limit(trial.limit)))
		rows := int64(0)
		for batch, err := range stream.Batches() {
			if err != nil {
				t.Fatal(err)
			}
			rows += batch.NumRows()
		}
		if rows != trial.rows || stream.Truncated() != trial.truncated {
			t.Errorf("%+v: %d rows, truncated %v", trial, rows, stream.Truncated())
		}
	}
	page := must(client.QueryPage(background(t), "SELECT * FROM orders", Limit(10)))
	if len(page.Rows) != 10 || !page.Truncated {
		t.Errorf("%d rows, truncated %v", len(page.Rows), page.Truncated)
	}
	stream := must(client.Stream(background(t), "orders", Selection{Limit: 5}))
	defer stream.Close()
	for stream.Next() {
		continue
	}
	if stream.Rows() != 5 || !stream.Truncated() || stream.Err() != nil {
		t.Errorf("%d rows, truncated %v, %v", stream.Rows(), stream.Truncated(), stream.Err())
	}
}

func TestFilesLeftOutAreNamed(t *testing.T) {
	client := connect(t)
	stream := must(client.Stream(background(t), "parts", Selection{SkipUnreadable: true}))
	defer stream.Close()
	for stream.Next() {
		continue
	}
	if stream.Err() != nil || stream.Rows() != 2 || len(stream.LeftOut()) != 1 {
		t.Errorf("%d rows without %q, %v", stream.Rows(), stream.LeftOut(), stream.Err())
	}
	page := must(client.Page(background(t), "parts", Selection{}, ""))
	if len(page.LeftOut) != 1 || !strings.Contains(page.LeftOut[0], "bad.parquet") || page.TotalExact {
		t.Errorf("%+v", page)
	}
	if _, err := client.Stream(background(t), "parts", Selection{FailOnUnreadable: true}); err == nil {
		t.Error("the broken file was not refused")
	}
}

func TestErrorsHaveTheFieldsOfTheProblem(t *testing.T) {
	client := connect(t)
	_, err := client.Query(background(t), "SELECT nosuch FROM orders")
	var problem *Error
	if !errors.As(err, &problem) || problem.Status != 400 || problem.Code != QueryInvalid || problem.Position == nil ||
		*problem.Position != 7 || problem.Type == "" || problem.Instance != "/api/v1/query" {
		t.Errorf("%+v", err)
	}
	if _, err := client.Stream(background(t), "nosuch", Selection{}); !errors.Is(err, DatasetNotFound) {
		t.Error(err)
	}
	if _, err := client.Query(background(t), "DROP TABLE orders"); !errors.Is(err, QueryForbidden) {
		t.Error(err)
	}
	slow := "SELECT sum(a.i * b.i) FROM range(1000000) a(i), range(1000000) b(i)"
	if _, err := client.Query(background(t), slow, Timeout(100*time.Millisecond)); !errors.Is(err, QueryTimeout) {
		t.Error(err)
	}
}

// idle waits until no task runs, and says how long that took.
func idle(t *testing.T, client *Client) time.Duration {
	t.Helper()
	start := time.Now()
	for time.Since(start) < 30*time.Second {
		health := must(client.Health(context.Background()))
		if health.Tasks.Running == 0 && health.Tasks.Waiting == 0 {
			return time.Since(start)
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("a task still runs")
	return 0
}

func busy(t *testing.T, client *Client) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if must(client.Health(context.Background())).Tasks.Running > 0 {
			return
		}
	}
	t.Fatal("no task runs")
}

const cancelledWithin = 500 * time.Millisecond

func TestCancelOfAStatementFreesItsWorker(t *testing.T) {
	client := connect(t)
	idle(t, client)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() {
		_, err := client.Query(ctx, "SELECT sum(a.i * b.i) FROM range(10000000) a(i), range(10000000) b(i)")
		ended <- err
	}()
	busy(t, client)
	cancel()
	took := idle(t, client)
	t.Logf("the worker was free after %v", took)
	if took > cancelledWithin {
		t.Errorf("the worker was free after %v", took)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestCancelInMidStreamFreesItsWorker(t *testing.T) {
	client := connect(t)
	idle(t, client)
	ctx, cancel := context.WithCancel(context.Background())
	stream := must(client.Stream(ctx, "wide", Selection{}))
	defer stream.Close()
	if !stream.Next() {
		t.Fatal(stream.Err())
	}
	busy(t, client)
	cancel()
	took := idle(t, client)
	t.Logf("the worker was free after %v", took)
	if took > cancelledWithin {
		t.Errorf("the worker was free after %v", took)
	}
	for stream.Next() {
		continue
	}
	if !errors.Is(stream.Err(), context.Canceled) {
		t.Error(stream.Err())
	}
}

func TestCloseInMidStreamFreesItsWorker(t *testing.T) {
	client := connect(t)
	stream := must(client.Stream(background(t), "wide", Selection{}))
	stream.Next()
	stream.Close()
	stream.Close()
	if took := idle(t, client); took > cancelledWithin {
		t.Errorf("the worker was free after %v", took)
	}
}

// arrowBytes is a stream of two batches of three rows.
func arrowBytes(t *testing.T) []byte {
	t.Helper()
	schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: arrow.PrimitiveTypes.Int64}}, nil)
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	var out bytes.Buffer
	writer := ipc.NewWriter(&out, ipc.WithSchema(schema))
	for range 2 {
		builder.Field(0).(*array.Int64Builder).AppendValues([]int64{1, 2, 3}, nil)
		batch := builder.NewRecordBatch()
		if err := writer.Write(batch); err != nil {
			t.Fatal(err)
		}
		batch.Release()
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A stream that ends anywhere but at its end is incomplete, also where the HTTP body ends cleanly there.
func TestAnAnswerThatBreaksOffIsIncomplete(t *testing.T) {
	whole := arrowBytes(t)
	var served []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(served) }))
	defer server.Close()
	client := must(New(server.URL))
	read := func(size int) (int64, error) {
		served = whole[:size]
		stream, err := client.Query(background(t), "SELECT 1")
		if err != nil {
			return 0, err
		}
		defer stream.Close()
		for stream.Next() {
			continue
		}
		return stream.Rows(), stream.Err()
	}
	for size := range whole {
		if _, err := read(size); !errors.Is(err, ErrIncomplete) {
			t.Fatalf("%d of %d bytes: %v", size, len(whole), err)
		}
	}
	if rows, err := read(len(whole)); rows != 6 || err != nil {
		t.Errorf("%d rows, %v", rows, err)
	}
}

func TestARefusalOfAProxyIsAnErrorToo(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3")
		http.Error(w, "out to lunch", http.StatusBadGateway)
	}))
	defer server.Close()
	var problem *Error
	_, err := must(New(server.URL)).Health(background(t))
	if !errors.As(err, &problem) || problem.Status != 502 || problem.RetryAfter != 3*time.Second ||
		!strings.Contains(problem.Detail, "out to lunch") {
		t.Errorf("%+v", err)
	}
}

func TestTheKeyIsSent(t *testing.T) {
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("Authorization")
		_, _ = w.Write([]byte("{}"))
	}))
	defer server.Close()
	must(must(New(server.URL, WithKey("cb_1"))).Health(background(t)))
	if got != "Bearer cb_1" {
		t.Error(got)
	}
}

func TestAddressesMustBeHTTP(t *testing.T) {
	for _, wrong := range []string{"", "localhost:8080", "ftp://a", "http://", "http://a b"} {
		if _, err := New(wrong); err == nil {
			t.Errorf("%q was accepted", wrong)
		}
	}
}
