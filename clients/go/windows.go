package canvasback

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

const (
	// WindowRowsMax is the largest window; View.Rows asks for longer ranges piece by piece.
	WindowRowsMax = 20000
	frameBytesMax = 32 << 20 // a window has 8 MiB at most, a single row 16 MiB
	writeTimeout  = 20 * time.Second
)

// ViewSpec says what a view shows: a dataset or a statement, filtered, searched and sorted (docs/stream.md).
type ViewSpec struct {
	Dataset    string    `json:"dataset,omitempty"`
	SQL        string    `json:"sql,omitempty"`
	Parameters any       `json:"parameters,omitempty"`
	Columns    []string  `json:"columns,omitempty"`
	Filter     any       `json:"filter,omitempty"`
	Search     string    `json:"search,omitempty"`
	Sort       []SortKey `json:"sort,omitempty"`
}

// ViewState is what is known of a view.
type ViewState struct {
	// State: opening, building, ready, or limited: only RowsAvailable rows can be had, Detail says why.
	State   string   `json:"state"`
	Columns []Column `json:"columns"`
	// Rows is nil while unknown, and an estimate unless RowsExact.
	Rows          *int64   `json:"rows"`
	RowsExact     bool     `json:"rows_exact"`
	RowsAvailable *int64   `json:"rows_available"`
	Progress      *float64 `json:"share"` // of the build, 0 to 1
	Detail        string   `json:"detail"`
}

// WindowRequest asks for the rows From to To (exclusive) of a view, at most WindowRowsMax.
type WindowRequest struct {
	From    int64    `json:"from"`
	To      int64    `json:"to"`
	Columns []string `json:"columns,omitempty"`
	// CellBytes: longer texts and binaries are cut (64 to 16 MiB); Window.Cut tells. 0: none is.
	CellBytes int `json:"cell_bytes,omitempty"`
	// RowIDs appends the columns __file_index and __file_row.
	RowIDs bool `json:"row_ids,omitempty"`
	// Slot, where not nil: a newer window of this slot (0 to 15) ends this one with ErrSuperseded.
	Slot *int `json:"slot"`
}

// Connection is a WebSocket that carries views and their windows. It does not reconnect: once it is lost, everything of
// it fails with ErrConnectionLost. It may be used by any number of goroutines.
type Connection struct {
	socket *websocket.Conn
	live   context.Context // ends with the socket
	stop   context.CancelCauseFunc
	done   chan struct{}

	mutex   sync.Mutex
	lastID  uint32
	views   map[uint32]*View
	windows map[uint32]chan windowAnswer
}

type windowAnswer struct {
	window *Window
	err    error
}

// View is an open view of a Connection.
type View struct {
	connection *Connection
	id         uint32
	mutex      sync.Mutex
	state      ViewState
	err        error
	changed    chan struct{} // closed, and made anew, at each change
}

type serverMessage struct {
	ID         uint32          `json:"id"`
	View       *ViewState      `json:"view"`
	Error      *Error          `json:"error"`
	Superseded json.RawMessage `json:"superseded"`
}

// Connect opens a WebSocket. The context is for connecting alone; Close ends the connection.
func (client *Client) Connect(ctx context.Context) (*Connection, error) {
	headers := http.Header{}
	client.authorize(headers)
	socket, answer, err := websocket.Dial(ctx, client.address("/api/v1/stream", nil), &websocket.DialOptions{
		HTTPClient: client.http, HTTPHeader: headers, CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		if answer != nil && answer.StatusCode >= 400 && answer.Body != nil {
			return nil, errorOf(answer)
		}
		return nil, fmt.Errorf("canvasback: %w", err)
	}
	socket.SetReadLimit(frameBytesMax)
	live, stop := context.WithCancelCause(context.Background())
	connection := &Connection{
		socket: socket, live: live, stop: stop, done: make(chan struct{}),
		views: map[uint32]*View{}, windows: map[uint32]chan windowAnswer{},
	}
	go connection.receive()
	return connection, nil
}

// Close ends the connection and everything of it, on the server too.
func (connection *Connection) Close() error {
	connection.stop(ErrConnectionLost)
	_ = connection.socket.CloseNow()
	<-connection.done
	return nil
}

// Open opens a view and waits for its first answer: a refusal, or what is known of it so far.
func (connection *Connection) Open(ctx context.Context, spec ViewSpec) (*View, error) {
	view := &View{connection: connection, changed: make(chan struct{})}
	connection.mutex.Lock()
	view.id = connection.nextID()
	connection.views[view.id] = view
	connection.mutex.Unlock()
	if err := connection.send(map[string]any{"id": view.id, "open": spec}); err != nil {
		return nil, err
	}
	if _, err := view.wait(ctx, func(state ViewState) bool { return state.State != "" }); err != nil {
		view.Close()
		return nil, err
	}
	return view, nil
}

// State is what is known of the view at present.
func (view *View) State() ViewState {
	view.mutex.Lock()
	defer view.mutex.Unlock()
	return view.state
}

// Ready waits until the view is built. A view that is "limited" is ready too: see ViewState.
func (view *View) Ready(ctx context.Context) (ViewState, error) {
	return view.wait(ctx, func(state ViewState) bool { return state.State == "ready" || state.State == "limited" })
}

func (view *View) wait(ctx context.Context, enough func(ViewState) bool) (ViewState, error) {
	for {
		view.mutex.Lock()
		state, err, changed := view.state, view.err, view.changed
		view.mutex.Unlock()
		if err != nil || enough(state) {
			return state, err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return state, fmt.Errorf("canvasback: %w", ctx.Err())
		}
	}
}

func (view *View) update(state *ViewState, err error) {
	view.mutex.Lock()
	defer view.mutex.Unlock()
	if state != nil {
		if state.Columns == nil { // missing while nothing is known; never taken back
			state.Columns = view.state.Columns
		}
		view.state = *state
	}
	if view.err == nil {
		view.err = err
	}
	close(view.changed)
	view.changed = make(chan struct{})
}

// Close closes the view; its windows end, and its work on the server stops.
func (view *View) Close() {
	connection := view.connection
	connection.mutex.Lock()
	_, open := connection.views[view.id]
	delete(connection.views, view.id)
	id := connection.nextID()
	connection.mutex.Unlock()
	if open {
		_ = connection.send(map[string]any{"id": id, "close": view.id}) // a lost connection has closed it already
	}
	view.update(nil, errors.New("canvasback: the view is closed"))
}

// Window returns rows of the view; it waits while the view is being built as far as it needs. Cancelling the context
// cancels it on the server. Release the window.
func (view *View) Window(ctx context.Context, wanted WindowRequest) (*Window, error) {
	for {
		window, err := view.window(ctx, wanted)
		// The dataset's files are others now: the view is being built again, and will have this window then.
		if !errors.Is(err, viewChanged) {
			return window, err
		}
	}
}

const viewChanged Code = "ViewChanged"

func (view *View) window(ctx context.Context, wanted WindowRequest) (*Window, error) {
	if state, err := view.wait(ctx, func(ViewState) bool { return true }); err != nil || state.State == "" {
		return nil, err
	}
	connection := view.connection
	answers := make(chan windowAnswer, 1)
	connection.mutex.Lock()
	id := connection.nextID()
	connection.windows[id] = answers
	connection.mutex.Unlock()
	body := struct {
		View uint32 `json:"view"`
		WindowRequest
	}{view.id, wanted}
	if err := connection.send(map[string]any{"id": id, "window": body}); err != nil {
		connection.forget(id)
		return nil, err
	}
	select {
	case answer := <-answers:
		return answer.window, answer.err
	case <-connection.live.Done():
		return nil, context.Cause(connection.live)
	case <-ctx.Done():
		connection.cancel(id, answers)
		return nil, fmt.Errorf("canvasback: %w", ctx.Err())
	}
}

// Rows iterates over a range of any length, window by window: a window that the server cut short (Window.Partial) and
// the largest size of one are followed by the next, so that no row is missing. It ends at the view's end. Each window
// is released after its turn.
func (view *View) Rows(ctx context.Context, wanted WindowRequest) iter.Seq2[*Window, error] {
	return func(yield func(*Window, error) bool) {
		for from := wanted.From; from < wanted.To; {
			piece := wanted
			piece.From, piece.To = from, min(wanted.To, from+WindowRowsMax)
			window, err := view.Window(ctx, piece)
			if err != nil {
				yield(nil, err)
				return
			}
			rows := window.Batch.NumRows()
			more := yield(window, nil)
			window.Release()
			if !more || rows == 0 || (rows < piece.To-from && !window.Partial) {
				return
			}
			from += rows
		}
	}
}

func (connection *Connection) nextID() uint32 { // under the mutex
	connection.lastID = max(1, connection.lastID+1)
	return connection.lastID
}

func (connection *Connection) forget(id uint32) (chan windowAnswer, bool) {
	connection.mutex.Lock()
	defer connection.mutex.Unlock()
	answers, found := connection.windows[id]
	delete(connection.windows, id)
	return answers, found
}

func (connection *Connection) cancel(id uint32, answers chan windowAnswer) {
	if _, waiting := connection.forget(id); waiting {
		connection.mutex.Lock()
		own := connection.nextID()
		connection.mutex.Unlock()
		_ = connection.send(map[string]any{"id": own, "cancel": id})
		return
	}
	// Its answer is on the way to nobody.
	if answer := <-answers; answer.window != nil {
		answer.window.Release()
	}
}

// send writes one message. Its time limit is the connection's own: a WebSocket cannot stop in the middle of a message
// without ending, so that no caller's context may reach it.
func (connection *Connection) send(message any) error {
	text, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("canvasback: %w", err)
	}
	ctx, stop := context.WithTimeout(connection.live, writeTimeout)
	defer stop()
	if err := connection.socket.Write(ctx, websocket.MessageText, text); err != nil {
		return fmt.Errorf("%w: %w", ErrConnectionLost, err)
	}
	return nil
}

func (connection *Connection) receive() {
	defer close(connection.done)
	for {
		kind, message, err := connection.socket.Read(connection.live)
		if err == nil && kind == websocket.MessageBinary {
			err = connection.receiveRows(message)
		} else if err == nil {
			err = connection.receiveText(message)
		}
		if err != nil {
			connection.lost(err)
			return
		}
	}
}

func (connection *Connection) lost(cause error) {
	err := fmt.Errorf("%w: %w", ErrConnectionLost, cause)
	connection.stop(err)
	_ = connection.socket.CloseNow()
	connection.mutex.Lock()
	views := connection.views
	connection.views = map[uint32]*View{}
	connection.mutex.Unlock()
	for _, view := range views {
		view.update(nil, err)
	}
}

func (connection *Connection) receiveText(text []byte) error {
	var message serverMessage
	if err := json.Unmarshal(text, &message); err != nil {
		return fmt.Errorf("a message that is not JSON: %w", err)
	}
	connection.mutex.Lock()
	view := connection.views[message.ID]
	if view != nil && message.Error != nil {
		delete(connection.views, message.ID)
	}
	connection.mutex.Unlock()
	switch {
	case view != nil && message.Error != nil:
		view.update(nil, message.Error)
	case view != nil && message.View != nil:
		view.update(message.View, nil)
	case message.Error != nil:
		connection.answer(message.ID, windowAnswer{err: message.Error})
	case message.Superseded != nil:
		connection.answer(message.ID, windowAnswer{err: ErrSuperseded})
	}
	return nil
}

func (connection *Connection) receiveRows(frame []byte) error {
	window, id, err := parseWindow(frame)
	if id == 0 {
		return err
	}
	connection.answer(id, windowAnswer{window, err})
	connection.mutex.Lock()
	own := connection.nextID()
	connection.mutex.Unlock()
	return connection.send(map[string]any{"id": own, "credits": 1})
}

func (connection *Connection) answer(id uint32, answer windowAnswer) {
	if answers, waiting := connection.forget(id); waiting {
		answers <- answer
	} else if answer.window != nil {
		answer.window.Release()
	}
}
