package nhnsim

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
)

// Kinds of journal entries.
const (
	entryAppkey    = "appkey"     // an appkey and its secret key
	entrySender    = "sender"     // a sender as it is from now on
	entryImage     = "image"      // an image
	entrySMSAppkey = "sms appkey" // the SMS service, which resets all fallback settings
	entrySend      = "send"       // an accepted request
	entryCancel    = "cancel"     // cancelled messages
	entryClock     = "clock"      // the clock goes on from a moment
	entryKey       = "key"        // an idempotency key that a refused call has used up
	entryTemplate  = "template"   // a template as it is from now on
	entryOverride  = "outcome"    // what becomes of messages to a number; of no appkey
)

// entry is a line of the journal: something that changed the state. Which fields
// are set depends on its type. Dates are Unix milliseconds.
type entry struct {
	Type   string  `json:"t"`
	Appkey string  `json:"k,omitempty"` // of all but the clock and outcomes
	At     int64   `json:"at,omitempty"`
	Secret string  `json:"secret,omitempty"`
	Sender *Sender `json:"sender,omitempty"`
	Image  *Image  `json:"image,omitempty"`
	Clock  *anchor `json:"clock,omitempty"`
	SMS    string  `json:"sms,omitempty"`
	ID     string  `json:"id,omitempty"`   // of a request
	Key    string  `json:"key,omitempty"`  // idempotency
	Seqs   []int   `json:"seqs,omitempty"` // cancelled
	Send   *sent   `json:"send,omitempty"`

	State     *AppkeyState `json:"state,omitempty"`
	Group     *Group       `json:"senderGroup,omitempty"`
	GroupKey  string       `json:"group,omitempty"`
	SenderKey string       `json:"senderKey,omitempty"`
	Template  *Template    `json:"template,omitempty"`
	Override  *Override    `json:"override,omitempty"`

	request *request // of an entry that is not read from the journal, its Send as applied
	raw     []byte   // of such an entry, the line
}

// empty reports whether an entry lacks what its type is about.
func (e *entry) empty() bool {
	switch e.Type {
	case entrySender:
		return e.Sender == nil
	case entryImage:
		return e.Image == nil
	case entryGroup:
		return e.Group == nil
	case entryAppkeyState:
		return e.State == nil
	case entryTemplate:
		return e.Template == nil
	case entryOverride:
		return e.Override == nil
	case entrySend:
		return e.Send == nil && e.request == nil
	}
	return false
}

// sent is an accepted request in the journal. Its messages are columns, and texts
// that are alike are kept once.
type sent struct {
	SendAt       int64            `json:"sendAt"`
	VisibleAt    int64            `json:"visibleAt"`
	PlusFriendID string           `json:"from"`
	GroupingKey  string           `json:"group"`
	CreateUser   string           `json:"user"`
	Delivery     *delivery        `json:"delivery"` // as configured unless set
	Overrides    map[int]Override `json:"overrides"`
	Styles       []*style         `json:"styles"`
	Contents     []string         `json:"contents"`
	Numbers      []string         `json:"no"`
	Keys         []string         `json:"keys"`
	Seq          []int32          `json:"seq"`
	Content      []int32          `json:"content"` // index in Contents
	Style        []int32          `json:"style"`   // index in Styles

	Template string   `json:"template,omitempty"` // the code, of BrandTalk
	Values   []string `json:"values,omitempty"`   // of its variables, message by message
}

// journal is an append-only file of entries, one a line. What was appended survives
// the death of the process, though not of the machine.
type journal struct {
	mu   sync.Mutex
	file *os.File // nil keeps nothing
	size int64
}

// ErrInUse is the state file of another simulator that runs.
var ErrInUse = errors.New("another simulator uses it")

// openJournal replays the file's entries. A last line that was not written to its
// end was never answered, and is cut off. The file is locked until it is closed or
// the process dies.
func openJournal(name string, replay func(*entry) error) (*journal, error) {
	if name == "" {
		return &journal{}, nil
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = ErrInUse
		}
		return nil, errors.Join(err, f.Close())
	}
	j := &journal{file: f}
	if err := j.read(replay); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return j, nil
}

func (j *journal) read(replay func(*entry) error) error {
	r := bufio.NewReaderSize(j.file, 1<<20)
	for n := 1; ; n++ {
		line, err := readLine(r)
		if errors.Is(err, io.EOF) {
			return j.file.Truncate(j.size)
		}
		if err != nil {
			return err
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		if err := replay(&e); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		j.size += int64(len(line))
	}
}

// readLine returns a line with its end; a line without one counts as the end of the
// file.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	return line, nil
}

// append writes an entry in one piece. After an error nothing of it is left.
func (j *journal) append(e *entry) error {
	if j.file == nil {
		return nil
	}
	line := e.raw
	if line == nil {
		var b bytes.Buffer
		if err := json.NewEncoder(&b).Encode(e); err != nil {
			return err
		}
		line = b.Bytes()
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.file.Write(line); err != nil {
		return errors.Join(err, j.file.Truncate(j.size))
	}
	j.size += int64(len(line))
	return nil
}

// clear forgets everything.
func (j *journal) clear() error {
	if j.file == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.size = 0
	return j.file.Truncate(0)
}

func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.file.Close()
}
