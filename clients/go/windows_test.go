package canvasback

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
)

func dial(t *testing.T) *Connection {
	t.Helper()
	connection := must(connect(t).Connect(background(t)))
	t.Cleanup(func() { connection.Close() })
	return connection
}

func TestWindowsOfASortedView(t *testing.T) {
	connection := dial(t)
	view := must(connection.Open(background(t), ViewSpec{Dataset: "orders", Sort: []SortKey{{"id", true}}}))
	state := must(view.Ready(background(t)))
	if *state.Rows != ordersRows || !state.RowsExact || state.Columns[0].Name != "id" {
		t.Errorf("%+v", state)
	}
	window := must(view.Window(background(t), WindowRequest{From: ordersRows - 3, To: ordersRows + 10}))
	defer window.Release()
	ids := window.Batch.Column(0).(*array.Int64).Int64Values()
	if len(ids) != 3 || ids[0] != 2 || ids[2] != 0 || window.From != ordersRows-3 {
		t.Errorf("%v from %d", ids, window.From)
	}
	past := must(view.Window(background(t), WindowRequest{From: ordersRows + 5, To: ordersRows + 10}))
	defer past.Release()
	if past.Batch.NumRows() != 0 || past.Batch.NumCols() != 4 {
		t.Error(past.Batch)
	}
}

// More windows than credits, from many goroutines: each gets its own rows.
func TestWindowsAtOnce(t *testing.T) {
	connection := dial(t)
	view := must(connection.Open(background(t), ViewSpec{Dataset: "orders", Columns: []string{"id"}}))
	var group sync.WaitGroup
	for i := range int64(100) {
		group.Go(func() {
			window, err := view.Window(background(t), WindowRequest{From: i * 1000, To: i*1000 + 10})
			if err != nil {
				t.Error(err)
				return
			}
			defer window.Release()
			if first := window.Batch.Column(0).(*array.Int64).Value(0); first != i*1000 {
				t.Errorf("window %d begins with %d", i, first)
			}
		})
	}
	group.Wait()
}

func TestRowsOfALongRangeAreWhole(t *testing.T) {
	connection := dial(t)
	// Wide enough that 8 MiB hold fewer rows than a window has: the server cuts it short.
	view := must(connection.Open(background(t), ViewSpec{
		SQL: "SELECT i AS id, repeat('x', 1000) AS text FROM range(30000) t(i)"}))
	next, partial := int64(0), 0
	for window, err := range view.Rows(background(t), WindowRequest{From: 0, To: 1 << 40}) {
		if err != nil {
			t.Fatal(err)
		}
		if window.Partial {
			partial++
		}
		for _, id := range window.Batch.Column(0).(*array.Int64).Int64Values() {
			if id != next {
				t.Fatalf("row %d has %d", next, id)
			}
			next++
		}
	}
	if next != 30000 || partial == 0 {
		t.Errorf("%d rows, %d windows cut short", next, partial)
	}
}

func TestCutCellsAreTold(t *testing.T) {
	view := must(dial(t).Open(background(t), ViewSpec{SQL: "SELECT repeat('x', 1000) AS text"}))
	window := must(view.Window(background(t), WindowRequest{From: 0, To: 1, CellBytes: 100}))
	defer window.Release()
	if !window.Cut {
		t.Error("the cut is not told")
	}
}

func TestErrorsOfViewsAndWindows(t *testing.T) {
	connection := dial(t)
	if _, err := connection.Open(background(t), ViewSpec{Dataset: "nosuch"}); !errors.Is(err, DatasetNotFound) {
		t.Error(err)
	}
	view := must(connection.Open(background(t), ViewSpec{Dataset: "orders"}))
	wrong := WindowRequest{To: 10, Columns: []string{"nosuch"}}
	if _, err := view.Window(background(t), wrong); !errors.Is(err, InvalidData) {
		t.Error(err)
	}
	view.Close()
	if _, err := view.Window(background(t), WindowRequest{To: 10}); err == nil {
		t.Error("a closed view has windows")
	}
}

func TestCancelOfAWindowAndOfAView(t *testing.T) {
	client := connect(t)
	connection := dial(t)
	idle(t, client)
	ctx, cancel := context.WithCancel(context.Background())
	view := must(connection.Open(background(t), ViewSpec{
		SQL: "SELECT sum(a.i * b.i) AS s FROM range(10000000) a(i), range(10000000) b(i)"}))
	ended := make(chan error)
	go func() {
		_, err := view.Window(ctx, WindowRequest{To: 10})
		ended <- err
	}()
	busy(t, client)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	view.Close()
	if took := idle(t, client); took > cancelledWithin {
		t.Errorf("the worker was free after %v", took)
	}
	// The connection goes on.
	other := must(connection.Open(background(t), ViewSpec{Dataset: "orders"}))
	must(other.Window(background(t), WindowRequest{To: 10})).Release()
}

func TestNewerWindowsSupersede(t *testing.T) {
	connection := dial(t)
	view := must(connection.Open(background(t), ViewSpec{
		SQL: "SELECT sum(a.i * b.i) AS s FROM range(10000000) a(i), range(10000000) b(i)"}))
	defer view.Close()
	slot := 3
	first := make(chan error)
	go func() {
		_, err := view.Window(background(t), WindowRequest{To: 10, Slot: &slot})
		first <- err
	}()
	for { // until the first has been sent
		connection.mutex.Lock()
		waiting := len(connection.windows)
		connection.mutex.Unlock()
		if waiting > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go view.Window(ctx, WindowRequest{To: 20, Slot: &slot})
	select {
	case err := <-first:
		if !errors.Is(err, ErrSuperseded) {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("the older window was not superseded")
	}
}

func TestALostConnectionEndsEverything(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "few.parquet")
	if err := makeParquet(file, "SELECT 1 AS a"); err != nil {
		t.Fatal(err)
	}
	found, stop, err := serve(folder, "few="+file)
	if err != nil {
		t.Fatal(err)
	}
	connection := must(must(New(found)).Connect(background(t)))
	defer connection.Close()
	view := must(connection.Open(background(t), ViewSpec{Dataset: "few"}))
	must(view.Ready(background(t)))
	stop()
	if _, err := view.Window(background(t), WindowRequest{To: 1}); !errors.Is(err, ErrConnectionLost) {
		t.Error(err)
	}
	if _, err := connection.Open(background(t), ViewSpec{Dataset: "few"}); !errors.Is(err, ErrConnectionLost) {
		t.Error(err)
	}
}

// Whatever a frame holds, reading it ends in rows or an error, never in a panic or a wrong number of rows.
func FuzzParseWindow(f *testing.F) {
	frame := make([]byte, frameHeaderBytes)
	frame[0], frame[1] = frameVersion, frameKindRows
	binary.LittleEndian.PutUint32(frame[4:], 7)
	binary.LittleEndian.PutUint32(frame[16:], 3)
	f.Add(frame)
	f.Add(bytes.Repeat([]byte{0xff}, 40))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, frame []byte) {
		window, _, err := parseWindow(frame)
		if err == nil {
			if window.Batch.NumRows() != int64(binary.LittleEndian.Uint32(frame[16:])) {
				t.Error("another number of rows than the header says")
			}
			window.Release()
		}
	})
}
